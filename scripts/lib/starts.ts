/** From the start of a Worker's process to its first answer, with 100 flags loaded. */

import { type Contestant, contestants } from "./contestants.ts";
import { median, type Table } from "./measure.ts";
import type { Tools } from "./tools.ts";
import { Workerd } from "./workerd.ts";

const N_ROUNDS = 15;

/** What one start came to. */
interface Start {
  readonly ms: number;
  readonly processorMs: number;
}

/** Starts a Worker, waits for its first answer, and ends it. */
async function start({ served, folder }: Contestant): Promise<Start> {
  const started = performance.now();
  const worker = await Workerd.start(served, folder, { pollMs: 1 });
  try {
    const ms = performance.now() - started;
    return { ms, processorMs: worker.processorSeconds() * 1e3 };
  } finally {
    await worker.stop();
  }
}

/** Starts that take turns; each is compared with the floor's of the same round. */
export async function starts(tools: Tools): Promise<readonly Table[]> {
  const all = await contestants(tools);
  const seen = new Map(all.map((contestant) => [contestant, new Array<Start>()]));
  // The first start of each reads its files from the disk.
  for (const contestant of all) await start(contestant);
  for (let round = 1; round <= N_ROUNDS; round += 1) {
    for (const [contestant, found] of seen) found.push(await start(contestant));
    console.log(`  round ${round} of ${N_ROUNDS}`);
  }
  const floor = [...seen.values()][0] ?? [];
  const table = (title: string, unit: string, of: (one: Start) => number): Table => {
    const rows = [...seen].map(([{ served }, found]) => ({
      name: served.name,
      value: median(found.map(of)),
      ratio: median(found.flatMap((one, round) => {
        const other = floor[round];
        return other === undefined ? [] : [of(one) - of(other)];
      })),
    }));
    return { title, unit, relation: "difference", relativeTo: "the empty JavaScript Worker", rows };
  };
  return [
    table("Start of a Worker's process to its first answer, 100 flags", "ms", ({ ms }) => ms),
    table("Processor time of the same", "ms", ({ processorMs }) => processorMs),
  ];
}
