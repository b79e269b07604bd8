/** Edges that are broken on purpose: the shipped Worker with one part taken away or damaged. */

import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import binaryen from "binaryen";

import { removeScratch, scratchDir } from "../../../scripts/lib/owned.ts";
import { at, demoConfig, edgeConfig } from "../../../scripts/lib/paths.ts";

/** A test or a suite, at whose end what was made for it goes. */
export interface Lasting {
  after(clean: () => void): void;
}

/** What a stack needs to run a broken edge. */
export interface BrokenEdge {
  readonly edgeConfigs: readonly string[];
  /** Gives the edge its shipped configuration back, for its next start. */
  readonly mend: () => void;
}

/** The sections of a TOML file: each from its header to the next one; the first has none. */
function sections(toml: string): readonly string[] {
  return toml.split(/^(?=\[)/m);
}

/** The shipped configuration in a folder of its own, without the sections that `drop` names. */
function configuration(folder: string, drop: RegExp): BrokenEdge {
  const patient = readFileSync(edgeConfig, "utf8");
  const shipped = sections(patient.replace("max_retries = 10\n", `max_retries = ${RETRIES}\n`));
  const kept = shipped.filter((section) => !drop.test(section));
  if (kept.length === shipped.length && drop !== NOTHING) throw new Error(`no section is ${drop}`);
  const config = join(folder, "wrangler.toml");
  const assets = `directory = ${JSON.stringify(at("www", "browser", "dist"))}`;
  const write = (parts: readonly string[]): void =>
    writeFileSync(config, parts.join("").replace(/^directory = .*$/m, assets));
  write(kept);
  copyFileSync(at(".dev.vars"), join(folder, ".dev.vars"));
  return { edgeConfigs: [config, demoConfig], mend: () => write(shipped) };
}

/** How often the queue of events tries again: what ten times would show, twice shows sooner. */
const RETRIES = 2;

/** Matches no section. */
const NOTHING = /(?!)/;

/** A folder with a copy of the built edge; it lasts as long as the test does. */
function copyOfEdge(context: Lasting): string {
  const folder = scratchDir("broken");
  context.after(() => removeScratch(folder));
  const door = ["entry.ts", "guard.ts", "objects.ts", "dead-letters.ts", "letters.ts", "queues.ts"];
  for (const part of [...door.map((file) => join("edge", file)), ...ENGINES]) {
    cpSync(at(part), join(folder, part), { recursive: true });
  }
  return folder;
}

/** What was built of the engines. */
const ENGINES = [join("edge", "build"), join("ledger", "build")];

/** The sections of the configuration that bind each part of the platform. */
const BINDINGS = {
  queue: /^\[\[queues\.producers/,
  ledger: /^\[\[durable_objects\.bindings\]\]\nname = "LEDGER"/,
  rulesets: /^\[\[kv_namespaces/,
} as const;

/** The edge without a binding: as if that part of the platform were gone. */
export function edgeWithout(context: Lasting, part: keyof typeof BINDINGS): BrokenEdge {
  return configuration(copyOfEdge(context), BINDINGS[part]);
}

const MAILBOX = "mailbox.worker.js";
/** In the demo shop's place. */
const MAILBOX_CONFIGURATION = `name = "bandera-demo-shop"
main = ${JSON.stringify(at("tests", "e2e", "lib", MAILBOX))}
compatibility_date = "2026-10-20"

[[queues.producers]]
binding = "EVENTS"
queue = "bandera-events"
`;

/** The edge before an origin that puts what is posted to it into the edge's own queue. */
export function edgeWithMailbox(context: Lasting): BrokenEdge {
  const folder = copyOfEdge(context);
  const { edgeConfigs, mend } = configuration(folder, NOTHING);
  const mailbox = join(folder, "mailbox.toml");
  writeFileSync(mailbox, MAILBOX_CONFIGURATION);
  return { edgeConfigs: [...edgeConfigs.filter((config) => config !== demoConfig), mailbox], mend };
}

/** The names under which JavaScript enters the engine for a request, and when a promise settles. */
const CALL = /^fetch$/;
const SETTLING = /closures_+invoke/;
/** The name under which JavaScript begins an instance. */
const START = /^__wbindgen_start$/;
/** The import by which the engine asks the origin: three handles and whether caches stay out. */
const ASKING = /^__wbg_send_/;
const ASKING_PARAMETERS = 4;

/** When an engine traps. */
export type Moment = "when called" | "when it comes back" | "once the origin was asked";

/** The edge with an engine that traps at that moment of each request. */
export function trappingEdge(context: Lasting, moment: Moment): BrokenEdge {
  const folder = copyOfEdge(context);
  rewriteWasm(join(folder, "edge", "build", "index_bg.wasm"), (module) => {
    if (moment === "once the origin was asked") noteAsking(module);
    const entrance = moment === "when called" ? CALL : SETTLING;
    replaceExports(module, entrance, ({ value, params, results }) =>
      moment === "once the origin was asked"
        ? trapIfAsked(module, module.call(value, operands(module, params), results), results)
        : module.unreachable(),
    );
  });
  return configuration(folder, NOTHING);
}

/** The edge whose objects and queue find an engine that traps when it is instantiated. */
export function edgeWithDeadLedger(context: Lasting): BrokenEdge {
  const folder = copyOfEdge(context);
  rewriteWasm(join(folder, "ledger", "build", "index_bg.wasm"), (module) => {
    replaceExports(module, START, () => module.unreachable());
  });
  return configuration(folder, NOTHING);
}

/** Changes a wasm file in its place. */
function rewriteWasm(path: string, change: (module: binaryen.Module) => void): void {
  const module = binaryen.readBinary(readFileSync(path));
  module.setFeatures(binaryen.Features.All);
  change(module);
  if (module.validate() === 0) throw new Error("the broken engine is no valid wasm");
  writeFileSync(path, module.emitBinary());
  module.dispose();
}

/** An exported function: what it is called inside, and its types. */
interface Exported {
  readonly value: string;
  readonly params: binaryen.Type;
  readonly results: binaryen.Type;
}

/** Gives the exported functions of such names another body. */
function replaceExports(
  module: binaryen.Module,
  names: RegExp,
  body: (exported: Exported) => binaryen.ExpressionRef,
): void {
  const exported = Array.from({ length: module.getNumExports() }, (_, index) =>
    binaryen.getExportInfo(module.getExportByIndex(index)),
  ).filter(({ name, kind }) => kind === binaryen.ExternalFunction && names.test(name));
  if (exported.length === 0) throw new Error(`the engine exports nothing like ${names}`);
  for (const { name, value } of exported) {
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(value));
    const replaced = body({ value, params, results });
    module.removeExport(name);
    module.addFunction(`trap ${name}`, params, results, [], replaced);
    module.addFunctionExport(`trap ${name}`, name);
  }
}

/** The global that says that the origin was asked. */
const ASKED = "asked";

/** A function's own parameters, to be handed on. */
function operands(module: binaryen.Module, params: binaryen.Type): binaryen.ExpressionRef[] {
  return binaryen.expandType(params).map((type, index) => module.local.get(index, type));
}

/** Goes on as before, unless the origin was asked. */
function trapIfAsked(
  module: binaryen.Module,
  entering: binaryen.ExpressionRef,
  results: binaryen.Type,
): binaryen.ExpressionRef {
  const trap = module.if(module.global.get(ASKED, binaryen.i32), module.unreachable());
  return module.block("entering", [trap, entering], results);
}

/** Makes the engine remember that it asks the origin. */
function noteAsking(module: binaryen.Module): void {
  const imports = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  ).filter(({ base, params }) => {
    return ASKING.test(base ?? "") && binaryen.expandType(params).length === ASKING_PARAMETERS;
  });
  const [asking, ...others] = imports;
  if (asking === undefined || others.length > 0) throw new Error("the engine asks in another way");
  const { name, module: from, base, params, results } = asking;
  if (from === null || base === null) throw new Error("the engine asks by itself");
  module.addGlobal(ASKED, binaryen.i32, true, module.i32.const(0));
  module.removeFunction(name);
  module.addFunctionImport(`real ${name}`, from, base, params, results);
  const ask = module.call(`real ${name}`, operands(module, params), results);
  const note = module.global.set(ASKED, module.i32.const(1));
  const body = module.block("noting", [note, ask], results);
  module.addFunction(name, params, results, [], body);
}
