/** `workerd serve` alone, for measuring Workers without the development server around them. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { limits, npmBin } from "./paths.ts";
import { freePort } from "./ports.ts";
import { TaskError, until } from "./run.ts";

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

/** A running `workerd serve`. */
export class Workerd {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name;
    this.port = port;
    this.#child = child;
  }

  /** Serves the Worker from a folder for its configuration; resolves when it answers 200. */
  static async start(served: Served, folder: string, readyPath = "/"): Promise<Workerd> {
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const config = join(folder, "config.capnp");
    writeFileSync(config, configuration(served, port));
    const logFile = join(folder, "workerd.log");
    const log = openSync(logFile, "w");
    const child = spawn(npmBin("workerd"), ["serve", "--experimental", config], {
      cwd: folder,
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    const running = new Workerd(served.name, port, child);
    process.on("exit", () => running.stop());
    try {
      const what = `workerd serving ${served.name} (${logFile} says why)`;
      await until(what, limits.healthMsMax, async () => {
        if (child.exitCode !== null) throw new TaskError(`workerd ended: see ${logFile}`);
        const reply = await fetch(`http://127.0.0.1:${port}${readyPath}`).catch(() => undefined);
        await reply?.arrayBuffer();
        return reply?.status === 200 ? true : undefined;
      });
    } catch (error) {
      running.stop();
      throw error;
    }
    return running;
  }

  /** Ends it and everything below it. */
  stop(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // ESRCH: it has ended already.
    }
  }
}
