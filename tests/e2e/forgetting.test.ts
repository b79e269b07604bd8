/**
 * Bandits that forget, in the Workers: what every period adds up to is exact whatever happens to
 * events, shards and the runtime; and after the best action has changed they follow.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { generator, sendInAnyOrder } from "./lib/crowd.ts";
import { ENVIRONMENT, Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { coordinatorOf } from "./lib/stored.ts";
import type { Stored, StoredArm, StoredBlock } from "./lib/stored.ts";
import { inLanes, postEvents } from "./lib/visitor.ts";

/** Such that nothing is too old to be kept before the test is over. */
const HALF_LIFE_MS = 32_000;
const WINDOW_MS = 320_000;
const FEATURES = [{ kind: "oneHot", attribute: "device", categories: ["desktop", "mobile"] }];
const reward = { metric: "purchase", kind: "binary" };
const declared = (policy: unknown): unknown => ({
  actions: ["a", "b"],
  reward,
  policy,
  snapshotIntervalMs: 1_000,
});
const BANDITS = {
  fading: declared({ kind: "thompson", halfLifeMs: HALF_LIFE_MS }),
  windowed: declared({ kind: "contextual", features: FEATURES, windowMs: WINDOW_MS }),
  quick: declared({ kind: "thompson", halfLifeMs: 3_000, floor: 0.05 }),
  sharp: declared({ kind: "contextual", features: FEATURES, windowMs: 8_000, floor: 0.05 }),
  adapting: declared({ kind: "thompson", adaptiveWindowMs: 96_000, floor: 0.05 }),
  stubborn: declared({ kind: "thompson", floor: 0.05 }),
};
type Bandit = keyof typeof BANDITS;
/** How long a period of those is whose sums are compared. */
const PERIOD_MS = { fading: HALF_LIFE_MS / 2, windowed: WINDOW_MS / 16 } as const;
type Compared = keyof typeof PERIOD_MS;
const COMPARED: readonly Compared[] = ["fading", "windowed"];
const PERIODS_KEPT = 17;
const SHARDS = { few: { BANDERA_SHARDS: "2" }, many: { BANDERA_SHARDS: "5" } };
const UNIT = 2n ** 32n;
const LANES = 6;
/** Decisions of each bandit between two faults. */
const N_DECISIONS = 60;
const REMOVED = 0.3;
/** How often the better action, and the other one, is bought from. */
const RATE = { best: 0.9, other: 0.1 };
const WAVE = 40;
const WAVES_BEFORE = 6;

interface Made {
  readonly bandit: Bandit;
  readonly action: string;
  readonly receipt: string;
  readonly decidedAtMs: number;
  readonly isMobile: boolean;
  /** `undefined` for none; a reward that is taken back comes before its removal, or after it. */
  readonly rewarded: "stays" | "taken back" | undefined;
}

let edge: Edge;
const chance = generator(20261128);
const all: Made[] = [];
let nSubjects = 0;

before(async () => {
  const flag = (bandit: string): unknown =>
    always({
      variants: { a: { value: "a" }, b: { value: "b" }, off: { value: "off" } },
      defaultVariant: "off",
      rules: [{ id: "learn", serve: { bandit } }],
    });
  const flags = Object.fromEntries(Object.keys(BANDITS).map((bandit) => [bandit, flag(bandit)]));
  edge = await Edge.start({ ruleset: ruleset(flags, { bandits: BANDITS }), vars: SHARDS.few });
});

after(async () => {
  await edge?.stop();
});

/** The moment of a decision: in a receipt behind two texts, an id, parts and a revision. */
function decidedAt(receipt: string): number {
  const bytes = Buffer.from(receipt, "base64url");
  let at = 2;
  for (let text = 0; text < 2; text += 1) at += 1 + (bytes[at] ?? 0);
  return Number(bytes.readBigInt64BE(at + 16 + 4 + 8));
}

async function decide(bandit: Bandit): Promise<Made> {
  const n = (nSubjects += 1);
  const isMobile = n % 4 < 2;
  const context = { targetingKey: `s${n}`, device: isMobile ? "mobile" : "desktop" };
  const reply = await edge.ofrep(bandit, { context });
  const { variant, metadata } = objectOf(parseJson(await reply.text()));
  const receipt = textOf(objectOf(metadata)["receipt"]) ?? "";
  const draw = chance();
  const rewarded = draw < 0.4 ? undefined : draw < 1 - REMOVED ? "stays" : "taken back";
  const action = textOf(variant) ?? "";
  return { bandit, action, receipt, decidedAtMs: decidedAt(receipt), isMobile, rewarded };
}

async function decisions(): Promise<readonly Made[]> {
  const wanted = Array.from({ length: 2 * N_DECISIONS }, (_, n) => COMPARED[n % 2] ?? "fading");
  const made = await inLanes(wanted, LANES, decide);
  all.push(...made);
  return made;
}

/** Everything that is to say of the decisions, in any order, some of it twice. */
async function send(made: readonly Made[]): Promise<void> {
  const events = made.flatMap(({ receipt, rewarded, decidedAtMs }) => {
    const event = (kind: string, more: object): object => ({ id: randomUUID(), kind, receipt, ...more });
    const removal = event("removal", { atMs: decidedAtMs + 2 });
    return [
      event("exposure", {}),
      ...(rewarded === undefined ? [] : [event("reward", { value: 1, atMs: decidedAtMs + 1 })]),
      ...(rewarded === "taken back" ? [removal] : []),
    ];
  });
  await sendInAnyOrder(edge.url, events, chance);
}

