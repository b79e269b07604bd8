/**
 * How many events a second Ledger objects commit, and what processor time an event takes: handed to
 * them, and by the public endpoint of the edge.
 */

import { mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

import { build } from "./build.ts";
import { fetchInTime } from "./http.ts";
import { loadGenerator, median, putUnderLoad, type Table } from "./measure.ts";
import { at } from "./paths.ts";
import { type Batches, Endpoint, type Round } from "./reporting.ts";
import { TaskError } from "./run.ts";
import type { Tools } from "./tools.ts";
import { Workerd } from "./workerd.ts";

const N_ROUNDS = 3;
const ROUND_SECONDS = 3;
const N_CONNECTIONS = 16;
const MICROS = 1e6;

/** What is handed in: kind of the events, objects that take turns, and events in a request. */
interface Kind {
  readonly kind: "plain" | "contextual";
  readonly objects: number;
  readonly events: number;
  /** Processes that are loaded at the same time, each with objects of its own. One when absent. */
  readonly processes?: number;
}

const EVENTS_MAX = 500;
const one = [1, 10, 100, EVENTS_MAX].map((events): Kind => ({ kind: "plain", objects: 1, events }));
const kinds: readonly Kind[] = [
  ...one,
  { kind: "contextual", objects: 1, events: 1 },
  { kind: "contextual", objects: 1, events: 100 },
  { kind: "contextual", objects: 1, events: EVENTS_MAX },
  { kind: "contextual", objects: 2, events: EVENTS_MAX },
  { kind: "contextual", objects: 4, events: EVENTS_MAX },
  { kind: "contextual", objects: 1, events: EVENTS_MAX, processes: 2 },
  // Nobody is handed these: what it costs to make them.
  { kind: "plain", objects: 0, events: EVENTS_MAX },
  { kind: "contextual", objects: 0, events: EVENTS_MAX },
];

/** What is posted to the edge, as it is handed to an object above. */
const posted: readonly Batches[] = (["plain", "contextual"] as const).flatMap((kind) =>
  [100, EVENTS_MAX].map((events) => ({ kind, events })),
);

/** The edge Worker's own objects behind a driver, on a fresh disk. */
async function serve(folder: string, number: number): Promise<Workerd> {
  const disk = join(folder, "disk", String(number));
  mkdirSync(disk, { recursive: true });
  const engine = relative(folder, at("ledger", "build"));
  const object = (name: string): string => {
    return `(className = "${name}", uniqueKey = "${name}", enableSql = true)`;
  };
  const bindings = [
    `(name = "LEDGER", durableObjectNamespace = "Ledger")`,
    `(name = "COORDINATOR", durableObjectNamespace = "Coordinator")`,
    `(name = "BANDERA_ENVIRONMENT", text = "bench")`,
  ];
  const served = {
    name: `Ledger objects, process ${number}`,
    modules: new Map([
      ["ingest.js", "ingest.js"],
      ["engine.js", `${engine}/index.js`],
      ["index_bg.wasm", `${engine}/index_bg.wasm`],
    ]),
    services: `(name = "disk", disk = (path = ${JSON.stringify(disk)}, writable = true))`,
    members: `durableObjectNamespaces = [${object("Ledger")}, ${object("Coordinator")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${bindings.join(", ")}],`,
  };
  return Workerd.start(served, folder, { readyPath: "/plain/1/1" });
}

/** Fails when objects counted anything but what they acknowledged. */
async function requireExact({ name, port }: Workerd): Promise<void> {
  const reply = await fetchInTime(`http://127.0.0.1:${port}/totals`);
  const totals = (await reply.json()) as Readonly<Record<string, unknown>>;
  const { acknowledged, committed, duplicates } = totals;
  if (acknowledged !== committed || duplicates !== 0) {
    throw new TaskError(`${name}: the counts are not exact: ${JSON.stringify(totals)}`);
  }
  const store = Number(totals["bytes"]) / Number(totals["rows"]);
  console.log(`  ${name}: ${String(committed)} events acknowledged and counted, none twice`);
  console.log(`  ${name}: ${store.toFixed(0)} bytes of store for each row`);
}

/** Loads as many processes as the kind says, all at once. */
async function round(generator: string, running: readonly Workerd[], load: Kind): Promise<Round> {
  const { kind, objects, events, processes = 1 } = load;
  const loaded = running.slice(0, processes);
  const before = loaded.map((ledgers) => ledgers.processorSeconds());
  const each = await Promise.all(loaded.map(({ port }) => {
    const place = { port, path: `/${kind}/${objects}/${events}` };
    const connections = Math.ceil(N_CONNECTIONS / processes);
    return putUnderLoad(generator, { ...place, connections, seconds: ROUND_SECONDS });
  }));
  const sum = (of: readonly number[]): number => of.reduce((all, next) => all + next, 0);
  const used = loaded.map((ledgers, place) => ledgers.processorSeconds() - (before[place] ?? 0));
  return {
    perSecond: events * sum(each.map(({ perSecond }) => perSecond)),
    micros: (sum(used) * MICROS) / (events * sum(each.map(({ requests }) => requests))),
  };
}

function nameOf({ kind, objects, events, processes = 1 }: Kind): string {
  const what = `${kind}, ${events} a request`;
  if (objects === 0) return `${what}, made and dropped`;
  if (processes > 1) return `${what}, ${processes} processes of one object`;
  return objects === 1 ? what : `${what}, ${objects} objects`;
}

/** Events a second of Ledger objects on `workerd serve`, durable on a local disk. */
export async function ingest(tools: Tools): Promise<readonly Table[]> {
  await build(["edge"], tools);
  const generator = await loadGenerator();
  const folder = at("tests", "bench", "js");
  rmSync(join(folder, "disk"), { recursive: true, force: true });
  const running: Workerd[] = [];
  const rounds = new Map(kinds.map((kind) => [kind, new Array<Round>()]));
  const byEndpoint = new Map(posted.map((batches) => [batches, new Array<Round>()]));
  let endpoint: Endpoint | undefined;
  try {
    // One after the other: each writes its configuration before it starts.
    for (const number of [1, 2]) running.push(await serve(folder, number));
    endpoint = await Endpoint.start(tools, generator);
    for (let number = 1; number <= N_ROUNDS; number += 1) {
      const note = (name: string, { perSecond, micros }: Round): void => {
        const figures = `${perSecond.toFixed(0)} events/s, ${micros.toFixed(2)} us`;
        console.log(`  round ${number} of ${N_ROUNDS}, ${name}: ${figures}`);
      };
      for (const [kind, seen] of rounds) {
        const found = await round(generator, running, kind);
        note(nameOf(kind), found);
        seen.push(found);
      }
      const size = { connections: N_CONNECTIONS, seconds: ROUND_SECONDS };
      for (const [batches, seen] of byEndpoint) {
        const found = await endpoint.round(batches, size);
        note(`posted, ${nameOf({ ...batches, objects: 1 })}`, found);
        seen.push(found);
      }
    }
    for (const ledgers of running) await requireExact(ledgers);
    console.log(`  the edge: ${endpoint.accepted} events accepted and applied, none twice`);
  } finally {
    await Promise.all([endpoint, ...running].map((served) => served?.stop()));
  }
  return [...tables(rounds), ...postedTables(byEndpoint, rounds)];
}

type Rounds = ReadonlyMap<Kind, readonly Round[]>;

/** The rounds of a kind of events, handed to so many objects, so many at a time. */
function seenOf(rounds: Rounds, kind: Kind["kind"], objects: number, events: number) {
  const found = [...rounds].find(([other]) => {
    return other.kind === kind && other.objects === objects && other.events === events;
  });
  return found?.[1] ?? [];
}

/** The median of what each round is, compared with the other one of the same time. */
function paired(
  seen: readonly Round[],
  others: readonly Round[],
  compare: (one: Round, other: Round) => number,
): number {
  return median(seen.flatMap((one, place) => {
    const other = others[place];
    return other === undefined ? [] : [compare(one, other)];
  }));
}

/** What the public endpoint takes, beside handing the same to an object. */
function postedTables(
  byEndpoint: ReadonlyMap<Batches, readonly Round[]>,
  rounds: Rounds,
): readonly Table[] {
  const rows = (
    of: (round: Round) => number,
    compare: (one: Round, other: Round) => number,
  ): Table["rows"] => {
    return [...byEndpoint].map(([{ kind, events }, seen]) => ({
      name: nameOf({ kind, events, objects: 1 }),
      value: median(seen.map(of)),
      ratio: paired(seen, seenOf(rounds, kind, 1, events), compare),
    }));
  };
  const relativeTo = "handing them to the Ledger object";
  return [
    {
      title: "The same accepted by `POST /bandera/v1/events`, and applied",
      unit: "events/s",
      relativeTo,
      rows: rows(({ perSecond }) => perSecond, (one, other) => one.perSecond / other.perSecond),
    },
    {
      title: "Processor time of workerd for an event that is posted",
      unit: "us/event",
      relation: "difference",
      relativeTo,
      rows: rows(({ micros }) => micros, (one, other) => one.micros - other.micros),
    },
  ];
}

/** Each round is compared with another kind's of the same round; the median of those counts. */
function tables(rounds: Rounds): readonly Table[] {
  const floor = seenOf(rounds, "plain", 1, 1);
  const handedIn = [...rounds].filter(([{ objects }]) => objects > 0);
  const rates = handedIn.map(([kind, seen]) => ({
    name: nameOf(kind),
    value: median(seen.map(({ perSecond }) => perSecond)),
    ratio: paired(seen, floor, (one, other) => one.perSecond / other.perSecond),
  }));
  const large = [...rounds].filter(([{ events }]) => events === EVENTS_MAX);
  const costs = large.map(([kind, seen]) => {
    const made = seenOf(rounds, kind.kind, 0, EVENTS_MAX);
    return {
      name: nameOf(kind),
      value: median(seen.map(({ micros }) => micros)),
      ratio: paired(seen, made, (one, other) => one.micros - other.micros),
    };
  });
  const what = `Ledger objects, ${N_CONNECTIONS} connections, durable on disk`;
  return [
    { title: what, unit: "events/s", relativeTo: "one plain event a request", rows: rates },
    {
      title: "Processor time of workerd for the same",
      unit: "us/event",
      relation: "difference",
      relativeTo: "making and dropping it",
      rows: costs,
    },
  ];
}
