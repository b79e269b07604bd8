// Our evaluator in a page, loaded as a page loads it: the module, its wasm and the compact ruleset.
import { engineLoader } from "../../../www/browser/ts/engine.ts";

globalThis.firstAnswers = async (flags, context) => {
  const at = (name) => new URL(name, location.href);
  const ordinary = { module: at("engine.js"), wasm: at("bandera_bg.wasm") };
  // The workload takes no full engine: there is none here.
  const sources = { ordinary, full: ordinary, ruleset: at(flags), needsFull: false };
  const engine = await engineLoader(sources)();
  return [...engine.evaluateAll(context).values()].map(({ value }) => {
    return typeof value === "string" ? value : value ? "on" : "off";
  });
};
