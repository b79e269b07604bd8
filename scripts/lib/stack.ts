/**
 * The whole of Bandera on this machine: the edge Worker in front of the demo shop, and the admin
 * Worker, on one persisted state. `npm start` runs one; end-to-end tests run as many as they like.
 *
 * ```ts
 * import { startStack } from "../../scripts/lib/stack.ts";
 *
 * const stack = await startStack({ persistDir: scratchDir("e2e") });
 * await fetchInTime(`${stack.edgeUrl}/bandera/v1/health`);     // ready when startStack resolves
 * await stack.admin("POST", "/api/v1/...", body);        // with the local admin token
 * await stack.kill();                                    // kill -9 of every runtime process
 * await stack.restart();                                 // same state, ports, token and variables
 * await stack.stop();                                    // end; or `await using stack = ...`
 * ```
 *
 * It starts what `scripts/build.ts` has built and does not build anything itself: `npm test` and
 * `npm run test:e2e` build first. Different stacks never see each other: each has its own state,
 * its own registry of Workers, and, unless told otherwise, free ports. No process of a stack
 * outlives the process that started it.
 */

import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { copyPrepared, migrate, registerToken } from "./database.ts";
import { fetchInTime } from "./http.ts";
import { adminConfig, demoConfig, edgeConfig } from "./paths.ts";
import { freePort } from "./ports.ts";
import { type Captured, TaskError } from "./run.ts";
import { ensureSecrets, newToken } from "./secrets.ts";
import { callWrangler, DevProcess, healthy, registryDir } from "./wrangler.ts";

/** What makes one stack differ from another. */
export interface StackOptions {
  /** Folder of the persisted state (KV, D1, Durable Objects); made when absent. */
  readonly persistDir: string;
  /** Absent: a free one. */
  readonly edgePort?: number;
  /** Absent: a free one. */
  readonly adminPort?: number;
  /** The admin token to register, for a state that is kept. Absent: the state must be new. */
  readonly token?: string;
  /** Variables of the edge Worker that replace those of `wrangler.toml`. */
  readonly edgeVars?: Readonly<Record<string, string>>;
  /** Variables of the admin Worker that replace those of `admin/wrangler.toml`. */
  readonly adminVars?: Readonly<Record<string, string>>;
  /** Another configuration for the edge's process, such as one with a failing origin. */
  readonly edgeConfigs?: readonly string[];
  /** Folder for `edge.log` and `admin.log`; absent: `log` below `persistDir`. */
  readonly logDir?: string;
  /** Leave the admin Worker out: for tests of the edge alone, which then start faster. */
  readonly withoutAdmin?: boolean;
  /** The path that tells that the edge is ready; absent: its health. */
  readonly edgeReadyPath?: string;
  /** Called when the processes exist and before they are healthy. */
  readonly onStart?: (stack: Stack) => void;
}

/** An answer of the admin API: its status, headers, and parsed JSON body (`null` when empty). */
export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Name of the admin Worker; all others run in the edge's process. */
const adminWorker = "bandera-admin";

/** A running stack. */
export class Stack {
  readonly edgeUrl: string;
  readonly adminUrl: string;
  /** The token with role admin that the database knows. */
  readonly token: string;
  readonly persistDir: string;
  readonly edgeLog: string;
  readonly adminLog: string;
  readonly #options: StackOptions;
  readonly #edgePort: number;
  readonly #adminPort: number;
  #edge: DevProcess | undefined;
  #admin: DevProcess | undefined;

  /** Use `startStack`. */
  constructor(options: StackOptions, edgePort: number, adminPort: number, token: string) {
    this.#options = options;
    this.#edgePort = edgePort;
    this.#adminPort = adminPort;
    this.token = token;
    this.persistDir = resolve(options.persistDir);
    // By number: no resolver decides between IPv4 and IPv6. Browsers trust loopback numbers.
    this.edgeUrl = `http://127.0.0.1:${edgePort}`;
    this.adminUrl = `http://127.0.0.1:${adminPort}`;
    const logs = options.logDir ?? join(this.persistDir, "log");
    this.edgeLog = join(logs, "edge.log");
    this.adminLog = join(logs, "admin.log");
  }

