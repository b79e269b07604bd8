/**
 * `npm test`: everything that is checked, on a fresh machine too. Named parts run alone:
 * `npm test -- lint rust`. A failed step does not hide the others; the summary shows all.
 */

import { allChecks, type Check } from "./lib/checks.ts";
import { ensureBrowser } from "./lib/chromium.ts";
import { attempt, main, step, type StepResult, summarise } from "./lib/progress.ts";
import { showingLater, stopRunning, TaskError } from "./lib/run.ts";
import { ensureSecrets } from "./lib/secrets.ts";
import { onEnding } from "./lib/signals.ts";
import { ensureLinters } from "./lib/toolchain.ts";
import { ensureTools } from "./lib/tools.ts";

let interrupted = false;
onEnding(() => {
  interrupted = true;
  void stopRunning();
});

const started = performance.now();

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
  const chosen = checks.filter(({ part }) => wanted.length === 0 || wanted.includes(part));
  const results = new Map<Check, StepResult>();
  const perform = async (check: Check): Promise<void> => {
    if (interrupted) throw new TaskError("interrupted");
    results.set(check, await attempt(check.name, () => check.work(equipment)));
  };
  // What needs no Cargo runs beside what does.
  const beside = async (): Promise<void> => {
    for (const check of chosen.filter((each) => each.beside)) {
      await showingLater(() => perform(check));
    }
  };
  const inTurn = async (): Promise<void> => {
    for (const check of chosen.filter((each) => !each.beside)) await perform(check);
  };
  await Promise.all([beside(), inTurn()]);
  const inOrder = chosen.flatMap((check) => results.get(check) ?? []);
  if (!summarise(inOrder, (performance.now() - started) / 1000)) process.exitCode = 1;
});
