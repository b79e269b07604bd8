/**
 * Bandits of other kinds in the Workers: what is published is what one process would compute that
 * was told everything once, and another kind goes on from what was learned.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { generator, sendInAnyOrder } from "./lib/crowd.ts";
import { ENVIRONMENT, Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { coordinatorOf } from "./lib/stored.ts";
import { inLanes } from "./lib/visitor.ts";

type Kind = "imed" | "topTwo";
const BANDITS = ["one", "other"] as const;
type Bandit = (typeof BANDITS)[number];
type Kinds = Readonly<Record<Bandit, Kind>>;
const KINDS: Kinds = { one: "imed", other: "topTwo" };
const SWAPPED: Kinds = { one: "topTwo", other: "imed" };
const ACTIONS = ["a", "b", "c"] as const;
type Action = (typeof ACTIONS)[number];
/** How often a visitor buys, by the action seen. */
const RATE: Readonly<Record<Action, number>> = { a: 0.15, b: 0.7, c: 0.3 };
const FLOOR = 0.05;
/** Visitors of each bandit between two looks at what is published. */
const WAVE = 40;
const LANES = 6;
const PARTS = 1_000_000;
/** A snapshot is written anew from so many parts on. */
const MATERIAL = 1_000;

interface Counts {
  decisions: number;
  rewarded: number;
}
type Learned = Record<Action, Counts>;

let edge: Edge;
const chance = generator(20261129);
const nothing = (): Learned => ({
  a: { decisions: 0, rewarded: 0 },
  b: { decisions: 0, rewarded: 0 },
  c: { decisions: 0, rewarded: 0 },
});
const made: Readonly<Record<Bandit, Learned>> = { one: nothing(), other: nothing() };
let nSubjects = 0;

function offering(kinds: Kinds): unknown {
  const declared = (kind: Kind): unknown => ({
    actions: ACTIONS,
    reward: { metric: "purchase", kind: "binary" },
    policy: { kind, floor: FLOOR },
    snapshotIntervalMs: 1_000,
  });
  const flag = (bandit: string): unknown =>
    always({
      variants: { a: { value: "a" }, b: { value: "b" }, c: { value: "c" }, off: { value: "off" } },
      defaultVariant: "off",
      rules: [{ id: "learn", serve: { bandit } }],
    });
  const flags = Object.fromEntries(BANDITS.map((bandit) => [bandit, flag(bandit)]));
  const bandits = Object.fromEntries(BANDITS.map((bandit) => [bandit, declared(kinds[bandit])]));
  return ruleset(flags, { bandits });
}

before(async () => {
  edge = await Edge.start({ ruleset: offering(KINDS), vars: { BANDERA_SHARDS: "3" } });
});

after(async () => {
  await edge?.stop();
});

/** Visitors of both bandits, whose events come in any order and some of them twice. */
async function wave(): Promise<void> {
  const wanted = Array.from({ length: BANDITS.length * WAVE }, (_, n) => BANDITS[n % 2] ?? "one");
  const events = await inLanes(wanted, LANES, async (bandit) => {
    const context = { targetingKey: `s${(nSubjects += 1)}` };
    const reply = await edge.ofrep(bandit, { context });
    const { variant, metadata } = objectOf(parseJson(await reply.text()));
    const receipt = textOf(objectOf(metadata)["receipt"]) ?? "";
    const action = ACTIONS.find((one) => one === textOf(variant));
    assert.ok(action !== undefined, String(variant));
    const counts = made[bandit][action];
    const buys = chance() < RATE[action];
    counts.decisions += 1;
    counts.rewarded += buys ? 1 : 0;
    const event = (kind: string): object => ({ id: randomUUID(), kind, receipt });
    return [event("exposure"), ...(buys ? [{ ...event("reward"), value: 1 }] : [])];
  });
  await sendInAnyOrder(edge.url, events.flat(), chance);
}

/** `n kl(m, best) + ln n` on paper: the least gets everything. */
function byImed(learned: Learned): number[] {
  const mean = ({ decisions, rewarded }: Counts): number => rewarded / decisions;
  const best = Math.max(...ACTIONS.map((action) => mean(learned[action])));
  const part = (p: number, q: number): number => (p === 0 ? 0 : p * Math.log(p / q));
  const index = (counts: Counts): number => {
    const p = mean(counts);
    const divergence = part(p, best) + part(1 - p, 1 - best);
    return counts.decisions * divergence + Math.log(counts.decisions);
  };
  const indices = ACTIONS.map((action) => index(learned[action]));
  const least = Math.min(...indices);
  const chosen = indices.map((value) => (value === least ? 1 : 0));
  const n = chosen.reduce((sum: number, one) => sum + one, 0);
  return chosen.map((one) => one / n);
}

