/** What the edge takes by `POST /bandera/v1/events` in batches, from a server that has a token. */

import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { putUnderLoad } from "./measure.ts";
import { TaskError, until } from "./run.ts";
import { publishedForEdge, serveEdge, type ServedEdge } from "./served-edge.ts";
import type { Tools } from "./tools.ts";

const MICROS = 1e6;
/** How long it may take to read a store that is in use. */
const READ_MS_MAX = 5_000;

/** What is posted: kind of the events, and events in a request. */
export interface Batches {
  readonly kind: "plain" | "contextual";
  readonly events: number;
}

/** Connections that are kept alive, and for how long they are busy. */
export interface Size {
  readonly connections: number;
  readonly seconds: number;
}

/** What one round of load came to. */
export interface Round {
  readonly perSecond: number;
  /** Processor time of workerd, in microseconds an event. */
  readonly micros: number;
}

/** What is declared in `tests/timing/src/published.rs`. */
const banditOf = { plain: "pair", contextual: "timed" } as const;

/** The edge with its objects, one process, durable on a fresh local disk. */
export class Endpoint {
  readonly #edge: ServedEdge;
  readonly #generator: string;
  readonly #published: string;
  #accepted = 0;

  private constructor(edge: ServedEdge, generator: string, published: string) {
    this.#edge = edge;
    this.#generator = generator;
    this.#published = published;
  }

  static async start(tools: Tools, generator: string): Promise<Endpoint> {
    const published = await publishedForEdge();
    return new Endpoint(await serveEdge(tools, published, "counts"), generator, published);
  }

  /**
   * Posts new events, each of which the endpoint must answer with `committed`.
   *
   * @throws TaskError when the Ledger has applied another number of events than were accepted.
   */
  async round({ kind, events }: Batches, size: Size): Promise<Round> {
    const { worker } = this.#edge;
    const before = worker.processorSeconds();
    const place = { port: worker.port, path: "/bandera/v1/events" };
    const bandits = join(this.#published, "bandits.json");
    const reports = { events, bandits, bandit: banditOf[kind] };
    const loaded = await putUnderLoad(this.#generator, { ...place, ...size, reports });
    const used = worker.processorSeconds() - before;
    this.#accepted += events * loaded.requests;
    const { applied, duplicates } = await this.#counts();
    if (applied !== this.#accepted || duplicates !== 0) {
      throw new TaskError(`${this.#accepted} accepted, ${applied} applied, ${duplicates} twice`);
    }
    return {
      perSecond: events * loaded.perSecond,
      micros: (used * MICROS) / (events * loaded.requests),
    };
  }

  /** How many events were accepted, and applied, in all rounds. */
  get accepted(): number {
    return this.#accepted;
  }

  stop(): Promise<void> {
    return this.#edge.worker.stop();
  }

  /** What the Ledger's store says it has counted. */
  #counts(): Promise<{ readonly applied: number; readonly duplicates: number }> {
    return until("the Ledger's totals", READ_MS_MAX, async () => {
      const totals = new Map<string, number>();
      for (const path of globSync(join(this.#edge.disk, "Ledger", "*.sqlite"))) {
        const store = new DatabaseSync(path, { readOnly: true });
        try {
          for (const { name, count } of store.prepare("SELECT name, count FROM totals").all()) {
            totals.set(String(name), (totals.get(String(name)) ?? 0) + Number(count));
          }
        } catch {
          // Locked, or no store of a shard.
        } finally {
          store.close();
        }
      }
      const of = (name: string): number => totals.get(name) ?? 0;
      if (totals.size === 0) return undefined;
      return { applied: of("exposures") + of("rewards"), duplicates: of("duplicates") };
    });
  }
}
