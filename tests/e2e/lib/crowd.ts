/** Many visitors with a known truth and a fixed seed; it remembers what was acknowledged. */

import assert from "node:assert/strict";

import { until } from "../../../scripts/lib/run.ts";
import { Visitor, inLanes, postEvents, rewardFor } from "./visitor.ts";
import type { ClientEvent } from "./visitor.ts";

/** A small generator with a seed (mulberry32), so that a crowd behaves the same in every run. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Events of one request, and requests at once. */
const BATCH = 20;
const LANES = 4;
/** Part of the events that are sent twice. */
const REPEATED = 0.3;

/** Sends events in any order and some of them twice, until each is on disk; all must be taken. */
export async function sendInAnyOrder(
  edgeUrl: string,
  events: readonly unknown[],
  chance: () => number,
): Promise<void> {
  const again = events.filter(() => chance() < REPEATED);
  const order = [...events, ...again]
    .map((event) => ({ event, place: chance() }))
    .sort((one, other) => one.place - other.place)
    .map(({ event }) => event);
  const batches = Array.from({ length: Math.ceil(order.length / BATCH) }, (_, n) =>
    order.slice(n * BATCH, (n + 1) * BATCH),
  );
  await inLanes(batches, LANES, async (batch) => {
    // What a busy shard left to the queue would die with the runtime.
    await until("a batch to be committed", 30_000, async () => {
      const { verdicts, body } = await postEvents(edgeUrl, batch);
      const words = new Set(verdicts.map(({ verdict }) => verdict));
      assert.ok(verdicts.length === batch.length && !words.has("rejected"), body);
      return words.has("queued") ? undefined : true;
    });
  });
}

/** How often a visitor who saw an action buys. */
export type Truth = Readonly<Record<string, number>>;

/** How many of each name there are, names in order. */
export function tally(names: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** A visitor's decision, as the page handed it out. */
export interface Shown {
  readonly action: string;
  readonly receipt: string;
}

/** Visits the shop once as a new person. */
export async function showHero(
  edgeUrl: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const { state, html } = await new Visitor(edgeUrl).visit("/", headers);
  const receipt = state.receipts.find(({ bandit }) => bandit === "hero");
  const action = state.answers.get("shop.hero")?.variant;
  if (receipt === undefined || action === undefined) {
    throw new Error(`a page without a decision: ${html.slice(0, 1000)}`);
  }
  return { action, receipt: receipt.token };
}

/** Words after which a reward counts. */
const COUNTED: ReadonlySet<string> = new Set(["committed", "duplicate"]);

export class Crowd {
  readonly #edgeUrl: string;
  readonly #chance: () => number;
  readonly #shown: string[] = [];
  readonly #acknowledged: string[] = [];

  constructor(edgeUrl: string, seed: number) {
    this.#edgeUrl = edgeUrl;
    this.#chance = generator(seed);
  }

  get visitors(): number {
    return this.#shown.length;
  }

  visitorsByAction(): Record<string, number> {
    return tally(this.#shown);
  }

  acknowledgedByAction(): Record<string, number> {
    return tally(this.#acknowledged);
  }

  /** New visitors come, and buy as the truth says. Returns what each was shown. */
  async wave(n: number, lanes: number, truth: Truth): Promise<readonly string[]> {
    const draws = Array.from({ length: n }, this.#chance);
    return inLanes(draws, lanes, async (draw) => {
      const { action, receipt } = await showHero(this.#edgeUrl);
      this.#shown.push(action);
      if (draw < (truth[action] ?? 0)) await this.#buy(action, rewardFor(receipt));
      return action;
    });
  }

  async #buy(action: string, event: ClientEvent): Promise<void> {
    const { verdicts, body } = await postEvents(this.#edgeUrl, [event]);
    const verdict = verdicts[0]?.verdict ?? "";
    if (!COUNTED.has(verdict)) throw new Error(`a purchase was not acknowledged: ${body}`);
    this.#acknowledged.push(action);
  }
}
