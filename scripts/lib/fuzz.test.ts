import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";

import { ensureCompiler, finding, inputsOf, targetNames } from "./fuzz.ts";
import { scratchDir } from "./owned.ts";
import { at } from "./paths.ts";

test("each target has a corpus to begin with", () => {
  for (const name of targetNames()) {
    assert.ok(existsSync(at("fuzz", "corpus", name)), name);
  }
});

test("a compiler that is missing is asked for, and one that is named must be there", async () => {
  const { PATH, CXX } = process.env;
  try {
    process.env["PATH"] = scratchDir("path");
    delete process.env["CXX"];
    await assert.rejects(ensureCompiler(), /nothing was fuzzed/);
    process.env["CXX"] = "no-such-compiler";
    await assert.rejects(ensureCompiler(), /CXX=no-such-compiler names no executable/);
  } finally {
    process.env["PATH"] = PATH;
    if (CXX === undefined) delete process.env["CXX"];
    else process.env["CXX"] = CXX;
  }
});

test("inputs are counted by libFuzzer's own statistics", () => {
  assert.equal(inputsOf("Done\nstat::number_of_executed_units: 1234\nstat::x: 1\n"), 1234);
  assert.equal(inputsOf("Done 5 runs"), 0);
});

test("a finding tells what happened and how to see it again", () => {
  const log = [
    "#2\tINITED",
    "thread '<unnamed>' panicked at src/a.rs:1:1:",
    "oh",
    "artifact_prefix='/a/'; Test unit written to /a/crash-1",
  ].join("\n");
  const told = finding("receipt", log, "/b/every");
  assert.match(told, /^fuzz target receipt failed\nthread .* panicked/);
  assert.match(told, /BANDERA_FUZZ_TARGET=receipt \/b\/every \/a\/crash-1$/);
});
