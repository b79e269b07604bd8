/**
 * `npm start`: the whole of Bandera on this machine. Brings what is missing, builds what changed,
 * starts the edge Worker in front of the demo shop and the admin Worker, seeds the demo once, and
 * runs until Ctrl-C. State persists in `.bandera/`; `npm run reset` clears it.
 */

import { relative } from "node:path";

import { build, stackArtefacts } from "./lib/build.ts";
import { fetchInTime } from "./lib/http.ts";
import { demoEnvironment, demoRuleset, limits } from "./lib/paths.ts";
import { logDir, root, stateDir, tokenFile } from "./lib/paths.ts";
import { chosenPorts, requireFree } from "./lib/ports.ts";
import { main, step } from "./lib/progress.ts";
import { stopRunning, TaskError, until } from "./lib/run.ts";
import { endOrphans, noteRunning, noteStopped, runningStart } from "./lib/running.ts";
import { localToken } from "./lib/secrets.ts";
import { publishAnew, seed } from "./lib/seed.ts";
import { onEnding } from "./lib/signals.ts";
import { type Stack, startStack } from "./lib/stack.ts";
import { ensureTools } from "./lib/tools.ts";

let stack: Stack | undefined;
let ending = false;
/** Whether the note of who runs is ours. */
let noted = false;

/** Ends everything once, however often it is asked to. */
async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await stopRunning();
  await stack?.stop();
  if (noted) noteStopped();
  console.log("✓ stopped; the ports are free, the state is kept");
  process.exit(code);
}

/** Refuses early, before minutes of building, when this run could not start. */
async function requirePlace(): Promise<void> {
  const other = runningStart();
  if (other !== undefined) {
    throw new TaskError(`npm start runs already (process ${other}); end it with Ctrl-C there`);
  }
  if (await endOrphans()) console.log("✓ ended what an earlier, killed run had left running");
  const { edge, admin } = chosenPorts();
  await requireFree(edge);
  await requireFree(admin);
}

/** Resolves when the edge has read the published ruleset; before, it passes requests through. */
async function serving(running: Stack): Promise<void> {
  let isPublishedAnew = false;
  await until("the edge serving the published ruleset", limits.healthMsMax, async () => {
    const reply = await fetchInTime(`${running.edgeUrl}/bandera/v1/health`);
    const health: unknown = await reply.json();
    if (typeof health !== "object" || health === null) return undefined;
    // State that a former version left is in a form that this one does not read.
    const faults = "faults" in health && Array.isArray(health.faults) ? health.faults : [];
    if (!isPublishedAnew && faults.some(isOfUnknownForm)) {
      isPublishedAnew = true;
      await publishAnew(running, demoEnvironment);
      console.log("  a former version published this environment: it was published anew");
    }
    return "publication" in health && health.publication !== null ? true : undefined;
  });
}

function isOfUnknownForm(fault: unknown): boolean {
  return (
    typeof fault === "object" && fault !== null && "code" in fault && fault.code === "unknown_form"
  );
}

function greet(running: Stack): void {
  const { edge, admin } = chosenPorts();
  console.log(`
Bandera runs.

  demo shop, behind the edge   http://localhost:${edge.port}/
  admin                        http://localhost:${admin.port}/
  admin token                  ${running.token}
                               (kept in ${relative(root, tokenFile)})
  logs                         ${relative(root, logDir)}/

Ctrl-C ends it. State persists; npm run reset clears it.`);
}

async function runUntilEnded(): Promise<void> {
  await requirePlace();
  // From now on, and not only when all is built: a second start would build into the same folders.
  noteRunning([]);
  noted = true;
  await build(stackArtefacts, await ensureTools());
  const { edge, admin } = chosenPorts();
  const running = await step("runtime: databases, edge, demo shop, admin", () =>
    startStack({
      persistDir: stateDir,
      edgePort: edge.port,
      adminPort: admin.port,
      token: localToken(),
      logDir,
      onStart: (starting) => {
        stack = starting;
        noteRunning(starting.runtimes());
      },
    }),
  );
  const seeded = await step("demo environment", () => seed(running, demoEnvironment, demoRuleset));
  if (!seeded) console.log("  it has a publication already; nothing was changed");
  await step("edge: first ruleset", () => serving(running));
  greet(running);
  throw new TaskError(await running.died());
}

onEnding(() => void end(0));

await main(async () => {
  try {
    await runUntilEnded();
  } catch (error) {
    // What fails because we are ending is no failure.
    if (ending) return;
    await stack?.stop();
    if (noted) noteStopped();
    throw error;
  }
});
