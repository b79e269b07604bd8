/** A trial environment that shares all secrets with the real one: nothing it signed is believed. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { ENVIRONMENT, Edge, cookiesOf } from "./lib/edge.ts";
import { BANDIT, LEARNED, ruleset } from "./lib/rulesets.ts";
import { Visitor, postEvents, rewardFor } from "./lib/visitor.ts";

const FLAG = "shop.hero";
const STAGING = { BANDERA_ENVIRONMENT: "staging" };

let edge: Edge;

before(async () => {
  edge = await Edge.start({ ruleset: ruleset({ [FLAG]: LEARNED }, { bandits: BANDIT }) });
});

after(async () => {
  await edge?.stop();
});

/** Gives the trial environment what the real one has published. */
function copyPublication(): void {
  const pointer = edge.stack.kvGet(`env/${ENVIRONMENT}/current`);
  assert.ok(pointer.ok, pointer.stderr);
  const hash = textOf(objectOf(parseJson(pointer.stdout))["hash"]) ?? "";
  const bytes = edge.stack.kvGet(`env/${ENVIRONMENT}/ruleset/${hash}`).bytes;
  assert.equal(createHash("sha256").update(bytes).digest("hex"), hash);
  const done = edge.stack.kvPutAll({
    [`env/staging/ruleset/${hash}`]: bytes,
    "env/staging/current": pointer.stdout,
  });
  assert.ok(done.ok, done.stderr);
}

async function served(): Promise<void> {
  await until("the publication", 20_000, async () =>
    numberOf((await edge.health())["publication"]) === edge.publication ? true : undefined,
  );
}

async function verdict(receipt: string): Promise<readonly [verdict: string, code: string]> {
  const { body } = await postEvents(edge.url, [rewardFor(receipt)]);
  const [first] = listOf(objectOf(parseJson(body))["verdicts"]).map((one) => objectOf(one));
  const problem = objectOf(first?.["problem"]);
  return [textOf(first?.["verdict"]) ?? "", textOf(problem["code"]) ?? ""];
}

test("receipts and kept decisions of one environment are worth nothing in another", async () => {
  copyPublication();
  await edge.restart({ vars: STAGING });
  await served();
  const tester = new Visitor(edge.url);
  const { state } = await tester.visit("/");
  const [trial] = state.receipts;
  assert.ok(trial);
  assert.deepEqual(await verdict(trial.token), ["committed", ""]);
  const kept = tester.cookies.get("bandera_sticky");
  assert.ok(kept);

  await edge.restart();
  await served();
  assert.deepEqual(await verdict(trial.token), ["rejected", "receipt_invalid"]);
  // The same person with all of the trial's cookies: decided, and kept, anew.
  const cookie = tester.cookieHeader();
  const page = await edge.get("/", { cookie });
  assert.ok(cookiesOf(page).has("bandera_sticky"), "the decision is kept anew");
  assert.ok(cookiesOf(page).has("bandera_exposed"), "and exposed anew");
  const again = await tester.visit("/");
  const [real] = again.state.receipts;
  assert.ok(real);
  assert.deepEqual(await verdict(real.token), ["committed", ""]);
});
