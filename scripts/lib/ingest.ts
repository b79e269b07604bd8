/** How many events a second one Ledger object commits, by the number of events in a request. */

import { mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

import { build } from "./build.ts";
import { fetchInTime } from "./http.ts";
import { loadGenerator, median, putUnderLoad, type Row, type Table } from "./measure.ts";
import { at } from "./paths.ts";
import { TaskError } from "./run.ts";
import type { Tools } from "./tools.ts";
import { Workerd } from "./workerd.ts";

const N_ROUNDS = 3;
const ROUND_SECONDS = 3;
const N_CONNECTIONS = 16;
const BATCH_SIZES = [1, 10, 100, 500] as const;

/** The edge Worker's own objects behind a driver, on a fresh disk. */
async function serve(folder: string): Promise<Workerd> {
  const disk = join(folder, "disk");
  rmSync(disk, { recursive: true, force: true });
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
    name: "one Ledger object",
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
  return Workerd.start(served, folder, { readyPath: "/1" });
}

/** Fails when the object counted anything but what it acknowledged. */
async function requireExact(port: number): Promise<void> {
  const reply = await fetchInTime(`http://127.0.0.1:${port}/totals`);
  const totals: unknown = await reply.json();
  const { acknowledged, committed, duplicates } = totals as Record<string, unknown>;
  if (acknowledged !== committed || duplicates !== 0) {
    throw new TaskError(`the counts are not exact: ${JSON.stringify(totals)}`);
  }
  console.log(`  ${String(committed)} events acknowledged and counted, none twice`);
}

/** Events a second of one Ledger object on `workerd serve`, durable on a local disk. */
export async function ingest(tools: Tools): Promise<readonly Table[]> {
  await build(["edge"], tools);
  const generator = await loadGenerator();
  const ledger = await serve(at("tests", "bench", "js"));
  const rates = new Map(BATCH_SIZES.map((size) => [size, new Array<number>()]));
  try {
    for (let round = 1; round <= N_ROUNDS; round += 1) {
      for (const [size, seen] of rates) {
        const place = { port: ledger.port, path: `/${size}` };
        const amount = { connections: N_CONNECTIONS, seconds: ROUND_SECONDS };
        const { perSecond } = await putUnderLoad(generator, { ...place, ...amount });
        const rate = size * perSecond;
        const what = `round ${round} of ${N_ROUNDS}, batches of ${size}`;
        console.log(`  ${what}: ${rate.toFixed(0)} events/s`);
        seen.push(rate);
      }
    }
    await requireExact(ledger.port);
  } finally {
    await ledger.stop();
  }
  const floor = median(rates.get(1) ?? []);
  const rows: Row[] = [...rates].map(([size, seen]) => ({
    name: `${size} a request`,
    value: median(seen),
    ratio: median(seen) / floor,
  }));
  return [{
    title: `One Ledger object, ${N_CONNECTIONS} connections, durable on disk`,
    unit: "events/s",
    relativeTo: "one event a request",
    rows,
  }];
}
