import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { removeScratch, scratchDir } from "./owned.ts";
import { at, npmBin } from "./paths.ts";
import { capture } from "./run.ts";

test("what failed comes last, with its reason", () => {
  const folder = scratchDir("closing");
  const file = join(folder, "two.test.ts");
  const tests = `import assert from "node:assert/strict";
    import { test } from "node:test";
    test("passes", () => {});
    test("counts", () => assert.equal(1, 2, "one is not two"));`;
  writeFileSync(file, tests);
  const reporter = at("scripts", "lib", "closing.ts");
  const args = ["--no-warnings", "--test", `--test-reporter=${reporter}`, file];
  // A test that runs tests says so to them, and they would report to it.
  const done = capture(npmBin("node"), args, { env: { NODE_TEST_CONTEXT: undefined } });
  removeScratch(folder);
  assert.ok(!done.ok);
  assert.match(done.stdout, /two\.test\.ts\n✖ .*two\.test\.ts:4: counts\n {4}one is not two\n {4}1 !== 2\n$/);
});
