import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { npmBin } from "./paths.ts";
import { capture, run, TaskError } from "./run.ts";
import { shrink, wasmFeatures } from "./shrink.ts";
import { functionBodies, withNames } from "./wasm.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "bandera-shrink-"));
});
after(() => rmSync(folder, { recursive: true }));

/** Some arithmetic of its own kind, ten lines of it, which no optimiser folds. */
function steps(operation: string, last: number): string {
  const lines = Array.from({ length: 10 }, (_, n) => {
    return `(local.set 0 (i32.${operation} (local.get 0) (call $other (i32.const ${n + 1}))))`;
  });
  return `${lines.join("\n")} (i32.add (local.get 0) (i32.const ${last}))`;
}

/** Functions of two kinds in turns, by name and by place, behind one that is imported. */
const source = `(module
  (import "it" "wrong" (tag (param i32)))
  (import "it" "other" (func $other (param i32) (result i32)))
  ${["mul", "xor", "mul", "xor"]
    .map((operation, n) => {
      const named = `$f${n} (export "f${n}") (param i32) (result i32)`;
      return `(func ${named} ${steps(operation, n)})`;
    })
    .join("\n")})`;

/** The same in this language. */
const expected = ["mul", "xor", "mul", "xor"].map((operation, n) => {
  let answer = 7;
  for (let step = 1; step <= 10; step += 1) {
    answer = operation === "mul" ? Math.imul(answer, 3 * step) : answer ^ (3 * step);
  }
  return [`f${n}`, (answer + n) | 0];
});

async function assemble(name: string): Promise<string> {
  const [text, wasm] = [join(folder, `${name}.wat`), join(folder, `${name}.wasm`)];
  writeFileSync(text, source);
  await run(npmBin("wasm-as"), [...wasmFeatures, "-g", text, "-o", wasm]);
  return wasm;
}

/** Prints what the functions answer, by name, unless there are names of functions left. */
const asking = `
const module = new WebAssembly.Module(require("node:fs").readFileSync(process.argv[1]));
const wrong = new WebAssembly.Tag({ parameters: ["i32"] });
if (WebAssembly.Module.customSections(module, "name").length > 0) throw new Error("named");
const { exports } = new WebAssembly.Instance(module, { it: { other: (n) => n * 3, wrong } });
console.log(JSON.stringify(Object.entries(exports).map(([name, ask]) => [name, ask(7)])));`;

test("a shrunk module answers as before, in fewer bytes, the same ones each time", async () => {
  const wasm = await assemble("whole");
  const whole = readFileSync(wasm);
  await shrink(npmBin("wasm-opt"), wasm);
  const shrunk = readFileSync(wasm);
  assert.ok(shrunk.length < whole.length);
  const asked = capture(process.execPath, ["-e", asking, wasm]);
  assert.equal(asked.stdout.trim(), JSON.stringify(expected), asked.stderr);
  const again = await assemble("again");
  await shrink(npmBin("wasm-opt"), again);
  assert.deepEqual(readFileSync(again), shrunk);
});

test("functions that are alike are neighbours", async () => {
  const wasm = await assemble("likeness");
  const kinds = (): string[] => {
    return functionBodies(readFileSync(wasm)).map((body) => (body.includes(0x6c) ? "mul" : "xor"));
  };
  assert.deepEqual(kinds(), ["mul", "xor", "mul", "xor"]);
  await shrink(npmBin("wasm-opt"), wasm);
  assert.deepEqual(kinds(), ["mul", "mul", "xor", "xor"]);
});

test("names count what is imported, and bytes that end too early are refused", async () => {
  const wasm = await assemble("names");
  await shrink(npmBin("wasm-opt"), wasm);
  const shrunk = readFileSync(wasm);
  const named = withNames(shrunk, ["a", "b", "c", "d"]);
  const names = [4, ...[1, 1, 97], ...[2, 1, 98], ...[3, 1, 99], ...[4, 1, 100]];
  const section = [4, ...Buffer.from("name"), 1, names.length, ...names];
  assert.deepEqual([...named.subarray(shrunk.length)], [0, section.length, ...section]);
  assert.throws(() => functionBodies(shrunk.subarray(0, -1)), TaskError);
});
