import assert from "node:assert/strict";
import { test } from "node:test";

import { npmBin } from "./paths.ts";
import { capture, commandLine, run, runKeeping, until } from "./run.ts";

test("a program's failure is an error that names the command", async () => {
  await assert.rejects(run("sh", ["-c", "exit 3"]), /sh -c 'exit 3' ended with exit code 3/);
  await assert.rejects(run("no-such-program", []), /could not be started/);
  await run("true", []);
});

test("kept output is whole, also when the program fails", async () => {
  assert.equal(await runKeeping("echo", ["kept"]), "kept\n");
  await assert.rejects(runKeeping("sh", ["-c", "echo x; exit 1"]), /exit code 1/);
});

test("work beside other work shows what it printed in one piece, also when it fails", async () => {
  const script = `import { run, say, showingLater } from "./scripts/lib/run.ts";
    const beside = showingLater(async () => {
      say("one");
      await run("sh", ["-c", "echo two; sleep 0.3; echo three >&2; exit 1"]);
    });
    say("before");
    await beside.catch(() => say("after"));`;
  const shown = await runKeeping(npmBin("node"), ["--input-type=module", "-e", script], {
    quiet: true,
  });
  assert.equal(shown, "before\none\ntwo\nthree\nafter\n");
});

test("captured programs never throw", () => {
  assert.deepEqual(capture("sh", ["-c", "echo out; echo err >&2; exit 1"]), {
    ok: false,
    stdout: "out\n",
    bytes: Buffer.from("out\n"),
    stderr: "err\n",
  });
  assert.equal(capture("no-such-program", []).ok, false);
});

test("a command line is quoted where a shell would need it", () => {
  assert.equal(commandLine("cargo", ["test", "-p", "x y"]), "cargo test -p 'x y'");
});

test("polling ends with the condition or with the deadline", async () => {
  let looks = 0;
  assert.equal(await until("three looks", 5_000, () => (++looks === 3 ? looks : undefined)), 3);
  await assert.rejects(until("never", 60, () => undefined), /never: not within/);
});
