/** Events as the world sends them: late, doubled, forged, copied, broken, too many, too large. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { showHero, tally } from "./lib/crowd.ts";
import type { Shown } from "./lib/crowd.ts";
import { ShopStack } from "./lib/shop.ts";
import { postEvents, rewardFor } from "./lib/visitor.ts";

let shop: ShopStack;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop?.stop();
});

const verdictsOf = async (events: readonly unknown[]): Promise<readonly string[]> => {
  const { status, body, verdicts } = await postEvents(shop.edgeUrl, events);
  assert.equal(status, 200, body);
  return verdicts.map(({ verdict }) => verdict);
};

/** One more reward for an action than were expected before. */
const expected: Record<string, number> = {};
function oneMore({ action }: Shown): Readonly<Record<string, number>> {
  expected[action] = (expected[action] ?? 0) + 1;
  return expected;
}

test("a duplicate is told as one and counts once", async () => {
  const shown = await showHero(shop.edgeUrl);
  const event = rewardFor(shown.receipt);
  assert.deepEqual(await verdictsOf([event]), ["committed"]);
  assert.deepEqual(await verdictsOf([event, event]), ["duplicate", "duplicate"]);
  await shop.rewardsBecome(oneMore(shown));
});

test("a receipt replayed under fresh ids changes nothing", async () => {
  const shown = await showHero(shop.edgeUrl);
  const replay = (): Promise<readonly string[]> => verdictsOf([rewardFor(shown.receipt)]);
  const verdicts = await Promise.all(Array.from({ length: 20 }, replay));
  assert.deepEqual(tally(verdicts.flat()), { committed: 1, duplicate: 19 });
  await shop.rewardsBecome(oneMore(shown));
});

test("a reward that comes before its exposure counts like one that comes after", async () => {
  const shown = await showHero(shop.edgeUrl);
  // The exposure is still on its way through the queue.
  assert.deepEqual(await verdictsOf([rewardFor(shown.receipt)]), ["committed"]);
  const exposure = { id: randomUUID(), kind: "exposure", receipt: shown.receipt };
  const late = await verdictsOf([exposure, exposure]);
  assert.ok(late.every((verdict) => ["committed", "duplicate"].includes(verdict)), late.join());
  await shop.rewardsBecome(oneMore(shown));
});

test("a forged receipt is rejected, the good events of its batch are kept", async () => {
  const shown = await showHero(shop.edgeUrl);
  const { receipt } = shown;
  const middle = Math.floor(receipt.length / 2);
  const other = receipt[middle] === "A" ? "B" : "A";
  const forged = receipt.slice(0, middle) + other + receipt.slice(middle + 1);
  const { status, verdicts, body } = await postEvents(shop.edgeUrl, [
    rewardFor(forged),
    rewardFor(receipt),
    rewardFor("nonsense"),
    rewardFor(""),
  ]);
  assert.equal(status, 200);
  assert.deepEqual(
    verdicts.map(({ verdict }) => verdict),
    ["rejected", "committed", "rejected", "rejected"],
    body,
  );
  assert.ok(verdicts.every(({ verdict, code }) => (verdict === "rejected") === (code !== undefined)));
  await shop.rewardsBecome(oneMore(shown));
});

test("malformed events are rejected one by one", async () => {
  const shown = await showHero(shop.edgeUrl);
  const good = rewardFor(shown.receipt);
  const bad: readonly unknown[] = [
    { ...good, id: randomUUID(), value: "much" },
    { ...good, id: randomUUID(), value: 7 },
    { ...good, id: randomUUID(), metric: "applause" },
    { ...good, id: randomUUID(), kind: "surprise" },
    { id: randomUUID(), kind: "reward", metric: "purchase", value: 1 },
    7,
    null,
    [],
  ];
  const verdicts = await verdictsOf([...bad, good]);
  assert.deepEqual(verdicts, [...bad.map(() => "rejected"), "committed"]);
  await shop.rewardsBecome(oneMore(shown));
});

test("what is no batch at all is refused with a problem document", async () => {
  const url = `${shop.edgeUrl}/bandera/v1/events`;
  const check = async (body: string, status: number): Promise<void> => {
    const reply = await fetchInTime(url, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body,
    });
    const text = await reply.text();
    assert.equal(reply.status, status, `${body.slice(0, 60)}: ${text}`);
    assert.match(reply.headers.get("content-type") ?? "", /^application\/problem\+json/);
    assert.ok(textOf(objectOf(parseJson(text))["code"]), text);
  };
  await check("", 400);
  await check("{", 400);
  await check("[]", 400);
  await check('{"events": 7}', 400);
  await check(JSON.stringify({ events: [], padding: "x".repeat(600_000) }), 413);
});

test("a batch may hold so many events and not one more", async () => {
  const shown = await showHero(shop.edgeUrl);
  const event = rewardFor(shown.receipt);
  const largest = await postEvents(shop.edgeUrl, Array(500).fill(event));
  assert.equal(largest.status, 200, largest.body);
  assert.equal(largest.verdicts.length, 500);
  await shop.rewardsBecome(oneMore(shown));
  const tooLarge = await postEvents(shop.edgeUrl, Array(501).fill(event));
  assert.ok([400, 413].includes(tooLarge.status), `${tooLarge.status} ${tooLarge.body}`);
});

test("sendBeacon's plain text is read like JSON", async () => {
  const shown = await showHero(shop.edgeUrl);
  const { status, verdicts } = await postEvents(shop.edgeUrl, [rewardFor(shown.receipt)], {
    "content-type": "text/plain;charset=UTF-8",
  });
  assert.equal(status, 200);
  assert.deepEqual(verdicts.map(({ verdict }) => verdict), ["committed"]);
  await shop.rewardsBecome(oneMore(shown));
});
