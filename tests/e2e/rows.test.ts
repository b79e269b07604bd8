/**
 * Rows that a Ledger's commits write and read, as the runtime counts them: what a large site pays
 * for, and what `bandera simulate site` and docs/scaling.md count with.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { removeScratch, scratchDir } from "../../scripts/lib/owned.ts";
import type { Workerd } from "../../scripts/lib/workerd.ts";
import { numberOf, objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { serveObjects } from "./lib/objects.ts";

/** With one kind of event in it: its total, and an entry of the journal. */
const WRITTEN = 2;
/** Likewise, and one more for each decision that is looked for. */
const READ = 10;
const ONE = 2 ** 32;
const KEEP_UNTIL = 1_800_086_400_000;
const reward = { metric: "purchase", kind: "binary" };
const common = { actions: ["a", "b", "c"], reward, snapshotIntervalMs: 600_000 };
/** What is sent of features: how many numbers, and what tells them apart. */
const FEATURES = [2, 7];
const BANDITS = [
  { key: "plain", bandit: { ...common, policy: { kind: "thompson" } } },
  { key: "contextual", bandit: { ...common, policy: { kind: "contextual", features: FEATURES } } },
];
/** Its number, and two numbers of two bytes. */
const VECTOR = "0700000000100000";

const folder = scratchDir("rows");
let workerd: Workerd | undefined;
let nRows = 0;

before(async () => {
  workerd = await serveObjects(folder, "clock.worker.js", "/ready");
});

after(async () => {
  await workerd?.stop();
  removeScratch(folder);
});

async function ask(path: string, body?: string): Promise<string> {
  const init = body === undefined ? {} : { method: "POST", body };
  const reply = await fetchInTime(`http://127.0.0.1:${workerd?.port}/${path}`, init);
  const text = await reply.text();
  assert.equal(reply.status, 200, `${path}: ${text}`);
  return text;
}

/** A new decision of a bandit. */
function decision(bandit: number, action: string): readonly unknown[] {
  const row = (nRows += 1).toString(16).padStart(32, "0");
  return [0, bandit, action, "", row, KEEP_UNTIL, 0, 0, "0"];
}

/** Its reward, which is told later. */
function rewarded([, bandit, action, , row]: readonly unknown[]): readonly unknown[] {
  return [1, bandit, action, "", row, KEEP_UNTIL, ONE, 1, "0"];
}

function exposure(flag: string, variant: string): readonly unknown[] {
  const row = (nRows += 1).toString(16).padStart(32, "0");
  return [2, 0, flag, variant, row, KEEP_UNTIL, 0, 0, "0"];
}

interface Rows {
  readonly written: number;
  readonly read: number;
}

async function commit(items: readonly (readonly unknown[])[]): Promise<Rows> {
  const contexts = items.flatMap((item, place) => (item[1] === 1 ? [[place, VECTOR]] : []));
  const batch = { publication: 1, bandits: BANDITS, items, contexts };
  await ask("rows");
  const outcomes = await ask("tell/0", JSON.stringify({ commit: { shard: 0, batch } }));
  assert.equal(outcomes.split("c").length - 1, items.length, outcomes);
  const { written, read } = objectOf(parseJson(await ask("rows")));
  return { written: numberOf(written) ?? Number.NaN, read: numberOf(read) ?? Number.NaN };
}

test("a commit writes rows of what is in it, and of nothing else", async () => {
  const plain = decision(0, "a");
  // The first one makes tables, and writes down what there is.
  const contextual = ["a", "b", "c"].map((action) => decision(1, action));
  await commit([plain, ...contextual, exposure("f", "on"), exposure("f", "off")]);
  const many = (n: number): readonly (readonly unknown[])[] =>
    Array.from({ length: n }, () => decision(0, "b"));
  const seen = {
    one: await commit(many(1)),
    hundred: await commit(many(100)),
    flags: await commit([exposure("f", "on"), exposure("f", "off"), exposure("f", "on")]),
    contextual: await commit(["a", "b", "c", "a"].map((action) => decision(1, action))),
    later: await commit([rewarded(plain)]),
  };
  assert.deepEqual(seen, {
    one: { written: WRITTEN + 1, read: READ + 1 },
    hundred: { written: WRITTEN + 1, read: READ + 100 },
    // Of a flag, each variant is a row.
    flags: { written: WRITTEN + 2, read: READ + 3 + 1 },
    contextual: { written: WRITTEN + 1 + 3, read: READ + 4 },
    // No decision that is new.
    later: { written: WRITTEN + 1, read: READ },
  });
});
