/**
 * Makes wasm small as it travels and is limited: compressed. What gives fewer bytes often gives
 * bytes that compress worse, so each choice here was made by the compressed size.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { orderByLikeness } from "./likeness.ts";
import { run, TaskError } from "./run.ts";
import {
  firstFunction,
  functionBodies,
  functionNames,
  type Trapped,
  withNames,
  withoutIdleClasses,
} from "./wasm.ts";

/** What the runtime knows; more would let the optimiser write what it cannot read. */
export const wasmFeatures: readonly string[] = [
  ...["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory"],
  ...["multivalue", "reference-types", "exception-handling"],
].map((feature) => `--enable-${feature}`);

/**
 * How LLVM spends less code: it copies only functions no larger than their call, addresses elements
 * by their index instead of by a pointer that steps along, and computes nothing earlier than where
 * it is written.
 */
export const smallCode: readonly string[] = [
  "-Cllvm-args=-inline-threshold=4",
  "-Cllvm-args=-disable-lsr",
  "-Cllvm-args=-enable-pre=false",
];

/**
 * Passes of `wasm-opt`, in their order. Not among them is what its `-O` does beside: it copies
 * functions into their callers (a twelfth more), orders functions by the number of their callers,
 * far from those they resemble (a fiftieth more), and keeps values on the stack that a local would
 * hold in the same way everywhere. The lowest kilobyte of memory is the end of the stack, which
 * holds no object.
 */
const passes: readonly string[] = [
  ...["shrink-level=2", "optimize-level=0", "low-memory-unused"],
  ...["duplicate-function-elimination", "remove-unused-module-elements", "dce"],
  ...["remove-unused-brs", "remove-unused-names", "merge-blocks", "precompute"],
  ...["optimize-instructions", "simplify-locals-nostructure", "vacuum", "reorder-locals"],
  ...["remove-unused-brs", "merge-blocks", "rse", "coalesce-locals", "vacuum", "reorder-locals"],
  ...["optimize-added-constants", "vacuum", "duplicate-function-elimination", "directize"],
  ...["simplify-globals", "remove-unused-module-elements"],
].map((pass) => `--${pass}`);

/** A call names its function by number, so moving functions changes which are alike, a little. */
const ROUNDS = 2;

/** Puts functions in the order of their names. */
const byName = "--reorder-functions-by-name";

/**
 * Shrinks a file that still names its functions, whose names then are a tenth of it and go. Gives
 * them by number, as a stack of the runtime counts functions.
 *
 * By their names instances of one generic function are neighbours; from there like is put beside
 * like, a hundredth better. `features` are what `wasm-opt` may use beyond what the module names.
 */
export async function shrink(
  wasmOpt: string,
  wasm: string,
  features: readonly string[] = wasmFeatures,
): Promise<ReadonlyMap<number, string>> {
  const optimise = (args: readonly string[]): Promise<void> => {
    return run(wasmOpt, [...features, ...args, wasm, "-o", wasm]);
  };
  const trapped = withoutIdleClasses(readFileSync(wasm));
  await checkTraps(wasmOpt, wasm, features, trapped);
  writeFileSync(wasm, trapped.wasm);
  await optimise([...passes, byName, "--debuginfo"]);
  const first = firstFunction(readFileSync(wasm));
  let names = functionNames(readFileSync(wasm));
  for (let round = 0; round < ROUNDS; round += 1) {
    const shrunk = readFileSync(wasm);
    const order = orderByLikeness(functionBodies(shrunk));
    // As many digits for each, so that they are in the order of their numbers as texts, too.
    const places = order.map((index, place) => [index, `${1e6 + place}`] as const);
    const byIndex = places.toSorted(([a], [b]) => a - b).map(([, name]) => name);
    writeFileSync(wasm, withNames(shrunk, byIndex));
    await optimise([byName, "--strip-debug"]);
    const moved = order.map((index, place) => [place, names.get(index) ?? "(no name)"] as const);
    names = new Map(moved);
  }
  return new Map([...names].map(([place, name]) => [first + place, name]));
}

/**
 * Refuses a module in which a function that is left calls one that became a trap: of functions with
 * the same code one stays under one of their names, and that may be an idle class's.
 */
export async function checkTraps(
  wasmOpt: string,
  wasm: string,
  features: readonly string[],
  { wasm: module, traps }: Trapped,
): Promise<void> {
  if (traps.size === 0) return;
  const names = functionNames(module);
  const numbered = functionBodies(module).map((_, n) => `${traps.has(n) ? "trap" : "kept"}${n}`);
  const [bytes, text] = [`${wasm}.traps`, `${wasm}.traps.wat`];
  writeFileSync(bytes, withNames(module, numbered));
  const args = [...features, "--remove-unused-module-elements", "--debuginfo", bytes, "-S"];
  await run(wasmOpt, [...args, "-o", text]);
  let caller = "";
  for (const line of readFileSync(text, "utf8").split("\n")) {
    caller = /^ \(func \$(\w+)/.exec(line)?.[1] ?? caller;
    const trap = /call \$trap(\d+)/.exec(line)?.[1];
    if (trap === undefined || !caller.startsWith("kept")) continue;
    const [from, to] = [names.get(Number(caller.slice(4))), traps.get(Number(trap))];
    throw new TaskError(`${wasm}: ${from} calls ${to}, which was taken for an idle class's`);
  }
  [bytes, text].forEach((path) => rmSync(path));
}

/** Writes the names of a shrunk file's functions, a line each, for whoever reads a stack. */
export function keepNames(path: string, names: ReadonlyMap<number, string>): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, [...names].map(([number, name]) => `${number} ${name}\n`).join(""));
}
