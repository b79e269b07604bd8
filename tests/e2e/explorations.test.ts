/**
 * Contextual bandits that explore in other ways, in the Workers: what edges choose is what the
 * published numbers call for on paper, and another way goes on from what was learned.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { type Json, listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { generator, sendInAnyOrder } from "./lib/crowd.ts";
import { ENVIRONMENT, Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { inLanes } from "./lib/visitor.ts";

const ACTIONS = ["a", "b"] as const;
type Action = (typeof ACTIONS)[number];
const FLOOR = 0.05;
const EPSILON = 0.2;
const LANES = 6;
const WAVE = 80;
/** Ages become -1 to 1; the young like `a` and the old `b`. */
const AGES = { min: 0, max: 100 };
const rate = (action: Action, age: number): number => {
  return action === "a" ? 0.9 - 0.008 * age : 0.1 + 0.008 * age;
};

type Exploration = "linUcb" | "epsilonGreedy";

function offering(exploration: Exploration): unknown {
  const own = exploration === "linUcb" ? { alpha: 2 } : { epsilon: EPSILON };
  const features = [{ kind: "numeric", attribute: "age", ...AGES }];
  const bandit = {
    actions: ACTIONS,
    reward: { metric: "purchase", kind: "binary" },
    policy: { kind: "contextual", features, exploration, ...own, floor: FLOOR },
    snapshotIntervalMs: 1_000,
  };
  const flag = always({
    variants: { a: { value: "a" }, b: { value: "b" }, off: { value: "off" } },
    defaultVariant: "off",
    rules: [{ id: "learn", serve: { bandit: "ages" } }],
  });
  return ruleset({ shop: flag }, { bandits: { ages: bandit } });
}

let edge: Edge;
const chance = generator(20261130);
let nSubjects = 0;

before(async () => {
  edge = await Edge.start({ ruleset: offering("linUcb"), vars: { BANDERA_SHARDS: "2" } });
});

after(async () => {
  await edge?.stop();
});

interface Decided {
  readonly action: Action;
  readonly propensity: number;
  readonly revision: number;
  readonly receipt: string;
}

/** What somebody new of that age is shown. Exposes nobody. */
async function decide(age: number): Promise<Decided> {
  const reply = await edge.ofrep("shop", { context: { targetingKey: `s${(nSubjects += 1)}`, age } });
  const { variant, metadata } = objectOf(parseJson(await reply.text()));
  const { propensity, policyRevision, receipt } = objectOf(metadata);
  const action = ACTIONS.find((one) => one === textOf(variant));
  assert.ok(action !== undefined, String(variant));
  return {
    action,
    propensity: numberOf(propensity) ?? Number.NaN,
    revision: numberOf(policyRevision) ?? Number.NaN,
    receipt: textOf(receipt) ?? "",
  };
}

/** New visitors of every age, who buy as the truth says. */
async function wave(): Promise<void> {
  const ages = Array.from({ length: WAVE }, () => Math.floor(chance() * 101));
  const events = await inLanes(ages, LANES, async (age) => {
    const { action, receipt } = await decide(age);
    const event = (kind: string): object => ({ id: randomUUID(), kind, receipt });
    const buys = chance() < rate(action, age);
    return [event("exposure"), ...(buys ? [{ ...event("reward"), value: 1 }] : [])];
  });
  await sendInAnyOrder(edge.url, events.flat(), chance);
}

interface Published {
  readonly revision: number;
  readonly decisions: number;
  readonly epsilon: number;
  readonly coefficients: readonly (readonly number[])[];
  readonly spreads: readonly (readonly number[])[];
}

/** Doubles of 32 bits, little endian, in hexadecimal. */
function numbers(text: Json): readonly number[] {
  const bytes = Buffer.from(textOf(text) ?? "", "hex");
  return Array.from({ length: bytes.length / 4 }, (_, n) => bytes.readFloatLE(4 * n));
}

