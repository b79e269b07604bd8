/** One subject that rewards itself over and over: its decision is worth one reward at most. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { tally } from "./lib/crowd.ts";
import { ENVIRONMENT, Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { postEvents, rewardFor } from "./lib/visitor.ts";
import type { Verdict } from "./lib/visitor.ts";

/** Rewards that add up for one decision. */
const ADDITIONS_MAX = 100;
const TOP = 10;
const BANDIT = {
  revenue: {
    actions: ["a", "b"],
    reward: { metric: "revenue", kind: "numeric", min: 0, max: TOP, repeat: "add" },
    snapshotIntervalMs: 1_000,
  },
};
const FLAG: unknown = always({
  variants: { a: { value: "a" }, b: { value: "b" }, off: { value: "off" } },
  defaultVariant: "off",
  rules: [{ id: "learn", serve: { bandit: "revenue" } }],
});

let edge: Edge;

before(async () => {
  edge = await Edge.start({ ruleset: ruleset({ shop: FLAG }, { bandits: BANDIT }) });
});

after(async () => {
  await edge?.stop();
});

let nSubjects = 0;

/** The receipt of somebody new who is given that action; nobody is exposed by asking. */
async function receiptOf(action: string): Promise<string> {
  for (;;) {
    const targetingKey = `subject-${(nSubjects += 1)}`;
    const reply = await edge.ofrep("shop", { context: { targetingKey } });
    const { variant, metadata } = objectOf(parseJson(await reply.text()));
    if (variant === action) return textOf(objectOf(metadata)["receipt"]) ?? "";
  }
}

function words(verdicts: readonly Verdict[]): Readonly<Record<string, number>> {
  return tally(verdicts.map(({ verdict, code }) => code ?? verdict));
}

/** The mean reward of each action, as published. */
async function meanRewards(): Promise<readonly number[]> {
  const done = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/revenue`);
  if (!done.ok) return [];
  const actions = listOf(objectOf(parseJson(done.stdout))["actions"]).map((one) => objectOf(one));
  return actions.map((one) => numberOf(one["meanReward"]) ?? Number.NaN);
}

test("a decision takes so many rewards and not one more, in whatever batches they come", async () => {
  const receipt = await receiptOf("a");
  const small = (): unknown => rewardFor(receipt, "revenue", 0.01);
  const first = await postEvents(edge.url, Array.from({ length: ADDITIONS_MAX - 1 }, small));
  assert.deepEqual(words(first.verdicts), { committed: ADDITIONS_MAX - 1 });
  const last = rewardFor(receipt, "revenue", 0.01);
  assert.deepEqual(words((await postEvents(edge.url, [last])).verdicts), { committed: 1 });
  const flood = await postEvents(edge.url, [...Array.from({ length: 400 }, small), last]);
  assert.deepEqual(words(flood.verdicts), { rewards_too_many: 400, duplicate: 1 });
  // Also after a restart: the bound is of the decision, not of a process.
  await edge.restart();
  const later = await postEvents(edge.url, [small(), last]);
  assert.deepEqual(words(later.verdicts), { rewards_too_many: 1, duplicate: 1 });
});

test("however much a subject claims, its decision is worth the top of the range", async () => {
  const receipt = await receiptOf("b");
  const great = Array.from({ length: ADDITIONS_MAX }, () => rewardFor(receipt, "revenue", TOP));
  assert.deepEqual(words((await postEvents(edge.url, great)).verdicts), { committed: ADDITIONS_MAX });
  const expected = [ADDITIONS_MAX * 0.01, TOP];
  let seen: readonly number[] = [];
  await until(`mean rewards of ${expected}`, 20_000, async () => {
    seen = await meanRewards();
    return expected.every((mean, n) => Math.abs(mean - (seen[n] ?? 0)) < 1e-6) ? true : undefined;
  }).catch(() => assert.deepEqual(seen, expected));
});
