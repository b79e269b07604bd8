/** Running other programs: streamed or captured, always with their failure as an error. */

import { AsyncLocalStorage } from "node:async_hooks";
import { type ChildProcess, spawnSync } from "node:child_process";

import { forgetProcesses, spawnOwned } from "./owned.ts";
import { limits, root } from "./paths.ts";
import { signal } from "./signals.ts";

/** A failure whose message says what to do; shown without a stack trace. */
export class TaskError extends Error {
  override readonly name = "TaskError";
}

/** How a program is run. */
export interface RunOptions {
  /** Absent: the repository's root. */
  readonly cwd?: string;
  /** Added to our own environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For `runKeeping`: keep the output without showing it. */
  readonly quiet?: boolean;
  /** For `capture`: when the program is ended. Absent: never. */
  readonly msMax?: number;
}

function environment(options: RunOptions): NodeJS.ProcessEnv {
  return { ...process.env, ...options.env };
}

/** The command line as a person would type it, for messages. */
export function commandLine(program: string, args: readonly string[]): string {
  const plain = /^[\w./:=@,+-]+$/;
  return [program, ...args].map((part) => (plain.test(part) ? part : `'${part}'`)).join(" ");
}

/** Where output goes that is shown later, for the work that asked for it. */
const later = new AsyncLocalStorage<string[]>();

/** Does work beside other work: what its programs print is shown in one piece when it has ended. */
export async function showingLater<T>(work: () => Promise<T>): Promise<T> {
  const chunks: string[] = [];
  try {
    return await later.run(chunks, work);
  } finally {
    process.stdout.write(chunks.join(""));
  }
}

/** A line of our own, in its place among what programs print. */
export function say(line: string): void {
  printer()(`${line}\n`);
}

/** What shows text for the work that runs now. */
function printer(): (text: string) => void {
  const chunks = later.getStore();
  if (chunks === undefined) return (text) => process.stdout.write(text);
  return (text) => chunks.push(text);
}

const running = new Set<number>();

/** Whether `stopRunning` was called: what fails from then on fails because of it. */
let stopping = false;

/**
 * Ends every program that `run` has started and that still runs, with all that it has started
 * itself: SIGTERM, then SIGKILL for what is left. Nothing new is started from then on.
 */
export async function stopRunning(): Promise<void> {
  stopping = true;
  const leaders = [...running];
  const left = (): number[] => leaders.filter((leader) => signal(-leader, 0));
  for (const leader of leaders) signal(-leader, "SIGTERM");
  const deadline = performance.now() + limits.stopMsMax;
  while (left().length > 0 && performance.now() < deadline) await pause(limits.pollMs);
  for (const leader of left()) signal(-leader, "SIGKILL");
}

/** Starts a program in a process group of its own, which ends with it and with us. */
function start(
  program: string,
  args: readonly string[],
  options: RunOptions,
  stdout: "show" | "keep",
): ChildProcess {
  if (stopping) throw new TaskError("interrupted");
  const shown = later.getStore() === undefined ? "inherit" : "pipe";
  const child = spawnOwned(program, args, {
    cwd: options.cwd ?? root,
    env: environment(options),
    stdio: ["ignore", stdout === "keep" ? "pipe" : shown, shown],
  });
  child.stderr?.setEncoding("utf8").on("data", printer());
  return child;
}

async function finish(child: ChildProcess, line: string): Promise<void> {
  const leader = child.pid;
  if (leader !== undefined) running.add(leader);
  const ended = await new Promise<string | undefined>((settle) => {
    child.on("error", (error) => settle(`could not be started: ${error.message}`));
    child.on("close", (code, name) => {
      settle(code === 0 ? undefined : `ended with ${name ?? `exit code ${code ?? "unknown"}`}`);
    });
  });
  if (leader !== undefined) {
    running.delete(leader);
    forgetProcesses(leader);
  }
  if (ended !== undefined) throw new TaskError(stopping ? "interrupted" : `${line} ${ended}`);
}

/**
 * Runs a program to its end with its output on ours.
 *
 * @throws TaskError when it cannot be started or ends with anything but 0.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const child = start(program, args, options, "show");
  child.stdout?.setEncoding("utf8").on("data", printer());
  await finish(child, commandLine(program, args));
}

/** Runs a Cargo command that compiles; a `Cargo.lock` that would have to change is an error. */
export function cargo(
  [command = "", ...args]: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  return run("cargo", [command, "--locked", ...args], options);
}

/**
 * Runs a program like `run` and also keeps what it prints to its standard output.
 *
 * @throws TaskError when it cannot be started or ends with anything but 0.
 */
export async function runKeeping(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = start(program, args, options, "keep");
  const chunks: string[] = [];
  const show = printer();
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    if (options.quiet !== true) show(chunk);
    chunks.push(chunk);
  });
  await finish(child, commandLine(program, args));
  return chunks.join("");
}

/** What a captured program printed, and how it ended. */
export interface Captured {
  readonly ok: boolean;
  readonly stdout: string;
  /** What is in `stdout`, byte for byte. */
  readonly bytes: Buffer;
  readonly stderr: string;
}

/** Runs a short program and keeps its output; never throws. */
export function capture(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Captured {
  const done = spawnSync(program, args, {
    cwd: options.cwd ?? root,
    env: environment(options),
    maxBuffer: 64 * 1024 * 1024,
    timeout: options.msMax,
    killSignal: "SIGKILL",
  });
  const bytes = done.stdout ?? Buffer.alloc(0);
  return {
    ok: done.error === undefined && done.status === 0,
    stdout: bytes.toString("utf8"),
    bytes,
    stderr: done.error?.message ?? done.stderr?.toString("utf8") ?? "",
  };
}

/** Resolves after a moment; for polling a condition, never for waiting instead of one. */
export function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}

/**
 * Polls until `probe` gives something other than `undefined`.
 *
 * @throws TaskError naming `what` when the deadline passes.
 */
export async function until<T>(
  what: string,
  msMax: number,
  probe: () => Promise<T | undefined> | T | undefined,
  pollMs: number = limits.pollMs,
): Promise<T> {
  const deadline = performance.now() + msMax;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) {
      throw new TaskError(`${what}: not within ${(msMax / 1000).toFixed(0)} s`);
    }
    await pause(pollMs);
  }
}
