/** The one place that talks to the API: sends the token, checks the answer, throws typed errors. */

import type {
  BanditContexts,
  BanditState,
  DeadLetter,
  Document,
  DocumentVersion,
  Environment,
  EventTotals,
  Me,
  Preview,
  Problem,
  Publication,
  ReplayView,
} from "./api-types.ts";

/** Most pages of a list that are fetched one after the other. */
const PAGES_MAX = 50;
/** Items of a page, as many as the API gives. */
const PAGE_ITEMS = 200;
/** Dead letters on the page. */
const DEAD_LETTERS_SHOWN = 20;
/** How long an answer may take. */
const ANSWER_MS_MAX = 20_000;

/** The API refused, and says why. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "Refused";
    this.problem = problem;
  }
}

/** No answer, or one that is none of the API's. */
export class Unreachable extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Unreachable";
  }
}

/** A change to make, and what it is meant for. */
interface Change {
  readonly method: "PATCH" | "POST";
  readonly body: unknown;
  /** The entity tag that has been read. */
  readonly ifMatch?: string;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | null;
}

/** Publications, and the entity tag that the next one has to follow. */
export interface Publications {
  readonly items: readonly Publication[];
  readonly etag: string;
}

/** The API as one token sees it. */
export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  me(): Promise<Me> {
    return this.#get<Me>("/me");
  }

  environments(): Promise<readonly Environment[]> {
    return this.#all<Environment>("/environments?");
  }

  documents(environment: string, collection: "flags" | "bandits"): Promise<readonly Document[]> {
    return this.#all<Document>(`${within(environment)}/${collection}?`);
  }

  versions(flag: Document): Promise<readonly DocumentVersion[]> {
    return this.#all<DocumentVersion>(`${flagPath(flag)}/versions?`);
  }

  /** Changes the status of a flag, if it is still the version that was read. */
  setStatus(flag: Document, status: string): Promise<Document> {
    const ifMatch = `"v${flag.version}"`;
    return this.#change<Document>(flagPath(flag), { method: "PATCH", body: { status }, ifMatch });
  }

  /** What publishing would come to. */
  preview(environment: string): Promise<Preview> {
    return this.#change<Preview>(`${within(environment)}/validate`, { method: "POST", body: {} });
  }

  async publications(environment: string): Promise<Publications> {
    const reply = await this.#send(`${within(environment)}/publications?limit=20`, {});
    const page = await parsed<Page<Publication>>(reply);
    return { items: page.items, etag: reply.headers.get("etag") ?? "" };
  }

  publish(environment: string, etag: string, note: string): Promise<Publication> {
    const path = `${within(environment)}/publications`;
    return this.#change<Publication>(path, { method: "POST", body: { note }, ifMatch: etag });
  }

  rollBack(to: Publication, etag: string): Promise<Publication> {
    const path = `${within(to.environment)}/publications/${to.number}/rollback`;
    return this.#change<Publication>(path, { method: "POST", body: {}, ifMatch: etag });
  }

  banditState(environment: string, key: string): Promise<BanditState> {
    return this.#get<BanditState>(
      `${within(environment)}/bandits/${encodeURIComponent(key)}/state`,
    );
  }

  /** What a bandit does in the segments that occur, and in one more context where one is given. */
  banditContexts(
    environment: string,
    key: string,
    context: Readonly<Record<string, unknown>> | undefined,
  ): Promise<BanditContexts> {
    const path = `${within(environment)}/bandits/${encodeURIComponent(key)}/contexts`;
    const body = context === undefined ? {} : { context };
    return this.#change<BanditContexts>(path, { method: "POST", body });
  }

  eventTotals(environment: string): Promise<EventTotals> {
    return this.#get<EventTotals>(`${within(environment)}/events/totals`);
  }

  /** The oldest dead letters. */
  async deadLetters(environment: string): Promise<readonly DeadLetter[]> {
    const path = `${within(environment)}/events/dead-letters?limit=${DEAD_LETTERS_SHOWN}`;
    return (await this.#get<Page<DeadLetter>>(path)).items;
  }

  /** Sends the oldest dead letters to the queue again. */
  replay(environment: string): Promise<ReplayView> {
    const path = `${within(environment)}/events/dead-letters/replay`;
    return this.#change<ReplayView>(path, { method: "POST", body: {} });
  }

  async #get<T>(path: string): Promise<T> {
    return parsed<T>(await this.#send(path, {}));
  }

  async #change<T>(path: string, { method, body, ifMatch }: Change): Promise<T> {
    const headers = {
      "content-type": "application/json",
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    };
    return parsed<T>(await this.#send(path, { method, headers, body: JSON.stringify(body) }));
  }

  async #all<T>(path: string): Promise<readonly T[]> {
    const items: T[] = [];
    let cursor = "";
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const from = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { items: more, next } = await this.#get<Page<T>>(`${path}limit=${PAGE_ITEMS}${from}`);
      items.push(...more);
      if (next === undefined || next === null) return items;
      cursor = next;
    }
    throw new Unreachable(`the list has more than ${PAGES_MAX * PAGE_ITEMS} items`);
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    try {
      return await fetch(`/api/v1${path}`, { ...init, headers, signal, cache: "no-store" });
    } catch {
      throw new Unreachable("The server does not answer. Is it running?");
    }
  }
}

function within(environment: string): string {
  return `/environments/${encodeURIComponent(environment)}`;
}

function flagPath({ environment, key }: Document): string {
  return `${within(environment)}/flags/${encodeURIComponent(key)}`;
}

/** The body of a good answer. The page and the API are served by the same Worker, from the same
 *  build, so the generated type is what the API sends. */
async function parsed<T>(reply: Response): Promise<T> {
  let body: unknown;
  try {
    body = await reply.json();
  } catch {
    throw new Unreachable(`The server answered with status ${reply.status} and no JSON.`);
  }
  if (reply.ok) return body as T;
  if (isProblem(body)) throw new Refused(body);
  throw new Unreachable(`The server answered with status ${reply.status}.`);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "title" in body;
}
