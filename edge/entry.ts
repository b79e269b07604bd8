/**
 * The door of the edge Worker.
 *
 * Two wasm engines stand behind it: one answers requests, one counts and learns. An isolate makes
 * each when it is first needed, so that one which only answers never holds the other. When the
 * engine of requests traps, which no check in it can survive, the request is passed on to the
 * origin as if the Worker were not there, unless that would send it twice, and the next one finds
 * a fresh engine.
 */

import { DeadLetters } from "./dead-letters.ts";
import { type Engines, guarded } from "./guard.ts";
import { lazy } from "./objects.ts";

const engines: Engines = {
  requests: async () => (await import("./build/index.js")).default,
  events: async () => (await import("../ledger/build/index.js")).default,
};

/** One shard's counts. */
export const Ledger = lazy(async () => (await import("../ledger/build/index.js")).Ledger);

/** What the shards of one bandit know together. */
export const Coordinator = lazy(async () => (await import("../ledger/build/index.js")).Coordinator);

export { DeadLetters };

/** What routes lead to. */
export default guarded(engines);

/**
 * What service bindings may lead to, with `entrypoint = "Trusted"`: no route reaches it, so what a
 * caller says of the subject can be believed.
 */
export const Trusted = guarded(engines, { BANDERA_BY_BINDING: "1" });
