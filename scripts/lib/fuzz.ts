/**
 * Fuzzing: the targets of `fuzz/`, all in one binary, built with the coverage that libFuzzer needs
 * by the toolchain that is there. `cargo fuzz run TARGET` works too, for those who have it.
 */

import { globSync, mkdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";

import { scratchDir } from "./owned.ts";
import { at, limits, targetDir } from "./paths.ts";
import { chosen, installPackages } from "./programs.ts";
import { capture, cargo, commandLine, runKeeping, say, TaskError } from "./run.ts";

/** What cargo-fuzz would pass, as far as stable compilers have it: no sanitizer but coverage. */
const rustFlags = [
  ...["--cfg", "fuzzing", "-Cpasses=sancov-module"],
  ...["level=4", "inline-8bit-counters", "pc-table", "trace-compares"].map((option) => {
    return `-Cllvm-args=-sanitizer-coverage-${option}`;
  }),
].join(" ");

/** How targets are run. */
export interface Effort {
  /** For each target. */
  readonly secondsMax: number;
  /** Whether inputs that reach new code stay in `fuzz/corpus`, which git ignores. */
  readonly keeps: boolean;
  /** Absent: all. */
  readonly targets?: readonly string[];
}

/** What a target did. */
export interface Fuzzed {
  readonly target: string;
  readonly inputs: number;
}

/**
 * The C++ compiler that builds libFuzzer, installed where it is absent and we may.
 *
 * @throws TaskError saying how to bring one.
 */
export async function ensureCompiler(): Promise<string> {
  const find = (): string | undefined => chosen("CXX", ["c++", "g++", "clang++"]);
  const found = find();
  if (found !== undefined) return found;
  if (await installPackages("a C++ compiler", ["g++"])) {
    const installed = find();
    if (installed !== undefined) return installed;
  }
  throw new TaskError(
    "no C++ compiler was found, and libFuzzer is written in C++, so nothing was fuzzed. Install " +
      "one (Debian: apt-get install g++; macOS: xcode-select --install), or name it in CXX",
  );
}

/** Names of the targets: those of the files that cargo-fuzz runs. */
export function targetNames(): string[] {
  const files = globSync("*.rs", { cwd: at("fuzz", "fuzz_targets") });
  const names = files.map((file) => basename(file, ".rs")).filter((name) => name !== "every");
  if (names.length === 0) throw new TaskError("fuzz/fuzz_targets holds no target");
  return names.sort();
}

/** The triple of this machine: with a target named, build scripts are built without coverage. */
function hostTriple(): string {
  const host = /^host: (.+)$/m.exec(capture("rustc", ["-vV"]).stdout)?.[1];
  if (host === undefined) throw new TaskError("rustc -vV names no host");
  return host;
}

/** Builds the binary with all targets. */
async function build(compiler: string): Promise<string> {
  const host = hostTriple();
  const folder = join(targetDir, "fuzz");
  const where = ["--manifest-path", at("fuzz", "Cargo.toml"), "--target-dir", folder];
  const what = ["--release", "--target", host, "--bin", "every"];
  const env = { RUSTFLAGS: rustFlags, CARGO_ENCODED_RUSTFLAGS: undefined, CXX: compiler };
  await cargo(["build", ...where, ...what], { env });
  return join(folder, host, "release", "every");
}

/** How many inputs libFuzzer tried, by what it printed last. */
export function inputsOf(log: string): number {
  return Number(/^stat::number_of_executed_units:\s*(\d+)$/m.exec(log)?.[1] ?? 0);
}

/** What a person needs of a failed target's log: the panic, and how to see it again. */
export function finding(target: string, log: string, binary: string): string {
  const lines = log.split("\n");
  const from = lines.findIndex((line) => /panicked at|^==\d+==|^ALARM/.test(line));
  const excerpt = from < 0 ? lines.slice(-12) : lines.slice(from, from + 12);
  const input = /Test unit written to (\S+)/.exec(log)?.[1];
  const again =
    input === undefined
      ? []
      : ["", "again:", `  BANDERA_FUZZ_TARGET=${target} ${commandLine(binary, [input])}`];
  return [`fuzz target ${target} failed`, ...excerpt, ...again].join("\n");
}

async function fuzzOne(binary: string, target: string, effort: Effort): Promise<Fuzzed> {
  const corpus = at("fuzz", "corpus", target);
  const artifacts = at("fuzz", "artifacts", target);
  mkdirSync(artifacts, { recursive: true });
  // libFuzzer writes to the first corpus and reads all of them.
  const corpora = effort.keeps ? [corpus] : [scratchDir("fuzz"), corpus];
  const log = join(artifacts, "log");
  const options = {
    max_total_time: effort.secondsMax,
    timeout: limits.fuzzInputSecondsMax,
    rss_limit_mb: limits.fuzzMebibytesMax,
    max_len: limits.fuzzInputBytesMax,
    seed: effort.keeps ? 0 : 1,
    print_final_stats: 1,
    artifact_prefix: `${artifacts}/`,
  };
  const args = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
  // libFuzzer speaks on the standard error.
  const script = 'log="$1"; shift; exec "$@" >"$log" 2>&1';
  const run = ["-c", script, "sh", log, binary, ...args, ...corpora];
  const env = { BANDERA_FUZZ_TARGET: target, RUST_BACKTRACE: "1" };
  const failed = await runKeeping("sh", run, { env, quiet: true }).then(
    () => false,
    () => true,
  );
  const text = readFileSync(log, "utf8");
  if (failed) throw new TaskError(finding(target, text, binary));
  const inputs = inputsOf(text);
  if (inputs === 0) throw new TaskError(`fuzz target ${target} tried no input; see ${log}`);
  return { target, inputs };
}

/**
 * Builds the targets and runs them, two or more at once; a finding does not hide the others.
 *
 * @throws TaskError with every finding and the command that repeats it.
 */
export async function fuzz(compiler: string, effort: Effort): Promise<Fuzzed[]> {
  const names = targetNames();
  const alien = effort.targets?.find((name) => !names.includes(name));
  if (alien !== undefined) throw new TaskError(`"${alien}" is none of ${names.join(", ")}`);
  const binary = await build(compiler);
  // A target without a file would never run.
  const known = capture(binary, [], { env: { BANDERA_FUZZ_TARGET: "" } }).stderr;
  const listed = /is none of (.+)/.exec(known)?.[1]?.split(", ").sort();
  if (listed?.join() !== names.join()) {
    throw new TaskError(`fuzz/fuzz_targets holds ${names.join()}, the binary ${listed?.join()}`);
  }
  const waiting = [...(effort.targets ?? names)];
  const done: Fuzzed[] = [];
  const findings: string[] = [];
  const lane = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      try {
        const fuzzed = await fuzzOne(binary, target, effort);
        say(`  ${target}: ${fuzzed.inputs} inputs`);
        done.push(fuzzed);
      } catch (error) {
        findings.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  const inputs = done.reduce((sum, each) => sum + each.inputs, 0);
  say(`  ${done.length} targets, ${inputs} inputs`);
  if (findings.length > 0) throw new TaskError(findings.join("\n\n"));
  return done;
}
