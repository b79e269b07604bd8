/** Durable Objects whose engine is made when one of them is first asked. */

/** A Durable Object of an engine. */
export interface EngineObject {
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<unknown>;
}

/** What the engine makes its objects with. */
export type ObjectClass = new (state: unknown, env: unknown) => EngineObject;

/** The class that the runtime constructs: it hands everything on to the engine's own object. */
export function lazy(load: () => Promise<ObjectClass>) {
  return class {
    readonly #state: unknown;
    readonly #env: unknown;
    #object: EngineObject | undefined;

    constructor(state: unknown, env: unknown) {
      this.#state = state;
      this.#env = env;
    }

    async fetch(request: Request): Promise<Response> {
      return (await this.#made()).fetch(request);
    }

    async alarm(): Promise<void> {
      await (await this.#made()).alarm();
    }

    async #made(): Promise<EngineObject> {
      if (this.#object !== undefined) return this.#object;
      const made = await load();
      // Another event may have come first.
      return (this.#object ??= new made(this.#state, this.#env));
    }
  };
}
