import assert from "node:assert/strict";
import { test } from "node:test";

import { fetchInTime } from "./http.ts";
import { isFree } from "./ports.ts";
import { processesLedBy } from "./processes.ts";
import { example } from "./testing/example.ts";
import { type DevProcess, healthy } from "./wrangler.ts";

function processesOf(dev: DevProcess): string[] {
  return processesLedBy(dev.pid ?? 0).map(({ command }) => command);
}

test("a runtime answers, and is gone with all its processes when killed", async () => {
  const dev = await example(
    "export default { fetch: (_request, env) => new Response(env.GREETING) };",
  );
  try {
    const url = `http://127.0.0.1:${dev.options.port}/`;
    await healthy(dev, url);
    assert.equal(await (await fetchInTime(url)).text(), "hello");
    const runtime = processesOf(dev).some((line) => line.includes("workerd"));
    assert.ok(runtime, "workerd is in the group");
  } finally {
    await dev.kill();
  }
  assert.deepEqual(processesOf(dev), []);
  assert.equal(await isFree(dev.options.port), true);
});

test("a Worker that cannot start is an error with the end of its log", async () => {
  const dev = await example("export default {");
  try {
    await assert.rejects(healthy(dev, `http://127.0.0.1:${dev.options.port}/`), /the example/);
  } finally {
    await dev.stop();
  }
  assert.deepEqual(processesOf(dev), []);
});
