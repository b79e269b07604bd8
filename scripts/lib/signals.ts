/** Signals: sent to processes and groups that may be gone already, and taken as one wish to end. */

import { limits } from "./paths.ts";

/**
 * Sends a signal to a process or, by its negative number, to a group. False: nobody is there to
 * take it, which is what callers want. Signal 0 asks whether somebody is.
 */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    // EPERM: somebody else's, so it exists. ESRCH: gone.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What a terminal or a supervisor sends to end a task. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

let installed = false;

/**
 * Calls the handler when this task is asked to end: by signal, or because the process that started
 * it is gone, which cannot pass a signal on. It may be called several times. The first one to be
 * installed stays; a later one is ignored, so that a script's own comes before the default.
 */
export function onEnding(handler: () => void): void {
  if (installed) return;
  installed = true;
  for (const name of endings) process.on(name, handler);
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && handler(), limits.parentPollMs).unref();
}
