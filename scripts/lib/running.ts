/** Who runs the local stack: noted in a file, so that a second run and a reset know. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { limits, localDir, root } from "./paths.ts";
import { commandOf } from "./processes.ts";
import { until } from "./run.ts";
import { signal } from "./signals.ts";

const noteFile = join(localDir, "running.json");

/** The running `npm start` and the process groups of its runtime. */
interface Note {
  readonly pid: number;
  readonly runtimes: readonly number[];
}

function isNote(value: unknown): value is Note {
  if (typeof value !== "object" || value === null) return false;
  const { pid, runtimes } = value as Partial<Record<keyof Note, unknown>>;
  const whole = (id: unknown): boolean => Number.isInteger(id);
  return whole(pid) && Array.isArray(runtimes) && runtimes.every(whole);
}

function readNote(): Note | undefined {
  if (!existsSync(noteFile)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(noteFile, "utf8"));
    return isNote(value) ? value : undefined;
  } catch {
    // A note that was cut off by a crash says nothing.
    return undefined;
  }
}

/** The process number of an `npm start` of this repository that runs now. */
export function runningStart(): number | undefined {
  const note = readNote();
  if (note === undefined || note.pid === process.pid) return undefined;
  // Process numbers are used again. Where nobody can say what a process is, ours is believed.
  const command = commandOf(note.pid) ?? (signal(note.pid, 0) ? "scripts/start.ts" : "");
  return command.includes("scripts/start.ts") ? note.pid : undefined;
}

/**
 * Ends what a start that was itself killed has left running, and resolves when it is gone.
 *
 * @returns whether there was something.
 */
export async function endOrphans(): Promise<boolean> {
  const note = readNote();
  if (note === undefined || runningStart() !== undefined) return false;
  // Process numbers are used again: only what is still our own wrangler is ended.
  const ours = note.runtimes.filter((pid) => {
    const command = commandOf(pid) ?? "";
    return command.includes(root) && command.includes("wrangler");
  });
  for (const pid of ours) signal(-pid, "SIGKILL");
  await until("the end of what was left running", limits.stopMsMax, () => {
    return ours.some((pid) => signal(-pid, 0)) ? undefined : true;
  });
  return ours.length > 0;
}

/** Notes that we run. */
export function noteRunning(runtimes: readonly number[]): void {
  mkdirSync(localDir, { recursive: true });
  const note: Note = { pid: process.pid, runtimes };
  writeFileSync(noteFile, JSON.stringify(note));
}

/** Notes that we no longer run. */
export function noteStopped(): void {
  rmSync(noteFile, { force: true });
}
