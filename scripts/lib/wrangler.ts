/** Wrangler, the Workers tool: how we call it, and a long-running `wrangler dev`. */

import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { fetchInTime } from "./http.ts";
import { forgetProcesses, spawnOwned } from "./owned.ts";
import { at, limits, npmBin, root, targetDir } from "./paths.ts";
import { type Captured, capture, pause, TaskError } from "./run.ts";
import { signal } from "./signals.ts";

const wrangler = at("node_modules", "wrangler", "bin", "wrangler.js");

/** Where the processes of a stack find each other's Workers. */
export function registryDir(persistDir: string): string {
  return join(persistDir, "registry");
}

/**
 * What every call needs: no questions, no metrics, no look at the network, and a folder for its
 * temporary files that goes with the state: what is killed leaves some behind.
 */
function environment(persistDir: string, temporary: string): Record<string, string> {
  const folder = join(persistDir, "tmp", temporary);
  mkdirSync(folder, { recursive: true });
  return {
    TMPDIR: folder,
    // A sixth of a short call is V8 compiling Wrangler, and tests make hundreds of them.
    NODE_COMPILE_CACHE: join(targetDir, "bandera-node-cache"),
    CI: "true",
    NO_COLOR: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    // Processes of one stack find each other here, and never another stack's.
    WRANGLER_REGISTRY_PATH: registryDir(persistDir),
    WRANGLER_LOG_PATH: join(persistDir, "wrangler-log"),
  };
}

/** What a command says when a running Worker was just writing; the next one may be luckier. */
const LOCKED = /SQLITE_BUSY|database is locked/;

/**
 * A short Wrangler command on a stack's local state, such as `kv key put`; never throws. It must be
 * one that may be repeated: when it finds the database locked, it is.
 */
export function callWrangler(persistDir: string, args: readonly string[]): Captured {
  const deadline = performance.now() + limits.wranglerCallMsMax;
  for (;;) {
    const done = capture(npmBin("node"), [wrangler, ...args], {
      env: environment(persistDir, "call"),
      msMax: limits.wranglerCallMsMax,
    });
    const locked = !done.ok && LOCKED.test(done.stdout + done.stderr);
    if (!locked || performance.now() > deadline) return done;
  }
}

/** How `wrangler dev` is started. */
export interface DevOptions {
  /** For messages and the name of the log file. */
  readonly name: string;
  /** Configurations; the first one's Worker gets the port, all share the process. */
  readonly configs: readonly string[];
  readonly port: number;
  readonly persistDir: string;
  readonly logFile: string;
  /** Variables that replace those of the first configuration. */
  readonly vars: Readonly<Record<string, string>>;
}

/** A running `wrangler dev` with everything below it, as one process group. */
export class DevProcess {
  readonly options: DevOptions;
  readonly #child: ChildProcess;
  /** Resolves when wrangler itself has ended. */
  readonly exited: Promise<void>;
  #ended = false;

  /** Starts it; `healthy` tells when it answers. */
  constructor(options: DevOptions) {
    this.options = options;
    mkdirSync(dirname(options.logFile), { recursive: true });
    const log = openSync(options.logFile, "a");
    const temporary = options.name.replaceAll(/\W+/g, "-");
    rmSync(join(options.persistDir, "tmp", temporary), { recursive: true, force: true });
    const args = [wrangler, "dev", ...devArguments(options)];
    // Its own process group: one signal then reaches wrangler and every workerd below it.
    this.#child = spawnOwned(npmBin("node"), args, {
      cwd: root,
      env: { ...process.env, ...environment(options.persistDir, temporary) },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.exited = new Promise((settle) => {
      const end = (): void => {
        this.#ended = true;
        settle();
      };
      this.#child.on("error", end);
      this.#child.on("exit", end);
    });
  }

  /** The process group's number, which is wrangler's own process number. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether wrangler itself has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The end of the log, for a message. */
  logTail(lines = 30): string {
    const log = readFileSync(this.options.logFile, "utf8").trimEnd().split("\n");
    return log.slice(-lines).join("\n");
  }

  /** Ends the whole group: SIGTERM, then SIGKILL for what is left. Resolves when all are gone. */
  async stop(): Promise<void> {
    this.#signal("SIGTERM");
    const deadline = performance.now() + limits.stopMsMax;
    while (this.#anyAlive() && performance.now() < deadline) await pause(limits.pollMs);
    await this.kill();
  }

  /** `kill -9` of the whole group at once. Resolves when all are gone. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.exited;
    while (this.#anyAlive()) await pause(limits.pollMs);
    if (this.#child.pid !== undefined) forgetProcesses(this.#child.pid);
  }

  #signal(name: NodeJS.Signals | 0): boolean {
    return this.#child.pid !== undefined && signal(-this.#child.pid, name);
  }

  #anyAlive(): boolean {
    return this.#signal(0);
  }
}

function devArguments(options: DevOptions): string[] {
  const configs = options.configs.flatMap((config) => ["-c", config]);
  const vars = Object.entries(options.vars).flatMap(([name, value]) => {
    return ["--var", `${name}:${value}`];
  });
  return [
    ...configs,
    ...["--ip", "127.0.0.1", "--port", String(options.port), "--inspector-port", "0"],
    ...["--persist-to", options.persistDir, "--show-interactive-dev-session=false"],
    ...vars,
  ];
}

/** Polls a Worker's health path until it answers 200; a process that dies first is an error. */
export async function healthy(dev: DevProcess, url: string): Promise<void> {
  const deadline = performance.now() + limits.healthMsMax;
  let last = "no answer yet";
  while (!dev.ended && performance.now() < deadline) {
    try {
      const reply = await fetchInTime(url, { msMax: limits.probeMsMax });
      await reply.arrayBuffer();
      if (reply.status === 200) return;
      last = `status ${reply.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await pause(limits.pollMs);
  }
  const what = dev.ended ? "ended" : `is not healthy (${url}: ${last})`;
  throw new TaskError(
    `${dev.options.name} ${what}. The end of ${dev.options.logFile}:\n${dev.logTail()}`,
  );
}
