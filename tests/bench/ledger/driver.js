/**
 * Drives one Ledger object: each request makes a batch of exposures that nobody has seen before and
 * hands it to the object, as an edge would. Runs beside the edge Worker's own build, so that what
 * is measured is the object that ships.
 */

export { Coordinator, Ledger } from "./index.js";

const N_ITEMS = 100;
const ACTIONS = ["red", "green", "blue"];
/** Rewards among a hundred items; each is for a decision of its own. */
const N_REWARDS = 10;

const bandit = {
  key: "hero",
  bandit: {
    actions: ACTIONS,
    reward: { metric: "purchase", kind: "binary" },
    snapshotIntervalMs: 1000,
  },
};

/** 128 random bits as hexadecimal text. */
function randomKey() {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return [...words].map((word) => word.toString(16).padStart(8, "0")).join("");
}

function item(index) {
  const action = ACTIONS[index % ACTIONS.length];
  const now = Date.now();
  const keepUntil = now + 90_000_000;
  if (index >= N_REWARDS) return [0, 0, action, "", randomKey(), keepUntil, 0, 0, "0"];
  return [1, 0, action, "", randomKey(), keepUntil, 2 ** 32, now, randomKey()];
}

/** Items that are sent over and over. */
let again;

export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname;
    const ledger = env.LEDGER.getByName("ledger/bench/0");
    const post = (command) =>
      ledger.fetch("https://object/", { method: "POST", body: JSON.stringify(command) });
    if (path === "/totals") return post({ command: "totals" });
    if (path === "/empty") {
      const batch = { publication: 1, bandits: [bandit], items: [] };
      return post({ command: "commit", shard: 0, batch });
    }
    if (path === "/again") {
      again ??= Array.from({ length: N_ITEMS }, (_, index) => item(index));
      const batch = { publication: 1, bandits: [bandit], items: again };
      return post({ command: "commit", shard: 0, batch });
    }
    const items = Array.from({ length: N_ITEMS }, (_, index) => item(index));
    const batch = { publication: 1, bandits: [bandit], items };
    if (path === "/made") return new Response(String(JSON.stringify(batch).length));
    return post({ command: "commit", shard: 0, batch });
  },
};
