/** What worker-build makes of the Rust crates. The first pattern that fits a path is taken. */

declare module "*/ledger/build/index.js" {
  import type { EventEngineClass } from "./guard.ts";
  import type { ObjectClass } from "./objects.ts";

  const Engine: EventEngineClass;
  export default Engine;

  export const Ledger: ObjectClass;
  export const Coordinator: ObjectClass;
}

declare module "*/build/index.js" {
  import type { RequestEngineClass } from "./guard.ts";

  const Engine: RequestEngineClass;
  export default Engine;
}
