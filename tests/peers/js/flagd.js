// `@openfeature/flagd-core`, flagd's evaluator in the process.
import { FlagdCore } from "@openfeature/flagd-core";

import { worker } from "./worker.js";

export function load(text) {
  // Workers may not make code from text.
  const core = new FlagdCore(undefined, undefined, { disableDynamicCodeGeneration: true });
  core.setConfigurations(text);
  const flags = core.getFlags();
  const keys = [...flags.keys()];
  const booleans = new Set(keys.filter((key) => flags.get(key).variants.size === 2));
  return (context) => ({
    keys,
    answer(key) {
      if (booleans.has(key)) {
        return core.resolveBooleanEvaluation(key, false, context).value ? "on" : "off";
      }
      return core.resolveStringEvaluation(key, "off", context).value;
    },
  });
}

export default worker(load);
