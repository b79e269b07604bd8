// Hands batches to one Ledger object and counts what it acknowledges, to measure how many events
// a second one object commits. A request's path is the number of events in its batch: half are
// first exposures, half are the rewards of those decisions. `/totals` compares both counts.

export { Coordinator, Ledger } from "./engine.js";

const bandit = {
  actions: ["a", "b"],
  reward: { metric: "purchase", kind: "binary" },
  // Longer than a benchmark: no alarm comes in between.
  snapshotIntervalMs: 600_000,
};

let decisions = 0;
let acknowledged = 0;

const EXPOSED = 0;
const REWARDED = 1;
/** A reward of 1, in the units of the ledger. */
const WIN = 2 ** 32;

/** The 128-bit key of a row, in hexadecimal. Like hashes, neighbours are far from each other. */
function rowKey() {
  const [a, b, c, d] = crypto.getRandomValues(new Uint32Array(4));
  return [a, b, c, d].map((part) => part.toString(16).padStart(8, "0")).join("");
}

function batch(events) {
  const now = Date.now();
  const keepUntil = now + 86_400_000;
  const items = [];
  for (let event = 0; event < events; event += 2) {
    const row = rowKey();
    const action = decisions++ % 2 === 0 ? "a" : "b";
    items.push([EXPOSED, 0, action, "", row, keepUntil, 0, 0, "0"]);
    if (items.length < events) {
      items.push([REWARDED, 0, action, "", row, keepUntil, WIN, now, rowKey()]);
    }
  }
  return { publication: 1, bandits: [{ key: "bench", bandit }], items };
}

async function call(env, command) {
  const ledger = env.LEDGER.get(env.LEDGER.idFromName("bench"));
  const body = JSON.stringify(command);
  const reply = await ledger.fetch("https://object/", { method: "POST", body });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`the ledger answered ${reply.status}: ${text}`);
  return text;
}

async function totals(env) {
  const counted = JSON.parse(await call(env, "totals"));
  const committed = counted.exposures + counted.rewards;
  return Response.json({ acknowledged, committed, duplicates: counted.duplicates });
}

export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname.slice(1);
    if (path === "totals") return totals(env);
    const events = Number(path);
    const outcomes = await call(env, { commit: { shard: 0, batch: batch(events) } });
    const committed = outcomes.split("c").length - 1;
    acknowledged += committed;
    return new Response(null, { status: committed === events ? 200 : 500 });
  },
};
