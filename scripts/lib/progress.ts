/** What a person sees of a task: each step announced, timed, and summed up. */

import { say, stopRunning, TaskError } from "./run.ts";
import { onEnding } from "./signals.ts";

/** Characters of a failure that the table of all steps shows. */
const REASON_MAX = 160;

/** How one step ended. */
export interface StepResult {
  readonly name: string;
  readonly seconds: number;
  /** Absent when the step passed. */
  readonly failure?: string;
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

function message(error: unknown): string {
  if (error instanceof TaskError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Runs a step with a line before and after it; its failure goes on to the caller. */
export async function step<T>(name: string, work: () => Promise<T> | T): Promise<T> {
  say(`▸ ${name}`);
  const started = performance.now();
  const result = await work();
  say(`✓ ${name} (${secondsSince(started).toFixed(1)} s)`);
  return result;
}

/** Runs a step like `step`, but keeps its failure as a result, so that the next steps still run. */
export async function attempt(
  name: string,
  work: () => Promise<void> | void,
): Promise<StepResult> {
  const started = performance.now();
  try {
    await step(name, work);
    return { name, seconds: secondsSince(started) };
  } catch (error) {
    const failure = message(error);
    say(`✗ ${name} (${secondsSince(started).toFixed(1)} s)\n  ${failure}`);
    return { name, seconds: secondsSince(started), failure };
  }
}

/** The start of a failure's first line: a command line may name every file of a folder. */
function reason(failure = ""): string {
  const [line = ""] = failure.split("\n", 1);
  if (line === "") return "";
  return line.length > REASON_MAX ? `   ${line.slice(0, REASON_MAX)}…` : `   ${line}`;
}

/**
 * Prints the table of all steps, how long they took together, and the closing line; true when every
 * step passed. Steps that ran beside others make the sum longer than the whole.
 */
export function summarise(results: readonly StepResult[], seconds: number): boolean {
  const width = Math.max(...results.map((result) => result.name.length));
  console.log("\nSummary");
  for (const { name, seconds: own, failure } of results) {
    const time = `${own.toFixed(1).padStart(7)} s`;
    const mark = failure === undefined ? "✓" : "✗";
    console.log(`  ${mark} ${name.padEnd(width)} ${time}${reason(failure)}`);
  }
  const failed = results.filter((result) => result.failure !== undefined).length;
  console.log(`  ${" ".repeat(width + 2)} ${seconds.toFixed(1).padStart(7)} s in all\n`);
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

/**
 * Runs a script's main function; an error becomes a message and a non-zero exit. Asked to end, it
 * ends the programs that run for it too, unless the script has installed a way of its own.
 */
export async function main(work: () => Promise<void>): Promise<void> {
  onEnding(() => void stopRunning().finally(() => process.exit(1)));
  try {
    await work();
  } catch (error) {
    console.error(`bandera: ${message(error)}`);
    process.exitCode = 1;
  }
}
