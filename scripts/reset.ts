/** `npm run reset`: clears the local state: databases, KV, Durable Objects, logs, local token. */

import { rmSync } from "node:fs";

import { localDir } from "./lib/paths.ts";
import { main } from "./lib/progress.ts";
import { TaskError } from "./lib/run.ts";
import { endOrphans, runningStart } from "./lib/running.ts";

await main(async () => {
  const other = runningStart();
  if (other !== undefined) {
    // It would go on writing into what is cleared, and come out inconsistent.
    throw new TaskError(`npm start is running (process ${other}); end it first`);
  }
  await endOrphans();
  rmSync(localDir, { recursive: true, force: true });
  console.log(`✓ ${localDir} is cleared; the next npm start seeds anew`);
});
