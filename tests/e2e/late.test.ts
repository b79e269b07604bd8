/** Rewards for decisions whose time is over, and for those of a bandit that is there no more. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../../scripts/lib/run.ts";
import { objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { coordinatorOf } from "./lib/stored.ts";
import { postEvents, rewardFor } from "./lib/visitor.ts";

const WINDOW_MS = 3_000;
const brief = {
  actions: ["a", "b"],
  reward: { metric: "purchase", kind: "binary" },
  attributionWindowMs: WINDOW_MS,
  snapshotIntervalMs: 1_000,
};
const learning = always({
  variants: { a: { value: "a" }, b: { value: "b" }, off: { value: "off" } },
  defaultVariant: "off",
  rules: [{ id: "learn", serve: { bandit: "brief" } }],
});
const plain = always();

let edge: Edge;
let nSubjects = 0;

before(async () => {
  edge = await Edge.start({ ruleset: ruleset({ shop: learning }, { bandits: { brief } }) });
});

after(async () => {
  await edge?.stop();
});

async function receipt(): Promise<string> {
  const reply = await edge.ofrep("shop", { context: { targetingKey: `s${(nSubjects += 1)}` } });
  const { metadata } = objectOf(parseJson(await reply.text()));
  const given = textOf(objectOf(metadata)["receipt"]);
  assert.ok(given !== undefined, "a bandit decides");
  return given;
}

async function verdict(event: unknown): Promise<string> {
  const { verdicts, body } = await postEvents(edge.url, [event]);
  const [only] = verdicts;
  assert.ok(only !== undefined, body);
  return only.code ?? only.verdict;
}

const rewarded = (): number => {
  const arms = coordinatorOf(edge.stack.persistDir, "brief")?.arms ?? {};
  return Object.values(arms).reduce((sum, arm) => sum + arm.rewarded, 0);
};

test("a reward counts until its decision's window is over, and is refused afterwards", async () => {
  const [early, late] = [await receipt(), await receipt()];
  const decidedAtMs = Date.now();
  assert.equal(await verdict(rewardFor(early)), "committed");
  await sleep(WINDOW_MS + 500);
  assert.equal(await verdict(rewardFor(late)), "reward_too_late");
  // It came in time and was sent late, as from a phone without a network.
  assert.equal(await verdict({ ...rewardFor(late), atMs: decidedAtMs + 1 }), "committed");
  await until("both rewards", 20_000, async () => (rewarded() === 2 ? true : undefined));
});

test("a decision of a bandit that is there no more is unknown, and nothing counts", async () => {
  const former = await receipt();
  await edge.publish(ruleset({ shop: plain }));
  await until("the bandit to be gone", 20_000, async () => {
    return (await verdict(rewardFor(former))) === "bandit_unknown" ? true : undefined;
  });
  // Commits are acknowledged to their coordinator within a second.
  await sleep(2_000);
  assert.equal(rewarded(), 2);
});
