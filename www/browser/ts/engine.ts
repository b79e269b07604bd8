/** The evaluator as WebAssembly, fetched when it is first asked for. */

import { objectOf, parseJson } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { readAnswer } from "./state.ts";
import type { Answer } from "./state.ts";

/** The module that wasm-bindgen writes, as far as it is used here. */
interface EngineModule {
  readonly default: (options: { readonly module_or_path: Response }) => Promise<unknown>;
  readonly Engine: new (ruleset: Uint8Array) => {
    evaluateAll(context: JsonObject, atMs: number, draw: number): JsonObject;
  };
}

/** Evaluates every flag of the client ruleset for a context. */
export interface Engine {
  evaluateAll(context: JsonObject): ReadonlyMap<string, Answer>;
}

/** Where the edge keeps what the engine needs. */
export interface EngineSources {
  readonly module: URL;
  readonly wasm: URL;
  readonly ruleset: URL;
}

async function fetchRuleset(url: URL): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the ruleset answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function start(sources: EngineSources): Promise<Engine> {
  // All three are asked for at once; left to itself the module would ask for its wasm when it runs.
  const [module, wasm, ruleset] = await Promise.all([
    import(sources.module.href) as Promise<EngineModule>,
    fetch(sources.wasm),
    fetchRuleset(sources.ruleset),
  ]);
  await module.default({ module_or_path: wasm });
  const engine = new module.Engine(ruleset);
  return {
    evaluateAll(context) {
      // The edge would get the context as JSON, which writes a date as text and leaves functions out.
      const written = objectOf(parseJson(JSON.stringify(context)));
      const answers = Object.entries(engine.evaluateAll(written, Date.now(), Math.random()));
      return new Map(answers.map(([key, answer]) => [key, readAnswer(answer)]));
    },
  };
}

/** Gives the one engine of this page; a failure is not remembered. */
export function engineLoader(sources: EngineSources): () => Promise<Engine> {
  let loading: Promise<Engine> | undefined;
  return () => {
    loading ??= start(sources).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
