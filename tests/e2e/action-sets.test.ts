/**
 * A bandit whose actions come with each request, on the real runtime: one model over what is known
 * of them, so that an action that nobody has seen is preferred for what it is.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { generator, tally } from "./lib/crowd.ts";
import { drawnFrom } from "./lib/distribution.ts";
import { ENVIRONMENT, Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { inLanes, postEvents, rewardFor } from "./lib/visitor.ts";

const FLOOR = 0.04;
const BANDITS = {
  films: {
    reward: { metric: "purchase", kind: "binary" },
    policy: {
      kind: "contextual",
      floor: FLOOR,
      features: [
        { kind: "oneHot", attribute: "device", categories: ["tv", "mobile"] },
        { kind: "oneHot", attribute: { of: "action", path: "genre" }, categories: ["drama", "short"] },
        { kind: "crossed", of: [0, 1] },
      ],
    },
    snapshotIntervalMs: 1_000,
  },
};
const FLAG: unknown = always({
  variants: { film: { value: "" }, off: { value: "off" } },
  defaultVariant: "off",
  rules: [{ id: "learn", serve: { bandit: "films", variant: "film" } }],
});

/** The genre that most visitors with the device buy, and how often they do. */
const BEST = { tv: "drama", mobile: "short" } as const;
type Device = keyof typeof BEST;
const DEVICES: readonly Device[] = ["tv", "mobile"];
const GENRES = ["drama", "short", "other"] as const;
const RATE = { best: 0.5, others: 0.1 };
/** What the right genre's share has to pass, of 1 - 2/3 x floor that it can have. */
const SHARE_MIN = 0.75;
const LANES = 8;
const WAVE = 200;

type Actions = Readonly<Record<string, JsonObject>>;

interface Decided {
  readonly variant: string;
  readonly value: string;
  readonly action: string;
  readonly propensity: number;
  readonly revision: number;
  readonly receipt: string;
}

let edge: Edge;
let nSubjects = 0;
let nFilms = 0;
let nExposed = 0;
let nRewarded = 0;

before(async () => {
  edge = await Edge.start({
    ruleset: ruleset({ shop: FLAG }, { bandits: BANDITS }),
    vars: { BANDERA_SHARDS: "3" },
  });
});

after(async () => {
  await edge?.stop();
});

async function ask(body: unknown): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const reply = await edge.ofrep("shop", body);
  return { status: reply.status, body: objectOf(parseJson(await reply.text())) };
}

async function decide(device: Device, actions: Actions): Promise<Decided> {
  const context = { targetingKey: `subject-${(nSubjects += 1)}`, device };
  const reply = await ask({ context, actions });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const { variant, value, metadata } = reply.body;
  const { action, propensity, policyRevision, receipt } = objectOf(metadata);
  const offered = drawnFrom(objectOf(metadata), textOf(action) ?? "");
  assert.deepEqual(offered, Object.keys(actions).toSorted());
  return {
    variant: textOf(variant) ?? "",
    value: textOf(value) ?? "",
    action: textOf(action) ?? "",
    propensity: numberOf(propensity) ?? Number.NaN,
    revision: numberOf(policyRevision) ?? Number.NaN,
    receipt: textOf(receipt) ?? "",
  };
}

/** A film of each genre, none of which was offered before. */
function films(): Actions {
  return Object.fromEntries(GENRES.map((genre) => [`film-${(nFilms += 1)}`, { genre }]));
}

/** New visitors who are offered new films are exposed, and buy as the truth says. */
async function wave(chance: () => number): Promise<ReadonlyMap<Device, number>> {
  const draws = Array.from({ length: WAVE }, chance);
  const right = await inLanes(draws, LANES, async (draw, index) => {
    const device = DEVICES[index % 2] ?? "tv";
    const offered = films();
    const decided = await decide(device, offered);
    assert.equal(decided.value, decided.action);
    assert.equal(decided.variant, "film");
    const isBest = offered[decided.action]?.["genre"] === BEST[device];
    const buys = draw < (isBest ? RATE.best : RATE.others);
    const exposure = { id: randomUUID(), kind: "exposure", receipt: decided.receipt };
    const reward = rewardFor(decided.receipt);
    // In any order, and some twice.
    const { verdicts, body } = await postEvents(edge.url, buys ? [reward, exposure, reward] : [exposure, exposure]);
    const words = verdicts.map(({ verdict }) => verdict);
    assert.deepEqual(words, buys ? ["committed", "committed", "duplicate"] : ["committed", "duplicate"], body);
    nExposed += 1;
    nRewarded += buys ? 1 : 0;
    return isBest ? device : undefined;
  });
  return new Map(DEVICES.map((device) => [device, right.filter((one) => one === device).length / (WAVE / 2)]));
}

test("before anybody has bought, every action that is offered is as likely", async () => {
  const decided = await Promise.all(DEVICES.map((device) => decide(device, films())));
  assert.ok(
    decided.every(({ propensity, revision }) => Math.abs(propensity - 1 / 3) < 1e-5 && revision === 0),
    JSON.stringify(decided),
  );
});

test("each device comes to see its genre, though no film is offered twice", async () => {
  const chance = generator(20261129);
  const shares: string[] = [];
  await until(`${SHARE_MIN} of each device to see its genre`, 180_000, async () => {
    const right = await wave(chance);
    shares.push([...right.values()].map((share) => share.toFixed(2)).join("/"));
    return [...right.values()].every((share) => share > SHARE_MIN) ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`the shares were ${shares.join(", ")}`, { cause: error });
  });
});