/** Probabilities of being best by Beta posteriors over a grid of log-odds, and Russo's formula. */
function byTopTwo(learned: Learned): number[] {
  const STEP = 1e-3;
  const grid = Array.from({ length: 30_001 }, (_, n) => -15 + n * STEP);
  const arms = ACTIONS.map((action) => {
    const { decisions, rewarded } = learned[action];
    const [a, b] = [0.5 + rewarded, 0.5 + decisions - rewarded];
    const log = (y: number): number => a * y - (a + b) * Math.log1p(Math.exp(y));
    const peak = log(Math.log(a / b));
    const density = grid.map((y) => Math.exp(log(y) - peak));
    let mass = 0;
    const below = density.map((value, n) => {
      mass += n === 0 ? 0 : (value + (density[n - 1] ?? 0)) / 2;
      return mass;
    });
    return { density, below: below.map((value) => value / mass), mass };
  });
  const best = arms.map(({ density, mass }, of) =>
    density.reduce((sum, value, n) => {
      const others = arms.filter((_, place) => place !== of);
      return sum + (value / mass) * others.reduce((all, { below }) => all * (below[n] ?? 0), 1);
    }, 0),
  );
  return best.map((p, of) => {
    const leaders = best.filter((_, place) => place !== of);
    return p / 2 + leaders.reduce((sum, leader) => sum + (leader * p) / (1 - leader), 0) / 2;
  });
}

/** What one process publishes of everything. */
function reference(kind: Kind, learned: Learned): number[] {
  const shares = kind === "imed" ? byImed(learned) : byTopTwo(learned);
  return shares.map((share) => PARTS * (FLOOR + (1 - ACTIONS.length * FLOOR) * share));
}

interface Published {
  readonly parts: readonly number[];
  readonly learned: Learned;
}

function published(bandit: Bandit): Published | undefined {
  const done = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/${bandit}`);
  if (!done.ok) return undefined;
  const listed = listOf(objectOf(parseJson(done.stdout))["actions"]).map((one) => objectOf(one));
  const learned = nothing();
  const parts = ACTIONS.map((action) => {
    const found = listed.find((one) => textOf(one["action"]) === action);
    const number = (name: string): number => numberOf(found?.[name]) ?? Number.NaN;
    learned[action] = { decisions: number("decisions"), rewarded: number("rewarded") };
    return number("parts");
  });
  return { parts, learned };
}

const farthest = (parts: readonly number[], expected: readonly number[]): number =>
  Math.max(...parts.map((part, n) => Math.abs(part - (expected[n] ?? Number.NaN))));

/** Waits until everything that was made is counted, and published as one process would. */
async function becomesOneProcess(kinds: Kinds): Promise<void> {
  for (const bandit of BANDITS) {
    const expected = reference(kinds[bandit], made[bandit]);
    let seen: Published | undefined;
    await until(`the shares of ${bandit}`, 60_000, async () => {
      seen = published(bandit);
      return seen !== undefined && farthest(seen.parts, expected) < MATERIAL ? true : undefined;
    }).catch(() => assert.deepEqual(seen?.parts, expected, bandit));
    const arms = coordinatorOf(edge.stack.persistDir, bandit)?.arms;
    for (const action of ACTIONS) {
      const { decisions, rewarded } = arms?.[action] ?? { decisions: 0, rewarded: 0 };
      assert.deepEqual({ decisions, rewarded }, made[bandit][action], `${bandit} ${action}`);
    }
    // What is published is, to a part or two, what the very counts beside it call for.
    assert.ok(seen !== undefined);
    const own = reference(kinds[bandit], seen.learned);
    assert.ok(farthest(seen.parts, own) < 3, `${bandit}: ${seen.parts.join()} ${own.join()}`);
  }
}

const best = (bandit: Bandit): number => published(bandit)?.parts[1] ?? 0;

test("imed and topTwo learn, and publish what one process would", async () => {
  await until("the best action to be found", 120_000, async () => {
    await wave();
    // All but the floors; and half of that, since the runner-up gets the other half.
    return best("one") === 900_000 && best("other") > 470_000 ? true : undefined;
  });
  await wave();
  await becomesOneProcess(KINDS);
  const { parts = [] } = published("other") ?? {};
  assert.ok((parts[1] ?? 0) < 520_000 && (parts[0] ?? 0) >= 50_000, parts.join());
});

test("another kind goes on from what was learned", async () => {
  const former = { one: made.one.b.decisions, other: made.other.b.decisions };
  await edge.publish(offering(SWAPPED));
  // Coordinators hear of a publication with the next events.
  await wave();
  await becomesOneProcess(SWAPPED);
  const most = (bandit: Bandit): number => Math.max(...(published(bandit)?.parts ?? []));
  assert.equal(most("other"), 900_000);
  assert.ok(most("one") < 520_000, String(most("one")));
  for (const bandit of BANDITS) {
    assert.ok(made[bandit].b.decisions > former[bandit]);
  }
});
