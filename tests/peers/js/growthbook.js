// `@growthbook/growthbook`, with the client that serves many subjects.
import { GrowthBookClient } from "@growthbook/growthbook";

import { worker } from "./worker.js";

export function load(text) {
  const payload = JSON.parse(text);
  const client = new GrowthBookClient().initSync({ payload });
  const keys = Object.keys(payload.features);
  return (attributes) => {
    const subject = { attributes };
    return {
      keys,
      answer(key) {
        const { value } = client.evalFeature(key, subject);
        return typeof value === "string" ? value : value ? "on" : "off";
      },
    };
  };
}

export default worker(load);
