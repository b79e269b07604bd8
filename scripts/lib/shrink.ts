/**
 * Makes wasm small as it travels and is limited: compressed. What gives fewer bytes often gives
 * bytes that compress worse, so each choice here was made by the compressed size.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { orderByLikeness } from "./likeness.ts";
import { run } from "./run.ts";
import {
  firstFunction,
  functionBodies,
  functionNames,
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
  writeFileSync(wasm, withoutIdleClasses(readFileSync(wasm)));
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

/** Writes the names of a shrunk file's functions, a line each, for whoever reads a stack. */
export function keepNames(path: string, names: ReadonlyMap<number, string>): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, [...names].map(([number, name]) => `${number} ${name}\n`).join(""));
}
