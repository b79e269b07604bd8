/** The one fixture: a whole stack of its own, in front of the demo shop, seeded and ready. */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

import { fetchInTime } from "../../../scripts/lib/http.ts";
import { removeScratch, scratchDir } from "../../../scripts/lib/owned.ts";
import { demoEnvironment, demoRuleset } from "../../../scripts/lib/paths.ts";
import { until } from "../../../scripts/lib/run.ts";
import { seed } from "../../../scripts/lib/seed.ts";
import { startStack } from "../../../scripts/lib/stack.ts";
import type { ApiReply, Stack, StackOptions } from "../../../scripts/lib/stack.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../../www/browser/ts/json.ts";
import type { Json, JsonObject } from "../../../www/browser/ts/json.ts";

/** The environment's part of the admin API. */
export const ENVIRONMENT = `/api/v1/environments/${demoEnvironment}`;

/** How long the edge may take to see a publication: its refresh period and some. */
export const PICKED_UP_MS_MAX = 30_000;

/** How long counts may take from a shard to what the admin API shows. */
const COUNTED_MS_MAX = 20_000;

/**
 * The settings of `wrangler.toml`, but for a change to be seen sooner: tests wait for nothing else
 * as often.
 */
const SETTINGS = JSON.stringify({ refreshMs: 250, bots: { never: ["HeadlessChrome"] } });

export interface ShopOptions extends Omit<StackOptions, "persistDir"> {
  /** Leaves the environment without a publication. */
  readonly unpublished?: boolean;
}

/** What the Ledger has counted of the headline's bandit. */
export interface HeroCounts {
  readonly exposures: number;
  readonly rewards: number;
  readonly exposuresByAction: Readonly<Record<string, number>>;
  readonly rewardsByAction: Readonly<Record<string, number>>;
}

/** The middleware's own account of first exposures. */
export interface ExposureCounters {
  readonly attempted: number;
  readonly committed: number;
  readonly dropped: number;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** A member that has to be a number. */
function count(object: JsonObject, name: string): number {
  const value = numberOf(object[name]);
  if (value === undefined) throw new Error(`no number "${name}" in ${JSON.stringify(object)}`);
  return value;
}

export class ShopStack {
  readonly stack: Stack;

  private constructor(stack: Stack) {
    this.stack = stack;
  }

  /** Starts a stack; unless told otherwise it is seeded and the edge serves its ruleset. */
  static async start(options: ShopOptions = {}): Promise<ShopStack> {
    const { unpublished = false, edgeVars, ...rest } = options;
    const vars = { BANDERA_SETTINGS: SETTINGS, ...edgeVars };
    const persistDir = scratchDir("e2e");
    const stack = await startStack({ ...rest, persistDir, edgeVars: vars }).catch((error: unknown) => {
      removeScratch(persistDir);
      throw error;
    });
    const shop = new ShopStack(stack);
    try {
      if (!unpublished) {
        await shop.seed();
        await shop.served(1);
      }
      return shop;
    } catch (error) {
      await shop.stop();
      throw error;
    }
  }

  get edgeUrl(): string {
    return this.stack.edgeUrl;
  }

  get adminUrl(): string {
    return this.stack.adminUrl;
  }

  /** Ends every process and removes the state. */
  async stop(): Promise<void> {
    await this.stack.stop();
    removeScratch(this.stack.persistDir);
  }

  async seed(): Promise<void> {
    await seed(this.stack, demoEnvironment, demoRuleset);
  }

  /** Resolves when the edge answers from at least this publication. */
  async served(publication: number): Promise<void> {
    await until(`publication ${publication} at the edge`, PICKED_UP_MS_MAX, async () => {
      // Health is no visit: nobody is exposed to anything by it.
      const seen = numberOf((await this.health())["publication"]) ?? 0;
      return seen >= publication ? true : undefined;
    });
  }

