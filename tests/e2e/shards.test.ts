/**
 * More shards while visitors hold receipts, rewards that are taken back, and a coordinator that is
 * away: the end state is that of one process which heard everything once, in order.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { until } from "../../scripts/lib/run.ts";
import { objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { generator, sendInAnyOrder } from "./lib/crowd.ts";
import { Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { coordinatorOf } from "./lib/stored.ts";
import type { Stored, StoredArm, StoredBlock } from "./lib/stored.ts";
import { inLanes } from "./lib/visitor.ts";

/** What is offered at first, and later. */
const ACTIONS = ["a", "b", "c"];
const LATER = ["a", "b", "d"];
const RANGE = { min: -2, max: 8 };
const FEATURES = [
  { kind: "oneHot", attribute: "device", categories: ["desktop", "mobile"] },
  { kind: "numeric", attribute: "age", min: 0, max: 100 },
];
const N_TERMS = 4;
const bandits = (actions: readonly string[]): Readonly<Record<string, unknown>> => ({
  plain: {
    actions,
    reward: { metric: "revenue", kind: "numeric", min: 0, max: 10, repeat: "add" },
    snapshotIntervalMs: 1_000,
  },
  contextual: {
    actions,
    reward: { metric: "revenue", kind: "numeric", ...RANGE },
    policy: { kind: "contextual", features: FEATURES },
    snapshotIntervalMs: 1_000,
  },
});
const flag = (bandit: string): unknown =>
  always({
    variants: Object.fromEntries(["a", "b", "c", "d", "off"].map((value) => [value, { value }])),
    defaultVariant: "off",
    rules: [{ id: "learn", serve: { bandit } }],
  });

const N_SUBJECTS = 40;
const LANES = 4;
/** How many of the rewards, or of the decisions, are taken back. */
const REMOVED = 0.3;
/** How wrong clocks of visitors are. */
const SKEW_MS = 3_600_000;
const COORDINATOR = /^\[\[durable_objects\.bindings\]\]\nname = "COORDINATOR"/;
const SHARDS = { few: { BANDERA_SHARDS: "2" }, many: { BANDERA_SHARDS: "7" } };

interface Reward {
  readonly id: string;
  readonly value: number;
  readonly atMs: number;
  /** Whether it is taken back by name, as rewards that add up are. */
  readonly isTakenBack: boolean;
}

interface Made {
  readonly bandit: "plain" | "contextual";
  readonly action: string;
  readonly receipt: string;
  readonly shard: number;
  /** What the receipt says was looked at, after an intercept, in parts of 4,096. */
  readonly terms: readonly bigint[];
  readonly rewards: readonly Reward[];
  /** Until when rewards are taken back, where they replace each other. */
  readonly takenBackAtMs: number | undefined;
}

let edge: Edge;
const chance = generator(20261129);
const all: Made[] = [];
let nSubjects = 0;

before(async () => {
  edge = await Edge.start({ ruleset: offering(ACTIONS), vars: SHARDS.few });
});

after(async () => {
  await edge?.stop();
});

function offering(actions: readonly string[]): unknown {
  const flags = { plain: flag("plain"), contextual: flag("contextual") };
  return ruleset(flags, { bandits: bandits(actions) });
}

/** Shard and vector, which a receipt carries behind two texts and members of fixed length. */
function readReceipt(receipt: string): Pick<Made, "shard" | "terms"> {
  const bytes = Buffer.from(receipt, "base64url");
  let at = 2;
  for (let text = 0; text < 2; text += 1) at += 1 + (bytes[at] ?? 0);
  at += 16 + 4 + 8 + 8 + 8;
  const shard = bytes.readUInt16BE(at);
  at += 2 + 16;
  const n = bytes[at] ?? 0;
  const bits = bytes.subarray(at + 5, at + 5 + Math.ceil(n / 8));
  at += 5 + bits.length;
  const terms = [4_096n];
  for (let place = 0; place < n; place += 1) {
    const isSet = ((bits[place >> 3] ?? 0) >> (place & 7)) & 1;
    terms.push(isSet === 1 ? BigInt(bytes.readInt16BE(at)) : 0n);
    at += 2 * isSet;
  }
  return { shard, terms };
}

