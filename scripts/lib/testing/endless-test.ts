/** A test that never ends and owns a runtime; `owned.test.ts` ends it in every way there is. */

import { renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";

import { healthy } from "../wrangler.ts";
import { example } from "./example.ts";

test("a test that hangs", async () => {
  const dev = await example("export default { fetch: () => new Response() };");
  await healthy(dev, `http://127.0.0.1:${dev.options.port}/`);
  const note = process.env["BANDERA_NOTE"] ?? "";
  const folder = dirname(dev.options.logFile);
  writeFileSync(`${note}.new`, JSON.stringify({ leader: dev.pid, folder, port: dev.options.port }));
  renameSync(`${note}.new`, note);
  await dev.exited;
});
