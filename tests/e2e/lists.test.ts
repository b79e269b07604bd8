/**
 * Ranked lists on the real runtime: readers who start at the top and take the first action that
 * attracts teach the bandit the best list, and shards count what one process would.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { generator, sendInAnyOrder } from "./lib/crowd.ts";
import { Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";
import { coordinatorOf } from "./lib/stored.ts";
import type { StoredArm } from "./lib/stored.ts";
import { inLanes } from "./lib/visitor.ts";

/** How often each action attracts who sees it; the best list of three is e, b, d in any order. */
const ATTRACTS: Readonly<Record<string, number>> = { a: 0.06, b: 0.5, c: 0.1, d: 0.35, e: 0.65, f: 0.04 };
const ACTIONS = Object.keys(ATTRACTS);
const BEST: ReadonlySet<string> = new Set(["b", "d", "e"]);
const POSITIONS = 3;
const FLOOR = 0.01;
/** What the best list's share has to pass; a fifth of lists hold something else by the floor alone. */
const SHARE_MIN = 0.6;
const WAVE = 120;
const LANES = 6;
const UNIT = 2n ** 32n;

const BANDITS = {
  shelf: {
    actions: ACTIONS,
    reward: { metric: "click", kind: "binary" },
    policy: { kind: "thompson", floor: FLOOR },
    snapshotIntervalMs: 1_000,
  },
  moving: {
    actions: ACTIONS,
    reward: { metric: "click", kind: "binary" },
    stickiness: "revision",
  },
};
const VARIANTS = Object.fromEntries([...ACTIONS, "off"].map((name) => [name, { value: `/p/${name}` }]));
const flag = (bandit: string): unknown =>
  always({
    variants: VARIANTS,
    defaultVariant: "off",
    rules: [
      { id: "guests", when: { attribute: "guest", op: "equals", value: true }, serve: { variant: "f" } },
      { id: "learn", serve: { bandit } },
    ],
  });
const FLAGS = { shelf: flag("shelf"), moving: flag("moving"), server: always({ visibility: "server" }) };

interface Placed {
  readonly position: number;
  readonly action: string;
  readonly value: string;
  readonly propensity: number;
  readonly revision: number;
  readonly receipt: string;
  readonly distribution: Readonly<Record<string, number>> | undefined;
}

let edge: Edge;
let nReaders = 0;
const chance = generator(20261130);
/** What somebody was shown before anything was learned. */
let old: readonly Placed[] = [];
/** Every position that was seen, and whether it attracted. */
const seen: { readonly action: string; readonly attracted: boolean }[] = [];

before(async () => {
  edge = await Edge.start({
    ruleset: ruleset(FLAGS, { bandits: BANDITS }),
    vars: { BANDERA_SHARDS: "3" },
  });
});

after(async () => {
  await edge?.stop();
});

async function ask(
  key: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const json = { "content-type": "application/json", ...headers };
  const reply = await edge.ask("POST", `/bandera/v1/slate/${key}`, json, JSON.stringify(body));
  return { status: reply.status, body: objectOf(parseJson(await reply.text())) };
}

function placedOf(one: unknown): Placed {
  const { position, variant, value, propensity, policyRevision, receipt, distribution } = objectOf(
    one as JsonObject,
  );
  return {
    position: numberOf(position) ?? Number.NaN,
    action: textOf(variant) ?? "",
    value: textOf(value) ?? "",
    propensity: numberOf(propensity) ?? Number.NaN,
    revision: numberOf(policyRevision) ?? Number.NaN,
    receipt: textOf(receipt) ?? "",
    distribution: distribution === undefined ? undefined : (objectOf(distribution) as Record<string, number>),
  };
}

async function list(
  targetingKey: string,
  more: Readonly<Record<string, unknown>> = {},
  key = "shelf",
): Promise<readonly Placed[]> {
  const { status, body } = await ask(key, { context: { targetingKey }, positions: POSITIONS, ...more });
  assert.equal(status, 200, JSON.stringify(body));
  return listOf(body["slate"]).map(placedOf);
}

