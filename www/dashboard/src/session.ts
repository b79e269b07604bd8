/** What one signed-in person sees of one environment, and what they do to it. */

import { type Api, type Publications, Refused } from "./api.ts";
import type {
  BanditContexts,
  BanditState,
  DeadLetter,
  Document,
  EventTotals,
  Me,
  Preview,
  Publication,
  Role,
} from "./api-types.ts";
import { counted } from "./format.ts";
import { type Load, Loader, shown } from "./load.ts";
import { Notice, wordsOf } from "./notice.ts";

const roles: readonly Role[] = ["viewer", "editor", "publisher", "admin"];

/** A bandit's state, or why it is not known; so with its contexts, where it looks at them. */
export interface BanditLoad {
  readonly key: string;
  readonly state: BanditState | string;
  readonly contexts: BanditContexts | string | undefined;
}

/** What events have come to; letters are asked for only where there are any. */
export interface EventsSeen {
  readonly totals: EventTotals;
  readonly letters: readonly DeadLetter[];
}

/** Everything on the page below the header. */
export class Session {
  readonly notice = new Notice();
  readonly me: Me;
  readonly environment: string;
  readonly #api: Api;
  readonly #changed: () => void;
  readonly #flags: Loader<readonly Document[]>;
  readonly #preview: Loader<Preview>;
  readonly #publications: Loader<Publications>;
  readonly #bandits: Loader<readonly BanditLoad[]>;
  readonly #events: Loader<EventsSeen>;
  /** Contexts that were typed in, by bandit. */
  readonly #entered = new Map<string, Readonly<Record<string, unknown>>>();
  #busy = false;

  constructor(api: Api, me: Me, environment: string, changed: () => void) {
    this.#api = api;
    this.me = me;
    this.environment = environment;
    this.#changed = changed;
    this.#flags = new Loader(changed);
    this.#preview = new Loader(changed);
    this.#publications = new Loader(changed);
    this.#bandits = new Loader(changed);
    this.#events = new Loader(changed);
  }

  get flags(): Load<readonly Document[]> {
    return this.#flags.load;
  }

  get preview(): Load<Preview> {
    return this.#preview.load;
  }

  get publications(): Load<Publications> {
    return this.#publications.load;
  }

  get bandits(): Load<readonly BanditLoad[]> {
    return this.#bandits.load;
  }

  get events(): Load<EventsSeen> {
    return this.#events.load;
  }

  /** Whether an action is under way; no other one starts meanwhile. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Whether the token's role allows what needs that role. */
  may(role: Role): boolean {
    return roles.indexOf(this.me.role) >= roles.indexOf(role);
  }

  /** Loads everything anew. */
  async refresh(): Promise<void> {
    const { environment } = this;
    await Promise.all([
      this.#flags.run(() => this.#api.documents(environment, "flags")),
      this.#preview.run(() => this.#api.preview(environment)),
      this.#publications.run(() => this.#api.publications(environment)),
      this.refreshLive(),
    ]);
  }

  /** Asks again for what changes by itself. */
  async refreshLive(): Promise<void> {
    await Promise.all([this.refreshBandits(), this.refreshEvents()]);
  }

  /** Asks what the events have come to. */
  refreshEvents(): Promise<void> {
    return this.#events.run(async () => {
      const totals = await this.#api.eventTotals(this.environment);
      const n = totals.deadLetters?.letters ?? 0;
      return { totals, letters: n > 0 ? await this.#api.deadLetters(this.environment) : [] };
    });
  }

  /** Asks what each bandit has learned. One that does not answer does not hide the others. */
  refreshBandits(): Promise<void> {
    return this.#bandits.run(async () => {
      const bandits = await this.#api.documents(this.environment, "bandits");
      return Promise.all(
        bandits.map(async ({ key }) => {
          const state = await this.#api.banditState(this.environment, key).catch(wordsOf);
          const contexts = await this.#contextsOf(key, state);
          return { key, state, contexts };
        }),
      );
    });
  }

  async #contextsOf(key: string, state: BanditState | string): Promise<BanditContexts | string | undefined> {
    if (typeof state === "string" || !state.contextual) return undefined;
    const entered = this.#entered.get(key);
    return this.#api.banditContexts(this.environment, key, entered).catch((error: unknown) => {
      if (entered === undefined || !(error instanceof Refused)) return wordsOf(error);
      // The form that would correct it stands beside the other contexts.
      this.#entered.delete(key);
      this.notice.failed(error);
      return this.#api.banditContexts(this.environment, key, undefined).catch(wordsOf);
    });
  }

  /** Asks from now on what a bandit does in the context with this JSON text; none without any. */
  lookInto(bandit: string, text: string): Promise<void> {
    this.notice.clear();
    try {
      if (text.trim() === "") this.#entered.delete(bandit);
      else this.#entered.set(bandit, readContext(text));
    } catch (error) {
      this.notice.failed(error);
    }
    return this.refreshBandits();
  }

  /** Switches a flag off, or back to the status that it had before. */
  toggle(flag: Document, on: boolean): Promise<void> {
    return this.#act(async () => {
      const status = on ? await this.#formerStatus(flag) : "disabled";
      await this.#api.setStatus(flag, status);
      return `${flag.key} is ${statusWords(status)} in the draft. Publish to make it so.`;
    });
  }

  publish(note: string): Promise<void> {
    return this.#act(async () => {
      const publication = await this.#api.publish(this.environment, this.#seen(), note);
      return `Publication ${publication.number} is made${deliveryWords(publication)}.`;
    });
  }

  rollBack(to: Publication): Promise<void> {
    return this.#act(async () => {
      const publication = await this.#api.rollBack(to, this.#seen());
      const number = publication.number;
      return `Publication ${number} repeats publication ${to.number}${deliveryWords(publication)}.`;
    });
  }

  /** Sends the oldest dead letters to the queue again. */
  replay(): Promise<void> {
    return this.#act(async () => {
      const { replayed, refused } = await this.#api.replay(this.environment);
      const stopped = refused ? "; then the queue took no more" : "";
      return `${counted(replayed.length, "dead letter")} sent again${stopped}.`;
    });
  }

  /** What is on screen is what is meant: if somebody published since, the API refuses. */
  #seen(): string {
    return shown(this.#publications.load)?.etag ?? "";
  }

  async #formerStatus(flag: Document): Promise<string> {
    const versions = await this.#api.versions(flag);
    const on = versions.map(({ document }) => statusOf(document)).find((one) => one !== "disabled");
    return on ?? "enabled";
  }

  /** Does one thing, says what came of it, and shows the present state. */
  async #act(work: () => Promise<string>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.notice.clear();
    this.#changed();
    try {
      this.notice.done(await work());
    } catch (error) {
      this.notice.failed(error);
    }
    await this.refresh();
    this.#busy = false;
    this.#changed();
  }
}

/** A context from what somebody typed. */
function readContext(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`The context is not JSON. Write one such as {"device": "mobile"}.`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new Error(`The context is no JSON object. Write one such as {"device": "mobile"}.`);
}

/** The status of a flag's document. */
export function statusOf(document: object): string {
  return "status" in document && typeof document.status === "string" ? document.status : "enabled";
}

/** A status in words: `gradual rollout`. */
export function statusWords(status: string): string {
  return status === "ab_test" ? "A/B test" : status.replaceAll("_", " ");
}

function deliveryWords({ deliveredAtMs }: Publication): string {
  const delivered = deliveredAtMs !== undefined && deliveredAtMs !== null;
  return delivered ? "; edges pick it up" : "; it will be delivered to the edges within a minute";
}
