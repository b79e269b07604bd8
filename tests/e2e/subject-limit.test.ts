/** More rewards than one subject may report, whatever addresses and decisions they come from. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { tally } from "./lib/crowd.ts";
import { Edge, SERVER_TOKEN } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { postEvents, rewardFor } from "./lib/visitor.ts";
import type { Verdict } from "./lib/visitor.ts";

const LIMIT = 20;
const PERIOD_S = 10;
const BANDITS = ["first", "second"];
const bandit = {
  actions: ["a", "b"],
  reward: { metric: "revenue", kind: "numeric", min: 0, max: 100, repeat: "add" },
};
const flag = (key: string): unknown =>
  always({
    variants: { a: { value: "a" }, b: { value: "b" }, off: { value: "off" } },
    defaultVariant: "off",
    rules: [{ id: "learn", serve: { bandit: key } }],
  });

let edge: Edge;

before(async () => {
  const flags = Object.fromEntries(BANDITS.map((key) => [key, flag(key)]));
  const bandits = Object.fromEntries(BANDITS.map((key) => [key, bandit]));
  edge = await Edge.start({
    ruleset: ruleset(flags, { bandits }),
    subjectLimit: { limit: LIMIT, period: PERIOD_S },
  });
});

after(async () => {
  await edge?.stop();
});

async function receiptOf(targetingKey: string, key: string): Promise<string> {
  const reply = await edge.ofrep(key, { context: { targetingKey } });
  const { metadata } = objectOf(parseJson(await reply.text()));
  return textOf(objectOf(metadata)["receipt"]) ?? "";
}

function words(verdicts: readonly Verdict[]): Readonly<Record<string, number>> {
  return tally(verdicts.map(({ verdict, code }) => code ?? verdict));
}

test("a subject's rewards are bounded over all of its decisions, and only its own", async () => {
  const receipts = await Promise.all(BANDITS.map((key) => receiptOf("ana", key)));
  const other = await receiptOf("ben", "first");
  // A period may end in the midst; then the next one takes as many again.
  const batch = await until("a batch within one period", 4 * PERIOD_S * 1_000, async () => {
    const flood = receipts.flatMap((receipt) =>
      Array.from({ length: LIMIT }, () => rewardFor(receipt, "revenue", 1)),
    );
    const { status, verdicts } = await postEvents(edge.url, [...flood, rewardFor(other, "revenue", 1)]);
    assert.equal(status, 200);
    const [ofOther] = verdicts.slice(-1);
    assert.equal(ofOther?.verdict, "committed", "another subject's");
    const seen = words(verdicts.slice(0, -1));
    return seen["committed"] === LIMIT ? { flood, seen, verdicts } : undefined;
  });
  assert.deepEqual(batch.seen, { committed: LIMIT, subject_rewards_too_many: LIMIT });
  // What was refused was not counted: in a later period it is news.
  const [late] = batch.flood.slice(-1);
  await until("the next period", 3 * PERIOD_S * 1_000, async () => {
    const { verdicts } = await postEvents(edge.url, [late]);
    const [word] = Object.keys(words(verdicts));
    if (word === "subject_rewards_too_many") return undefined;
    assert.equal(word, "committed");
    return true;
  });
});

test("an exposure is no reward, and has no such bound", async () => {
  const receipt = await receiptOf("cleo", "first");
  const exposures = Array.from({ length: 2 * LIMIT }, (_, n) => ({ id: `e${n}`, kind: "exposure", receipt }));
  const { verdicts } = await postEvents(edge.url, exposures);
  assert.deepEqual(words(verdicts), { committed: 1, duplicate: 2 * LIMIT - 1 });
});

test("a server that reports for its visitors has no such bound", async () => {
  const receipt = await receiptOf("dan", "first");
  const rewards = Array.from({ length: 2 * LIMIT }, () => rewardFor(receipt, "revenue", 1));
  const token = { authorization: `Bearer ${SERVER_TOKEN}` };
  const { verdicts } = await postEvents(edge.url, rewards, token);
  assert.deepEqual(words(verdicts), { committed: 2 * LIMIT });
});
