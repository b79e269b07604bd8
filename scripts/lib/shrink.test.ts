import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { npmBin } from "./paths.ts";
import { capture, run, TaskError } from "./run.ts";
import { checkTraps, shrink, wasmFeatures } from "./shrink.ts";
import { functionBodies, functionNames, withNames, withoutIdleClasses } from "./wasm.ts";

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

/** Prints the names of what is exported. */
const listing = `
const module = new WebAssembly.Module(require("node:fs").readFileSync(process.argv[1]));
console.log(JSON.stringify(WebAssembly.Module.exports(module).map(({ name }) => name)));`;

async function assemble(name: string, written = source): Promise<string> {
  const [text, wasm] = [join(folder, `${name}.wat`), join(folder, `${name}.wasm`)];
  writeFileSync(text, written);
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

test("the names of a shrunk module's functions are kept by their numbers", async () => {
  const wasm = await assemble("kept");
  const names = await shrink(npmBin("wasm-opt"), wasm);
  assert.deepEqual([...names.keys()], [1, 2, 3, 4]);
  assert.deepEqual([...names.values()].toSorted(), ["f0", "f1", "f2", "f3"]);
  // The first function of each kind stands before the second one.
  assert.deepEqual(functionNames(readFileSync(wasm)), new Map());
  const bodies = functionBodies(readFileSync(wasm));
  for (const [number, name] of names) {
    const isProduct = bodies[number - 1]?.includes(0x6c);
    assert.equal(isProduct, name === "f0" || name === "f2");
  }
});

test("what is exported for a class that nobody can make goes, and nothing else", async () => {
  const names = [
    ...["__wbg_idle_free", "idle_go", "__wbg_get_idle_size", "__wbg_set_idle_size"],
    ...["__wbg_made_free", "made_go", "__wbg_new_free", "new_new", "new_go", "idler_go"],
  ];
  const functions = names.map((name) => `(func (export "${name}") (result i32) (i32.const 1))`);
  const wasm = await assemble(
    "classes",
    `(module (import "it" "__wbg_made_new" (func)) ${functions.join("\n")})`,
  );
  writeFileSync(wasm, withoutIdleClasses(readFileSync(wasm)).wasm);
  const kept = capture(process.execPath, ["-e", listing, wasm]);
  assert.equal(kept.stdout.trim(), JSON.stringify(names.slice(4)), kept.stderr);
});

test("what only methods of such a class could call is a trap, and nothing else", async () => {
  const asked = ["Idle>::go::{closure#0}", "of::idle::Idle", "Idler>::go", "idle_go"];
  const functions = asked.map((name, n) => {
    return `(func $"${name}" (export "${n}") (result i32) (i32.const ${n}))`;
  });
  const wasm = await assemble(
    "idle",
    `(module (func (export "__wbg_idle_free") (result i32) (i32.const 1)) ${functions.join("\n")})`,
  );
  writeFileSync(wasm, withoutIdleClasses(readFileSync(wasm)).wasm);
  const script = `
const module = new WebAssembly.Module(require("node:fs").readFileSync(process.argv[1]));
const { exports } = new WebAssembly.Instance(module);
console.log(JSON.stringify(Object.values(exports).map((ask) => {
  try { return ask(); } catch (error) { return error.message; }
})));`;
  const answers = capture(process.execPath, ["-e", script, wasm]);
  assert.equal(answers.stdout.trim(), JSON.stringify(["unreachable", "unreachable", 2, 3]), answers.stderr);
});

test("a function that is left must not call what became a trap", async () => {
  const module = (exported: string): string => `(module
    (func (export "__wbg_idle_free"))
    (func $"Idle>::go" (result i32) (i32.const 1))
    (func $"Idle>::on" (result i32) (call $"Idle>::go"))
    (func $caller ${exported} (result i32) (i32.add (i32.const 1) (call $"Idle>::go"))))`;
  const check = async (name: string, exported: string): Promise<void> => {
    const wasm = await assemble(name, module(exported));
    await checkTraps(npmBin("wasm-opt"), wasm, wasmFeatures, withoutIdleClasses(readFileSync(wasm)));
  };
  await check("unreached", "");
  await assert.rejects(check("reached", '(export "call")'), /caller calls Idle>::go, which was taken/);
});
