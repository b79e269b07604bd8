/** Where things lie in the repository, and how long or large they may be: one place for each. */

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** A path below the root. */
export function at(...parts: readonly string[]): string {
  return join(root, ...parts);
}

/** Local state that git ignores: databases, the local token, logs. */
export const localDir: string = at(".bandera");
/** What `npm start` persists between runs; `npm run reset` clears it. */
export const stateDir: string = join(localDir, "state");
/** The local admin token, mode 0600. */
export const tokenFile: string = join(localDir, "dev-token");
/** Output of the runtime processes. */
export const logDir: string = join(localDir, "log");

/** An executable of an npm package. */
export function npmBin(name: string): string {
  return at("node_modules", ".bin", name);
}

/** Where Cargo puts what it builds. */
export const targetDir: string = resolve(root, process.env["CARGO_TARGET_DIR"] ?? "target");
/** The native command as tests build it: unoptimised, shared with `cargo test`. */
export const cliDebug: string = join(targetDir, "debug", "bandera");
/** What tests make bundles of rulesets with; built beside the command. */
export const bundleTool: string = join(targetDir, "debug", "bundle");
/** The native command as a user runs it. */
export const cliRelease: string = join(targetDir, "release", "bandera");

/** The edge Worker's Wrangler configuration. */
export const edgeConfig: string = at("wrangler.toml");
/** The demo shop's; it runs in the edge's process. */
export const demoConfig: string = at("www", "demo", "wrangler.toml");
/** The admin Worker's. */
export const adminConfig: string = at("admin", "wrangler.toml");
/** The ruleset that a fresh demo environment is seeded with. */
export const demoRuleset: string = at("www", "demo", "ruleset.json");

/** The environment that local development publishes to. */
export const demoEnvironment = "demo";

/** Every bound of the scripts, in the unit its name ends with. */
export const limits = {
  /** gzip size of the wasm that answers requests: a guard against growth, a little above what it is. */
  edgeGzipBytesMax: 299_500,
  /** gzip size of the wasm that counts and learns, likewise. */
  ledgerGzipBytesMax: 169_000,
  /** Both together: what one edge Worker brings. */
  edgeWorkerGzipBytesMax: 468_500,
  /** gzip size of the admin Worker's wasm: importers of every system and a zone database in it. */
  adminGzipBytesMax: 932_000,
  /** gzip size of the wasm that an ordinary page downloads to evaluate, likewise. */
  browserGzipBytesMax: 49_000,
  /** gzip size of the wasm that knows every operator of our own. */
  browserFullGzipBytesMax: 86_000,
  /** How much more the wasm may be where its standard library came with the toolchain. */
  readyMadeLibraryRatio: 1.2,
  /** How long a Worker may take from start to its first healthy answer. */
  healthMsMax: 60_000,
  /** How long processes may take to end after SIGTERM before SIGKILL. */
  stopMsMax: 5_000,
  /** How long a prebuilt tool's host may take to answer at all. */
  downloadAnswerMsMax: 8_000,
  /** How long the download of a prebuilt tool may take. */
  downloadMsMax: 120_000,
  /** How long a reply of a local Worker may take, its body included. */
  replyMsMax: 30_000,
  /** How long one look at whether a Worker is healthy may take. */
  probeMsMax: 5_000,
  /** How long a short Wrangler command may take. */
  wranglerCallMsMax: 60_000,
  /** How long a fuzz target runs as a part of the tests. */
  fuzzSecondsMax: 2,
  /** How long one input may keep a fuzz target busy. */
  fuzzInputSecondsMax: 10,
  /** Memory of a fuzz target. */
  fuzzMebibytesMax: 2_048,
  /** Longest input that fuzzing makes. */
  fuzzInputBytesMax: 16_384,
  /** How many files of end-to-end tests run at once: each brings a runtime and maybe a browser. */
  endToEndLanesMax: 4,
  /** How long a file of end-to-end tests, or one test of it, may take on a busy machine. */
  endToEndFileMsMax: 900_000,
  /** The same for the unit tests in TypeScript. */
  unitFileMsMax: 180_000,
  /** Pause between two looks at a condition that is waited for. */
  pollMs: 50,
  /** Pause between two looks at whether the process that started us is still there. */
  parentPollMs: 500,
} as const;
