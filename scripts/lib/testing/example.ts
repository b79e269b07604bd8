/** A Worker of a few lines in a folder of its own, for tests of what runs Workers. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { scratchDir } from "../owned.ts";
import { freePort } from "../ports.ts";
import { DevProcess } from "../wrangler.ts";

const config = `name = "example"
main = "worker.js"
compatibility_date = "2026-10-01"
`;

/** Starts `wrangler dev` on that module; it gets the variable `GREETING`. */
export async function example(source: string): Promise<DevProcess> {
  const folder = scratchDir("dev");
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
