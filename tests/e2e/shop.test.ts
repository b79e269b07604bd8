/** A person shops through the edge in a real browser. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Page, Request } from "playwright-core";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { objectOf, parseJson, listOf } from "../../www/browser/ts/json.ts";
import { readState } from "../../www/browser/ts/state.ts";
import { PersonalBrowser, complaintsOf, seenByShop } from "./lib/browser.ts";
import { ShopStack } from "./lib/shop.ts";
import { Visitor, readVerdicts, stateText } from "./lib/visitor.ts";

/** The headline as the shop's own server writes it, and as each action rewrites it. */
const ORIGINAL = "Goods for evenings by the fire";
const HEADLINES: Readonly<Record<string, string>> = {
  craft: "Made by hand, kept for life",
  evening: "Stay out one hour longer",
  gift: "Gifts for people who camp",
};

let shop: ShopStack;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop?.stop();
});

/** Waits for the client script: it is deferred and small. */
async function clientReady(page: Page): Promise<void> {
  await page.waitForFunction(() => globalThis.bandera !== undefined);
}

/** Puts a lantern into the cart and goes to the cart. */
async function fillCart(page: Page): Promise<void> {
  await page.goto(`${shop.edgeUrl}/p/lantern`);
  await page.locator("button.buy").click();
  await page.waitForURL("**/cart");
}

function eventsOf(request: Request): readonly string[] {
  const events = listOf(objectOf(parseJson(request.postData() ?? ""))["events"]);
  return events.map((event) => JSON.stringify(event));
}

test("every page of the shop arrives whole and without complaints", async () => {
  await using person = new PersonalBrowser();
  const page = await person.open();
  const complaints = complaintsOf(page);
  for (const path of ["/", "/p/lantern", "/cart", "/collection", "/thanks"]) {
    const reply = await page.goto(shop.edgeUrl + path);
    assert.equal(reply?.status(), 200, path);
    assert.equal(await page.locator("h1").count(), 1, path);
    await clientReady(page);
  }
  assert.deepEqual(complaints, []);
});

test("the script and its engine are served with their types, for a while", async () => {
  const check = async (file: string, type: RegExp): Promise<void> => {
    const reply = await fetchInTime(`${shop.edgeUrl}/bandera/v1/${file}`);
    await reply.arrayBuffer();
    assert.equal(reply.status, 200, file);
    assert.match(reply.headers.get("content-type") ?? "", type, file);
    assert.match(reply.headers.get("cache-control") ?? "", /max-age=300/, file);
    assert.equal(reply.headers.get("x-content-type-options"), "nosniff", file);
  };
  await check("bandera.js", /javascript/);
  for (const script of ["engine.js", "engine-full.js"]) await check(script, /javascript/);
  for (const wasm of ["bandera_bg.wasm", "bandera-full_bg.wasm"]) {
    await check(wasm, /^application\/wasm/);
  }
});

