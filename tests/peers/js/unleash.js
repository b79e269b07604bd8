// `unleash-client`: its evaluator, without the part that fetches.
import { EventEmitter } from "node:events";

import UnleashClient from "unleash-client/lib/client.js";
import { defaultStrategies } from "unleash-client/lib/strategy/index.js";

import { worker } from "./worker.js";

class Repository extends EventEmitter {
  constructor(features) {
    super();
    this.features = new Map(features.map((feature) => [feature.name, feature]));
  }
  getToggle(name) {
    return this.features.get(name);
  }
  getToggles() {
    return [...this.features.values()];
  }
  getSegment() {
    return undefined;
  }
}

export function load(text) {
  const { features } = JSON.parse(text);
  const Client = UnleashClient.default ?? UnleashClient;
  const client = new Client(new Repository(features), defaultStrategies);
  const keys = features.map(({ name }) => name);
  const simple = new Set(
    features.filter(({ strategies }) => strategies[0].variants.length === 0).map(({ name }) => name),
  );
  return ({ targetingKey, ...properties }) => {
    const context = { userId: targetingKey, properties };
    return {
      keys,
      answer(key) {
        if (simple.has(key)) return client.isEnabled(key, context, () => false) ? "on" : "off";
        return client.getVariant(key, context).payload?.value ?? "off";
      },
    };
  };
}

export default worker(load);
