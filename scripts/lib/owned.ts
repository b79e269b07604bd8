/**
 * What must not outlive this process: the process groups it started and its scratch folders. They
 * go when their code is done with them, else when this process ends. A keeper beside us, which
 * hears our end even if it is `kill -9`, sees to it.
 */

import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { limits } from "./paths.ts";
import { signal } from "./signals.ts";

const program = join(dirname(fileURLToPath(import.meta.url)), "keeper.ts");

let keeper: ChildProcess | undefined;
const leaders = new Set<number>();
const folders = new Set<string>();

function startKeeper(): ChildProcess {
  // Its own session: neither a terminal's Ctrl-C nor a signal to our group reaches it.
  const child = spawn(process.execPath, [program], {
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  // A keeper that somebody ended keeps nothing; that is no reason to end, too.
  child.stdin?.on("error", () => undefined);
  // A pipe is a socket here; it must not keep us from ending either.
  if (child.stdin !== null && "unref" in child.stdin) (child.stdin as { unref(): void }).unref();
  process.on("exit", () => {
    for (const leader of leaders) signal(-leader, "SIGKILL");
    // What is still being written to as its processes die is left to the keeper.
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  endWithRunner();
  return child;
}

/** A test file whose runner is gone has nobody left to tell, and would go on for minutes. */
function endWithRunner(): void {
  if (process.env["NODE_TEST_CONTEXT"] === undefined) return;
  const runner = process.ppid;
  setInterval(() => process.ppid !== runner && process.exit(1), limits.parentPollMs).unref();
}

function tell(order: string, what: string): void {
  keeper ??= startKeeper();
  keeper.stdin?.write(`${JSON.stringify([order, what])}\n`);
}

/**
 * Starts a program that leads a process group of its own, which ends with us. The keeper runs
 * before the program does, and is told in the same breath: a program may be quick, and whoever
 * ends us with `kill -9` quicker than a keeper starts.
 */
export function spawnOwned(
  program: string,
  args: readonly string[],
  options: Omit<SpawnOptions, "detached">,
): ChildProcess {
  keeper ??= startKeeper();
  const child = spawn(program, args, { ...options, detached: true });
  if (child.pid !== undefined) {
    leaders.add(child.pid);
    tell("leader", String(child.pid));
  }
  return child;
}

/** Forgets a process group that is gone: its number may be somebody else's soon. */
export function forgetProcesses(leader: number): void {
  leaders.delete(leader);
  tell("no leader", String(leader));
}

/** A new empty folder for this process's time; its purpose shows in its name. */
export function scratchDir(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `bandera-${purpose}-`));
  folders.add(folder);
  tell("folder", folder);
  return folder;
}

/** Removes a scratch folder before its time. */
export function removeScratch(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(folder);
  tell("no folder", folder);
}