async function decide(bandit: Made["bandit"]): Promise<Made> {
  const n = (nSubjects += 1);
  const context = { targetingKey: `s${n}`, device: n % 3 === 0 ? "mobile" : "desktop", age: n % 97 };
  const reply = await edge.ofrep(bandit, { context });
  const { variant, metadata } = objectOf(parseJson(await reply.text()));
  const receipt = textOf(objectOf(metadata)["receipt"]) ?? "";
  const atMs = (): number => Date.now() + Math.floor((chance() - 0.5) * 2 * SKEW_MS);
  const rewards = Array.from({ length: Math.floor(chance() * 4) }, () => ({
    id: randomUUID(),
    value: Math.floor(chance() * 800) / 100,
    atMs: atMs(),
    isTakenBack: bandit === "plain" && chance() < REMOVED,
  }));
  const takenBackAtMs = bandit === "contextual" && chance() < REMOVED ? atMs() : undefined;
  const action = textOf(variant) ?? "";
  return { bandit, action, receipt, ...readReceipt(receipt), rewards, takenBackAtMs };
}

/** New subjects of both bandits. */
async function decisions(): Promise<readonly Made[]> {
  const both = ["plain", "contextual"] as const;
  const wanted = Array.from({ length: 2 * N_SUBJECTS }, (_, n) => both[n % 2] ?? "plain");
  const made = await inLanes(wanted, LANES, decide);
  all.push(...made);
  return made;
}

/** Everything that is to say of the decisions. */
function events(made: readonly Made[]): readonly unknown[] {
  const removal = (receipt: string): object => ({ id: randomUUID(), kind: "removal", receipt });
  return made.flatMap(({ receipt, rewards, takenBackAtMs }) => [
    { id: randomUUID(), kind: "exposure", receipt },
    ...rewards.map(({ id, value, atMs }) => ({ id, value, atMs, kind: "reward", receipt })),
    ...rewards.flatMap(({ id, isTakenBack }) => {
      return isTakenBack ? [{ ...removal(receipt), of: id }] : [];
    }),
    ...(takenBackAtMs === undefined ? [] : [{ ...removal(receipt), atMs: takenBackAtMs }]),
  ]);
}

const send = (list: readonly unknown[]): Promise<void> => sendInAnyOrder(edge.url, list, chance);

const UNIT = 2 ** 32;

/** What a decision's reward comes to in units of its range; `undefined` where there is none. */
function rewardOf({ bandit, rewards, takenBackAtMs = -1 }: Made): bigint | undefined {
  const { min, max } = bandit === "plain" ? { min: 0, max: 10 } : RANGE;
  const units = (value: number): number => Math.round(((value - min) / (max - min)) * UNIT);
  if (bandit === "plain") {
    const left = rewards.filter(({ isTakenBack }) => !isTakenBack);
    const sum = left.reduce((total, { value }) => total + units(value), 0);
    return left.length === 0 ? undefined : BigInt(Math.min(sum, UNIT));
  }
  const left = rewards.filter(({ atMs }) => atMs > takenBackAtMs);
  const latest = left.toSorted((a, b) => a.atMs - b.atMs || a.value - b.value).at(-1);
  return latest === undefined ? undefined : BigInt(units(latest.value));
}

/** What no reward is worth. */
const REST = BigInt(Math.round((-RANGE.min / (RANGE.max - RANGE.min)) * UNIT));

