/** What a contextual bandit does in each context, live on the admin page, as the edge states it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Page } from "playwright-core";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { PersonalBrowser } from "./lib/browser.ts";
import { showHero } from "./lib/crowd.ts";
import { ENVIRONMENT, type ShopStack, shopOfAudiences } from "./lib/shop.ts";
import { inLanes, postEvents, rewardFor } from "./lib/visitor.ts";

const CONTEXTS = `${ENVIRONMENT}/bandits/hero/contexts`;
const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148";
const DESK =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36";
/** Who buys when shown what; nobody else buys. */
const BUYERS = { phone: "gift", desk: "craft" } as const;
const N_VISITORS = 60;
const LANES = 4;

let shop: ShopStack;
const browser = new PersonalBrowser();

before(async () => {
  shop = await shopOfAudiences();
  await browser.open();
});

after(async () => {
  await browser[Symbol.asyncDispose]();
  await shop?.stop();
});

/** Visitors of a device come by day, and buy what their kind buys. */
async function come(who: keyof typeof BUYERS, n: number): Promise<void> {
  const headers = { "user-agent": who === "phone" ? PHONE : DESK, cookie: "daytime=day" };
  const shown = await inLanes(Array<null>(n).fill(null), LANES, () => showHero(shop.edgeUrl, headers));
  const bought = shown.filter(({ action }) => action === BUYERS[who]);
  if (bought.length === 0) return;
  const { verdicts, body } = await postEvents(shop.edgeUrl, bought.map(({ receipt }) => rewardFor(receipt)));
  assert.ok(verdicts.every(({ verdict }) => verdict === "committed"), body);
}

function armOf(view: JsonObject, action: string): JsonObject {
  const arms = listOf(view["arms"]).map((arm) => objectOf(arm));
  const found = arms.find((arm) => arm["action"] === action);
  assert.ok(found, `no ${action} in ${JSON.stringify(view)}`);
  return found;
}

async function seen(context?: JsonObject): Promise<JsonObject> {
  return shop.admin("POST", CONTEXTS, context === undefined ? {} : { context });
}

function segment(contexts: JsonObject, name: string): JsonObject | undefined {
  const segments = listOf(contexts["segments"]).map((one) => objectOf(one));
  return segments.find((one) => one["name"] === name);
}

test("before anybody came, every action has the same share and nothing is expected", async () => {
  const contexts = await seen({ device: "mobile" });
  assert.deepEqual(listOf(contexts["segments"]), []);
  assert.equal(contexts["revision"], undefined);
  for (const view of [contexts["overall"], contexts["entered"]]) {
    for (const arm of listOf(objectOf(view)["arms"]).map((one) => objectOf(one))) {
      assert.ok(Math.abs((numberOf(arm["share"]) ?? 0) - 1 / 3) < 1e-5);
    }
  }
  const attributes = listOf(contexts["inputs"]).map((input) => textOf(objectOf(input)["attribute"]));
  assert.deepEqual(attributes, ["device", "cookies › daytime"]);
});

test("segments that occur have their counts, and estimates that tell them apart", async () => {
  await come("phone", N_VISITORS);
  await come("desk", N_VISITORS);
  const contexts = await until("both devices to be learned from", 60_000, async () => {
    const now = await seen();
    const counts = ["device = mobile", "device = desktop"].map((name) => segment(now, name)?.["decisions"]);
    return counts.every((count) => count === N_VISITORS) ? now : undefined;
  });
  const [phones, desks] = [segment(contexts, "device = mobile"), segment(contexts, "device = desktop")];
  assert.ok(phones && desks);
  const crossed = segment(contexts, "device = mobile, cookies › daytime = day");
  assert.equal(crossed?.["decisions"], N_VISITORS);
  assert.equal(segment(contexts, "cookies › daytime = evening"), undefined, "nobody came then");
  const mean = (view: JsonObject, action: string): number => numberOf(armOf(view, action)["mean"]) ?? Number.NaN;
  assert.ok(mean(phones, "gift") > mean(phones, "craft"));
  assert.ok(mean(desks, "craft") > mean(desks, "gift"));
  for (const view of [phones, desks, objectOf(contexts["overall"])]) {
    const arms = listOf(view["arms"]).map((one) => objectOf(one));
    const total = arms.reduce((sum, arm) => sum + (numberOf(arm["decisions"]) ?? 0), 0);
    assert.equal(total, view["decisions"]);
    for (const arm of arms) {
      const [low, high] = listOf(arm["interval95"]).map((bound) => numberOf(bound) ?? Number.NaN);
      const at = Math.min(Math.max(numberOf(arm["mean"]) ?? Number.NaN, 0), 1);
      assert.ok((low ?? 1) <= at && at <= (high ?? 0), JSON.stringify(arm));
    }
  }
});

