/** Clears the local state: databases, KV, Durable Objects, logs, the local token. */

import { rmSync } from "node:fs";

import { localDir } from "./lib/paths.ts";
import { chosenPorts, requireFree } from "./lib/ports.ts";
import { main } from "./lib/progress.ts";

await main(async () => {
  // A running stack would go on writing into what is cleared, and come out inconsistent.
  const ports = chosenPorts();
  await requireFree(ports.edge);
  await requireFree(ports.admin);
  rmSync(localDir, { recursive: true, force: true });
  console.log(`✓ ${localDir} is cleared; the next npm start seeds anew`);
});
