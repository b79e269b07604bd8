/**
 * The Workers that `npm run bench` compares: empty ones, ours, and those of other systems'
 * JavaScript engines, each with the same flags in its own format. Their packages are installed
 * here, when a benchmark needs them, and nowhere else.
 */

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { flagd, growthbook, unleash, type Workload } from "../../tests/peers/js/translate.ts";
import { buildEnvironment } from "./build.ts";
import { at } from "./paths.ts";
import { cargo, run } from "./run.ts";
import { N_FLAGS } from "./shares.ts";
import { shrink } from "./shrink.ts";
import type { Tools } from "./tools.ts";
import type { Served } from "./workerd.ts";

/** A Worker, and the folder it is served from. */
export interface Contestant {
  readonly served: Served;
  readonly folder: string;
  /** Whether it evaluates: then a POST is answered with its answers. */
  readonly evaluates: boolean;
}

/** Where everything that is made here goes; git ignores it. */
export const contestantsDir: string = at("tests", "peers", "js", "build");

/** A folder below it, empty. */
export function freshFolder(name: string): string {
  const folder = join(contestantsDir, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Installs exactly what the lock file of the peers names, unless it is there. */
export async function installPeers(): Promise<void> {
  const cwd = at("tests", "peers", "js");
  const installed = join(cwd, "node_modules", ".package-lock.json");
  const lock = join(cwd, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd });
}

/** The workload: our ruleset, its compact form, and the contexts. Gives the folder. */
export async function neutralWorkload(): Promise<string> {
  const folder = freshFolder("workload");
  const program = ["run", "-q", "--release", "-p", "bandera-tests", "--bin", "neutral"];
  await cargo([...program, "--", folder, String(N_FLAGS)]);
  return folder;
}

/** The flags of the workload as each peer reads them. */
export function translated(workload: string): ReadonlyMap<"growthbook" | "flagd" | "unleash", string> {
  const ruleset = JSON.parse(readFileSync(join(workload, "ruleset.json"), "utf8")) as Workload;
  return new Map([
    ["growthbook", growthbook(ruleset)],
    ["flagd", flagd(ruleset)],
    ["unleash", unleash(ruleset)],
  ] as const);
}

/** Builds the bench Worker as the edge is built, empty or evaluating; gives the folder. */
export async function benchWorker(tools: Tools, name: string, features: readonly string[]) {
  const folder = join("build", name);
  const env = buildEnvironment(tools);
  const args = ["--profile=worker", "--out-dir", folder, ".", "--locked", ...features];
  await run(tools.workerBuild, args, { cwd: at("tests", "bench"), env });
  await shrink(tools.wasmOpt, at("tests", "bench", folder, "index_bg.wasm"));
  return at("tests", "bench", folder);
}

/** A folder with those files, and the flags and the contexts that bindings name. */
function withData(name: string, files: ReadonlyMap<string, string>, data: readonly string[]): string {
  const folder = freshFolder(name);
  for (const [to, from] of files) cpSync(from, join(folder, to));
  for (const file of data) cpSync(file, join(folder, file.split("/").at(-1) ?? ""));
  return folder;
}

const contexts = `(name = "CONTEXTS", text = embed "contexts.ndjson")`;
const compact = `bindings = [(name = "FLAGS", data = embed "ruleset.compact"), ${contexts}],`;
const text = `bindings = [(name = "FLAGS", text = embed "flags.json"), ${contexts}],`;

/** Our engine in a Worker that is all Rust, and behind a few lines of JavaScript. */
async function ours(tools: Tools, workload: string): Promise<Contestant[]> {
  const built = await benchWorker(tools, "evaluation", ["--features", "evaluation"]);
  const engine = new Map([
    ["index.js", join(built, "index.js")],
    ["index_bg.wasm", join(built, "index_bg.wasm")],
  ]);
  const data = ["ruleset.compact", "contexts.ndjson"].map((file) => join(workload, file));
  const files = new Map([["handler.js", at("tests", "bench", "js", "handler.js")], ...engine]);
  const modules = (names: readonly string[]) => new Map(names.map((name) => [name, name]));
  return [
    {
      served: { name: "Bandera, a Rust Worker", modules: modules([...engine.keys()]), members: compact },
      folder: withData("bandera", engine, data),
      evaluates: true,
    },
    {
      served: { name: "Bandera, behind JavaScript", modules: modules([...files.keys()]), members: compact },
      folder: withData("bandera-handler", files, data),
      evaluates: true,
    },
  ];
}

const peerNames = {
  growthbook: "@growthbook/growthbook",
  flagd: "@openfeature/flagd-core",
  unleash: "unleash-client",
} as const;

/** Packages written for Node ask for its modules by `require`, which the runtime has. */
const requires = `import { createRequire } from "node:module"; const require = createRequire("/");`;

/** A peer's engine with everything it needs in one file. */
async function peer(tools: Tools, name: keyof typeof peerNames, flags: string, workload: string) {
  const folder = withData(name, new Map(), [join(workload, "contexts.ndjson")]);
  writeFileSync(join(folder, "flags.json"), flags);
  const shape = ["--bundle", "--format=esm", "--platform=node", "--minify", "--conditions=workerd"];
  const node = name === "growthbook" ? [] : [`--banner:js=${requires}`];
  const entry = at("tests", "peers", "js", `${name}.js`);
  const output = `--outfile=${join(folder, "worker.js")}`;
  await run(tools.esbuild, [entry, ...shape, ...node, "--main-fields=module,main", "--log-level=error", output]);
  const contestant: Contestant = {
    served: {
      name: peerNames[name],
      modules: new Map([["worker.js", "worker.js"]]),
      members: text,
    },
    folder,
    evaluates: true,
  };
  return contestant;
}

/** All of them; the empty JavaScript Worker, which everything is compared with, comes first. */
export async function contestants(tools: Tools): Promise<readonly Contestant[]> {
  await installPeers();
  const workload = await neutralWorkload();
  const emptyScript = freshFolder("empty-javascript");
  cpSync(at("tests", "bench", "js", "empty.js"), join(emptyScript, "empty.js"));
  const empty = await benchWorker(tools, "empty", []);
  const wasm = new Map([["index.js", "index.js"], ["index_bg.wasm", "index_bg.wasm"]]);
  const peers: Contestant[] = [];
  for (const [name, flags] of translated(workload)) {
    peers.push(await peer(tools, name, flags, workload));
  }
  return [
    {
      served: { name: "empty JavaScript Worker", modules: new Map([["empty.js", "empty.js"]]) },
      folder: emptyScript,
      evaluates: false,
    },
    {
      served: { name: "empty Worker of the `worker` crate", modules: wasm },
      folder: empty,
      evaluates: false,
    },
    ...(await ours(tools, workload)),
    ...peers,
  ];
}
