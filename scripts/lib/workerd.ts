/** `workerd serve` alone, for measuring Workers without the development server around them. */

import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fetchInTime } from "./http.ts";
import { forgetProcesses, spawnOwned } from "./owned.ts";
import { limits, npmBin } from "./paths.ts";
import { freePort } from "./ports.ts";
import { processorSeconds } from "./processes.ts";
import { TaskError, until } from "./run.ts";
import { signal } from "./signals.ts";

/** A Worker to serve: ES modules and wasm by name, the first one the entry. */
export interface Served {
  readonly name: string;
  /** Module names and files; what ends with `.wasm` is a wasm module. */
  readonly modules: ReadonlyMap<string, string>;
  /** Cap'n Proto text of further members of the Worker, such as `durableObjectNamespaces`. */
  readonly members?: string;
  /** Cap'n Proto text of further services. */
  readonly services?: string;
}

const compatibilityDate = "2026-10-20";

/** How much of a log a message shows. */
const LOG_LINES = 30;

function configuration(served: Served, port: number): string {
  const modules = [...served.modules].map(([name, file]) => {
    const kind = name.endsWith(".wasm") ? "wasm" : "esModule";
    return `    (name = ${JSON.stringify(name)}, ${kind} = embed ${JSON.stringify(file)}),`;
  });
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .main), ${served.services ?? ""}],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
${modules.join("\n")}
  ],
  compatibilityDate = "${compatibilityDate}",
  ${served.members ?? ""}
);
`;
}

/** How a start is waited for. */
export interface Waiting {
  /** The path that answers 200 when the Worker is ready. Absent: `/`. */
  readonly readyPath?: string;
  /** Pause between two looks. Absent: `limits.pollMs`. */
  readonly pollMs?: number;
}

/** A running `workerd serve`. */
export class Workerd {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name;
    this.port = port;
    this.#child = child;
    this.#exited = new Promise((settle) => {
      child.on("error", () => settle());
      child.on("exit", () => settle());
    });
  }

  /** Serves the Worker from a folder for its configuration; resolves when it answers 200. */
  static async start(served: Served, folder: string, waiting: Waiting = {}): Promise<Workerd> {
    const { readyPath = "/", pollMs = limits.pollMs } = waiting;
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const config = join(folder, "config.capnp");
    writeFileSync(config, configuration(served, port));
    const logFile = join(folder, "workerd.log");
    const log = openSync(logFile, "w");
    const child = spawnOwned(npmBin("workerd"), ["serve", "--experimental", config], {
      cwd: folder,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    const running = new Workerd(served.name, port, child);
    let last = "no answer yet";
    try {
      const look = async (): Promise<true | undefined> => {
        if (child.exitCode !== null) throw new TaskError("workerd ended");
        try {
          const url = `http://127.0.0.1:${port}${readyPath}`;
          const reply = await fetchInTime(url, { msMax: limits.probeMsMax });
          last = `status ${reply.status}: ${await reply.text()}`;
          return reply.status === 200 ? true : undefined;
        } catch (error) {
          last = error instanceof Error ? error.message : String(error);
          return undefined;
        }
      };
      await until(`workerd serving ${served.name}`, limits.healthMsMax, look, pollMs);
    } catch (error) {
      await running.stop();
      const why = error instanceof Error ? error.message : String(error);
      const log = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-LOG_LINES).join("\n");
      throw new TaskError(`${why} (${last}). The end of its log:\n${log}`);
    }
    return running;
  }

  /** Seconds of processor time that it has used so far. */
  processorSeconds(): number {
    const leader = this.#child.pid;
    const seconds = leader === undefined ? undefined : processorSeconds(leader);
    if (seconds === undefined) throw new TaskError("only Linux tells what a process has used");
    return seconds;
  }

  /**
   * `kill -9` of it and everything below it. Resolves when it is gone: until then it holds the
   * locks of its databases, and another runtime on the same disk would find them locked.
   */
  async stop(): Promise<void> {
    const leader = this.#child.pid;
    if (leader === undefined) return;
    signal(-leader, "SIGKILL");
    await this.#exited;
    forgetProcesses(leader);
  }
}