/** New readers; their exposures and clicks in any order, and some twice. Returns their lists. */
async function wave(): Promise<readonly (readonly Placed[])[]> {
  const readers = Array.from({ length: WAVE }, () => Array.from({ length: POSITIONS }, chance));
  const lists = await inLanes(readers, LANES, () => list(`reader-${(nReaders += 1)}`));
  const events = lists.flatMap((placed, reader) => {
    const attracts = ({ action }: Placed, n: number): boolean =>
      (readers[reader]?.[n] ?? 1) < (ATTRACTS[action] ?? 0);
    const chosen = placed.findIndex(attracts);
    const read = chosen < 0 ? placed : placed.slice(0, chosen + 1);
    return read.flatMap(({ action, receipt }, n) => {
      seen.push({ action, attracted: n === chosen });
      const event = { id: randomUUID(), receipt };
      const reward = { ...event, id: randomUUID(), kind: "reward", metric: "click", value: 1 };
      return n === chosen ? [{ ...event, kind: "exposure" }, reward] : [{ ...event, kind: "exposure" }];
    });
  });
  await sendInAnyOrder(edge.url, events, chance);
  return lists;
}

test("a list has no action twice, true shares, and the flag's own answer on top", async () => {
  const { body } = await ask("shelf", { context: { targetingKey: "ana" }, positions: POSITIONS });
  assert.deepEqual(
    [body["key"], body["publication"], body["bandit"], body["metric"]],
    ["shelf", 1, "shelf", "click"],
  );
  const placed = await list("ana");
  assert.deepEqual(
    placed.map(({ position }) => position),
    [1, 2, 3],
  );
  assert.equal(new Set(placed.map(({ action }) => action)).size, POSITIONS);
  const above: string[] = [];
  for (const { action, value, propensity, revision, receipt, distribution = {} } of placed) {
    assert.deepEqual([value, revision], [`/p/${action}`, 0]);
    assert.match(receipt, /^[\w-]{60,}$/);
    assert.equal(distribution[action], propensity);
    const left = ACTIONS.filter((one) => !above.includes(one));
    assert.deepEqual(Object.keys(distribution).sort(), left);
    const sum = Object.values(distribution).reduce((total, share) => total + share, 0);
    assert.ok(Math.abs(sum - 1) < 1e-9 && Math.abs(propensity - 1 / left.length) < 1e-5);
    above.push(action);
  }
  const alone = objectOf(
    parseJson(await (await edge.ofrep("shelf", { context: { targetingKey: "ana" } })).text()),
  );
  assert.equal(alone["variant"], placed[0]?.action);
  // The same again, and a longer list begins with it.
  const actions = (of: readonly Placed[]): readonly string[] => of.map(({ action }) => action);
  assert.deepEqual(actions(await list("ana")), actions(placed));
  const all = await list("ana", { positions: ACTIONS.length + 1 });
  assert.equal(all.length, ACTIONS.length, "as long as there are actions");
  assert.deepEqual(actions(all.slice(0, POSITIONS)), actions(placed));
  old = await list("keeper", { positions: ACTIONS.length });
});

test("what is wrong with a question is said, with its place", async () => {
  const context = { targetingKey: "ana" };
  const check = async (key: string, body: unknown, status: number, detail: RegExp): Promise<void> => {
    const found = await ask(key, body);
    assert.equal(found.status, status, JSON.stringify(found.body));
    assert.match(textOf(found.body["errorDetails"]) ?? "", detail);
  };
  for (const positions of [undefined, 0, 33, 1.5, "3"]) {
    await check("shelf", { context, positions }, 400, /^\/positions: write a whole number from 1 to 32$/);
  }
  const kept = Array.from({ length: 33 }, () => "x");
  await check("shelf", { context, positions: 3, kept }, 400, /^\/kept: write at most 32 receipts$/);
  await check("shelf", { context, positions: 3, kept: "x" }, 400, /^\/kept: /);
  await check("shelf", { context: { targetingKey: 7 }, positions: 3 }, 400, /^\/context/);
  await check("shelf", { context: {}, positions: 3 }, 400, /targeting key/);
  await check("nowhere", { context, positions: 3 }, 404, /no flag/);
  await check("server", { context, positions: 3 }, 404, /no flag/);
  const got = await edge.ask("GET", "/bandera/v1/slate/shelf");
  assert.deepEqual([got.status, got.headers.get("allow")], [405, "POST"]);
  const most = await ask("shelf", { context, positions: 32, kept: kept.slice(1) });
  assert.equal(most.status, 200, "32 of each");
});

