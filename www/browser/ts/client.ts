/** What a page can ask: its variants, its values, a reward, an evaluation of its own. */

import type { Engine } from "./engine.ts";
import type { RewardEvent } from "./events.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Outbox } from "./outbox.ts";
import type { Answer, PageState } from "./state.ts";

/** What the client stands on. */
export interface Foundations {
  readonly state: PageState;
  readonly outbox: Outbox;
  readonly loadEngine: () => Promise<Engine>;
  readonly newId: () => string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class Bandera {
  readonly #on: Foundations;

  constructor(foundations: Foundations) {
    this.#on = foundations;
  }

  /** The publication of the ruleset that made this page; `undefined` without an edge. */
  get publication(): number | undefined {
    return this.#on.state.publication;
  }

  /** The variant that the edge chose for this page. */
  variant(key: string): string | undefined {
    return this.#on.state.answers.get(key)?.variant;
  }

  /** The flag's value on this page, or `otherwise` where the edge gave none. */
  value(key: string): Json | undefined;
  value(key: string, otherwise: Json): Json;
  value(key: string, otherwise?: Json): Json | undefined {
    return this.#on.state.answers.get(key)?.value ?? otherwise;
  }

  /** The flag's configuration, with the variant's overrides, on this page. */
  config(key: string): Json | undefined {
    return this.#on.state.answers.get(key)?.config;
  }

  /**
   * Reports a reward to every bandit that learns from this metric and decided for this page.
   *
   * It is kept in this browser until the edge has acknowledged it, over page views and restarts.
   * Returns how many events that makes: none where no such bandit decided.
   */
  reward(metric: string, value = 1): number {
    if (!Number.isFinite(value)) throw new RangeError("a reward is a finite number");
    const events = this.#on.state.receipts
      .filter((receipt) => receipt.metric === metric)
      .map(({ token }): RewardEvent => {
        const id = this.#on.newId();
        return { id, kind: "reward", receipt: token, metric, value, atMs: this.#on.now() };
      });
    const recorded = events.filter((event) => this.#on.outbox.record(event)).length;
    void this.#on.outbox.flush();
    return recorded;
  }

  /** Events that wait for their acknowledgement. */
  pending(): readonly RewardEvent[] {
    return this.#on.outbox.pending();
  }

  /** Sends what waits, at once. */
  flush(): Promise<void> {
    return this.#on.outbox.flush();
  }

  /**
   * Evaluates every client flag in this browser, with attributes that only the page knows.
   *
   * A bandit's choice stays the edge's: only the edge can give a receipt for it.
   */
  async evaluate(attributes: JsonObject = {}): Promise<ReadonlyMap<string, Answer>> {
    const { state, loadEngine } = this.#on;
    const engine = await loadEngine();
    const answers = new Map(engine.evaluateAll({ ...state.context, ...attributes }));
    for (const { flag } of state.receipts) {
      const decided = flag === undefined ? undefined : state.answers.get(flag);
      if (flag !== undefined && decided !== undefined) answers.set(flag, decided);
    }
    return answers;
  }
}
