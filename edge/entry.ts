/**
 * The door of the edge Worker.
 *
 * Requests go to the wasm engine. When it traps, which no check in it can survive, the request is
 * passed on to the origin as if the Worker were not there, unless that would send it twice, and the
 * next one finds a fresh engine.
 */

import Engine, { Coordinator, Ledger } from "./build/index.js";

import { DeadLetters } from "./dead-letters.ts";
import { guarded } from "./guard.ts";

export { Coordinator, DeadLetters, Ledger };

/** What routes lead to. */
export default guarded(Engine);

/**
 * What service bindings may lead to, with `entrypoint = "Trusted"`: no route reaches it, so what a
 * caller says of the subject can be believed.
 */
export const Trusted = guarded(Engine, { BANDERA_BY_BINDING: "1" });
