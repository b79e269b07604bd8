/**
 * Events that nobody has acknowledged yet.
 *
 * Each lies in storage under a key of its own, so that several tabs share the outbox without
 * overwriting each other, and goes only when the endpoint has said its last word about it.
 */

import { readEvent } from "./events.ts";
import type { RewardEvent, Send } from "./events.ts";

const PREFIX = "bandera.event.";
/** Events kept at most; beyond, the newest are not recorded. */
const EVENTS_MAX = 500;
/** Events sent in one request at most. */
export const BATCH_MAX = 50;
const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 60_000;

/** The part of `Storage` that is used. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** What the outbox needs from the page. */
export interface Surroundings {
  readonly store: Store;
  readonly send: Send;
  /** Calls back after that time. */
  readonly after: (waitMs: number, callback: () => void) => void;
}

export class Outbox {
  readonly #at: Surroundings;
  #sending: Promise<void> | undefined;
  #waitMs = WAIT_MS_MIN;
  #waiting = false;

  constructor(surroundings: Surroundings) {
    this.#at = surroundings;
  }

  /** Unacknowledged events, of every tab. */
  pending(): readonly RewardEvent[] {
    const { store } = this.#at;
    const keys = Array.from({ length: store.length }, (_, index) => store.key(index));
    return keys.flatMap((key) => {
      if (key?.startsWith(PREFIX) !== true) return [];
      const event = readEvent(store.getItem(key) ?? "");
      if (event === undefined) store.removeItem(key);
      return event === undefined ? [] : [event];
    });
  }

  /** Keeps an event until it is acknowledged; false when there is no room. */
  record(event: RewardEvent): boolean {
    if (this.pending().length >= EVENTS_MAX) return false;
    try {
      this.#at.store.setItem(PREFIX + event.id, JSON.stringify(event));
      return true;
    } catch {
      return false;
    }
  }

  /** Whether a request is on its way; it outlives the page. */
  get sending(): boolean {
    return this.#sending !== undefined;
  }

  /** Sends what is pending; resolves when an attempt has ended, acknowledged or not. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    const seen = new Set<string>();
    for (;;) {
      const batch = this.pending().filter((event) => !seen.has(event.id)).slice(0, BATCH_MAX);
      if (batch.length === 0) break;
      for (const event of batch) seen.add(event.id);
      if (!(await this.#sendBatch(batch))) return;
    }
    if (this.pending().length === 0) this.#waitMs = WAIT_MS_MIN;
    else this.#tryLater(undefined);
  }

  /** Sends one batch; false when the endpoint cannot be had now. */
  async #sendBatch(batch: readonly RewardEvent[]): Promise<boolean> {
    const result = await this.#at.send(batch);
    if (result.state === "later") {
      this.#tryLater(result.waitMs);
      return false;
    }
    if (result.state === "answered") {
      for (const id of result.settled) this.#forget(id);
      return true;
    }
    const [only, ...others] = batch;
    if (only !== undefined && others.length === 0) this.#forget(only.id);
    // One bad event must not hold up the others: each goes alone, so that it is found.
    else for (const event of batch) if (!(await this.#sendBatch([event]))) return false;
    return true;
  }

  #forget(id: string): void {
    this.#at.store.removeItem(PREFIX + id);
  }

  #tryLater(waitMs: number | undefined): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#at.after(Math.max(waitMs ?? 0, this.#waitMs), () => {
      this.#waiting = false;
      void this.flush();
    });
    this.#waitMs = Math.min(this.#waitMs * 2, WAIT_MS_MAX);
  }
}
