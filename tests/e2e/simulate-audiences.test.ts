/** `bandera simulate` with audiences: the best action differs by device and time of day. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";

import { removeScratch, scratchDir } from "../../scripts/lib/owned.ts";
import { cliDebug } from "../../scripts/lib/paths.ts";
import { listOf, numberOf, objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { Edge } from "./lib/edge.ts";
import { always, ruleset } from "./lib/rulesets.ts";

const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148";
const VISITORS = 1_500;

const BANDIT = {
  pitch: {
    actions: ["warmth", "speed", "price"],
    reward: { metric: "purchase", kind: "binary" },
    policy: {
      kind: "contextual",
      features: [
        { kind: "oneHot", attribute: "device", categories: ["desktop", "mobile"] },
        { kind: "oneHot", attribute: ["cookies", "daytime"], categories: ["day", "evening"] },
        { kind: "crossed", of: [0, 1] },
      ],
    },
    snapshotIntervalMs: 1_000,
  },
};
const FLAG: unknown = always({
  variants: {
    warmth: { value: "warmth" },
    speed: { value: "speed" },
    price: { value: "price" },
    off: { value: "off" },
  },
  defaultVariant: "off",
  rules: [{ id: "learn", serve: { bandit: "pitch" } }],
});

/** Four audiences, each with a best action; no action is best for all. */
const audience = (device: string, daytime: string, truth: Readonly<Record<string, number>>) => ({
  name: `${device}, ${daytime}`,
  share: 1,
  headers: device === "mobile" ? { "user-agent": PHONE } : {},
  cookies: { daytime },
  truth,
});
const TRUTH = [
  audience("desktop", "day", { warmth: 0.1, speed: 0.4, price: 0.15 }),
  audience("desktop", "evening", { warmth: 0.4, speed: 0.1, price: 0.15 }),
  audience("mobile", "day", { warmth: 0.1, speed: 0.15, price: 0.4 }),
  audience("mobile", "evening", { warmth: 0.15, speed: 0.35, price: 0.1 }),
];

let edge: Edge;
let folder: string;

before(async () => {
  folder = scratchDir("audiences");
  const settings = { context: { cookies: ["daytime"] } };
  edge = await Edge.start({ settings, ruleset: ruleset({ shop: FLAG }, { bandits: BANDIT }) });
});

after(async () => {
  await edge?.stop();
  removeScratch(folder);
});

test("what is learned for each audience beats the best action for all", async (context) => {
  const file = join(folder, "truth.json");
  writeFileSync(file, JSON.stringify(TRUTH));
  const args = ["simulate", "--edge", edge.url, "--visitors", `${VISITORS}`, "--truth", file];
  const child = spawn(cliDebug, [...args, "--pages", "1", "--seed", "7", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
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
  assert.equal(audiences.length, TRUTH.length);
  for (const one of audiences) {
    const share = numberOf(one["bestShareOfLast"]) ?? 0;
    context.diagnostic(`${JSON.stringify(one)}`);
    assert.ok(share > 0.5, `${String(one["audience"])}: ${share}`);
  }
});
