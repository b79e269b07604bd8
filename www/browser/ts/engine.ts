/**
 * The evaluator as WebAssembly, fetched when it is first asked for. There are two: an ordinary one,
 * and one that knows every operator and is twice as large.
 */

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

/** Where an engine lies. */
export interface EngineFiles {
  readonly module: URL;
  readonly wasm: URL;
}

/** Where the edge keeps what evaluating takes. */
export interface EngineSources {
  readonly ordinary: EngineFiles;
  readonly full: EngineFiles;
  readonly ruleset: URL;
  /** Whether the edge has said that the ruleset takes the full engine. */
  readonly needsFull: boolean;
}

async function fetchRuleset(url: URL): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the ruleset answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Both are asked for at once; left to itself the module would ask for its wasm when it runs. */
async function load(files: EngineFiles): Promise<EngineModule> {
  const [module, wasm] = await Promise.all([
    import(files.module.href) as Promise<EngineModule>,
    fetch(files.wasm),
  ]);
  await module.default({ module_or_path: wasm });
  return module;
}

/** The engine with the ruleset in it. The ordinary one refuses a ruleset that takes the full one. */
async function open({ ordinary, full, ruleset, needsFull }: EngineSources) {
  const [first, bytes] = await Promise.all([
    load(needsFull ? full : ordinary),
    fetchRuleset(ruleset),
  ]);
  try {
    return new first.Engine(bytes);
  } catch (error) {
    if (needsFull) throw error;
    // What is wrong with the ruleset in other ways, the full engine says as well.
    return new (await load(full)).Engine(bytes);
  }
}

async function start(sources: EngineSources): Promise<Engine> {
  const engine = await open(sources);
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
