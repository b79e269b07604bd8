/** A visitor made of plain HTTP: cookies, pages, events; many of them make a crowd. */

import { randomUUID } from "node:crypto";

import { fetchInTime } from "../../../scripts/lib/http.ts";
import { listOf, objectOf, parseJson, textOf } from "../../../www/browser/ts/json.ts";
import { STATE_ELEMENT, readState } from "../../../www/browser/ts/state.ts";
import type { PageState } from "../../../www/browser/ts/state.ts";

/** What people's browsers call themselves; anything shorter may be taken for a bot. */
const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36";

/** An event as a client posts it. */
export interface ClientEvent {
  readonly id: string;
  readonly kind: string;
  readonly receipt: string;
  readonly metric?: string;
  readonly value?: number;
}

/** The endpoint's word on one event. */
export interface Verdict {
  readonly id: string;
  readonly verdict: string;
  /** Code of the problem, where the event was rejected. */
  readonly code: string | undefined;
}

/** A page as it arrived. */
export interface Visit {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  readonly state: PageState;
}

/** The text of the state element in a document; empty when there is none. */
export function stateText(html: string): string {
  const element = new RegExp(`<script[^>]*id="${STATE_ELEMENT}"[^>]*>([^]*?)</script>`).exec(html);
  return element?.[1] ?? "";
}

export function rewardFor(receipt: string, metric = "purchase", value = 1): ClientEvent {
  return { id: randomUUID(), kind: "reward", receipt, metric, value };
}

export function readVerdicts(body: string): readonly Verdict[] {
  return listOf(objectOf(parseJson(body))["verdicts"]).map((entry) => {
    const { id, verdict, problem } = objectOf(entry);
    return {
      id: textOf(id) ?? "",
      verdict: textOf(verdict) ?? "",
      code: textOf(objectOf(problem)["code"]),
    };
  });
}

/** Posts events; the answer as it came, whatever its status. */
export async function postEvents(
  edgeUrl: string,
  events: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: string; readonly verdicts: readonly Verdict[] }> {
  const reply = await fetchInTime(`${edgeUrl}/bandera/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ events }),
  });
  const body = await reply.text();
  return { status: reply.status, body, verdicts: readVerdicts(body) };
}

/** Somebody with a cookie jar. Secure cookies are kept: loopback is a trustworthy place. */
export class Visitor {
  readonly #edgeUrl: string;
  readonly cookies = new Map<string, string>();

  constructor(edgeUrl: string) {
    this.#edgeUrl = edgeUrl;
  }

  async visit(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Visit> {
    const reply = await fetchInTime(this.#edgeUrl + path, {
      redirect: "manual",
      headers: {
        accept: "text/html",
        "accept-language": "en",
        "user-agent": USER_AGENT,
        ...(this.cookies.size === 0 ? {} : { cookie: this.cookieHeader() }),
        ...headers,
      },
    });
    for (const cookie of reply.headers.getSetCookie()) this.#keep(cookie);
    const html = await reply.text();
    return { status: reply.status, headers: reply.headers, html, state: readState(stateText(html)) };
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #keep(cookie: string): void {
    const [pair = "", ...attributes] = cookie.split(";");
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))) {
      this.cookies.delete(name);
    } else this.cookies.set(name, pair.slice(at + 1).trim());
  }
}

/** Runs the work for each item, at most `lanes` at a time; results in the order of the items. */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results.set(index, await work(item, index));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return [...results.entries()].sort(([a], [b]) => a - b).map(([, result]) => result);
}