test("the same visitor keeps the same variants over pages and restarts", async () => {
  await using person = new PersonalBrowser();
  const seen: string[] = [];
  for (let start = 0; start < 3; start += 1) {
    const page = await person.open();
    for (const path of ["/", "/p/lantern", "/cart", "/"]) {
      await page.goto(shop.edgeUrl + path);
      seen.push(await seenByShop(page));
    }
    await person.close();
  }
  assert.match(seen[0] ?? "", /shop\.hero="?(craft|evening|gift)/);
  assert.deepEqual([...new Set(seen)], [seen[0]]);
});

test("visitors differ", async () => {
  const seen = new Set<string | undefined>();
  for (let n = 0; n < 40; n += 1) {
    const { state } = await new Visitor(shop.edgeUrl).visit("/");
    seen.add(state.answers.get("shop.hero")?.variant);
  }
  assert.deepEqual([...seen].sort(), ["craft", "evening", "gift"]);
});

test("the edit is in the stream: the original headline is never received", async () => {
  for (let n = 0; n < 5; n += 1) {
    const { html, state } = await new Visitor(shop.edgeUrl).visit("/");
    const headline = HEADLINES[state.answers.get("shop.hero")?.variant ?? ""] ?? "?";
    assert.ok(html.includes(`<h1 class="hero-title">${headline}</h1>`), html.slice(0, 2000));
    assert.ok(!html.includes(ORIGINAL));
    assert.ok(html.trimEnd().endsWith("</html>"), "the document is whole");
  }
});

test("the browser never holds the original headline, not for a moment", async () => {
  await using person = new PersonalBrowser();
  const page = await person.open();
  await page.addInitScript(() => {
    const seen = new Set<string>();
    Object.assign(globalThis, { headlines: seen });
    const look = (): void => {
      for (const heading of document.querySelectorAll("h1")) seen.add(heading.textContent ?? "");
    };
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  const reply = await page.goto(shop.edgeUrl);
  const received = (await reply?.text()) ?? "";
  await clientReady(page);
  const seen = await page.evaluate(() => [...(Reflect.get(globalThis, "headlines") as Set<string>)]);
  const variant = await page.evaluate(() => globalThis.bandera?.variant("shop.hero"));
  const headline = HEADLINES[variant ?? ""] ?? "?";
  // A page arrives in pieces, and one of them may end within the headline.
  assert.deepEqual(seen.filter((text) => !headline.startsWith(text)), []);
  assert.ok(seen.includes(headline));
  assert.ok(received.includes(headline) && !received.includes(ORIGINAL));
});

test("a purchase sends a reward with its receipt, and the Ledger counts it", async () => {
  await using person = new PersonalBrowser();
  const page = await person.open();
  const before = await shop.heroCounts();
  await fillCart(page);
  const receipt = readState(stateText(await page.content())).receipts[0];
  assert.equal(receipt?.metric, "purchase");
  const answered = page.waitForEvent("requestfinished", (request) =>
    request.url().endsWith("/bandera/v1/events"),
  );
  await page.locator("button.purchase").click();
  const request = await answered;
  const events = eventsOf(request);
  assert.equal(events.length, 1);
  const event = objectOf(parseJson(events[0] ?? ""));
  assert.equal(event["receipt"], receipt?.token);
  assert.deepEqual([event["kind"], event["metric"], event["value"]], ["reward", "purchase", 1]);
  await page.waitForURL("**/thanks");
  const after = await until("the purchase in the Ledger", 20_000, async () => {
    const counts = await shop.heroCounts();
    return counts.rewards === before.rewards + 1 ? counts : undefined;
  });
  assert.equal(after.rewards, before.rewards + 1);
  await clientReady(page);
  await page.waitForFunction(() => globalThis.bandera?.pending().length === 0);
});

/** Lets no event through that is fetched; gives the list of what was lost. */
async function loseEvents(page: Page): Promise<readonly string[]> {
  const lost: string[] = [];
  await page.route("**/bandera/v1/events", async (route, request) => {
    lost.push(...eventsOf(request));
    await route.abort();
  });
  return lost;
}

test("a page that is left with events in its outbox sends them as a beacon", async () => {
  await using person = new PersonalBrowser();
  const page = await person.open();
  const before = await shop.heroCounts();
  await fillCart(page);
  const lost = await loseEvents(page);
  assert.equal(await page.evaluate(() => globalThis.bandera?.reward("purchase", 1)), 1);
  // A page that is left during an attempt trusts that attempt: here it has ended.
  await page.evaluate(() => globalThis.bandera?.flush());
  assert.ok(lost.length > 0);
  await page.goto("about:blank");
  await until("the purchase in the Ledger", 20_000, async () => {
    return (await shop.heroCounts()).rewards === before.rewards + 1 ? true : undefined;
  });
});

test("a purchase that nobody acknowledged is sent again after a restart, with the same id", async () => {
  await using person = new PersonalBrowser();
  const first = await person.open();
  // A request that is under way when its page is left, or its browser closed, escapes interception.
  // So no attempt is made then: there is no beacon, and no timer ends while the clock stands still.
  await first.addInitScript(() => Object.assign(navigator, { sendBeacon: () => false }));
  await first.clock.install();
  await fillCart(first);
  await clientReady(first);
  await first.clock.pauseAt((await first.evaluate(() => Date.now())) + 1_000);
  const lost = await loseEvents(first);
  assert.equal(await first.evaluate(() => globalThis.bandera?.reward("purchase", 1)), 1);
  await first.evaluate(() => globalThis.bandera?.flush());
  // One event; it went out twice where its first attempt had already ended.
  assert.equal(new Set(lost).size, 1);
  assert.equal(await first.evaluate(() => globalThis.bandera?.pending().length), 1);
  await person.close();

  const second = await person.open();
  const resent = second.waitForResponse("**/bandera/v1/events");
  await second.goto(shop.edgeUrl);
  const reply = await resent;
  assert.deepEqual(eventsOf(reply.request()), [lost[0]]);
  assert.deepEqual(
    readVerdicts(await reply.text()).map(({ verdict }) => verdict),
    ["committed"],
  );
  await second.waitForFunction(() => globalThis.bandera?.pending().length === 0);
});

test("an evaluation in the browser gives the edge's answers", async () => {
  await using person = new PersonalBrowser();
  const page = await person.open();
  await page.goto(shop.edgeUrl);
  await clientReady(page);
  const edge = readState(stateText(await page.content())).answers;
  const local = await page.evaluate(async () => {
    const answers = (await globalThis.bandera?.evaluate()) ?? new Map();
    return [...answers].map(([key, answer]) => [key, answer.variant ?? null]);
  });
  assert.ok(local.length >= 5, JSON.stringify(local));
  assert.deepEqual(
    Object.fromEntries(local),
    Object.fromEntries([...edge].map(([key, answer]) => [key, answer.variant ?? null])),
  );
});

test("redirects and rewrites lead where their variant says", async () => {
  const moved = await new Visitor(shop.edgeUrl).visit("/sale");
  assert.equal(moved.status, 302);
  assert.equal(moved.headers.get("location"), "/collection");
  const titles = new Map<string | undefined, string | undefined>();
  await until("both variants of the collection", 30_000, async () => {
    const { html, state } = await new Visitor(shop.edgeUrl).visit("/collection");
    titles.set(state.answers.get("shop.collection")?.variant, /<h1>(.*?)<\/h1>/.exec(html)?.[1]);
    return titles.size === 2 ? true : undefined;
  });
  assert.equal(titles.get("list"), "The collection");
  assert.equal(titles.get("lookbook"), "The lookbook");
});