function published(): Published | undefined {
  const done = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/ages`);
  if (!done.ok) return undefined;
  const { revision, actions, model } = objectOf(parseJson(done.stdout));
  const { epsilon, coefficients, spreads } = objectOf(model);
  const each = listOf(actions).map((one) => numberOf(objectOf(one)["decisions"]) ?? Number.NaN);
  return {
    revision: numberOf(revision) ?? Number.NaN,
    decisions: each.reduce((sum, n) => sum + n, 0),
    epsilon: numberOf(epsilon) ?? Number.NaN,
    coefficients: listOf(coefficients).map(numbers),
    spreads: Array.isArray(spreads) ? spreads.map(numbers) : [],
  };
}

/** What is hoped of each action at an age: its expectation, and the root of `x' S x`. */
function hoped({ coefficients, spreads }: Published, age: number): readonly number[] {
  // Contexts are whole parts of 1/4,096.
  const x = Math.round(((age - 50) / 50) * 4096) / 4096;
  return coefficients.map(([intercept = Number.NaN, slope = Number.NaN], of) => {
    const [first = 0, mixed = 0, last = 0] = spreads[of] ?? [];
    return intercept + slope * x + Math.sqrt(first + 2 * mixed * x + last * x * x);
  });
}

/** Ages whose decisions are looked at. */
const LOOKED_AT = Array.from({ length: 21 }, (_, n) => 5 * n);

/** Decisions of all ages by one revision, each with the distribution that paper has for its age. */
async function goesByPaper(shareOfChance: number): Promise<void> {
  const { policy, decisions } = await until("decisions by what is published", 60_000, async () => {
    const now = published();
    const made = await inLanes(LOOKED_AT, LANES, async (age) => ({ age, ...(await decide(age)) }));
    if (now === undefined || made.some(({ revision }) => revision !== now.revision)) return undefined;
    return { policy: now, decisions: made };
  });
  const chosen = new Set<Action>();
  for (const { age, action, propensity } of decisions) {
    const [a = Number.NaN, b = Number.NaN] = hoped(policy, age);
    if (Math.abs(a - b) < 1e-4) continue;
    const best: Action = a > b ? "a" : "b";
    const share = (action === best ? 1 - shareOfChance : 0) + shareOfChance / ACTIONS.length;
    const expected = FLOOR + (1 - ACTIONS.length * FLOOR) * share;
    assert.ok(Math.abs(propensity - expected) < 3e-6, `${age} ${action} ${propensity} ${expected}`);
    chosen.add(best);
  }
  assert.equal(chosen.size, ACTIONS.length, "one action is best for everybody");
}

test("linUcb learns who likes what, and chooses by the bounds that are published", async () => {
  await until("a model that tells ages apart", 120_000, async () => {
    await wave();
    const policy = published();
    if (policy === undefined || policy.coefficients.length === 0) return undefined;
    const [young, old] = [hoped(policy, 0), hoped(policy, 100)];
    const tells = (young[0] ?? 0) > (young[1] ?? 0) && (old[0] ?? 0) < (old[1] ?? 0);
    return policy.decisions >= 3 * WAVE && tells ? true : undefined;
  });
  const policy = published();
  assert.deepEqual(policy?.spreads.map((one) => one.length), [3, 3]);
  assert.equal(policy?.epsilon, 0);
  await goesByPaper(0);
});

test("another way goes on from what was learned", async () => {
  const before = published();
  assert.ok(before !== undefined);
  await edge.publish(offering("epsilonGreedy"));
  await until("a snapshot of the other way", 60_000, async () => {
    await wave();
    const now = published();
    return now !== undefined && now.epsilon > 0 ? true : undefined;
  });
  const now = published();
  assert.ok(now !== undefined && now.decisions >= before.decisions);
  assert.ok(Math.abs(now.epsilon - EPSILON) < 1e-6);
  assert.deepEqual(now.spreads, []);
  await goesByPaper(EPSILON);
});
