/** The edge Worker as it is deployed, on `workerd serve`, with a ruleset that is always there. */

import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { freshFolder } from "./contestants.ts";
import { at, targetDir } from "./paths.ts";
import { cargo, run } from "./run.ts";
import type { Tools } from "./tools.ts";
import { Workerd } from "./workerd.ts";

/** Keys of a benchmark that nobody else ever uses. */
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/** Writes what an edge finds in KV, and requests to it; gives the folder. */
export async function publishedForEdge(): Promise<string> {
  const published = join(targetDir, "bandera-published");
  const program = ["run", "-q", "--release", "-p", "bandera-timing"];
  await cargo([...program, "--bin", "bandera-timing", "--", "--published", published]);
  return published;
}

/** An edge that is served. */
export interface ServedEdge {
  readonly worker: Workerd;
  /** What its objects have stored, where it has any: a folder for each class. */
  readonly disk: string;
}

/** The bindings by which events are counted, in the same process and durable on a local disk. */
function counting(disk: string) {
  mkdirSync(disk, { recursive: true });
  const classes = ["Ledger", "Coordinator"];
  const objects = classes.map((name) => {
    return `(className = "${name}", uniqueKey = "${name}", enableSql = true)`;
  });
  return {
    services: `(name = "disk", disk = (path = ${JSON.stringify(disk)}, writable = true))`,
    members: `durableObjectNamespaces = [${objects.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),`,
    bindings: classes.map((name) => {
      return `(name = "${name.toUpperCase()}", durableObjectNamespace = "${name}")`;
    }),
  };
}

/**
 * Serves it in as many modules as it has, behind a KV that is always there.
 *
 * @param what whether it only decides, or counts as well.
 */
export async function serveEdge(
  tools: Tools,
  published: string,
  what: "decides" | "counts",
): Promise<ServedEdge> {
  const folder = freshFolder(`edge-that-${what}`);
  const shape = ["--bundle", "--format=esm", "--loader:.wasm=copy", "--external:cloudflare:*"];
  const output = [`--outdir=${folder}`, "--log-level=error"];
  await run(tools.esbuild, [at("edge", "entry.ts"), ...shape, ...output]);
  const wasm = readdirSync(folder).filter((file) => file.endsWith(".wasm"));
  for (const file of ["bundle", "texts.json"]) cpSync(join(published, file), join(folder, file));
  cpSync(at("tests", "bench", "js", "kv.js"), join(folder, "kv.js"));
  const bundleKey = readFileSync(join(published, "bundle-key.txt"), "utf8");
  const data = [
    `(name = "TEXTS", json = embed "texts.json")`,
    `(name = "BUNDLE", data = embed "bundle")`,
    `(name = "BUNDLE_KEY", text = ${JSON.stringify(bundleKey)})`,
  ];
  const kv = `modules = [(name = "kv.js", esModule = embed "kv.js")],
    compatibilityDate = "2026-10-20", bindings = [${data.join(", ")}]`;
  const texts = {
    BANDERA_ENVIRONMENT: "bench",
    BANDERA_SIGNING_KEYS: `1:${KEY}`,
    BANDERA_SUBJECT_KEY: KEY,
    BANDERA_SERVER_TOKENS: "bench",
  };
  const disk = join(folder, "disk");
  const objects = what === "counts" ? counting(disk) : { services: "", members: "", bindings: [] };
  const bindings = [
    `(name = "RULESETS", kvNamespace = "kv")`,
    `(name = "EVENTS", queue = "kv")`,
    ...objects.bindings,
    ...Object.entries(texts).map(([name, text]) => `(name = "${name}", text = "${text}")`),
  ];
  const served = {
    name: "the edge Worker",
    modules: new Map(["entry.js", ...wasm].map((file) => [file, file])),
    services: `(name = "kv", worker = (${kv})), ${objects.services}`,
    members: `${objects.members} bindings = [${bindings.join(", ")}],`,
  };
  const worker = await Workerd.start(served, folder, { readyPath: "/bandera/v1/health" });
  return { worker, disk };
}
