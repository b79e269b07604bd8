/**
 * Makes wasm small as it travels and is limited: compressed. What gives fewer bytes often gives
 * bytes that compress worse, so each choice here was made by the compressed size.
 */

import type { Tools } from "./tools.ts";
import { run } from "./run.ts";

/** What the runtime knows; more would let the optimiser write what it cannot read. */
export const wasmFeatures: readonly string[] = [
  ...["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory"],
  ...["multivalue", "reference-types", "exception-handling"],
].map((feature) => `--enable-${feature}`);

/**
 * How LLVM spends less code: it copies only functions no larger than their call, and addresses
 * elements by their index instead of by a pointer that steps along.
 */
export const smallCode: readonly string[] = [
  "-Cllvm-args=-inline-threshold=4",
  "-Cllvm-args=-disable-lsr",
];

/**
 * Passes of `wasm-opt`, in their order. Not among them is what its `-O` does beside: it copies
 * functions into their callers (a twelfth more), orders functions by the number of their callers,
 * far from those they resemble (a fiftieth more), and keeps values on the stack that a local would
 * hold in the same way everywhere. By their names instead, instances of one generic function are
 * neighbours. The lowest kilobyte of memory is the end of the stack, which holds no object.
 */
const passes: readonly string[] = [
  ...["shrink-level=2", "optimize-level=0", "low-memory-unused"],
  ...["duplicate-function-elimination", "remove-unused-module-elements", "dce"],
  ...["remove-unused-brs", "remove-unused-names", "merge-blocks", "precompute"],
  ...["optimize-instructions", "simplify-locals-nostructure", "vacuum", "reorder-locals"],
  ...["remove-unused-brs", "merge-blocks", "rse", "coalesce-locals", "vacuum", "reorder-locals"],
  ...["optimize-added-constants", "vacuum", "duplicate-function-elimination", "directize"],
  ...["simplify-globals", "remove-unused-module-elements", "reorder-functions-by-name"],
].map((pass) => `--${pass}`);

/** Arguments of `wasm-opt`; the names of functions, a tenth of a file, are dropped at the end. */
export const shrinking: readonly string[] = [...passes, "--strip-debug"];

/** Shrinks a file that still names its functions. */
export function shrink(tools: Tools, wasm: string): Promise<void> {
  return run(tools.wasmOpt, [...wasmFeatures, ...shrinking, wasm, "-o", wasm]);
}
