/** A bandit that looks at the context learns another action for each device, in the Workers. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { generator, tally } from "./lib/crowd.ts";
import { drawnFrom } from "./lib/distribution.ts";
import { ENVIRONMENT, Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { Visitor, inLanes, postEvents, rewardFor } from "./lib/visitor.ts";

const ACTIONS = ["a", "b", "c"];
const FLOOR = 0.04;
const BANDIT = {
  devices: {
    actions: ACTIONS,
    reward: { metric: "purchase", kind: "binary" },
    policy: {
      kind: "contextual",
      floor: FLOOR,
      features: [
        { kind: "oneHot", attribute: "device", categories: ["desktop", "mobile"] },
        { kind: "numeric", attribute: "age", min: 0, max: 100, missing: 40 },
      ],
    },
    snapshotIntervalMs: 1_000,
  },
};
const FLAG: unknown = always({
  variants: { a: { value: "a" }, b: { value: "b" }, c: { value: "c" }, off: { value: "off" } },
  defaultVariant: "off",
  rules: [{ id: "learn", serve: { bandit: "devices" } }],
});

/** The action that most visitors with the device buy from, and how often they do. */
const BEST = { desktop: "b", mobile: "a" } as const;
type Device = keyof typeof BEST;
const DEVICES: readonly Device[] = ["desktop", "mobile"];
const RATE = { best: 0.5, others: 0.1 };
/** What the right action's share has to pass, of 1 - 2 x floor that it can have. */
const SHARE_MIN = 0.75;
const LANES = 8;
/** Visitors of pages, whom the middleware exposes. */
const ON_PAGES = 40;
/** Buyers while the runtime is killed. */
const KILLED = 240;
const WAVE = 200;
const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148";

interface Decided {
  readonly device: Device;
  readonly action: string;
  readonly propensity: number;
  readonly revision: number;
  readonly receipt: string;
}

let edge: Edge;
let nSubjects = 0;
/** Decisions that were exposed, by action; rewards that were acknowledged. */
const exposed: string[] = [];
const rewarded: string[] = [];

before(async () => {
  edge = await Edge.start({ ruleset: ruleset({ shop: FLAG }, { bandits: BANDIT }) });
});

after(async () => {
  await edge?.stop();
});

/** What somebody new is shown. Exposes nobody. */
async function decide(device: Device): Promise<Decided> {
  const targetingKey = `subject-${(nSubjects += 1)}`;
  const reply = await edge.ofrep("shop", { context: { targetingKey, device, age: nSubjects % 90 } });
  const { variant, metadata } = objectOf(parseJson(await reply.text()));
  const { propensity, policyRevision, receipt } = objectOf(metadata);
  assert.deepEqual(drawnFrom(objectOf(metadata), textOf(variant) ?? ""), BANDIT.devices.actions);
  return {
    device,
    action: textOf(variant) ?? "",
    propensity: numberOf(propensity) ?? Number.NaN,
    revision: numberOf(policyRevision) ?? Number.NaN,
    receipt: textOf(receipt) ?? "",
  };
}

/** New visitors, of both devices alike, are exposed, and buy as the truth says. */
async function wave(chance: () => number): Promise<readonly Decided[]> {
  const draws = Array.from({ length: WAVE }, chance);
  return inLanes(draws, LANES, async (draw, index) => {
    const decided = await decide(index % 2 === 0 ? "desktop" : "mobile");
    const exposure = { id: randomUUID(), kind: "exposure", receipt: decided.receipt };
    const isBest = BEST[decided.device] === decided.action;
    const buys = draw < (isBest ? RATE.best : RATE.others);
    const reward = rewardFor(decided.receipt);
    // In any order, and some twice.
    const events = buys ? [reward, exposure, reward] : [exposure, exposure];
    const { verdicts, body } = await postEvents(edge.url, events);
    const words = verdicts.map(({ verdict }) => verdict);
    assert.deepEqual(words, buys ? ["committed", "committed", "duplicate"] : ["committed", "duplicate"], body);
    exposed.push(decided.action);
    if (buys) rewarded.push(decided.action);
    return decided;
  });
}

function shareOfBest(decided: readonly Decided[], device: Device): number {
  const of = decided.filter((one) => one.device === device);
  return of.filter(({ action }) => action === BEST[device]).length / of.length;
}

/** What the published snapshot has learned from. */
async function learned(): Promise<{ readonly decisions: number; readonly revision: number }> {
  const done = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/devices`);
  const { actions, revision } = objectOf(parseJson(done.stdout));
  const counts = listOf(actions).map((one) => numberOf(objectOf(one)["decisions"]) ?? Number.NaN);
  return { decisions: counts.reduce((sum, n) => sum + n, 0), revision: numberOf(revision) ?? 0 };
}

test("before anybody has bought, every action is as likely for every device", async () => {
  const decided = await Promise.all([...DEVICES, ...DEVICES].map(decide));
  assert.ok(decided.every(({ propensity, revision }) => Math.abs(propensity - 1 / 3) < 1e-5 && revision === 0));
});

test("each device comes to see its own best action", async () => {
  const chance = generator(20261128);
  const seen: string[] = [];
  await until(`${SHARE_MIN} of each device to see its best action`, 180_000, async () => {
    const decided = await wave(chance);
    const shares = DEVICES.map((device) => shareOfBest(decided, device));
    seen.push(shares.map((share) => share.toFixed(2)).join("/"));
    return shares.every((share) => share > SHARE_MIN) ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`the shares were ${seen.join(", ")}`, { cause: error });
  });
});

test("the snapshot has learned from every decision, once", async () => {
  const known = (name: string): Promise<Record<string, number>> =>
    until("a snapshot", 20_000, async () => {
      const done = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/devices`);
      const { actions } = objectOf(parseJson(done.stdout));
      if (!Array.isArray(actions)) return undefined;
      const counts = actions.map((one) => objectOf(one)).map((one) => [one["action"], one[name]]);
      return Object.fromEntries(counts) as Record<string, number>;
    });
  // Only what changes the policy is published, so the last decisions may not be in it.
  const decisions = await known("decisions");
  const counted = tally(exposed);
  for (const action of ACTIONS) {
    const [found = 0, all = 0] = [decisions[action], counted[action]];
    assert.ok(found <= all && found > 0.8 * all, `${action}: ${found} of ${all}`);
  }
  const sum = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const rewards = sum(await known("rewarded"));
  assert.ok(rewards <= rewarded.length && rewards > 0.8 * rewarded.length, `${rewards} of ${rewarded.length}`);
});

