/** The Durable Objects of the built edge on the bare runtime, behind a Worker of the test's own. */

import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";

import { at } from "../../../scripts/lib/paths.ts";
import { Workerd } from "../../../scripts/lib/workerd.ts";

/** Serves a Worker of this folder; what objects store lies in `folder` and outlives the process. */
export function serveObjects(folder: string, worker: string, readyPath: string): Promise<Workerd> {
  const module = (...path: string[]): string => relative(folder, at(...path));
  const object = (name: string): string =>
    `(className = "${name}", uniqueKey = "${name}", enableSql = true)`;
  const disk = join(folder, "disk");
  mkdirSync(disk, { recursive: true });
  return Workerd.start(
    {
      name: worker,
      modules: new Map([
        [worker, module("tests", "e2e", "lib", worker)],
        ["engine.js", module("ledger", "build", "index.js")],
        ["index_bg.wasm", module("ledger", "build", "index_bg.wasm")],
      ]),
      services: `(name = "disk", disk = (path = ${JSON.stringify(disk)}, writable = true))`,
      members: `durableObjectNamespaces = [${object("Ledger")}, ${object("Coordinator")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "LEDGER", durableObjectNamespace = "Ledger"),
    (name = "COORDINATOR", durableObjectNamespace = "Coordinator"),
  ],`,
    },
    folder,
    { readyPath },
  );
}
