/**
 * The Rust tools that the build needs: found when present in the right version, else brought.
 *
 * Their versions are those of `Cargo.lock`: wasm-bindgen's command must match its library exactly.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

import { fetchInTime } from "./http.ts";
import { at, limits, npmBin } from "./paths.ts";
import { step } from "./progress.ts";
import { capture, run, TaskError } from "./run.ts";
import { ensureToolchain } from "./toolchain.ts";

/** A tool of the Rust world that is not part of the toolchain. */
interface Tool {
  /** Its package's name. */
  readonly crate: string;
  /** The package of `Cargo.lock` whose version it shares. */
  readonly library: string;
  /** Its executables; the first one answers `--version`. */
  readonly binaries: readonly string[];
  /** What to expect when it must be compiled. */
  readonly minutes: string;
}

const wasmBindgen: Tool = {
  crate: "wasm-bindgen-cli",
  library: "wasm-bindgen",
  binaries: ["wasm-bindgen", "wasm-bindgen-test-runner"],
  minutes: "about 4 minutes on two cores",
};

const workerBuild: Tool = {
  crate: "worker-build",
  library: "worker",
  binaries: ["worker-build"],
  minutes: "about 3 minutes on two cores",
};

/** Paths of everything that builds call. */
export interface Tools {
  readonly wasmBindgen: string;
  readonly wasmBindgenTestRunner: string;
  readonly workerBuild: string;
  readonly wasmOpt: string;
  readonly esbuild: string;
}

/** The version of a package in `Cargo.lock`. */
function lockedVersion(library: string): string {
  const lock = readFileSync(at("Cargo.lock"), "utf8");
  const found = new RegExp(`name = "${library}"\\nversion = "([^"]+)"`).exec(lock)?.[1];
  if (found === undefined) throw new TaskError(`Cargo.lock names no package ${library}`);
  return found;
}

function cacheDir(tool: Tool, version: string): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "bandera", "tools", `${tool.crate}-${version}`);
}

/** Whether all of the tool's executables lie in the folder, in the wanted version. */
function present(tool: Tool, version: string, folder: string): boolean {
  const paths = tool.binaries.map((name) => join(folder, name));
  if (!paths.every((path) => existsSync(path))) return false;
  const answer = capture(paths[0] ?? "", ["--version"]);
  return answer.ok && answer.stdout.trim().split(/\s+/).includes(version);
}

/** The folder of a tool that is installed already: on PATH, else in our cache. */
function find(tool: Tool, version: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, join(cacheDir(tool, version), "bin")].find((folder) =>
    present(tool, version, folder),
  );
}

/** Where wasm-bindgen's project publishes what it built, for the machines it builds for. */
function prebuiltUrl(version: string): string | undefined {
  const targets: Readonly<Record<string, string>> = {
    "linux-x64": "x86_64-unknown-linux-musl",
    "linux-arm64": "aarch64-unknown-linux-musl",
    "darwin-x64": "x86_64-apple-darwin",
    "darwin-arm64": "aarch64-apple-darwin",
  };
  const target = targets[`${process.platform}-${process.arch}`];
  if (target === undefined) return undefined;
  const releases = "https://github.com/wasm-bindgen/wasm-bindgen/releases/download";
  return `${releases}/${version}/wasm-bindgen-${version}-${target}.tar.gz`;
}

/** Reads a URL; gives up soon when the host does not answer, later when it is slow. */
async function download(url: string): Promise<Uint8Array> {
  const abort = new AbortController();
  const unanswered = setTimeout(() => abort.abort(), limits.downloadAnswerMsMax);
  try {
    const reply = await fetchInTime(url, { signal: abort.signal, msMax: limits.downloadMsMax });
    clearTimeout(unanswered);
    if (!reply.ok) throw new TaskError(`status ${reply.status}`);
    return new Uint8Array(await reply.arrayBuffer());
  } finally {
    clearTimeout(unanswered);
  }
}

/**
 * Unpacks a release archive (one folder with the executables) into `root/bin`.
 *
 * The folder appears in one move, so an interrupted download leaves nothing half done.
 */
export async function installArchive(url: string, root: string): Promise<void> {
  mkdirSync(root, { recursive: true });
  const scratch = mkdtempSync(join(root, "unpack-"));
  try {
    const archive = join(scratch, "archive.tar.gz");
    await writeFile(archive, await download(url));
    const unpacked = join(scratch, "bin");
    mkdirSync(unpacked);
    const tar = capture("tar", ["-xzf", archive, "-C", unpacked, "--strip-components=1"]);
    if (!tar.ok) throw new TaskError(`tar: ${tar.stderr.trim()}`);
    rmSync(join(root, "bin"), { recursive: true, force: true });
    renameSync(unpacked, join(root, "bin"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Tries the prebuilt executables; false when there are none, or their host is out of reach. */
async function fetchPrebuilt(tool: Tool, version: string): Promise<boolean> {
  const url = tool === wasmBindgen ? prebuiltUrl(version) : undefined;
  if (url === undefined) return false;
  const root = cacheDir(tool, version);
  try {
    await step(`${tool.crate} ${version}: download`, () => installArchive(url, root));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`  not to be had prebuilt (${why}); it is compiled instead`);
    return false;
  }
  return present(tool, version, join(root, "bin"));
}

/** Compiles the tool from its source package. */
async function compile(tool: Tool, version: string): Promise<void> {
  const args = ["install", tool.crate, "--version", version, "--root", cacheDir(tool, version)];
  await step(`${tool.crate} ${version}: cargo install (${tool.minutes}, once)`, async () => {
    try {
      await run("cargo", [...args, "--locked"]);
    } catch {
      // A registry mirror may lack the very version that the tool's lock file names.
      console.log("  the tool's own lock file cannot be met here; trying newer dependencies");
      await run("cargo", args);
    }
  });
}

/** The folder of the tool's executables, after installing it where it is absent. */
async function ensure(tool: Tool): Promise<string> {
  const version = lockedVersion(tool.library);
  const found = find(tool, version);
  if (found !== undefined) return found;
  if (!(await fetchPrebuilt(tool, version))) await compile(tool, version);
  const folder = join(cacheDir(tool, version), "bin");
  if (!present(tool, version, folder)) {
    throw new TaskError(`${tool.crate} ${version} was installed to ${folder}, but does not run`);
  }
  return folder;
}

/** Everything that builds call, installed where it was absent. */
export async function ensureTools(): Promise<Tools> {
  await ensureToolchain();
  const bindgen = await ensure(wasmBindgen);
  const builder = await ensure(workerBuild);
  return {
    wasmBindgen: join(bindgen, "wasm-bindgen"),
    wasmBindgenTestRunner: join(bindgen, "wasm-bindgen-test-runner"),
    workerBuild: join(builder, "worker-build"),
    wasmOpt: npmBin("wasm-opt"),
    esbuild: npmBin("esbuild"),
  };
}