/** The sums of one process that was told everything once, in order. */
function reference(bandit: Made["bandit"]): Pick<Stored, "arms" | "blocks"> {
  const arms: Record<string, StoredArm> = {};
  const blocks: Record<string, StoredBlock> = {};
  for (const action of new Set([...ACTIONS, ...LATER])) {
    const made = all.filter((one) => one.bandit === bandit && one.action === action);
    if (made.length === 0) continue;
    const rewarded = made.filter((one) => rewardOf(one) !== undefined);
    const worth = (one: Made): bigint => rewardOf(one) ?? REST;
    const sum = (of: readonly Made[], value: (one: Made) => bigint): bigint =>
      of.reduce((total, one) => total + value(one), 0n);
    arms[action] = {
      decisions: made.length,
      exposed: made.length,
      rewarded: rewarded.length,
      units: sum(rewarded, worth),
      unitsSquared: sum(rewarded, (one) => worth(one) ** 2n),
    };
    if (bandit === "plain") continue;
    const term = (one: Made, n: number): bigint => one.terms[n] ?? 0n;
    const places = Array.from({ length: N_TERMS }, (_, n) => n);
    const pairs = places.flatMap((n) => places.slice(n).map((m) => [n, m] as const));
    blocks[action] = {
      products: pairs.map(([n, m]) => sum(made, (one) => term(one, n) * term(one, m))),
      rewards: places.map((n) => sum(made, (one) => worth(one) * term(one, n))),
      squares: sum(made, (one) => worth(one) ** 2n),
    };
  }
  return { arms, blocks };
}

/** Resolves when both coordinators hold exactly the sums of one process, from so many shards. */
async function becomesOneProcess(nShardsMin: number): Promise<void> {
  for (const bandit of ["plain", "contextual"] as const) {
    const expected = reference(bandit);
    let seen: Stored | undefined;
    await until(`the end state of ${bandit}`, 60_000, async () => {
      seen = coordinatorOf(edge.stack.persistDir, bandit);
      const same = isDeepStrictEqual({ arms: seen?.arms, blocks: seen?.blocks }, expected);
      return same ? true : undefined;
    }).catch(() => assert.deepEqual({ arms: seen?.arms, blocks: seen?.blocks }, expected, bandit));
    assert.ok((seen?.shards ?? 0) >= nShardsMin, `${seen?.shards} shards`);
  }
}

test("without a coordinator everything is committed, and nothing is learned yet", async () => {
  await edge.restart({ vars: SHARDS.few, without: COORDINATOR });
  const made = await decisions();
  assert.ok(made.every(({ shard }) => shard < 2));
  await send(events(made.slice(0, N_SUBJECTS)));
  assert.equal(coordinatorOf(edge.stack.persistDir, "plain"), undefined);
});

test("with more shards, former receipts count where they were made, and new ones everywhere", async () => {
  await edge.restart({ vars: SHARDS.many });
  const former = [...all];
  const made = await decisions();
  assert.ok(new Set(made.map(({ shard }) => shard)).size > 2, "more shards than before");
  // All of the former ones once more, and what had not been sent of them.
  await send([...events(former), ...events(made)]);
  await becomesOneProcess(3);
});

test("a coordinator that is lost for a while changes nothing in the end", async () => {
  const before = [...all];
  await edge.restart({ vars: SHARDS.many, without: COORDINATOR });
  await send([...events(await decisions()), ...events(before)]);
  await edge.restart({ vars: SHARDS.many });
  await becomesOneProcess(3);
});

test("an action that is retired keeps what comes late for it, one that is added learns", async () => {
  const former = await decisions();
  await send(events(former.slice(0, N_SUBJECTS)));
  await edge.publish(offering(LATER));
  const made = await decisions();
  const chosen = new Set(made.map(({ action }) => action));
  assert.ok(chosen.has("d") && !chosen.has("c"), [...chosen].join());
  assert.ok(former.some(({ action }) => action === "c"));
  await send([...events(former), ...events(made)]);
  await becomesOneProcess(3);
});
