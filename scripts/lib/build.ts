/** Builds all that runs: both Workers, the browser bundle, the dashboard, the native command. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { type Artefact, refresh } from "./fresh.ts";
import { library } from "./library.ts";
import { at, cliRelease, npmBin, root } from "./paths.ts";
import { step } from "./progress.ts";
import { capture, cargo, run } from "./run.ts";
import { keepNames, shrink, smallCode } from "./shrink.ts";
import type { Tools } from "./tools.ts";

/** What every Rust artefact is made from, beside its own folder. */
const workspaceInputs = [
  ...["Cargo.toml", "Cargo.lock", "shared", "package-lock.json"],
  ...["library.ts", "likeness.ts", "shrink.ts", "wasm.ts"].map((name) => join("scripts", "lib", name)),
];

/** Which standard library is in a wasm. */
function madeWith(): string {
  return library().readyMadeSince === undefined ? "library compiled anew" : "ready-made library";
}

const edge: Artefact = {
  name: "edge Worker",
  inputs: [...workspaceInputs, "platform", "edge"],
  madeWith,
  output: at("edge", "build", "index_bg.wasm"),
};

const ledger: Artefact = {
  name: "ledger of the edge Worker",
  inputs: [...workspaceInputs, "platform", "ledger"],
  madeWith,
  output: at("ledger", "build", "index_bg.wasm"),
};

const admin: Artefact = {
  name: "admin Worker",
  inputs: [...workspaceInputs, "import", "platform", "lab", "admin"],
  madeWith,
  output: at("admin", "build", "index_bg.wasm"),
};

const browser: Artefact = {
  name: "browser bundle",
  inputs: [...workspaceInputs, "www/browser"],
  madeWith,
  output: at("www", "browser", "dist", "bandera", "v1", "bandera.js"),
};

const dashboard: Artefact = {
  name: "dashboard",
  inputs: ["package-lock.json", "www/dashboard", "admin/openapi.json"],
  output: at("www", "dashboard", "dist", "index.html"),
};

const command: Artefact = {
  name: "bandera command",
  inputs: [...workspaceInputs, "import", "lab", "cli"],
  output: cliRelease,
};

/** Names of what can be built alone. */
export const artefactNames = ["edge", "admin", "browser", "dashboard", "cli"] as const;

/** One of them. */
export type ArtefactName = (typeof artefactNames)[number];

/**
 * What wasm is compiled with: messages that name a place in a source name no folder of the machine
 * that built it, so that the same sources give the same bytes everywhere.
 */
function wasmFlags(): string[] {
  const sysroot = capture("rustc", ["--print", "sysroot"]).stdout.trim();
  const cargoHome = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
  const folders = [root, join(cargoHome, "registry", "src"), `${sysroot}/lib/rustlib/src/rust`];
  return folders.map((folder) => `--remap-path-prefix=${folder}/=`);
}

/** Of two ways to write SHA-256 the short one. */
const shortHash = ['--cfg=sha2_backend="soft"', '--cfg=sha2_backend_soft="compact"'];

/** How builds find the tools; also what `worker-build` reads. */
export function buildEnvironment(tools: Tools): Record<string, string> {
  return {
    ...library().env,
    CARGO_ENCODED_RUSTFLAGS: [...wasmFlags(), ...smallCode, ...shortHash].join("\x1f"),
    WASM_BINDGEN_BIN: tools.wasmBindgen,
    WASM_OPT_BIN: tools.wasmOpt,
    ESBUILD_BIN: tools.esbuild,
  };
}

async function make(artefact: Artefact, work: () => Promise<void>): Promise<void> {
  const built = await refresh(artefact, () => step(`build: ${artefact.name}`, work));
  if (!built) console.log(`✓ build: ${artefact.name} (unchanged)`);
}

/** Where a build writes what the numbers of a wasm's functions mean; nothing there is deployed. */
export function functionsFile(name: WasmName): string {
  const engine = { browser: "bandera", "browser, full": "bandera-full" } as const;
  if (name === "browser" || name === "browser, full") {
    return at("www", "browser", "build", `${engine[name]}-functions.txt`);
  }
  return at(name, "build", "functions.txt");
}

/** The profile is one of the root manifest's. */
function makeWorker(artefact: Artefact, folder: "edge" | "ledger" | "admin", tools: Tools): Promise<void> {
  return make(artefact, async () => {
    const env = buildEnvironment(tools);
    const args = ["--profile=worker", ".", "--locked"];
    await run(tools.workerBuild, args, { cwd: at(folder), env });
    keepNames(functionsFile(folder), await shrink(tools.wasmOpt, artefact.output));
  });
}

/** A web artefact brings its own `build.ts`, which knows its entry points. */
function makePage(artefact: Artefact, folder: string, tools: Tools): Promise<void> {
  const script = at("www", folder, "build.ts");
  const env = buildEnvironment(tools);
  return make(artefact, () => run(npmBin("node"), [script], { env }));
}

/** Builds the named artefacts, each only when its sources changed. */
export async function build(names: readonly ArtefactName[], tools: Tools): Promise<void> {
  for (const name of names) {
    if (name === "edge") {
      await makeWorker(edge, "edge", tools);
      await makeWorker(ledger, "ledger", tools);
    } else if (name === "admin") await makeWorker(admin, "admin", tools);
    else if (name === "cli") {
      await make(command, () => cargo(["build", "--release", "-p", "bandera-cli"]));
    } else await makePage(name === "browser" ? browser : dashboard, name, tools);
  }
}

/** What a running stack needs. */
export const stackArtefacts: readonly ArtefactName[] = ["browser", "dashboard", "edge", "admin"];

/** The wasm files whose size is watched. */
export const wasmNames = ["edge", "ledger", "admin", "browser", "browser, full"] as const;

/** One of them. */
export type WasmName = (typeof wasmNames)[number];

/** Those of them that exist. */
export function wasmFiles(): ReadonlyMap<WasmName, string> {
  const files = new Map([
    ["edge", edge.output],
    ["ledger", ledger.output],
    ["admin", admin.output],
    ["browser", at("www", "browser", "dist", "bandera", "v1", "bandera_bg.wasm")],
    ["browser, full", at("www", "browser", "dist", "bandera", "v1", "bandera-full_bg.wasm")],
  ] as const);
  for (const [name, path] of files) if (!existsSync(path)) files.delete(name);
  return files;
}
