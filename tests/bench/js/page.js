// Our evaluator in a page, loaded as a page loads it: the module, its wasm and the compact ruleset.
import { engineLoader } from "../../../www/browser/ts/engine.ts";

globalThis.firstAnswers = async (flags, context) => {
  const at = (name) => new URL(name, location.href);
  const sources = { module: at("engine.js"), wasm: at("bandera_bg.wasm"), ruleset: at(flags) };
  const engine = await engineLoader(sources)();
  return [...engine.evaluateAll(context).values()].map(({ value }) => {
    return typeof value === "string" ? value : value ? "on" : "off";
  });
};
