/** What the system knows of processes: from `/proc`, else from `ps`, else nothing. */

import { existsSync, readdirSync, readFileSync } from "node:fs";

import { capture } from "./run.ts";

/** A process and its command line. */
export interface ProcessLine {
  readonly pid: number;
  /** The process group it belongs to, by the number of the process that leads it. */
  readonly leader: number;
  readonly command: string;
}

/** Linux has a folder for each process; other systems may have a `/proc` of another kind. */
const listedByKernel = existsSync("/proc/self/stat");

/** A process that ended while we looked, or whose files we may not read, is none. */
function fromKernel(pid: number): ProcessLine | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold spaces and parentheses; state, parent and group follow.
    const leader = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, leader, command };
  } catch {
    return undefined;
  }
}

function fromPs(): ProcessLine[] {
  const listed = capture("ps", ["-A", "-o", "pid=,pgid=,command="]).stdout.split("\n");
  return listed.flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    if (found === null) return [];
    return [{ pid: Number(found[1]), leader: Number(found[2]), command: found[3] ?? "" }];
  });
}

/** Every process, as far as this system tells; empty where it has neither `/proc` nor `ps`. */
function processes(): ProcessLine[] {
  if (!listedByKernel) return fromPs();
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return numbers.flatMap((name) => fromKernel(Number(name)) ?? []);
}

/** The processes of a group that still have a command line: those that ended have none. */
export function processesLedBy(leader: number): ProcessLine[] {
  return processes().filter((line) => line.leader === leader && line.command !== "");
}

/** The command line of a process; `undefined` when there is none, or none can be known. */
export function commandOf(pid: number): string | undefined {
  if (listedByKernel) return fromKernel(pid)?.command;
  return fromPs().find((line) => line.pid === pid)?.command;
}

const NANOSECONDS_PER_SECOND = 1e9;

/** Seconds of processor time that the threads of a group of processes have used; Linux alone tells. */
export function processorSeconds(leader: number): number | undefined {
  if (!listedByKernel) return undefined;
  const threads = processesLedBy(leader).flatMap(({ pid }) => {
    const folder = `/proc/${pid}/task`;
    return readdirSync(folder).map((thread) => `${folder}/${thread}/schedstat`);
  });
  const used = threads.map((file) => Number(readFileSync(file, "utf8").split(" ")[0]));
  return used.reduce((sum, some) => sum + some, 0) / NANOSECONDS_PER_SECOND;
}
