/** When things go wrong, people still get their page: one test for each fault that can be had. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { listOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { edgeWithDeadLedger, edgeWithout } from "./lib/broken.ts";
import { showHero } from "./lib/crowd.ts";
import { ShopStack } from "./lib/shop.ts";
import { Visitor, postEvents, rewardFor } from "./lib/visitor.ts";

const ORIGINAL = "Goods for evenings by the fire";
const POINTER = "env/demo/current";
/** How long the edge may take to read what was put into KV. */
const NOTICED_MS_MAX = 30_000;

/** The page as the origin wrote it. */
async function untouched(edgeUrl: string): Promise<boolean> {
  const { status, html } = await new Visitor(edgeUrl).visit("/");
  assert.equal(status, 200);
  assert.ok(html.trimEnd().endsWith("</html>"), "the page is whole");
  return html.includes(ORIGINAL) && html.includes("(no header)");
}

/** OFREP's answer about the headline. */
async function ask(edgeUrl: string): Promise<{ status: number; reason: string; code: string }> {
  const reply = await fetchInTime(`${edgeUrl}/ofrep/v1/evaluate/flags/shop.hero`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ context: { targetingKey: "somebody" } }),
  });
  const body = objectOf(parseJson(await reply.text()));
  const { reason, errorCode } = body;
  return { status: reply.status, reason: textOf(reason) ?? "", code: textOf(errorCode) ?? "" };
}

/** What the edge's health has to complain about. */
async function faults(shop: ShopStack): Promise<readonly string[]> {
  const listed = listOf((await shop.health())["faults"]);
  return listed.flatMap((fault) => textOf(objectOf(fault)["detail"]) ?? []);
}

/** Resolves when health names the fault, and not another one; each look visits as well. */
async function noticed(
  shop: ShopStack,
  fault: RegExp,
  visit: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  let seen: readonly string[] = [];
  await until(`health that says ${fault}`, NOTICED_MS_MAX, async () => {
    await visit();
    seen = await faults(shop);
    return seen.length === 1 && fault.test(seen[0] ?? "") ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`health says ${JSON.stringify(seen)}`, { cause: error });
  });
}

describe("without a ruleset", () => {
  let shop: ShopStack;
  before(async () => {
    shop = await ShopStack.start({ unpublished: true });
  });
  after(async () => {
    await shop?.stop();
  });

  test("pages pass through untouched, and evaluations say why", async () => {
    assert.ok(await untouched(shop.edgeUrl));
    assert.equal((await ask(shop.edgeUrl)).code, "PROVIDER_NOT_READY");
  });

  test("rubbish in KV is the same as nothing", async () => {
    const check = async (rubbish: string, fault: RegExp): Promise<void> => {
      shop.kvPut(POINTER, rubbish);
      await noticed(shop, fault, async () => assert.ok(await untouched(shop.edgeUrl), rubbish));
      assert.equal((await ask(shop.edgeUrl)).code, "PROVIDER_NOT_READY");
    };
    await noticed(shop, /^nothing is published$/);
    await check(" ", /^the pointer is not readable: EOF while parsing a value/);
    await check("null", /^the pointer is not readable: invalid type: null/);
    await check("{", /^the pointer is not readable: EOF while parsing an object/);
    await check('{"publication":"x"}', /^the pointer is not readable: invalid type: string "x"/);
    await check('{"publication":1,"hash":"../.."}', /^the pointer names no publication$/);
    shop.kvDelete(POINTER);
  });

  test("a ruleset that is published later is picked up without restart", async () => {
    await shop.seed();
    const { receipt } = await until("a decision", 30_000, async () => {
      return (await untouched(shop.edgeUrl)) ? undefined : showHero(shop.edgeUrl);
    });
    assert.ok(receipt !== "");
  });
});

