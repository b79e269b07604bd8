/** What people tell a bandit of an action: forget it; believe something of it from the start. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { cliDebug, demoEnvironment } from "../../scripts/lib/paths.ts";
import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { showHero, tally } from "./lib/crowd.ts";
import type { Shown } from "./lib/crowd.ts";
import { ENVIRONMENT, ShopStack } from "./lib/shop.ts";
import { inLanes, postEvents, rewardFor } from "./lib/visitor.ts";

const HERO = `${ENVIRONMENT}/bandits/hero`;
const N_VISITORS = 30;
const LANES = 4;

let shop: ShopStack;
let shown: readonly Shown[];
/** The action that is forgotten. */
let action: string;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop?.stop();
});

/** New visitors who all buy. */
async function buyers(n: number): Promise<readonly Shown[]> {
  const seen = await inLanes(Array<null>(n).fill(null), LANES, () => showHero(shop.edgeUrl));
  await post(seen.map(({ receipt }) => rewardFor(receipt)));
  return seen;
}

async function post(events: readonly unknown[]): Promise<readonly string[]> {
  const { verdicts, body } = await postEvents(shop.edgeUrl, events);
  assert.ok(verdicts.length === events.length, body);
  return verdicts.map(({ verdict }) => verdict);
}

async function arm(name: string): Promise<JsonObject> {
  const state = await shop.admin("GET", `${HERO}/state`);
  const arms = listOf(state["arms"]).map((one) => objectOf(one));
  return arms.find((one) => one["action"] === name) ?? {};
}

function refusal(path: string, body: unknown): Promise<readonly [status: number, pointer: unknown]> {
  return shop.stack.admin("POST", path, body).then(({ status, body: problem }) => {
    return [status, objectOf(problem as JsonObject)["pointer"]];
  });
}

function others(of: readonly Shown[]): Record<string, number> {
  return tally(of.map((one) => one.action).filter((one) => one !== action));
}

test("a reset forgets one action and leaves the others", async () => {
  shown = await buyers(N_VISITORS);
  await shop.rewardsBecome(tally(shown.map((one) => one.action)));
  const [first] = shown;
  assert.ok(first);
  action = first.action;
  const path = `${HERO}/actions/${encodeURIComponent(action)}/reset`;
  const { shards } = await shop.admin("POST", path, {});
  assert.ok((numberOf(shards) ?? 0) > 0);
  await shop.rewardsBecome(others(shown));
  assert.equal((await arm(action))["decisions"], 0);
});

test("what is still told of forgotten decisions counts nothing, a kill between", async () => {
  const events = shown.flatMap(({ receipt }) => [
    rewardFor(receipt),
    { id: randomUUID(), kind: "exposure", receipt },
    { id: randomUUID(), kind: "removal", receipt, atMs: Date.now() },
  ]);
  const forgotten = new Set(shown.filter((one) => one.action === action).map((one) => one.receipt));
  await post(events.filter(({ receipt }) => forgotten.has(receipt)));
  await shop.stack.killEdge();
  await shop.stack.startEdge();
  await post(events.filter(({ receipt }) => forgotten.has(receipt)));
  const more = await buyers(N_VISITORS);
  const anew = more.filter((one) => one.action === action).length;
  const expected = others([...shown, ...more]);
  await shop.rewardsBecome(anew === 0 ? expected : { ...expected, [action]: anew });
  assert.equal((await arm(action))["decisions"] ?? 0, anew);
});

test("a warm start moves the policy and no count", async () => {
  const path = `${HERO}/actions/${encodeURIComponent(action)}/warm-start`;
  const before = await arm(action);
  assert.deepEqual(await shop.admin("POST", path, { mean: 1, weight: 100_000 }), {
    mean: 1,
    weight: 100_000,
  });
  const warmed = await until("the policy to follow", 30_000, async () => {
    const now = await arm(action);
    const [low] = listOf(now["interval95"]).map((bound) => numberOf(bound) ?? Number.NaN);
    return (low ?? 0) > 0.99 ? now : undefined;
  });
  for (const count of ["decisions", "exposed", "rewarded"]) {
    assert.equal(warmed[count], before[count], count);
  }
  // The coordinator is asked anew by a process of its own.
  await shop.stack.killEdge();
  await shop.stack.startEdge();
  const [low] = listOf((await arm(action))["interval95"]);
  assert.ok((numberOf(low) ?? 0) > 0.99, "it is on disk");
  await shop.admin("POST", path, { mean: 0, weight: 0 });
  const cooled = await arm(action);
  assert.deepEqual(cooled["interval95"], before["interval95"]);
});