test("where no bandit decides there is one position, and nothing to report", async () => {
  const guest = { context: { targetingKey: "ana", guest: true } };
  const check = async (body: object, headers: Readonly<Record<string, string>>, variant: string): Promise<void> => {
    const found = await ask("shelf", { ...body, positions: POSITIONS }, headers);
    assert.deepEqual(found.body, {
      key: "shelf",
      publication: 1,
      slate: [{ position: 1, variant, value: `/p/${variant}` }],
    });
  };
  await check(guest, {}, "f");
  await check({ context: { targetingKey: "ana" } }, { "sec-gpc": "1" }, "off");
});

test("readers from the top teach the best list, and shards count what one process would", async () => {
  const told: string[] = [];
  await until(`${SHARE_MIN} of lists to be the best one`, 240_000, async () => {
    const lists = await wave();
    const best = lists.filter((placed) => placed.every(({ action }) => BEST.has(action)));
    told.push((best.length / lists.length).toFixed(2));
    return best.length / lists.length > SHARE_MIN ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`the shares were ${told.join(", ")}`, { cause: error });
  });
  const expected: Record<string, StoredArm> = {};
  for (const { action, attracted } of seen) {
    const arm = (expected[action] ??= {
      decisions: 0,
      exposed: 0,
      rewarded: 0,
      units: 0n,
      unitsSquared: 0n,
    });
    arm.decisions += 1;
    arm.exposed += 1;
    if (!attracted) continue;
    arm.rewarded += 1;
    arm.units += UNIT;
    arm.unitsSquared += UNIT * UNIT;
  }
  const stored = (): Readonly<Record<string, StoredArm>> | undefined =>
    coordinatorOf(edge.stack.persistDir, "shelf")?.arms;
  await until("the sums of one process", 60_000, async () =>
    isDeepStrictEqual(stored(), expected) ? true : undefined,
  ).catch(() => assert.deepEqual(stored(), expected));
});

test("a list that is kept stays, whatever was learned since", async () => {
  const receipts = (of: readonly Placed[]): readonly string[] => of.map(({ receipt }) => receipt);
  const all = { positions: ACTIONS.length };
  const actions = (of: readonly Placed[]): readonly string[] => of.map(({ action }) => action);
  const learned = await list("keeper", all);
  assert.notDeepEqual(actions(learned), actions(old), "worth keeping");
  const kept = await list("keeper", { ...all, kept: receipts(old) });
  assert.deepEqual(
    kept.map(({ distribution, ...facts }) => facts),
    old.map(({ distribution, ...facts }) => facts),
    "receipts to the byte",
  );
  assert.ok(kept.every(({ distribution }) => distribution === undefined));
  // Not for another subject, nor with a receipt that somebody altered.
  const others = await list("another", { ...all, kept: receipts(old) });
  assert.ok(others.every(({ distribution }) => distribution !== undefined));
  const forged = receipts(old).map((receipt) => receipt.slice(0, -2) + (receipt.endsWith("AA") ? "BB" : "AA"));
  const anew = await list("keeper", { ...all, kept: forged });
  assert.deepEqual(actions(anew), actions(await list("keeper", all)));
  // A bandit that draws for each revision keeps nothing.
  const moving = await list("keeper", {}, "moving");
  const again = await list("keeper", { kept: receipts(moving).toReversed() }, "moving");
  assert.deepEqual(actions(again), actions(moving));
});