test("how often an action is chosen is the propensity that is stated", async () => {
  const settled = await until("a policy that stays", 30_000, async () => {
    const { revision } = await decide("mobile");
    await new Promise((done) => setTimeout(done, 2_500));
    return (await decide("mobile")).revision === revision ? revision : undefined;
  });
  for (const device of DEVICES) {
    const draws = Array.from({ length: 800 }, () => device);
    // One context, so one distribution.
    const age = 33;
    const decided = await inLanes(draws, LANES, async () => {
      const targetingKey = `one-${(nSubjects += 1)}`;
      const reply = await edge.ofrep("shop", { context: { targetingKey, device, age } });
      const { variant, metadata } = objectOf(parseJson(await reply.text()));
      const { propensity, policyRevision } = objectOf(metadata);
      assert.equal(policyRevision, settled);
      return { action: textOf(variant) ?? "", propensity: numberOf(propensity) ?? Number.NaN };
    });
    const stated = new Map(decided.map(({ action, propensity }) => [action, propensity]));
    assert.equal(stated.size, ACTIONS.length);
    const total = [...stated.values()].reduce((sum, propensity) => sum + propensity, 0);
    assert.ok(Math.abs(total - 1) < 1e-9, `${total}`);
    const counts = tally(decided.map(({ action }) => action));
    const chiSquare = [...stated].reduce((sum, [action, propensity]) => {
      const expected = propensity * draws.length;
      return sum + ((counts[action] ?? 0) - expected) ** 2 / expected;
    }, 0);
    // Two degrees of freedom: more than 13.8 once in a thousand.
    assert.ok(chiSquare < 13.8, `${device}: ${chiSquare} ${JSON.stringify(counts)}`);
  }
});

test("a page tells devices apart, and a visitor keeps the decision and its receipt's numbers", async () => {
  const visitors = Array.from({ length: ON_PAGES }, () => new Visitor(edge.url));
  const seen = await inLanes(visitors, LANES, async (visitor) => {
    const { state } = await visitor.visit("/", { "user-agent": PHONE });
    return state.answers.get("shop")?.variant;
  });
  assert.ok(seen.filter((action) => action === BEST.mobile).length > 0.6 * seen.length, seen.join());
  const [visitor] = visitors;
  assert.ok(visitor);
  const later = await visitor.visit("/");
  assert.equal(later.state.answers.get("shop")?.variant, seen[0], "on another device");
  const receipt = later.state.receipts[0]?.token ?? "";
  const { verdicts } = await postEvents(edge.url, [rewardFor(receipt)]);
  assert.equal(verdicts[0]?.verdict, "committed");
});

test("kill -9 loses nothing of what was learned, and sending again counts nothing twice", async () => {
  const before = await learned();
  // A fifth more: enough for a snapshot that counts them.
  const shown = await inLanes(Array<null>(KILLED).fill(null), LANES, (_, n) =>
    decide(n % 2 === 0 ? "desktop" : "mobile"),
  );
  const events = shown.map(({ receipt }) => rewardFor(receipt));
  let killing: Promise<void> | undefined;
  let nAcknowledged = 0;
  await inLanes(events, LANES, async (event, index) => {
    const posting = postEvents(edge.url, [event]).catch(() => undefined);
    if (index === KILLED / 2) killing = edge.stack.killEdge();
    nAcknowledged += (await posting)?.verdicts.length ?? 0;
  });
  assert.ok(killing !== undefined && nAcknowledged < KILLED, `${nAcknowledged} of ${KILLED}`);
  await killing;
  await edge.stack.startEdge();
  for (const round of ["committed or duplicate", "duplicate"]) {
    await inLanes(events, LANES, async (event) => {
      const { verdicts, body } = await postEvents(edge.url, [event]);
      assert.ok(round.includes(verdicts[0]?.verdict ?? "nothing"), `${round}: ${body}`);
    });
  }
  const all = exposed.length + ON_PAGES + KILLED;
  const after = await until("a snapshot with nearly all decisions", 60_000, async () => {
    const now = await learned();
    assert.ok(now.decisions <= all, `${now.decisions} of ${all}: some count twice`);
    return now.decisions > 0.95 * all ? now : undefined;
  });
  assert.ok(after.revision > before.revision, "the revision goes on");
  const decided = await Promise.all([...DEVICES, ...DEVICES].map(decide));
  assert.ok(decided.every(({ revision }) => revision >= before.revision));
});
