/** How many events a second one Ledger object commits, on `workerd serve` with its store on disk. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { build } from "./build.ts";
import { type Load, requestsPerSecond, type Row, type Table } from "./measure.ts";
import { at } from "./paths.ts";
import type { Tools } from "./tools.ts";
import { Workerd } from "./workerd.ts";

/** What the driver puts into one request. */
const N_EVENTS_PER_BATCH = 100;
const SECONDS = 10;
const WARM_UP_SECONDS = 2;
const CONNECTIONS = [1, 4, 16, 64] as const;

/** The Worker: the driver in front of the object, and a folder for its rows. */
async function serve(folder: string): Promise<Workerd> {
  const rows = join(folder, "rows");
  mkdirSync(rows, { recursive: true });
  const module = (...path: string[]) => relative(folder, at(...path));
  return Workerd.start(
    {
      name: "one Ledger object",
      modules: new Map([
        ["driver.js", module("tests", "bench", "ledger", "driver.js")],
        ["index.js", module("edge", "build", "index.js")],
        ["index_bg.wasm", module("edge", "build", "index_bg.wasm")],
      ]),
      members: `durableObjectNamespaces = [
    (className = "Ledger", uniqueKey = "bandera-bench-ledger", enableSql = true),
    (className = "Coordinator", uniqueKey = "bandera-bench-coordinator", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "rows"),
  bindings = [
    (name = "LEDGER", durableObjectNamespace = "Ledger"),
    (name = "COORDINATOR", durableObjectNamespace = "Coordinator"),
    (name = "BANDERA_ENVIRONMENT", text = "bench"),
  ],`,
      services: `(name = "rows", disk = (path = ${JSON.stringify(rows)}, writable = true)),`,
    },
    folder,
    "/totals",
  );
}

/** Events a second, by number of connections; the floor is one request at a time. */
export async function ledgerIngest(tools: Tools, generator: string): Promise<Table> {
  await build(["edge"], tools);
  const folder = mkdtempSync(join(tmpdir(), "bandera-bench-"));
  const workerd = await serve(folder);
  const eventsPerSecond = async (load: Omit<Load, "port">) =>
    N_EVENTS_PER_BATCH * (await requestsPerSecond(generator, { ...load, port: workerd.port }));
  try {
    await eventsPerSecond({ path: "/", connections: 16, seconds: WARM_UP_SECONDS });
    const rates: [string, number][] = [];
    for (const connections of CONNECTIONS) {
      const rate = await eventsPerSecond({ path: "/", connections, seconds: SECONDS });
      rates.push([`${connections} connections, ${N_EVENTS_PER_BATCH} events each`, rate]);
    }
    const floor = rates[0]?.[1] ?? Number.NaN;
    const rows: Row[] = rates.map(([name, value]) => ({ name, value, ratio: value / floor }));
    return {
      title: "Events committed by one Ledger object, nine new exposures to one reward",
      unit: "events/s",
      relativeTo: "one request at a time",
      rows,
    };
  } finally {
    workerd.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