/** `bandera bandit` against this stack: the exit code and what it said. */
function tell(...[command, ...more]: readonly string[]): readonly [code: number | null, said: string] {
  const where = ["--admin", shop.adminUrl, "--environment", demoEnvironment, "--bandit", "hero"];
  const args = ["bandit", command ?? "", ...where, ...more];
  const env = { ...process.env, BANDERA_TOKEN: shop.stack.token };
  const { status, stdout, stderr } = spawnSync(cliDebug, args, { env, encoding: "utf8" });
  return [status, stdout + stderr];
}

test("the command tells the same", async () => {
  const [warmed, said] = tell("warm-start", "--action", action, "--mean", "0.5", "--weight", "4000");
  assert.equal(warmed, 0, said);
  const told = { environment: demoEnvironment, bandit: "hero", action };
  assert.deepEqual(parseJson(said), { ...told, mean: 0.5, weight: 4_000 });
  const bounds = listOf((await arm(action))["interval95"]).map((bound) => numberOf(bound) ?? 0);
  assert.ok((bounds[0] ?? 0) > 0.4 && (bounds[1] ?? 0) < 0.7, bounds.join());
  assert.equal(tell("warm-start", "--action", action, "--mean", "0", "--weight", "0")[0], 0);
  const more = await buyers(N_VISITORS);
  assert.ok(more.some((one) => one.action === action), "somebody saw it");
  await until("the action's rewards", 20_000, async () =>
    (numberOf((await arm(action))["rewarded"]) ?? 0) > 0 ? true : undefined,
  );
  const [reset, forgot] = tell("reset", "--action", action, "--human");
  assert.equal(reset, 0, forgot);
  assert.match(forgot, new RegExp(`^hero/${action} in demo counts anew since 20\\d\\d-`));
  await until("the action to be forgotten", 20_000, async () =>
    numberOf((await arm(action))["decisions"]) === 0 ? true : undefined,
  );
});

test("the command names what is to blame, and does nothing", () => {
  const refused = (args: readonly string[], code: number, part: string): void => {
    const [found, said] = tell(...args);
    assert.deepEqual([found, said.includes(part)], [code, true], said);
  };
  const warm = ["warm-start", "--action", action];
  refused([...warm, "--mean", "1.01", "--weight", "1"], 2, "--mean: ");
  refused([...warm, "--mean", "1", "--weight", "1000001"], 2, "--weight: ");
  refused(["reset", "--action", "no/body"], 2, "actions/no%2Fbody/reset: ");
  refused(["reset", "--action", action, "--token", "nobody's"], 3, "of the role publisher");
});

test("both have bounds, need a publisher, and are written to the audit log", async () => {
  const warm = `${HERO}/actions/${encodeURIComponent(action)}/warm-start`;
  assert.deepEqual(await refusal(warm, { mean: 1.01, weight: 1 }), [400, "/mean"]);
  assert.deepEqual(await refusal(warm, { mean: 1, weight: 1_000_001 }), [400, "/weight"]);
  assert.deepEqual((await refusal(`${HERO}/actions/nobody/reset`, {}))[0], 404);
  const { secret } = await shop.admin("POST", "/api/v1/tokens", { name: "e", role: "editor" });
  const headers = { authorization: `Bearer ${textOf(secret) ?? ""}` };
  for (const path of [warm, `${HERO}/actions/${encodeURIComponent(action)}/reset`]) {
    const { status } = await shop.stack.admin("POST", path, { mean: 0, weight: 0 }, headers);
    assert.equal(status, 403, path);
  }
  const audit = await shop.admin("GET", "/api/v1/audit?kind=action");
  const entries = listOf(audit["items"]).map((entry) => objectOf(entry));
  assert.deepEqual(
    entries.map((entry) => [entry["action"], entry["key"]]),
    ["reset", "warmStart", "warmStart", "warmStart", "warmStart", "reset"].map((what) => [what, `hero/${action}`]),
  );
});
