/** The edge alone, in front of an origin in the test's hands, with a ruleset of the test's own. */

import { spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fetchInTime } from "../../../scripts/lib/http.ts";
import { removeScratch, scratchDir } from "../../../scripts/lib/owned.ts";
import { at, bundleTool, edgeConfig } from "../../../scripts/lib/paths.ts";
import { until } from "../../../scripts/lib/run.ts";
import { startStack } from "../../../scripts/lib/stack.ts";
import type { Stack } from "../../../scripts/lib/stack.ts";
import { numberOf, objectOf, parseJson } from "../../../www/browser/ts/json.ts";
import type { JsonObject } from "../../../www/browser/ts/json.ts";
import { TestOrigin } from "./origin.ts";

/** What people's browsers call themselves. */
export const PERSON =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36";
export const ENVIRONMENT = "test";
export const SERVER_TOKEN = "a-server";

const SECRET = Buffer.from(Array.from({ length: 32 }, (_, n) => n));
const KEY_ID = 7;

/** A ring of signing keys as `BANDERA_SIGNING_KEYS` has it, newest first. */
export function ring(...keys: readonly (readonly [id: number, secret: Buffer])[]): string {
  return keys.map(([id, secret]) => `${id}:${secret.toString("base64url")}`).join(",");
}

/** The key with which an edge of these tests signs, unless told otherwise. */
export const KEY: readonly [id: number, secret: Buffer] = [KEY_ID, SECRET];

/** So many in 10 or 60 seconds. */
export interface RateLimit {
  readonly limit: number;
  readonly period: 10 | 60;
}

export interface EdgeOptions {
  readonly settings?: unknown;
  readonly ruleset?: unknown;
  /** Secrets and variables besides. */
  readonly vars?: Readonly<Record<string, string>>;
  /** How many requests with events one address may send. */
  readonly eventLimit?: RateLimit;
  /** How many rewards one subject may report. */
  readonly subjectLimit?: RateLimit;
  /** How many queues of events there are; absent: one, as shipped. */
  readonly nQueues?: number;
  /** A Worker in front, which calls the edge's entry point `Trusted` by service binding. */
  readonly behindCaller?: boolean;
  /** The page's script and its engines, as built, below `/bandera/v1/`. */
  readonly withScript?: boolean;
}

/** Replaces what must be there, so that a changed configuration cannot go unnoticed. */
function replaced(text: string, pattern: RegExp, by: string): string {
  if (!pattern.test(text)) throw new Error(`wrangler.toml has no ${pattern}`);
  return text.replace(pattern, () => by);
}

/** What the admin Worker would make of the ruleset, faulty flags and all. */
function bundleOf(ruleset: unknown): Buffer {
  const done = spawnSync(bundleTool, { input: JSON.stringify(ruleset), maxBuffer: 1 << 26 });
  if (done.status !== 0) throw done.error ?? new Error(`${bundleTool}: ${done.stderr.toString()}`);
  return done.stdout;
}

/** The same configuration with another rate limit of that name. */
function limited(text: string, name: string, to: RateLimit | undefined): string {
  if (to === undefined) return text;
  const section = new RegExp(`(?<=^name = "${name}"\\n(?:.*\\n)?)simple = .*$`, "m");
  return replaced(text, section, `simple = { limit = ${to.limit}, period = ${to.period} }`);
}

