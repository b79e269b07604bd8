/**
 * The Rust toolchain: whatever `cargo` is, brought to what the build needs. No file pins it, since
 * machines may have one toolchain and no way to another; instead lints, which every version has
 * others of, are errors exactly on the version that `Cargo.toml` names.
 */

import { existsSync, readFileSync } from "node:fs";

import { hasLibrarySource } from "./library.ts";
import { at } from "./paths.ts";
import { step } from "./progress.ts";
import { capture, run, say, TaskError } from "./run.ts";

const wasmTarget = "wasm32-unknown-unknown";

/** The version that `Cargo.toml` names, and the one that is there, both as written. */
export interface Versions {
  readonly named: string;
  readonly present: string;
}

function numbers(version: string): readonly [number, number] {
  const [major = Number.NaN, minor = Number.NaN] = version.split(".").map(Number);
  return [major, minor];
}

/** Whether the version that is there is the one that is named: `1.95.3` is `1.95`. */
export function exact({ named, present }: Versions): boolean {
  // A nightly of that number may have lints that the release will not have.
  return /^\d+\.\d+\.\d+$/.test(present) && numbers(named).join() === numbers(present).join();
}

/** Whether the version that is there is older than the one that is named, and cannot build. */
export function tooOld({ named, present }: Versions): boolean {
  const [major, minor] = numbers(named);
  const [presentMajor, presentMinor] = numbers(present);
  return presentMajor < major || (presentMajor === major && presentMinor < minor);
}

/** The named version and that of the `rustc` which Cargo calls. */
export function versions(): Versions {
  const named = /^rust-version = "([^"]+)"$/m.exec(readFileSync(at("Cargo.toml"), "utf8"))?.[1];
  if (named === undefined) throw new TaskError("Cargo.toml names no rust-version");
  const { ok, stdout } = capture("rustc", ["--version"]);
  const present = /^rustc (\S+)/.exec(stdout)?.[1];
  if (!ok || present === undefined) {
    throw new TaskError("rustc was not found: install Rust with rustup, then try again");
  }
  return { named, present };
}

/** Brings a part of the toolchain by rustup, or says how to bring it. */
async function bring(what: string, args: readonly string[]): Promise<void> {
  if (!capture("rustup", ["--version"]).ok) {
    throw new TaskError(
      `${what} is missing, and there is no rustup to bring it: install Rust by rustup, ` +
        "or the part from where this Rust is from",
    );
  }
  await step(what, () => run("rustup", args));
}

/** Makes sure that the toolchain can build, for this machine and for wasm. */
export async function ensureToolchain(): Promise<void> {
  if (!capture("cargo", ["--version"]).ok) {
    throw new TaskError("cargo was not found: install Rust with rustup, then try again");
  }
  const { named, present } = versions();
  if (tooOld({ named, present })) {
    throw new TaskError(`Rust ${present} is older than ${named}: rustup update, then try again`);
  }
  const libraries = capture("rustc", ["--print", "target-libdir", "--target", wasmTarget]);
  if (!libraries.ok || !existsSync(libraries.stdout.trim())) {
    await bring(`Rust target ${wasmTarget}`, ["target", "add", wasmTarget]);
  }
  if (!hasLibrarySource()) await bringLibrarySource();
}

/** Brings what the standard library is compiled from; without it wasm is larger, and no worse. */
async function bringLibrarySource(): Promise<void> {
  try {
    await bring("Rust component rust-src", ["component", "add", "rust-src"]);
  } catch (error) {
    say(`  not to be had: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Makes sure that the toolchain can format and lint, which rustup's minimal profile cannot. */
export async function ensureLinters(): Promise<void> {
  for (const [command, component] of [["clippy", "clippy"], ["fmt", "rustfmt"]] as const) {
    if (capture("cargo", [command, "--version"]).ok) continue;
    await bring(`Rust component ${component}`, ["component", "add", component]);
  }
}
