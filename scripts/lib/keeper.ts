/**
 * The keeper of a process's belongings, started by `owned.ts`: it reads from its input what there
 * is, and when the input ends, its owner has ended, however that came. Then it ends the process
 * groups that are still in its list and removes the folders. It lives in a session of its own, so
 * that no signal meant for its owner reaches it.
 */

import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { signal } from "./signals.ts";

const GONE_MS_MAX = 5_000;
const POLL_MS = 20;
/** A short program that was just writing may bring its folder back once. */
const SECOND_LOOK_MS = 2_000;

const leaders = new Set<number>();
const folders = new Set<string>();

function removeFolders(): void {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: POLL_MS });
  }
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const [order = "", what = ""] = JSON.parse(line) as readonly string[];
  if (order === "leader") leaders.add(Number(what));
  else if (order === "no leader") leaders.delete(Number(what));
  else if (order === "folder") folders.add(what);
  else folders.delete(what);
}

for (const leader of leaders) signal(-leader, "SIGKILL");
const deadline = performance.now() + GONE_MS_MAX;
while ([...leaders].some((leader) => signal(-leader, 0)) && performance.now() < deadline) {
  await pause(POLL_MS);
}
if (folders.size > 0) {
  removeFolders();
  await pause(SECOND_LOOK_MS);
  removeFolders();
}
