/** The events endpoint as the client sees it: a batch goes out, a verdict for each event comes back. */

import { isObject, listOf, objectOf, parseJson, textOf } from "./json.ts";

/** A reward on its way; the id stays the same however often it is sent. */
export interface RewardEvent {
  readonly id: string;
  readonly kind: "reward";
  readonly receipt: string;
  readonly metric: string;
  readonly value: number;
  /** When it happened by this browser's clock, so that sending late does not make it late. */
  readonly atMs: number;
}

/** Verdicts after which an event need not be sent again. */
const FINAL: ReadonlySet<string> = new Set(["committed", "duplicate", "queued", "rejected"]);

/** What came of sending a batch. */
export type SendResult =
  | { readonly state: "answered"; readonly settled: readonly string[] }
  /** The batch as a whole was refused: sending the same again is useless. */
  | { readonly state: "refused" }
  /** Nobody answered, or asked to come back later. */
  | { readonly state: "later"; readonly waitMs: number | undefined };

/** Sends a batch of events. */
export type Send = (batch: readonly RewardEvent[]) => Promise<SendResult>;

export function encodeBatch(batch: readonly RewardEvent[]): string {
  return JSON.stringify({ events: batch });
}

/** The events, by id, about which the endpoint has said its last word. */
export function settledIds(body: string): readonly string[] {
  return listOf(objectOf(parseJson(body))["verdicts"]).flatMap((entry) => {
    const verdict = objectOf(entry);
    const id = textOf(verdict["id"]);
    return id !== undefined && FINAL.has(textOf(verdict["verdict"]) ?? "") ? [id] : [];
  });
}

/** A stored event, or `undefined` when the text is none. */
export function readEvent(text: string): RewardEvent | undefined {
  const fields = parseJson(text);
  if (!isObject(fields)) return undefined;
  const { id, kind, receipt, metric, value, atMs } = fields;
  const whole =
    typeof id === "string" &&
    kind === "reward" &&
    typeof receipt === "string" &&
    typeof metric === "string" &&
    typeof value === "number" &&
    typeof atMs === "number";
  return whole ? { id, kind, receipt, metric, value, atMs } : undefined;
}

function retryAfterMs(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Statuses that are about this moment and not about this batch. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** Sends to the endpoint at `url`; the request outlives the page it was made on. */
export function sendTo(url: string): Send {
  return async (batch) => {
    try {
      const response = await fetch(url, {
        method: "POST",
        body: encodeBatch(batch),
        // Plain text needs no preflight where the edge is another origin.
        headers: { "content-type": "text/plain;charset=UTF-8" },
        credentials: "include",
        keepalive: true,
      });
      if (response.ok) return { state: "answered", settled: settledIds(await response.text()) };
      if (response.status >= 500 || PASSING.has(response.status)) {
        return { state: "later", waitMs: retryAfterMs(response.headers) };
      }
      return { state: "refused" };
    } catch {
      return { state: "later", waitMs: undefined };
    }
  };
}
