// Hands batches to one Ledger object. `/batch/<n>` is always the same hundred events, so that a
// client which does not know whether a batch was committed can send it again; `/totals` tells what
// the object has counted, `/flush` sends it to its coordinator. `/known` sends the decision of `former.worker.js`, `/view` asks that
// bandit's coordinator.

export { Coordinator, Ledger } from "./engine.js";

const N_EVENTS = 100;
const N_REWARDS = 10;
const ACTIONS = ["craft", "evening", "gift"];
const ONE = 2 ** 32;

const bandit = {
  key: "hero",
  bandit: {
    actions: ACTIONS,
    reward: { metric: "purchase", kind: "binary" },
    // Longer than a test: no alarm comes in between.
    snapshotIntervalMs: 600_000,
  },
};

/** A key of 128 bits that is always the same for a number, and far from its neighbours' keys. */
async function rowKey(name) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  return [...new Uint8Array(digest, 0, 16)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

async function item(number) {
  const action = ACTIONS[number % ACTIONS.length];
  const row = await rowKey(`row ${number}`);
  const keepUntil = Date.now() + 172_800_000;
  if (number % N_EVENTS >= N_REWARDS) return [0, 0, action, "", row, keepUntil, 0, 0, "0"];
  return [1, 0, action, "", row, keepUntil, ONE, 1, await rowKey(`event ${number}`)];
}

function ask(env, command) {
  const ledger = env.LEDGER.getByName("ledger/test/0");
  return ledger.fetch("https://object/", { method: "POST", body: JSON.stringify(command) });
}

export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname;
    if (path === "/ready") return new Response("ready");
    if (path === "/totals") return ask(env, "totals");
    if (path === "/flush") return ask(env, "flush");
    if (path === "/view") {
      const coordinator = env.COORDINATOR.getByName("coordinator/test/hero");
      return coordinator.fetch("https://object/", { method: "POST", body: JSON.stringify("view") });
    }
    if (path === "/known") {
      const items = [[0, 0, "craft", "", "4d", 4_000_000_000_000, 0, 0, "0"]];
      const commit = { shard: 0, batch: { publication: 1, bandits: [bandit], items } };
      return Response.json(await (await ask(env, { commit })).text());
    }
    const first = Number(path.replace("/batch/", "")) * N_EVENTS;
    const items = await Promise.all(
      Array.from({ length: N_EVENTS }, (_, index) => item(first + index)),
    );
    const batch = { publication: 1, bandits: [bandit], items };
    return ask(env, { commit: { shard: 0, batch } });
  },
};
