/** A Ledger that is gone for longer than the queue tries: nothing is lost, and all can be seen. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { edgeWithout } from "./lib/broken.ts";
import { PersonalBrowser } from "./lib/browser.ts";
import { showHero } from "./lib/crowd.ts";
import { ENVIRONMENT, ShopStack } from "./lib/shop.ts";
import { postEvents, rewardFor } from "./lib/visitor.ts";

const EVENTS = `${ENVIRONMENT}/events`;
/** How long the queue may take to give up, and to deliver again. */
const DELIVERED_MS_MAX = 60_000;
const N_VISITORS = 5;

/** A member that has to be a number. */
function count(object: JsonObject, name: string): number {
  const value = numberOf(object[name]);
  assert.ok(value !== undefined, `no number "${name}" in ${JSON.stringify(object)}`);
  return value;
}

describe("a Ledger outage that outlasts the retries", () => {
  const browser = new PersonalBrowser();
  const broken = edgeWithout({ after }, "ledger");
  let shop: ShopStack;
  let attempted: number;
  let rewards: number;

  before(async () => {
    shop = await ShopStack.start(broken);
    await browser.open();
  });
  after(async () => {
    await browser[Symbol.asyncDispose]();
    await shop?.stop();
  });

  async function dead(): Promise<JsonObject> {
    return objectOf((await shop.health())["deadLetters"]);
  }

  function totals(): Promise<JsonObject> {
    return shop.admin("GET", `${EVENTS}/totals`);
  }

  function replay(body: JsonObject, token = shop.stack.token): Promise<Response> {
    return fetchInTime(`${shop.adminUrl}${EVENTS}/dead-letters/replay`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  test("ends in dead letters, and every exposure is in one", async () => {
    const receipts: string[] = [];
    for (let n = 0; n < N_VISITORS; n += 1) receipts.push((await showHero(shop.edgeUrl)).receipt);
    const { verdicts } = await postEvents(shop.edgeUrl, receipts.map((one) => rewardFor(one)));
    assert.deepEqual(new Set(verdicts.map(({ verdict }) => verdict)), new Set(["queued"]));
    rewards = receipts.length;
    const exposures = await until("the exposures to be handed over", 30_000, async () => {
      const now = await shop.exposureCounters();
      return now.attempted === now.committed + now.dropped ? now : undefined;
    });
    assert.equal(exposures.dropped, 0);
    attempted = exposures.attempted;
    assert.ok(attempted >= N_VISITORS);
    await until("all of them to be dead", DELIVERED_MS_MAX, async () =>
      count(await dead(), "events") === attempted + rewards ? true : undefined,
    );
  });

  test("outlives the runtime, and is listed page by page", async () => {
    // The admin Worker asks the objects of the edge's process; without a ledger it cannot add up.
    const before = await dead();
    await shop.stack.killEdge();
    await shop.stack.startEdge();
    assert.deepEqual(await dead(), before);
    const ids: number[] = [];
    let cursor = "";
    do {
      const page = await shop.admin("GET", `${EVENTS}/dead-letters?limit=2${cursor}`);
      const letters = listOf(page["items"]).map((letter) => objectOf(letter));
      assert.ok(letters.length <= 2);
      for (const letter of letters) {
        assert.match(textOf(letter["reason"]) ?? "", /^ledger\/demo\/\d did not commit it$/);
        ids.push(count(letter, "id"));
      }
      const next = textOf(page["next"]);
      cursor = next === undefined ? "" : `&cursor=${next}`;
    } while (cursor !== "");
    assert.deepEqual(ids, ids.toSorted((a, b) => a - b));
    assert.equal(ids.length, count(before, "letters"));
  });

  test("shows on the page of the admin Worker", async () => {
    const page = await browser.context.newPage();
    await page.goto(shop.adminUrl);
    await page.getByLabel("Token").fill(shop.stack.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    const events = count(await dead(), "events");
    const row = page.getByRole("row", { name: /^Dead / });
    await row.getByRole("cell", { name: String(events), exact: true }).waitFor();
    await page.getByRole("button", { name: "Send dead letters again" }).waitFor();
    await page.close();
  });

  test("is replayed by those who may, once the Ledger is back, and counts exactly", async () => {
    const name = "an editor";
    const made = await shop.admin("POST", "/api/v1/tokens", { name, role: "editor" });
    assert.equal((await replay({}, textOf(made["secret"]) ?? "")).status, 403);
    const tooMany = await replay({ ids: Array.from({ length: 101 }, (_, id) => id) });
    assert.equal(tooMany.status, 400);
    assert.equal(objectOf(parseJson(await tooMany.text()))["pointer"], "/ids");

    await shop.stack.killEdge();
    broken.mend();
    await shop.stack.startEdge();
    const letters = count(await dead(), "letters");
    const first = await replay({});
    assert.equal(first.status, 200);
    const sent = objectOf(parseJson(await first.text()));
    assert.equal(listOf(sent["replayed"]).length, letters);
    assert.equal(sent["refused"], false);
    // Again: they are gone, and nothing happens.
    const again = await replay({ ids: listOf(sent["replayed"]) });
    assert.deepEqual(listOf(objectOf(parseJson(await again.text()))["replayed"]), []);

    let seen: JsonObject = {};
    await until("the counts", DELIVERED_MS_MAX, async () => {
      seen = await totals();
      const counted = count(seen, "exposures") + count(seen, "flagExposures");
      return counted === attempted && count(seen, "rewards") === rewards ? true : undefined;
    }).catch(() => assert.fail(`${attempted} exposures, ${rewards} rewards: ${JSON.stringify(seen)}`));
    const gone = objectOf(seen["deadLetters"]);
    assert.deepEqual(
      [gone["letters"], gone["replayedLetters"], gone["replayedEvents"], gone["lostEvents"]],
      [0, letters, attempted + rewards, 0],
    );
    assert.deepEqual(await dead(), gone);
    const audit = await shop.admin("GET", "/api/v1/audit?kind=deadLetters");
    const entries = listOf(audit["items"]).map((entry) => objectOf(entry));
    assert.equal(entries.length, 2);
    assert.deepEqual(entries.map(({ action }) => action), ["replay", "replay"]);
  });
});
