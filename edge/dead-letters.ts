/**
 * Dead letters: messages that the queue of events gave up, kept until somebody sends them again.
 *
 * One object for each environment keeps a bounded number of them. None of this enters the engine:
 * a message may have died because the engine cannot bear it.
 */

import { DurableObject } from "cloudflare:workers";

import { type Counts, type DeadLetter, Letters } from "./letters.ts";
import { queuesFor } from "./queues.ts";

/** Most letters sent again by one command. */
const REPLAYS_MAX = 100;
/** Most letters in one list. */
const LISTED_MAX = 1_000;
/** How the names of dead-letter queues end. */
const DEAD = "-dead";
/** How long a letter waits when its keeper fails; with a hundred retries, for more than a day. */
const RETRY_S = 900;
/** How long health waits for the counts. */
const COUNTS_MS_MAX = 500;

/** Bindings that dead letters need, beside the queues that letters go back to. */
export interface DeadLetterEnv {
  readonly DEAD_LETTERS?: DurableObjectNamespace<DeadLetters>;
  readonly BANDERA_ENVIRONMENT?: string;
}

/** What the admin Worker asks for. */
type Command =
  | "count"
  | { readonly list: { readonly after: number; readonly limit: number } }
  | { readonly replay: readonly number[] };

/** The keeper of an environment's dead letters. */
export class DeadLetters extends DurableObject<DeadLetterEnv> {
  readonly #letters: Letters;

  constructor(state: DurableObjectState, env: DeadLetterEnv) {
    super(state, env);
    this.#letters = new Letters(state.storage);
  }

  /** Keeps a letter; durable once the caller hears of it. */
  keep(letter: DeadLetter): void {
    this.#letters.keep(letter, Date.now());
  }

  counts(): Counts {
    return this.#letters.counts();
  }

  /** The admin Worker's door: a command comes as JSON, the answer goes as JSON. */
  override async fetch(request: Request): Promise<Response> {
    const command = readCommand(await request.json());
    if (command === undefined) return new Response("no such command", { status: 400 });
    if (command === "count") return Response.json(this.counts());
    if ("replay" in command) return Response.json(await this.#replay(command.replay));
    const { after, limit } = command.list;
    return Response.json(this.#letters.list(after, limit));
  }

  /**
   * Hands letters to the queue again. Each goes from here only when the queue has taken it; one
   * that is not here, because somebody was faster, is passed over. The ledger counts once whatever
   * is delivered twice.
   */
  async #replay(ids: readonly number[]): Promise<{ replayed: number[]; refused: boolean }> {
    const replayed: number[] = [];
    for (const id of ids) {
      const body = this.#letters.body(id);
      if (body === undefined) continue;
      try {
        await this.#send(body);
      } catch (error) {
        console.error(`bandera: dead letter ${id}: ${String(error)}`);
        return { replayed, refused: true };
      }
      this.#letters.replayed(id);
      replayed.push(id);
    }
    return { replayed, refused: false };
  }

  /** Sends a letter to its shard's queue, or to another one when that refuses. */
  async #send(body: string): Promise<void> {
    let refused: unknown = new Error("there is no binding EVENTS");
    for (const queue of queuesFor(this.env, contentOf(body)?.shard)) {
      try {
        await queue.send(body, { contentType: "text" });
        return;
      } catch (error) {
        refused = error;
      }
    }
    throw refused;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function readCommand(value: unknown): Command | undefined {
  if (value === "count") return value;
  if (!isObject(value)) return undefined;
  const { list, replay } = value;
  if (Array.isArray(replay)) {
    const ids = replay.filter(isCount);
    return ids.length === replay.length && ids.length <= REPLAYS_MAX ? { replay: ids } : undefined;
  }
  if (!isObject(list)) return undefined;
  const { after, limit } = list;
  const sound = isCount(after) && isCount(limit) && limit <= LISTED_MAX;
  return sound ? { list: { after, limit } } : undefined;
}

function environmentOf(env: DeadLetterEnv): string {
  return env.BANDERA_ENVIRONMENT ?? "production";
}

/** The name is one of `shared/src/names.rs`: what is stored under it outlives the code. */
function keeperOf(env: DeadLetterEnv): DurableObjectStub<DeadLetters> {
  if (env.DEAD_LETTERS === undefined) throw new Error("there is no binding DEAD_LETTERS");
  return env.DEAD_LETTERS.getByName(`dead-letters/${environmentOf(env)}`);
}

/** Whether a batch is one of dead letters. */
export function isDead(batch: MessageBatch): boolean {
  return batch.queue.endsWith(DEAD);
}

/** Brings each message of a dead-letter queue to its environment's keeper. */
export async function bury(batch: MessageBatch, env: DeadLetterEnv): Promise<void> {
  for (const message of batch.messages) {
    try {
      await keeperOf(env).keep(letterOf(message, environmentOf(env)));
      message.ack();
    } catch (error) {
      console.error(`bandera: dead letter ${message.id}: ${String(error)}`);
      message.retry({ delaySeconds: RETRY_S });
    }
  }
}

function letterOf({ id, body }: Message, environment: string): DeadLetter {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const told = contentOf(text);
  const reason =
    told === undefined
      ? "it is no batch of events"
      : `ledger/${environment}/${told.shard} did not commit it`;
  return { message: id, reason, events: told?.events ?? 0, body: text };
}

/** Shard and number of events of a queued batch, or `undefined` when the text is none. */
function contentOf(text: string): { shard: number; events: number } | undefined {
  try {
    const queued: unknown = JSON.parse(text);
    if (!isObject(queued) || !isCount(queued["shard"]) || !isObject(queued["batch"])) {
      return undefined;
    }
    const { items } = queued["batch"];
    return Array.isArray(items) ? { shard: queued["shard"], events: items.length } : undefined;
  } catch {
    return undefined;
  }
}

/** The engine's health with the counts of dead letters: null where nobody can tell them soon. */
export async function withDeadLetters(health: Response, env: DeadLetterEnv): Promise<Response> {
  const report: unknown = await health.json();
  if (!isObject(report)) return Response.json(report, health);
  return Response.json({ ...report, deadLetters: await countsSoon(env) }, health);
}

async function countsSoon(env: DeadLetterEnv): Promise<Counts | null> {
  const late = scheduler.wait(COUNTS_MS_MAX).then(() => null);
  try {
    return await Promise.race([keeperOf(env).counts(), late]);
  } catch {
    return null;
  }
}