function armOf(made: readonly Made[]): StoredArm {
  const rewarded = made.filter(({ rewarded: word }) => word === "stays").length;
  const units = BigInt(rewarded) * UNIT;
  const n = made.length;
  return { decisions: n, exposed: n, rewarded, units, unitsSquared: units * UNIT };
}

/** Sums over an intercept and two places of a device. */
function blockOf(made: readonly Made[]): StoredBlock {
  const one = 4_096n;
  const terms = ({ isMobile }: Made): bigint[] => [one, isMobile ? 0n : one, isMobile ? one : 0n];
  const worth = ({ rewarded }: Made): bigint => (rewarded === "stays" ? UNIT : 0n);
  const sum = (value: (of: Made) => bigint): bigint =>
    made.reduce((total, of) => total + value(of), 0n);
  const places = [0, 1, 2];
  const pairs = places.flatMap((n) => places.slice(n).map((m) => [n, m] as const));
  const term = (of: Made, n: number): bigint => terms(of)[n] ?? 0n;
  return {
    products: pairs.map(([n, m]) => sum((of) => term(of, n) * term(of, m))),
    rewards: places.map((n) => sum((of) => term(of, n) * worth(of))),
    squares: sum((of) => worth(of) ** 2n),
  };
}

/** What one process would hold that was told everything once, in order. */
function reference(bandit: Compared): Pick<Stored, "arms" | "blocks"> {
  const arms: Record<string, StoredArm> = {};
  const blocks: Record<string, StoredBlock> = {};
  for (const action of ["a", "b"]) {
    const made = all.filter((one) => one.bandit === bandit && one.action === action);
    arms[action] = armOf(made);
    const period = (one: Made): number => Math.floor(one.decidedAtMs / PERIOD_MS[bandit]);
    const periods = new Set(made.map(period));
    assert.ok(periods.size <= PERIODS_KEPT, "the test took longer than is remembered");
    for (const number of periods) {
      const of = made.filter((one) => period(one) === number);
      const name = `${action}\u001f${number.toString(16).padStart(16, "0")}`;
      arms[name] = armOf(of);
      if (bandit === "windowed") blocks[name] = blockOf(of);
    }
  }
  return { arms, blocks };
}

async function becomesOneProcess(): Promise<void> {
  for (const bandit of COMPARED) {
    const expected = reference(bandit);
    let seen: Stored | undefined;
    await until(`the end state of ${bandit}`, 60_000, async () => {
      seen = coordinatorOf(edge.stack.persistDir, bandit);
      const same = isDeepStrictEqual({ arms: seen?.arms, blocks: seen?.blocks }, expected);
      return same ? true : undefined;
    }).catch(() => assert.deepEqual({ arms: seen?.arms, blocks: seen?.blocks }, expected, bandit));
  }
}

test("periods are exact after repeats, removals, kills and more shards", async () => {
  const first = await decisions();
  const done = Date.now();
  await send(first.slice(0, N_DECISIONS));
  await edge.restart({ vars: SHARDS.few });
  await until("another period of each bandit", 60_000, async () => {
    const isOver = (ms: number): boolean => Math.floor(Date.now() / ms) > Math.floor(done / ms);
    return COMPARED.every((bandit) => isOver(PERIOD_MS[bandit])) ? true : undefined;
  });
  const second = await decisions();
  await send([...first, ...second.slice(0, N_DECISIONS)]);
  await edge.restart({ vars: SHARDS.many });
  // The rest comes late, for periods that are over by then.
  await send([...(await decisions()), ...second]);
  await becomesOneProcess();
  for (const bandit of COMPARED) {
    const names = Object.keys(coordinatorOf(edge.stack.persistDir, bandit)?.arms ?? {});
    assert.ok(names.length > 4, `more than one period of each action: ${names.join()}`);
  }
});

/** The part of an action in a bandit's published snapshot. */
function partOf(bandit: Bandit, action: string): number {
  const done = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/${bandit}`);
  if (!done.ok) return Number.NaN;
  const actions = listOf(objectOf(parseJson(done.stdout))["actions"]).map((one) => objectOf(one));
  const found = actions.find((one) => textOf(one["action"]) === action);
  return (numberOf(found?.["parts"]) ?? Number.NaN) / 1_000_000;
}

const FOLLOWING = ["quick", "sharp", "adapting", "stubborn"] as const;

/** Visitors of each bandit who are told apart by luck alone. */
async function wave(best: string): Promise<void> {
  const wanted = Array.from({ length: FOLLOWING.length * WAVE }, (_, n) => FOLLOWING[n % 4] ?? "quick");
  await inLanes(wanted, LANES, async (bandit) => {
    const { action, receipt } = await decide(bandit);
    const buys = chance() < (action === best ? RATE.best : RATE.other);
    const event = (kind: string): object => ({ id: randomUUID(), kind, receipt });
    const bought = { ...event("reward"), value: 1 };
    const { verdicts, body } = await postEvents(edge.url, [event("exposure"), ...(buys ? [bought] : [])]);
    assert.ok(verdicts.every(({ verdict }) => verdict !== "rejected"), body);
  });
}

test("after the best action has changed, what forgets follows and what does not, does not", async () => {
  for (let n = 0; n < WAVES_BEFORE; n += 1) await wave("a");
  await until("the better action to be found by all", 60_000, async () => {
    await wave("a");
    return FOLLOWING.every((bandit) => partOf(bandit, "a") > 0.8) ? true : undefined;
  });
  await until("80 % for the new best action", 90_000, async () => {
    await wave("b");
    const parts = FOLLOWING.slice(0, 3).map((bandit) => partOf(bandit, "b"));
    return parts.every((part) => part > 0.8) ? true : undefined;
  });
  assert.ok(partOf("stubborn", "b") < 0.5, `${partOf("stubborn", "b")}`);
});
