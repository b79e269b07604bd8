/** The demo shop's bandit with simulated visitors whose best headline differs by device and time. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";

import { at, cliDebug, demoRuleset } from "../../scripts/lib/paths.ts";
import { listOf, numberOf, objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { Edge } from "./lib/edge.ts";

const VISITORS = 1_500;
/** Four audiences, each with a best headline; none is best for all. */
const VISITORS_FILE = at("www", "demo", "visitors.json");

/** The shop's own ruleset, with snapshots so often that a test need not wait for them. */
function shopRuleset(): unknown {
  const demo = objectOf(parseJson(readFileSync(demoRuleset, "utf8")));
  const hero = objectOf(objectOf(demo["bandits"])["hero"]);
  return { ...demo, bandits: { hero: { ...hero, snapshotIntervalMs: 1_000 } } };
}

let edge: Edge;

before(async () => {
  const settings = { context: { cookies: ["daytime"] } };
  edge = await Edge.start({ settings, ruleset: shopRuleset() });
});

after(async () => {
  await edge?.stop();
});

test("what is learned for each audience beats the best action for all", async (context) => {
  const args = ["simulate", "--edge", edge.url, "--visitors", `${VISITORS}`];
  const more = ["--truth", VISITORS_FILE, "--pages", "1", "--seed", "7", "--json"];
  const child = spawn(cliDebug, [...args, ...more], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  assert.equal(child.exitCode, 0, `${stderr}\n${stdout}`);
  const report = objectOf(parseJson(stdout));
  const fixed = objectOf(report["besideFixed"]);
  context.diagnostic(JSON.stringify(fixed));
  assert.ok((numberOf(fixed["marginPossible"]) ?? 0) > 0.4, stdout);
  assert.ok((numberOf(fixed["marginOfLast"]) ?? 0) > 0.15, stdout);
  const audiences = listOf(report["audiences"]).map((one) => objectOf(one));
  assert.equal(audiences.length, 4);
  for (const one of audiences) context.diagnostic(JSON.stringify(one));
  const shares = audiences.map((one) => numberOf(one["bestShareOfLast"]) ?? 0);
  // One audience may have had bad luck at first, and be on its way.
  assert.ok(shares.filter((share) => share > 0.5).length >= 3, shares.join());
  assert.ok(Math.min(...shares) > 1 / 3, shares.join());
});