  /** Calls the admin API and expects success. */
  async admin(method: string, path: string, body?: unknown): Promise<JsonObject> {
    const { headers, body: answer } = await this.reply(method, path, body, {});
    const etag = headers.get("etag");
    return { ...objectOf(answer as Json), ...(etag === null ? {} : { etag }) };
  }

  /** Calls the admin API, expects success, and gives the whole reply. */
  async reply(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<ApiReply> {
    const reply = await this.stack.admin(method, path, body, headers);
    if (reply.status >= 300) {
      throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    }
    return reply;
  }

  /** What the Ledger's shards and their coordinator know of the headline's bandit. */
  async heroCounts(): Promise<HeroCounts> {
    const view = await this.admin("GET", `${ENVIRONMENT}/bandits/hero/state`);
    const arms = listOf(view["arms"]).map((arm) => objectOf(arm));
    const byAction = (name: string): Record<string, number> =>
      Object.fromEntries(
        arms
          .map((arm): [string, number] => [textOf(arm["action"]) ?? "", count(arm, name)])
          .filter(([, n]) => n > 0)
          .sort(([a], [b]) => a.localeCompare(b)),
      );
    const exposuresByAction = byAction("exposed");
    const rewardsByAction = byAction("rewarded");
    return {
      exposures: sum(exposuresByAction),
      rewards: sum(rewardsByAction),
      exposuresByAction,
      rewardsByAction,
    };
  }

  /**
   * Resolves when the headline's rewards are exactly these, by action.
   *
   * Shards report to their coordinator every few seconds, so exactness comes with a delay; a count
   * that is too high never comes down and fails here, too.
   */
  async rewardsBecome(expected: Readonly<Record<string, number>>): Promise<void> {
    let seen: HeroCounts["rewardsByAction"] = {};
    const matches = async (): Promise<true | undefined> => {
      seen = (await this.heroCounts()).rewardsByAction;
      return isDeepStrictEqual(seen, expected) ? true : undefined;
    };
    await until("the rewards in the Ledger", COUNTED_MS_MAX, matches).catch(() => {
      assert.deepEqual(seen, expected, "the rewards in the Ledger");
    });
  }

  async health(): Promise<JsonObject> {
    const reply = await fetchInTime(`${this.edgeUrl}/bandera/v1/health`);
    return objectOf(parseJson(await reply.text()));
  }

  async exposureCounters(): Promise<ExposureCounters> {
    const exposures = objectOf((await this.health())["exposures"]);
    return {
      attempted: count(exposures, "attempted"),
      committed: count(exposures, "committed"),
      dropped: count(exposures, "dropped"),
    };
  }

  kvPut(key: string, value: string | Uint8Array): void {
    const done = this.stack.kvPut(key, value);
    if (!done.ok) throw new Error(`kv put ${key}: ${done.stderr}`);
  }

  kvDelete(key: string): void {
    const done = this.stack.kvDelete(key);
    if (!done.ok) throw new Error(`kv delete ${key}: ${done.stderr}`);
  }

  /** The value of a key, as it is. */
  kvGet(key: string): string {
    const done = this.stack.kvGet(key);
    if (!done.ok) throw new Error(`kv get ${key}: ${done.stderr}`);
    return done.stdout;
  }

  /** The value of a key, byte for byte. */
  kvGetBytes(key: string): Buffer {
    const done = this.stack.kvGet(key);
    if (!done.ok) throw new Error(`kv get ${key}: ${done.stderr}`);
    return done.bytes;
  }
}

/** The shop as its audiences see it: by device and daytime, and a browser without a window is one. */
export function shopOfAudiences(): Promise<ShopStack> {
  const context = { cookies: ["daytime"] };
  const settings = { refreshMs: 250, bots: { never: ["HeadlessChrome"] }, context };
  return ShopStack.start({ edgeVars: { BANDERA_SETTINGS: JSON.stringify(settings) } });
}
