/** What worker-build makes of the Rust crate. */
declare module "*/build/index.js" {
  import type { EngineClass } from "./guard.ts";

  const Engine: EngineClass;
  export default Engine;

  /** Durable Objects, which the runtime constructs. */
  export const Ledger: new (state: unknown, env: unknown) => object;
  export const Coordinator: new (state: unknown, env: unknown) => object;
}