test("a share is the propensity that the edge states in that context", async () => {
  const context = { device: "mobile", cookies: { daytime: "day" } };
  let n = 0;
  await until("an answer of the same revision", 30_000, async () => {
    const contexts = await seen(context);
    const reply = await fetchInTime(`${shop.edgeUrl}/ofrep/v1/evaluate/flags/shop.hero`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ context: { targetingKey: `s${(n += 1)}`, ...context } }),
    });
    const { variant, metadata } = objectOf(parseJson(await reply.text()));
    const { propensity, policyRevision } = objectOf(metadata);
    if (policyRevision !== contexts["revision"]) return undefined;
    const arm = armOf(objectOf(contexts["entered"]), textOf(variant) ?? "");
    assert.equal(arm["share"], propensity);
    return true;
  });
});

async function signedIn(): Promise<Page> {
  const page = await browser.context.newPage();
  await page.goto(shop.adminUrl);
  await page.getByLabel("Token").fill(shop.stack.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  return page;
}

test("on the page a segment is picked, or a context entered, and stays while the page is live", async () => {
  const page = await signedIn();
  const picker = page.getByLabel("Context of hero");
  await picker.waitFor();
  await picker.selectOption("device = desktop");
  const desks = page.getByRole("table", { name: "hero, device = desktop" });
  await desks.waitFor();
  const heads = await desks.getByRole("columnheader").allTextContents();
  assert.deepEqual(heads, [
    "Action",
    "Share here",
    "Share on the whole",
    "Decisions here",
    "Expected purchase here",
    "Expected purchase on the whole",
  ]);
  const cells = await desks.getByRole("row", { name: /^craft / }).getByRole("cell").allTextContents();
  assert.match(cells.at(-2) ?? "", /^\d+\.\d % \(95 % interval \d+\.\d to \d+\.\d %\)$/);
  // New visitors: the choice stays, the figures move.
  await come("desk", 5);
  await until("the new visitors on the page", 30_000, async () => {
    const options = await picker.locator("option").allTextContents();
    return options.includes(`device = desktop (${N_VISITORS + 5} decisions)`) ? true : undefined;
  });
  assert.equal(await picker.inputValue(), "device = desktop");

  const field = page.getByLabel("or any context, as JSON");
  assert.equal(
    await field.getAttribute("placeholder"),
    '{"device":"desktop","cookies":{"daytime":"day"}}',
  );
  await field.fill('{"device": "mobile", "cookies": {"daytime": "evening"}}');
  await page.keyboard.press("Enter");
  const entered = page.getByRole("table", { name: "hero, the context entered" });
  await entered.waitFor();
  await entered.getByRole("row", { name: /^gift .*unknown/ }).waitFor();
  await field.fill('{"device": ');
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("The context is not JSON.").waitFor();
  // What the API refuses is said, and the form that corrects it stays.
  await field.fill('{"targetingKey": 7}');
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("targetingKey").waitFor();
  await field.fill('{"device": "mobile"}');
  await page.keyboard.press("Enter");
  await entered.waitFor();
  await page.close();
});

test("other bandits have no contexts, and a faulty context is pointed at", async () => {
  const refused = async (path: string, body: unknown): Promise<readonly unknown[]> => {
    const { status, body: problem } = await shop.stack.admin("POST", path, body);
    const { code, pointer } = objectOf(problem as JsonObject);
    return [status, code, pointer];
  };
  const deep = { context: { targetingKey: 7 } };
  assert.deepEqual((await refused(CONTEXTS, deep)).slice(0, 2), [422, "invalid_document"]);
  assert.deepEqual((await refused(CONTEXTS.replace("hero", "nobody"), {}))[0], 404);
});
