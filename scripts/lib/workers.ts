/** Workers on `workerd serve` that evaluate 100 flags a request, each in a process of its own. */

import { type Contestant, contestants } from "./contestants.ts";
import { fetchInTime } from "./http.ts";
import { loadGenerator, median, putUnderLoad, type Table } from "./measure.ts";
import { N_CONTEXTS, N_FLAGS, requireShares } from "./shares.ts";
import type { Tools } from "./tools.ts";
import { Workerd } from "./workerd.ts";

const N_ROUNDS = 7;
const ROUND_SECONDS = 2;
const WARM_UP_SECONDS = 2;
const N_CONNECTIONS = 16;
const MICROS = 1e6;

/** Fails unless the Worker gives each kind of flag the shares of answers that it should. */
async function requireAnswers({ name, port }: Workerd): Promise<void> {
  const answers: unknown[] = [];
  for (let request = 0; request < N_CONTEXTS; request += 1) {
    const reply = await fetchInTime(`http://127.0.0.1:${port}/`, { method: "POST" });
    answers.push(await reply.json());
  }
  requireShares(name, answers);
}

/** What one round of load came to. */
interface Round {
  readonly perSecond: number;
  /** Processor time of workerd, in microseconds a request. */
  readonly micros: number;
}

async function round(generator: string, worker: Workerd, seconds: number): Promise<Round> {
  const before = worker.processorSeconds();
  const load = { port: worker.port, path: "/", connections: N_CONNECTIONS, seconds };
  const { requests, perSecond } = await putUnderLoad(generator, load);
  const micros = ((worker.processorSeconds() - before) * MICROS) / requests;
  return { perSecond, micros };
}

/** Starts every contestant; each that evaluates has to answer as it should. */
async function serve(all: readonly Contestant[], into: Workerd[]): Promise<void> {
  for (const { served, folder, evaluates } of all) {
    const worker = await Workerd.start(served, folder);
    into.push(worker);
    if (evaluates) await requireAnswers(worker);
  }
}

/** Requests a second, and processor time a request, of Workers that take turns. */
export async function workers(tools: Tools): Promise<readonly Table[]> {
  const generator = await loadGenerator();
  const all = await contestants(tools);
  const running: Workerd[] = [];
  try {
    await serve(all, running);
    return tables(await compare(generator, running));
  } finally {
    await Promise.all(running.map((worker) => worker.stop()));
  }
}

async function compare(generator: string, running: readonly Workerd[]) {
  const rounds = new Map(running.map((worker) => [worker, new Array<Round>()]));
  for (const worker of running) await round(generator, worker, WARM_UP_SECONDS);
  for (let number = 1; number <= N_ROUNDS; number += 1) {
    for (const [worker, seen] of rounds) {
      const found = await round(generator, worker, ROUND_SECONDS);
      const figures = `${found.perSecond.toFixed(0)} requests/s, ${found.micros.toFixed(1)} us`;
      console.log(`  round ${number} of ${N_ROUNDS}, ${worker.name}: ${figures}`);
      seen.push(found);
    }
  }
  return rounds;
}

/** Each round is compared with the floor's in the same round; the median of those counts. */
function tables(rounds: ReadonlyMap<Workerd, readonly Round[]>): readonly Table[] {
  const floor = [...rounds.values()][0] ?? [];
  const paired = (seen: readonly Round[], compare: (one: Round, floor: Round) => number): number => {
    return median(seen.flatMap((one, place) => {
      const other = floor[place];
      return other === undefined ? [] : [compare(one, other)];
    }));
  };
  const rates = [...rounds].map(([{ name }, seen]) => ({
    name,
    value: median(seen.map(({ perSecond }) => perSecond)),
    ratio: paired(seen, (one, other) => one.perSecond / other.perSecond),
  }));
  const costs = [...rounds].map(([{ name }, seen]) => ({
    name,
    value: median(seen.map(({ micros }) => micros)),
    ratio: paired(seen, (one, other) => one.micros - other.micros),
  }));
  const relativeTo = "the empty JavaScript Worker";
  const what = `${N_FLAGS} flags a request on workerd serve, one process each, loads in turn`;
  return [
    { title: what, unit: "requests/s", relativeTo, rows: rates },
    {
      title: `Processor time of workerd for the same`,
      unit: "us/request",
      relation: "difference",
      relativeTo,
      rows: costs,
    },
  ];
}
