// Hands batches to Ledger objects and counts what they acknowledge, to measure how many events a
// second they commit. A request's path is the kind of its events, how many objects take turns, and
// the number of events in its batch: half are first exposures, half are the rewards of those
// decisions. With no object at all a batch is made and dropped, which tells what making it costs.
// `/totals` compares both counts.

export { Coordinator, Ledger } from "./engine.js";

const reward = { metric: "purchase", kind: "binary" };
// Longer than a benchmark: no alarm comes in between.
const snapshotIntervalMs = 600_000;

const N_FEATURES = 30;
const N_ACTIONS = 10;
const N_CONTEXTS = 1_024;
/** Tells declarations of features apart; any number but zero. */
const FEATURES = 0x5eed;
/** What stands for 1 in a vector of features. */
const ONE = 4_096;

/** A vector of features as a ledger reads it: 16 bits each, little endian, in hexadecimal. */
function context() {
  const bytes = new Uint8Array(4 + 2 * N_FEATURES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FEATURES, true);
  const random = crypto.getRandomValues(new Uint16Array(N_FEATURES));
  random.forEach((number, place) => {
    view.setInt16(4 + 2 * place, (number % (2 * ONE + 1)) - ONE, true);
  });
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const kinds = {
  plain: {
    key: "plain",
    bandit: { actions: ["a", "b"], reward, snapshotIntervalMs },
  },
  contextual: {
    key: "contextual",
    bandit: {
      actions: Array.from({ length: N_ACTIONS }, (_, action) => `action-${action}`),
      reward,
      policy: { kind: "contextual", features: [N_FEATURES, FEATURES] },
      snapshotIntervalMs,
    },
  },
};

const used = new Set();
let contexts;
let decisions = 0;
let batches = 0;
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

function batch(bandit, events) {
  const now = Date.now();
  const keepUntil = now + 86_400_000;
  const { actions, policy } = bandit.bandit;
  const items = [];
  const seen = [];
  const push = (item) => {
    if (policy !== undefined) seen.push([items.length, contexts[decisions % N_CONTEXTS]]);
    items.push(item);
  };
  while (items.length < events) {
    const row = rowKey();
    const action = actions[decisions++ % actions.length];
    push([EXPOSED, 0, action, "", row, keepUntil, 0, 0, "0"]);
    if (items.length < events) push([REWARDED, 0, action, "", row, keepUntil, WIN, now, rowKey()]);
  }
  return { publication: 1, bandits: [bandit], items, contexts: seen };
}

async function call(env, name, body) {
  const ledger = env.LEDGER.get(env.LEDGER.idFromName(name));
  const reply = await ledger.fetch("https://object/", { method: "POST", body });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`the ledger answered ${reply.status}: ${text}`);
  return text;
}

async function totals(env) {
  let committed = 0;
  let duplicates = 0;
  let rows = 0;
  let bytes = 0;
  for (const name of used) {
    const counted = JSON.parse(await call(env, name, JSON.stringify("totals")));
    committed += counted.exposures + counted.rewards;
    duplicates += counted.duplicates;
    rows += counted.rows;
    bytes += counted.databaseBytes;
  }
  return Response.json({ acknowledged, committed, duplicates, rows, bytes });
}

export default {
  async fetch(request, env) {
    contexts ??= Array.from({ length: N_CONTEXTS }, context);
    const [kind, objects, events] = new URL(request.url).pathname.slice(1).split("/");
    if (kind === "totals") return totals(env);
    const shard = batches++ % Math.max(Number(objects), 1);
    const body = JSON.stringify({ commit: { shard, batch: batch(kinds[kind], Number(events)) } });
    if (Number(objects) === 0) return new Response(null, { status: body === "" ? 500 : 200 });
    const name = `${kind}/${shard}`;
    used.add(name);
    const outcomes = await call(env, name, body);
    const committed = outcomes.split("c").length - 1;
    acknowledged += committed;
    return new Response(null, { status: committed === Number(events) ? 200 : 500 });
  },
};
