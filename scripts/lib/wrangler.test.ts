import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { freePort, isFree } from "./ports.ts";
import { capture } from "./run.ts";
import { DevProcess, healthy } from "./wrangler.ts";

const config = `name = "example"
main = "worker.js"
compatibility_date = "2026-10-01"
`;

/** A Worker of three lines in a folder of its own. */
async function example(source: string): Promise<DevProcess> {
  const folder = mkdtempSync(join(tmpdir(), "bandera-dev-"));
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "wrangler.toml"), config);
  writeFileSync(join(folder, "worker.js"), source);
  return new DevProcess({
    name: "the example",
    configs: [join(folder, "wrangler.toml")],
    port: await freePort(),
    persistDir: join(folder, "state"),
    logFile: join(folder, "example.log"),
    vars: { GREETING: "hello" },
  });
}

function processesOf(dev: DevProcess): string[] {
  const all = capture("ps", ["-e", "-o", "pgid=,args="]).stdout.split("\n");
  return all.filter((line) => line.trim().startsWith(`${dev.pid ?? 0} `));
}

test("a runtime answers, and is gone with all its processes when killed", async () => {
  const dev = await example(
    "export default { fetch: (_request, env) => new Response(env.GREETING) };",
  );
  try {
    const url = `http://127.0.0.1:${dev.options.port}/`;
    await healthy(dev, url);
    assert.equal(await (await fetch(url)).text(), "hello");
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
