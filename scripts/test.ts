/**
 * `npm test`: everything that is checked, on a fresh machine too. Named parts run alone:
 * `npm test -- lint rust`. A failed step does not hide the others; the summary shows all.
 */

import { allChecks } from "./lib/checks.ts";
import { ensureBrowser } from "./lib/chromium.ts";
import { attempt, main, step, type StepResult, summarise } from "./lib/progress.ts";
import { stopRunning, TaskError } from "./lib/run.ts";
import { ensureSecrets } from "./lib/secrets.ts";
import { onEnding } from "./lib/signals.ts";
import { ensureLinters, ensureTools } from "./lib/tools.ts";

let interrupted = false;
onEnding(() => {
  interrupted = true;
  void stopRunning();
});

await main(async () => {
  const checks = allChecks();
  const wanted = process.argv.slice(2);
  const parts = new Set(checks.map(({ part }) => part));
  const alien = wanted.find((part) => !parts.has(part));
  if (alien !== undefined) {
    throw new TaskError(`"${alien}" is none of the parts ${[...parts].join(", ")}`);
  }
  const equipment = await step("set-up", async () => {
    ensureSecrets();
    await ensureLinters();
    return { tools: await ensureTools(), browser: await ensureBrowser() };
  });
  const results: StepResult[] = [];
  for (const { part, name, work } of checks) {
    if (interrupted) throw new TaskError("interrupted");
    if (wanted.length > 0 && !wanted.includes(part)) continue;
    results.push(await attempt(name, () => work(equipment)));
  }
  if (!summarise(results)) process.exitCode = 1;
});