describe("with a ruleset that was good", () => {
  let shop: ShopStack;
  let pointer: string;
  before(async () => {
    shop = await ShopStack.start();
    pointer = shop.kvGet(POINTER);
  });
  after(async () => {
    await shop?.stop();
  });

  /** Puts something bad where the ruleset was until the edge has noticed; then mends it. */
  async function survive(fault: RegExp, damage: () => void): Promise<void> {
    damage();
    await noticed(shop, fault, () => showHero(shop.edgeUrl));
    await showHero(shop.edgeUrl);
    assert.equal((await ask(shop.edgeUrl)).status, 200);
    assert.equal((await shop.health())["publication"], 1);
    shop.kvPut(POINTER, pointer);
    await until("a refresh without fault", NOTICED_MS_MAX, async () =>
      (await faults(shop)).length === 0 ? true : undefined,
    );
  }

  function publishBytes(bytes: string | Uint8Array): void {
    const hash = createHash("sha256").update(bytes).digest("hex");
    shop.kvPut(`env/demo/ruleset/${hash}`, bytes);
    shop.kvPut(POINTER, JSON.stringify({ ...objectOf(parseJson(pointer)), publication: 99, hash }));
  }

  test("rubbish in the pointer leaves the last good ruleset in place", () =>
    survive(/^the pointer is not readable: expected value/, () => shop.kvPut(POINTER, "rubbish")));

  /** The bytes that are published. */
  function published(): Buffer {
    return shop.kvGetBytes(`env/demo/ruleset/${textOf(objectOf(parseJson(pointer))["hash"]) ?? ""}`);
  }

  test("a ruleset of a future form leaves the last good ruleset in place", () =>
    survive(/^publication form 99 is unknown/, () => {
      const bytes = published();
      bytes[8] = 99;
      publishBytes(bytes);
    }));

  test("a ruleset that is cut off leaves the last good ruleset in place", () =>
    survive(/^the published ruleset is cut off$/, () => publishBytes(published().subarray(0, 99))));

  test("a ruleset with a flipped bit leaves the last good ruleset in place", () =>
    survive(/^the compact ruleset does not match its checksum$/, () => {
      const bytes = published();
      bytes[99] = (bytes[99] ?? 0) ^ 1;
      publishBytes(bytes);
    }));

  test("a document instead of what was made of it leaves the last good ruleset in place", () =>
    survive(/^the bytes are no published ruleset$/, () =>
      publishBytes('{"schemaVersion": 1, "flags": {}}'),
    ));

  test("bytes that do not match their hash leave the last good ruleset in place", () =>
    survive(/^the ruleset's bytes do not match their hash$/, () => {
      const hash = "0".repeat(64);
      shop.kvPut(`env/demo/ruleset/${hash}`, '{"schemaVersion": 1, "flags": {}}');
      shop.kvPut(POINTER, JSON.stringify({ ...objectOf(parseJson(pointer)), publication: 99, hash }));
    }));

  test("a pointer to bytes that are not there leaves the last good ruleset in place", () =>
    survive(/^the published ruleset is not there$/, () => {
      const hash = "f".repeat(64);
      shop.kvPut(POINTER, JSON.stringify({ ...objectOf(parseJson(pointer)), publication: 99, hash }));
    }));
});

test("without its queue the edge serves pages, commits rewards, and counts what it dropped", async (context) => {
  const shop = await ShopStack.start(edgeWithout(context, "queue"));
  try {
    const shown = await showHero(shop.edgeUrl);
    const { verdicts } = await postEvents(shop.edgeUrl, [rewardFor(shown.receipt)]);
    assert.deepEqual(verdicts.map(({ verdict }) => verdict), ["committed"]);
    const counters = await until("the exposures to be given up", 30_000, async () => {
      const now = await shop.exposureCounters();
      return now.attempted === now.committed + now.dropped ? now : undefined;
    });
    assert.ok(counters.dropped > 0 && counters.committed === 0, JSON.stringify(counters));
  } finally {
    await shop?.stop();
  }
});

test("without its Ledger the edge serves pages and queues rewards", async (context) => {
  const shop = await ShopStack.start(edgeWithout(context, "ledger"));
  try {
    const shown = await showHero(shop.edgeUrl);
    const { verdicts } = await postEvents(shop.edgeUrl, [rewardFor(shown.receipt)]);
    assert.deepEqual(verdicts.map(({ verdict }) => verdict), ["queued"]);
  } finally {
    await shop?.stop();
  }
});

test("an engine of the ledger that cannot start takes nothing from pages; rewards wait", async (context) => {
  const shop = await ShopStack.start(edgeWithDeadLedger(context));
  try {
    const shown = await showHero(shop.edgeUrl);
    const { verdicts } = await postEvents(shop.edgeUrl, [rewardFor(shown.receipt)]);
    assert.deepEqual(verdicts.map(({ verdict }) => verdict), ["queued"]);
    assert.equal((await shop.health())["status"], "ready");
  } finally {
    await shop?.stop();
  }
});

test("without its ruleset store the edge passes pages on and says why", async (context) => {
  const shop = await ShopStack.start({ ...edgeWithout(context, "rulesets"), unpublished: true });
  try {
    await noticed(shop, /RULESETS/, async () => assert.ok(await untouched(shop.edgeUrl)));
    const { status, code } = await ask(shop.edgeUrl);
    assert.deepEqual([status, code], [503, "PROVIDER_NOT_READY"]);
    assert.equal((await shop.health())["status"], "notReady");
  } finally {
    await shop?.stop();
  }
});
