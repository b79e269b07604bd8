/** Nothing outlives a run that is cut off, however it is cut off: processes, ports, folders. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { removeScratch, scratchDir } from "./owned.ts";
import { at, npmBin } from "./paths.ts";
import { isFree } from "./ports.ts";
import { processesLedBy } from "./processes.ts";
import { until } from "./run.ts";
import { signal } from "./signals.ts";

const STARTED_MS_MAX = 60_000;
/** SIGTERM's patience, and the keeper's. */
const GONE_MS_MAX = 20_000;

interface Note {
  readonly leader: number;
  readonly folder?: string;
  readonly port?: number;
}

/** Starts Node with these arguments, until it has noted what it owns. */
async function started(args: readonly string[]): Promise<{ child: ChildProcess; note: Note }> {
  const folder = scratchDir("note");
  const file = join(folder, "note.json");
  const env = { ...process.env, BANDERA_NOTE: file };
  // A runner in a runner would take itself for a file of the outer one.
  delete (env as NodeJS.ProcessEnv)["NODE_TEST_CONTEXT"];
  const child = spawn(npmBin("node"), args, { env, stdio: "ignore" });
  try {
    const note = await until("the note", STARTED_MS_MAX, () => {
      return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Note) : undefined;
    });
    return { child, note };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    removeScratch(folder);
  }
}

async function endsWithEverything(args: readonly string[], name: NodeJS.Signals): Promise<void> {
  const { child, note } = await started(args);
  const { leader, folder, port } = note;
  assert.ok(processesLedBy(leader).length > 1, "more than one process runs");
  child.kill(name);
  const what = `the end of the run, its group and its folder after ${name}`;
  await until(what, GONE_MS_MAX, async () => {
    const running = child.exitCode === null && child.signalCode === null;
    const left = folder !== undefined && existsSync(folder);
    const taken = port !== undefined && !(await isFree(port));
    return running || signal(-leader, 0) || left || taken ? undefined : true;
  });
  assert.notEqual(child.exitCode, 0, "a run that was cut off has not passed");
}

const testRun = ["--test", at("scripts", "lib", "testing", "endless-test.ts")];
const task = [at("scripts", "lib", "testing", "endless-task.ts")];

for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
  describe(`what gets ${name} takes with it`, { concurrency: true }, () => {
    test("the runtimes and folders of a test run", () => endsWithEverything(testRun, name));
    test("the programs of a task", () => endsWithEverything(task, name));
  });
}

test("a scratch folder goes when it is done with", () => {
  const folder = scratchDir("example");
  assert.ok(existsSync(folder));
  removeScratch(folder);
  assert.equal(existsSync(folder), false);
});