test("all of them are one action to the Ledger, and each decision counts once", async () => {
  const known = await until("a snapshot with most decisions", 30_000, async () => {
    const done = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/films`);
    const [only, ...others] = listOf(objectOf(parseJson(done.stdout))["actions"]).map((one) => objectOf(one));
    assert.ok(only !== undefined && others.length === 0, done.stdout);
    return (numberOf(only["decisions"]) ?? 0) > 0.8 * nExposed ? only : undefined;
  });
  assert.equal(known["action"], "*");
  const [decisions, rewarded] = [numberOf(known["decisions"]) ?? 0, numberOf(known["rewarded"]) ?? 0];
  assert.ok(decisions <= nExposed, `${decisions} of ${nExposed}`);
  assert.ok(rewarded <= nRewarded && rewarded > 0.8 * nRewarded, `${rewarded} of ${nRewarded}`);
});

test("how often an action is chosen is the propensity that is stated, and the new one is preferred", async () => {
  const offered = { old: { genre: "other" }, "never seen": { genre: "short" }, tale: { genre: "drama" } };
  const settled = await until("a policy that stays", 30_000, async () => {
    const { revision } = await decide("mobile", offered);
    await new Promise((done) => setTimeout(done, 2_500));
    return (await decide("mobile", offered)).revision === revision ? revision : undefined;
  });
  const draws = Array.from({ length: 800 }, () => "mobile" as const);
  const decided = await inLanes(draws, LANES, (device) => decide(device, offered));
  assert.ok(decided.every(({ revision }) => revision === settled));
  const stated = new Map(decided.map(({ action, propensity }) => [action, propensity]));
  const total = [...stated.values()].reduce((sum, propensity) => sum + propensity, 0);
  assert.ok(stated.size === 3 && Math.abs(total - 1) < 1e-9, JSON.stringify([...stated]));
  assert.ok((stated.get("never seen") ?? 0) > SHARE_MIN, JSON.stringify([...stated]));
  const counts = tally(decided.map(({ action }) => action));
  const chiSquare = [...stated].reduce((sum, [action, propensity]) => {
    const expected = propensity * draws.length;
    return sum + ((counts[action] ?? 0) - expected) ** 2 / expected;
  }, 0);
  // Two degrees of freedom: more than 13.8 once in a thousand.
  assert.ok(chiSquare < 13.8, `${chiSquare} ${JSON.stringify(counts)}`);
});

test("a list has each offered action once, with the propensity of its position", async () => {
  const actions = { a: { genre: "other" }, b: { genre: "short" }, c: { genre: "drama" } };
  const context = { targetingKey: "reader", device: "mobile" };
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ context, actions, positions: 9 });
  const reply = await edge.ask("POST", "/bandera/v1/slate/shop", json, body);
  const slate = listOf(objectOf(parseJson(await reply.text()))["slate"]).map((one) => objectOf(one));
  assert.deepEqual(slate.map(({ value }) => value).toSorted(), ["a", "b", "c"]);
  assert.ok(slate.every(({ value, action, variant }) => value === action && variant === "film"));
  assert.deepEqual(slate.map(({ distribution }) => Object.keys(objectOf(distribution)).length), [3, 2, 1]);
  assert.equal(slate[2]?.["propensity"], 1);
  const alone = await ask({ context, actions });
  assert.equal(alone.body["value"], slate[0]?.["value"]);
  const { verdicts, body: told } = await postEvents(edge.url, [rewardFor(textOf(slate[1]?.["receipt"]) ?? "")]);
  assert.equal(verdicts[0]?.verdict, "committed", told);
});

test("what cannot be chosen from is refused, and says why", async () => {
  const context = { targetingKey: "ana", device: "tv" };
  const refused = async (body: string, detail: string): Promise<void> => {
    const json = { "content-type": "application/json" };
    const reply = await edge.ask("POST", "/ofrep/v1/evaluate/flags/shop", json, body);
    const { errorCode, errorDetails } = objectOf(parseJson(await reply.text()));
    assert.equal(reply.status, 400, body.slice(0, 80));
    assert.equal(errorCode, "INVALID_CONTEXT");
    assert.ok(textOf(errorDetails)?.includes(detail), `${String(errorDetails)}: ${detail}`);
  };
  const offer = (actions: unknown): string => JSON.stringify({ context, actions });
  const many = (n: number): Actions =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, { genre: "other" }]));
  await refused(JSON.stringify({ context }), "it offers none");
  await refused(offer({}), "it offers none");
  await refused(offer(many(257)), "at most 256");
  await refused(offer(many(1_001)), "offer fewer");
  await refused(offer(["a"]), "/actions: write an object");
  await refused(offer({ a: "drama" }), "/actions/a: the attributes of an action are an object");
  await refused(offer({ ["n".repeat(129)]: {} }), "1 to 128 bytes");
  const twice = `{"context":${JSON.stringify(context)},"actions":{"a":{},"a":{}}}`;
  await refused(twice, "/actions/a: the action is offered twice");
  const fits = await ask({ context, actions: many(256) });
  assert.equal(fits.status, 200, JSON.stringify(fits.body));
});