/** The sections of further queues, from the example that the shipped configuration has. */
function furtherQueues(shipped: string, nQueues: number): string {
  const [example] = /(?:^# (?:\[\[queues\..*|[a-z_]+ = .*)\n(?:^#\n)?)+/m.exec(shipped) ?? [];
  if (example === undefined) throw new Error("wrangler.toml shows no further queue");
  const sections = example.replaceAll(/^# ?/gm, "");
  const numbers = Array.from({ length: nQueues - 1 }, (_, before) => before + 1);
  const numbered = (number: number): string =>
    sections.replaceAll("EVENTS_1", `EVENTS_${number}`).replaceAll("events-1", `events-${number}`);
  return numbers.map((number) => `${numbered(number)}\n`).join("");
}

/** The shipped configuration with the test's origin and variables. */
function configuration(
  folder: string,
  vars: Readonly<Record<string, string>>,
  { eventLimit, subjectLimit, nQueues = 1 }: EdgeOptions,
  without?: RegExp,
): string {
  const entry = `main = ${JSON.stringify(at("edge", "entry.ts"))}`;
  const assets = `directory = ${JSON.stringify(join(folder, "assets"))}`;
  const lines = Object.entries(vars).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const shipped = readFileSync(edgeConfig, "utf8");
  let text = replaced(shipped, /^main = .*$/m, entry);
  text = replaced(text, /^directory = .*$/m, assets);
  text = limited(text, "EVENT_LIMIT", eventLimit);
  text = limited(text, "SUBJECT_LIMIT", subjectLimit);
  text = replaced(text, /^\[\[services\]\]\n(?:[a-z].*\n)+/m, "");
  text = replaced(text, /^\[vars\]\n[^]*$/m, ["[vars]", ...lines, ""].join("\n"));
  text += furtherQueues(shipped, nQueues);
  if (without === undefined) return text;
  const sections = text.split(/^(?=\[)/m);
  const kept = sections.filter((section) => !without.test(section));
  if (kept.length === sections.length) throw new Error(`no section of wrangler.toml is ${without}`);
  return kept.join("");
}

/** What may change between two starts. */
export interface Change {
  /** Variables instead of those it began with. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Sections of the configuration that are left out, by how they begin. */
  readonly without?: RegExp;
  /** How many queues of events there are. */
  readonly nQueues?: number;
}

/** Writes the configuration. */
type Configure = (change: Change) => void;

const CALLER = `export default { fetch: (request, env) => env.EDGE.fetch(request) };\n`;
const CALLER_CONFIGURATION = `name = "test-caller"
main = "caller.js"
compatibility_date = "2026-10-20"

[[services]]
binding = "EDGE"
service = "bandera-edge"
entrypoint = "Trusted"
`;

export class Edge {
  readonly stack: Stack;
  readonly origin: TestOrigin;
  readonly #folder: string;
  readonly #configure: Configure;
  #publication = 0;
  #published: unknown;

  private constructor(stack: Stack, origin: TestOrigin, folder: string, configure: Configure) {
    this.stack = stack;
    this.origin = origin;
    this.#folder = folder;
    this.#configure = configure;
  }

  static async start(options: EdgeOptions = {}): Promise<Edge> {
    const folder = scratchDir("edge");
    const assets = join(folder, "assets");
    mkdirSync(assets);
    if (options.withScript === true) cpSync(at("www", "browser", "dist"), assets, { recursive: true });
    const origin = await TestOrigin.start();
    const config = join(folder, "wrangler.toml");
    const vars = {
      BANDERA_ENVIRONMENT: ENVIRONMENT,
      BANDERA_ORIGIN_URL: origin.url,
      BANDERA_SIGNING_KEYS: ring(KEY),
      BANDERA_SUBJECT_KEY: SECRET.toString("base64url"),
      BANDERA_SERVER_TOKENS: SERVER_TOKEN,
      BANDERA_SETTINGS: JSON.stringify({ refreshMs: 200, ...objectOf(options.settings as JsonObject) }),
      ...options.vars,
    };
    const configure: Configure = ({ vars: more, without, ...change }) => {
      const all = { ...vars, ...more };
      writeFileSync(config, configuration(folder, all, { ...options, ...change }, without));
    };
    configure({});
    const caller = join(folder, "caller.toml");
    writeFileSync(caller, CALLER_CONFIGURATION);
    writeFileSync(join(folder, "caller.js"), CALLER);
    const edgeConfigs = options.behindCaller === true ? [caller, config] : [config];
    const persistDir = join(folder, "state");
    let stack: Stack | undefined;
    try {
      stack = await startStack({ persistDir, withoutAdmin: true, edgeConfigs });
      const edge = new Edge(stack, origin, folder, configure);
      if (options.ruleset !== undefined) await edge.publish(options.ruleset);
      return edge;
    } catch (error) {
      await stack?.stop();
      await origin.stop();
      removeScratch(folder);
      throw error;
    }
  }

  /** `kill -9` of the runtime, and another start that differs so from the first one. */
  async restart(change: Change = {}): Promise<void> {
    await this.stack.killEdge();
    this.#configure(change);
    await this.stack.startEdge();
  }

  get url(): string {
    return this.stack.edgeUrl;
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    await this.origin.stop();
    removeScratch(this.#folder);
  }

  /** Number of the last publication. */
  get publication(): number {
    return this.#publication;
  }

  /** The ruleset that was published last. */
  get published(): unknown {
    return this.#published;
  }

  /** Puts a ruleset where the admin Worker would, and waits until the edge serves it. */
  async publish(ruleset: unknown): Promise<void> {
    const bytes = bundleOf(ruleset);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const publication = (this.#publication += 1);
    this.#published = ruleset;
    const pointer = { publication, hash, publishedAtMs: Date.now(), formatVersion: 1 };
    const done = this.stack.kvPutAll({
      [`env/${ENVIRONMENT}/ruleset/${hash}`]: bytes,
      [`env/${ENVIRONMENT}/current`]: JSON.stringify(pointer),
    });
    if (!done.ok) throw new Error(`kv put: ${done.stderr}`);
    await until(`publication ${publication}`, 20_000, async () => {
      const served = numberOf((await this.health())["publication"]);
      return served === publication ? true : undefined;
    });
  }

  async health(): Promise<JsonObject> {
    const reply = await fetchInTime(`${this.url}/bandera/v1/health`);
    return objectOf(parseJson(await reply.text()));
  }

  /** Asks as a person's browser that loads a page; no header is added behind the test's back. */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.ask("GET", path, { "user-agent": PERSON, accept: "text/html", ...headers });
  }

  ask(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<Response> {
    return fetchInTime(this.url + path, {
      method,
      headers,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Asks OFREP about all flags, or one. */
  ofrep(
    key: string | undefined,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const path = "/ofrep/v1/evaluate/flags" + (key === undefined ? "" : `/${key}`);
    return this.ask("POST", path, { "content-type": "application/json", ...headers }, JSON.stringify(body));
  }
}

/** The cookies of an answer, by name. */
export function cookiesOf(reply: Response): ReadonlyMap<string, string> {
  return new Map(
    reply.headers.getSetCookie().map((line) => {
      const [pair = ""] = line.split(";");
      return [pair.slice(0, pair.indexOf("=")), line];
    }),
  );
}

/** A `Cookie` header that sends an answer's cookies back. */
export function jar(reply: Response): string {
  return reply.headers.getSetCookie().map((line) => line.split(";")[0] ?? "").join("; ");
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** A preview token as `docs/edge.md` describes it. */
export function previewToken(
  variants: Readonly<Record<string, string>>,
  expiresAtMs: number,
  environment = ENVIRONMENT,
): string {
  const expiry = Buffer.alloc(8);
  expiry.writeBigInt64BE(BigInt(expiresAtMs));
  const pairs = Object.entries(variants);
  const flat = pairs.flatMap(([flag, variant]) => [text(flag), text(variant)]);
  const body = Buffer.concat([expiry, Buffer.from([pairs.length]), ...flat]);
  const key = createHmac("sha256", SECRET).update("bandera/preview/1").digest();
  const signed = [Buffer.from([1]), Buffer.from(environment), body];
  const tag = createHmac("sha256", key).update(Buffer.concat(signed)).digest().subarray(0, 16);
  return Buffer.concat([Buffer.from([1, KEY_ID]), body, tag]).toString("base64url");
}

/** The proof of a subject header, made with the test's secret. */
export function subjectProof(subject: string, atS: number): string {
  const mac = createHmac("sha256", SECRET).update(`${atS}.${subject}`).digest("hex");
  return `t=${atS},v1=${mac}`;
}

/** The secret behind `subjectProof`, as the edge is told it. */
export const SUBJECT_HEADER_KEY: string = SECRET.toString("base64url");
