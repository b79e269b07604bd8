/**
 * The standard library of what is built for wasm: compiled anew where that can be done, small and
 * with a bare trap in place of every message; else the one that came with the toolchain.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";

import { capture, say } from "./run.ts";

/** How wasm comes by its standard library. */
export interface Library {
  /** What Cargo is told to compile it anew; nothing where it is not. */
  readonly env: Readonly<Record<string, string>>;
  /** Why it is the one that came with the toolchain; absent where it is compiled anew. */
  readonly readyMadeSince?: string;
}

/** What of the library is compiled, and for what. */
const CRATES = "std,panic_abort";
const FEATURES = "optimize_for_size";
/** A panic is a trap, and neither its message nor what would print it is compiled. */
const PANIC = "immediate-abort";
/** The profiles of `Cargo.toml` that wasm is built with. */
const PROFILES = ["worker", "page"] as const;

/** These switches belong to nightly Rust; a stable one takes them when it is told so. */
const bootstrap = { RUSTC_BOOTSTRAP: "1" };

/** Cargo's switches as variables, since other programs call Cargo for us. */
const anew: Readonly<Record<string, string>> = {
  ...bootstrap,
  CARGO_UNSTABLE_BUILD_STD: CRATES,
  CARGO_UNSTABLE_BUILD_STD_FEATURES: FEATURES,
  CARGO_UNSTABLE_PANIC_IMMEDIATE_ABORT: "true",
  ...Object.fromEntries(
    PROFILES.map((name) => [`CARGO_PROFILE_${name.toUpperCase()}_PANIC`, PANIC]),
  ),
};

/** The same as arguments, of which Cargo refuses those that it does not know. */
const asArguments: readonly string[] = [
  ...[`-Zbuild-std=${CRATES}`, `-Zbuild-std-features=${FEATURES}`, "-Zpanic-immediate-abort"],
  ...PROFILES.flatMap((name) => ["--config", `profile.${name}.panic="${PANIC}"`]),
];

/** Whether the library's source lies in the toolchain. */
export function hasLibrarySource(): boolean {
  const sysroot = capture("rustc", ["--print", "sysroot"]).stdout.trim();
  return existsSync(join(sysroot, "lib", "rustlib", "src", "rust", "library", "std", "Cargo.toml"));
}

/** The lines of a message that say what is wrong. */
function firstFault(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.startsWith("error"));
  return (lines[0] ?? stderr.trim()).replace(/^error: /, "");
}

/** What keeps this toolchain from compiling its library so, if anything does. */
function obstacle(): string | undefined {
  if (!hasLibrarySource()) return "its source is missing: rustup component add rust-src";
  const target = ["--target", "wasm32-unknown-unknown"];
  const strategy = ["-Zunstable-options", `-Cpanic=${PANIC}`, "--print", "cfg", ...target];
  const compiler = capture("rustc", strategy, { env: bootstrap });
  if (!compiler.ok) return `rustc refuses the switches: ${firstFault(compiler.stderr)}`;
  // It also brings the few packages that the library itself is made from.
  const fetching = capture("cargo", [...asArguments, "fetch", "--locked", ...target], {
    env: bootstrap,
  });
  if (!fetching.ok) return `cargo cannot prepare it: ${firstFault(fetching.stderr)}`;
  return undefined;
}

let known: Library | undefined;

/** Which library this toolchain gives; asked once, and said aloud where it is the larger one. */
export function library(): Library {
  if (known !== undefined) return known;
  const why = obstacle();
  if (why !== undefined) {
    say(`the standard library cannot be compiled for size (${why}); wasm is a tenth larger`);
  }
  known = why === undefined ? { env: anew } : { env: {}, readyMadeSince: why };
  return known;
}