  /**
   * Starts both processes and resolves when both are healthy.
   *
   * One after the other: runtimes that open the same databases at the same moment find them locked,
   * and a runtime that finds a database locked while it starts gives up.
   */
  async restart(): Promise<void> {
    await this.kill();
    try {
      for (const start of [() => this.startEdge(), () => this.#startAdmin()]) {
        const started = start();
        this.#options.onStart?.(this);
        await started;
      }
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Starts the edge's process alone, after `killEdge`; resolves when it is healthy. */
  async startEdge(): Promise<void> {
    if (this.#edge !== undefined) await this.killEdge();
    this.#forgetRegistered((worker) => worker !== adminWorker);
    this.#edge = new DevProcess({
      name: "the edge Worker",
      configs: this.#options.edgeConfigs ?? [edgeConfig, demoConfig],
      port: this.#edgePort,
      persistDir: this.persistDir,
      logFile: this.edgeLog,
      vars: this.#options.edgeVars ?? {},
    });
    await healthy(this.#edge, this.edgeUrl + (this.#options.edgeReadyPath ?? "/bandera/v1/health"));
  }

  async #startAdmin(): Promise<void> {
    if (this.#options.withoutAdmin === true) return;
    this.#forgetRegistered((worker) => worker === adminWorker);
    this.#admin = new DevProcess({
      name: "the admin Worker",
      configs: [adminConfig],
      port: this.#adminPort,
      persistDir: this.persistDir,
      logFile: this.adminLog,
      vars: this.#options.adminVars ?? {},
    });
    await healthy(this.#admin, `${this.adminUrl}/api/v1/health`);
  }

  /** `kill -9` of the edge's process group alone: edge, demo shop, and the Durable Objects. */
  async killEdge(): Promise<void> {
    await this.#edge?.kill();
    this.#edge = undefined;
  }

  /** `kill -9` of every runtime process at once. Resolves when all are gone. */
  async kill(): Promise<void> {
    await Promise.all([this.#edge?.kill(), this.#admin?.kill()]);
    this.#forget();
  }

  /** Ends every process in order and frees the ports. */
  async stop(): Promise<void> {
    await Promise.all([this.#edge?.stop(), this.#admin?.stop()]);
    this.#forget();
  }

  /** Process groups of the runtime, by the number of their first process. */
  runtimes(): number[] {
    const numbers = [this.#edge?.pid, this.#admin?.pid];
    return numbers.filter((pid) => pid !== undefined);
  }

  /** Resolves when one of the processes ends, with a message that says which. */
  died(): Promise<string> {
    const processes = [this.#edge, this.#admin].filter((dev) => dev !== undefined);
    return Promise.race(
      processes.map(async (dev) => {
        await dev.exited;
        return `${dev.options.name} ended. The end of ${dev.options.logFile}:\n${dev.logTail()}`;
      }),
    );
  }

  /** Calls the admin API as JSON with the admin token. A path starts with `/`. */
  async admin(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiReply> {
    const reply = await fetchInTime(this.adminUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    const parsed: unknown = text === "" ? null : JSON.parse(text);
    return { status: reply.status, headers: reply.headers, body: parsed };
  }

  /** Writes several keys of this stack's KV in one go, like `kvPut`. */
  kvPutAll(values: Readonly<Record<string, string | Uint8Array>>): Captured {
    const pairs = Object.entries(values).map(([key, value]) => {
      if (typeof value === "string") return { key, value };
      return { key, value: Buffer.from(value).toString("base64"), base64: true };
    });
    const file = join(this.persistDir, "bulk.json");
    writeFileSync(file, JSON.stringify(pairs));
    return this.#kv(["bulk", "put"], [file]);
  }

  /** Writes a key of this stack's KV behind the Workers' backs, as a fault would. */
  kvPut(key: string, value: string | Uint8Array): Captured {
    if (typeof value === "string") return this.#kv(["key", "put"], [key, value]);
    return this.kvPutAll({ [key]: value });
  }

  /** Reads a key of this stack's KV, byte for byte. */
  kvGet(key: string): Captured {
    return this.#kv(["key", "get"], [key]);
  }

  /** Removes a key from this stack's KV. */
  kvDelete(key: string): Captured {
    return this.#kv(["key", "delete"], [key]);
  }

  #kv(command: readonly string[], rest: readonly string[]): Captured {
    const place = ["--binding", "RULESETS", "--local", "--persist-to", this.persistDir];
    return callWrangler(this.persistDir, ["kv", ...command, "-c", adminConfig, ...place, ...rest]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * A process that was killed leaves its Workers in the registry. A new one would not register its
   * own before they are stale, and until then nobody finds its Durable Objects.
   */
  #forgetRegistered(ours: (worker: string) => boolean): void {
    for (const file of globSync(join(registryDir(this.persistDir), "*"))) {
      if (ours(basename(file))) rmSync(file, { force: true });
    }
  }

  #forget(): void {
    this.#edge = undefined;
    this.#admin = undefined;
  }
}

/** Makes the admin Worker's database ready where there will be one; the token that it knows. */
function prepareAdmin(options: StackOptions, persistDir: string): string {
  const { token } = options;
  if (options.withoutAdmin === true) return token ?? newToken();
  // A state that is kept between runs has a token of its own, and may lack the newest migrations.
  if (token === undefined) return copyPrepared(persistDir);
  migrate(persistDir);
  registerToken(persistDir, token, "admin", "local admin");
  return token;
}

/**
 * Prepares state and secrets, starts a stack, and resolves when it answers.
 *
 * @throws TaskError with the end of the log when a Worker does not become healthy; nothing is left
 * running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const persistDir = resolve(options.persistDir);
  mkdirSync(persistDir, { recursive: true });
  ensureSecrets();
  const token = prepareAdmin(options, persistDir);
  const edgePort = options.edgePort ?? (await freePort());
  const adminPort = options.adminPort ?? (await freePort());
  if (edgePort === adminPort) throw new TaskError(`both Workers were given port ${edgePort}`);
  const stack = new Stack(options, edgePort, adminPort, token);
  await stack.restart();
  return stack;
}
