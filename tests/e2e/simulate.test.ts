/** `bandera simulate` against a real stack: it learns, it counts exactly, and it says so. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";

import { cliDebug } from "../../scripts/lib/paths.ts";
import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { ShopStack } from "./lib/shop.ts";

const TRUTH = "craft=0.05,evening=0.1,gift=0.4";
const VISITORS = 300;

let shop: ShopStack;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop.stop();
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with the stack's addresses and token; `meanwhile` starts with it. */
async function simulate(args: readonly string[], meanwhile?: () => Promise<void>): Promise<Ran> {
  const all = ["simulate", "--edge", shop.edgeUrl, "--admin", shop.adminUrl, ...args];
  const env = { ...process.env, BANDERA_TOKEN: shop.stack.token };
  const child = spawn(cliDebug, all, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const streams = [text(child.stdout), text(child.stderr)] as const;
  const [stdout, stderr] = await Promise.all([...streams, meanwhile?.()]);
  await ended;
  return { code: child.exitCode, stdout, stderr };
}

/** Sends visitors, expects exact counts; the share of the last who saw the best headline. */
async function bestShareOfLast(seed: number): Promise<number> {
  const args = ["--visitors", `${VISITORS}`, "--truth", TRUTH, "--seed", `${seed}`];
  const { code, stdout, stderr } = await simulate([...args, "--duplicates", "0.3"]);
  assert.equal(code, 0, `${stderr}\n${stdout}`);
  const report = objectOf(parseJson(stdout));
  const visitors = objectOf(report["visitors"]);
  assert.deepEqual(visitors, {
    came: VISITORS,
    decided: VISITORS,
    withoutDecision: 0,
    unreachable: 0,
    moved: 0,
  });
  const events = objectOf(report["events"]);
  assert.equal(events["acknowledged"], events["rewards"]);
  assert.equal(events["repeatsRecognised"], events["repeated"]);
  assert.ok((numberOf(events["repeated"]) ?? 0) > 0, "some rewards were sent again");
  const counts = objectOf(report["counts"]);
  assert.deepEqual([counts["rewardsExact"], counts["exposuresExact"]], [true, true]);
  assert.equal(listOf(report["sampleRatios"]).length, 2, "both splits of the shop were checked");
  const windows = listOf(report["overTime"]).map((window) => objectOf(window));
  return numberOf(objectOf(windows.at(-1)?.["shares"] ?? null)["gift"]) ?? 0;
}

test("most visitors come to see the best headline, and counts are exact", async () => {
  // A fast machine is through with a crowd before it has learned from it: then another one comes.
  const shares: number[] = [];
  await until("most of the last visitors to see the best headline", 90_000, async () => {
    shares.push(await bestShareOfLast(100 + shares.length));
    return (shares.at(-1) ?? 0) > 0.5 ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`the shares were ${shares.join(", ")}`, { cause: error });
  });
});

test("a kill -9 in the midst of a simulation costs nothing that was acknowledged", async () => {
  const args = ["--visitors", "200", "--truth", TRUTH, "--seed", "8", "--patience", "60"];
  const { code, stdout, stderr } = await simulate(
    [...args, "--pages", "1", "--concurrency", "4"],
    async () => {
      const before = await shop.heroCounts();
      await until("a reward of this simulation in the Ledger", 60_000, async () => {
        const now = await shop.heroCounts();
        return now.rewards > before.rewards ? true : undefined;
      });
      await shop.stack.killEdge();
      await shop.stack.startEdge();
    },
  );
  const report = objectOf(parseJson(stdout));
  const counts = objectOf(report["counts"]);
  assert.equal(counts["rewardsExact"], true, `${stderr}\n${stdout}`);
  assert.equal(objectOf(report["events"])["unacknowledged"], 0);
  assert.ok(code === 0 || counts["exposuresExact"] === false, "only exposures may have been lost");
});
