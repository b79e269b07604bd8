/** Edges that are broken on purpose: the shipped Worker with one part taken away or damaged. */

import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import binaryen from "binaryen";

import { removeScratch, scratchDir } from "../../../scripts/lib/owned.ts";
import { at, demoConfig, edgeConfig } from "../../../scripts/lib/paths.ts";

/** What a stack needs to run a broken edge. */
export interface BrokenEdge {
  readonly edgeConfigs: readonly string[];
}

/** The sections of a TOML file: each from its header to the next one; the first has none. */
function sections(toml: string): readonly string[] {
  return toml.split(/^(?=\[)/m);
}

/** The shipped configuration in a folder of its own, without the sections that `drop` names. */
function configuration(folder: string, drop: RegExp): BrokenEdge {
  const shipped = sections(readFileSync(edgeConfig, "utf8"));
  const kept = shipped.filter((section) => !drop.test(section));
  if (kept.length === shipped.length && drop !== NOTHING) throw new Error(`no section is ${drop}`);
  const config = join(folder, "wrangler.toml");
  const assets = `directory = ${JSON.stringify(at("www", "browser", "dist"))}`;
  writeFileSync(config, kept.join("").replace(/^directory = .*$/m, assets));
  copyFileSync(at(".dev.vars"), join(folder, ".dev.vars"));
  return { edgeConfigs: [config, demoConfig] };
}

/** Matches no section. */
const NOTHING = /(?!)/;

/** A folder with a copy of the built edge; it lasts as long as the test. */
function copyOfEdge(context: TestContext): string {
  const folder = scratchDir("broken");
  context.after(() => removeScratch(folder));
  for (const part of ["entry.ts", "guard.ts", "build"]) {
    cpSync(at("edge", part), join(folder, "edge", part), { recursive: true });
  }
  return folder;
}

/** The sections of the configuration that bind each part of the platform. */
const BINDINGS = {
  queue: /^\[\[queues\.producers/,
  ledger: /^\[\[durable_objects\.bindings/,
  rulesets: /^\[\[kv_namespaces/,
} as const;

/** The edge without a binding: as if that part of the platform were gone. */
export function edgeWithout(context: TestContext, part: keyof typeof BINDINGS): BrokenEdge {
  return configuration(copyOfEdge(context), BINDINGS[part]);
}

/** The names under which JavaScript enters the engine for a request, and when a promise settles. */
const ENTRANCES = { "at once": /^fetch$/, later: /closures_+invoke/ } as const;

/** The edge with an engine that traps: when it is called, or when it comes back from waiting. */
export function trappingEdge(context: TestContext, when: keyof typeof ENTRANCES): BrokenEdge {
  const folder = copyOfEdge(context);
  const wasm = join(folder, "edge", "build", "index_bg.wasm");
  const module = binaryen.readBinary(readFileSync(wasm));
  module.setFeatures(binaryen.Features.All);
  const exported = Array.from({ length: module.getNumExports() }, (_, index) =>
    binaryen.getExportInfo(module.getExportByIndex(index)),
  ).filter(({ name, kind }) => kind === binaryen.ExternalFunction && ENTRANCES[when].test(name));
  if (exported.length === 0) throw new Error(`the engine exports nothing like ${ENTRANCES[when]}`);
  for (const { name, value } of exported) {
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(value));
    module.removeExport(name);
    module.addFunction(`trap ${name}`, params, results, [], module.unreachable());
    module.addFunctionExport(`trap ${name}`, name);
  }
  writeFileSync(wasm, module.emitBinary());
  module.dispose();
  return configuration(folder, NOTHING);
}
