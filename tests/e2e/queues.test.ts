/** Several queues of events, more and then fewer of them: each first exposure counts once. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { numberOf, objectOf } from "../../www/browser/ts/json.ts";
import { Edge } from "./lib/edge.ts";
import { BANDIT, LEARNED, ruleset } from "./lib/rulesets.ts";
import { coordinatorOf } from "./lib/stored.ts";
import { Visitor, inLanes } from "./lib/visitor.ts";

const N_VISITORS = 40;
const LANES = 4;
/** The mark of what was sent already; who loses it sends it again. */
const MARK = "bandera_exposed";
const vars = { BANDERA_SHARDS: "6" };

let edge: Edge;
const visitors: Visitor[] = [];

before(async () => {
  edge = await Edge.start({
    ruleset: ruleset({ shop: LEARNED }, { bandits: { hero: { ...BANDIT.hero, snapshotIntervalMs: 1_000 } } }),
    vars,
  });
});

after(async () => {
  await edge?.stop();
});

/** How many deliveries each queue has made since the log had that length. */
function deliveries(since: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const log = readFileSync(edge.stack.edgeLog, "utf8").slice(since);
  for (const [, queue = ""] of log.matchAll(/QUEUE (bandera-events[\w-]*) /g)) {
    counts.set(queue, (counts.get(queue) ?? 0) + 1);
  }
  return counts;
}

/** How many exposures the coordinator knows of. */
function nCounted(): number {
  const arms = Object.values(coordinatorOf(edge.stack.persistDir, "hero")?.arms ?? {});
  return arms.reduce((sum, { exposed }) => sum + exposed, 0);
}

/**
 * Restarts with so many queues; new visitors come, and all former ones lose the mark and come
 * again. Resolves when everybody is counted exactly once, and nobody twice.
 */
async function crowdWith(nQueues: number): Promise<void> {
  await edge.restart({ vars, nQueues });
  const since = readFileSync(edge.stack.edgeLog, "utf8").length;
  for (const visitor of visitors) visitor.cookies.delete(MARK);
  visitors.push(...Array.from({ length: N_VISITORS }, () => new Visitor(edge.url)));
  await inLanes(visitors, LANES, (visitor) => visitor.visit("/"));
  const health = await until("the queues to take all", 20_000, async () => {
    const now = await edge.health();
    const { attempted, committed } = objectOf(now["exposures"]);
    return numberOf(attempted) === visitors.length && attempted === committed ? now : undefined;
  });
  assert.equal(health["queues"], nQueues);
  const names = ["bandera-events", "bandera-events-1", "bandera-events-2"].slice(0, nQueues);
  await until("everybody to be counted", 60_000, async () => {
    return nCounted() >= visitors.length ? true : undefined;
  }).catch(() => assert.equal(nCounted(), visitors.length));
  await until("every queue to deliver", 20_000, async () => {
    const used = [...deliveries(since).keys()].toSorted();
    return used.join() === names.join() ? true : undefined;
  }).catch(() => assert.deepEqual([...deliveries(since).keys()].toSorted(), names));
  assert.equal(nCounted(), visitors.length);
}

test("one queue is what is shipped", () => crowdWith(1));

test("with three, all of them carry, and what comes again by another one counts once", () =>
  crowdWith(3));

test("with two, nothing is lost and nothing counts twice", () => crowdWith(2));
