/** A change made in the admin page reaches the edge without restart, and one click undoes it. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import type { Page } from "playwright-core";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { PersonalBrowser, complaintsOf } from "./lib/browser.ts";
import { ENVIRONMENT, PICKED_UP_MS_MAX, ShopStack } from "./lib/shop.ts";

const FLAG = "shop.free_shipping";
const SUBJECTS = Array.from({ length: 24 }, (_, n) => `subject-${n}`);

let shop: ShopStack;
const browser = new PersonalBrowser();
let page: Page;
let complaints: readonly string[];

before(async () => {
  shop = await ShopStack.start();
  page = await browser.open();
  complaints = complaintsOf(page);
});

after(async () => {
  await browser[Symbol.asyncDispose]();
  await shop?.stop();
});

/** The edge's answers about the flag, one for each subject, with the reason. */
async function answers(): Promise<readonly string[]> {
  return Promise.all(
    SUBJECTS.map(async (targetingKey) => {
      const reply = await fetchInTime(`${shop.edgeUrl}/ofrep/v1/evaluate/flags/${FLAG}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ context: { targetingKey } }),
      });
      const { value, reason } = objectOf(parseJson(await reply.text()));
      return `${String(value)} ${textOf(reason) ?? ""}`;
    }),
  );
}

/** The pointer that edges follow. */
function pointer(): { readonly publication: number; readonly hash: string } {
  const { publication, hash } = objectOf(parseJson(shop.kvGet("env/demo/current")));
  return { publication: numberOf(publication) ?? 0, hash: textOf(hash) ?? "" };
}

async function clientRuleset(): Promise<string> {
  return (await fetchInTime(`${shop.edgeUrl}/bandera/v1/ruleset`)).text();
}

test("a flag switched off in the page is off at the edge, and a rollback brings it back", async () => {
  const former = { answers: await answers(), pointer: pointer(), client: await clientRuleset() };
  assert.deepEqual(new Set(former.answers), new Set(["true SPLIT", "false DEFAULT"]));
  const bytes = shop.kvGetBytes(`env/demo/ruleset/${former.pointer.hash}`);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), former.pointer.hash);

  await page.goto(shop.adminUrl);
  await page.getByLabel("Token").fill(shop.stack.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("switch", { name: FLAG }).click();
  await page.getByRole("button", { name: "Publish" }).click();
  await until("the flag to be off at the edge", PICKED_UP_MS_MAX, async () => {
    const now = new Set(await answers());
    return now.size === 1 && now.has("false DISABLED") ? true : undefined;
  });
  const changed = pointer();
  assert.equal(changed.publication, former.pointer.publication + 1);
  assert.notEqual(changed.hash, former.pointer.hash);
  assert.notEqual(await clientRuleset(), former.client);

  const row = page.getByRole("row", { name: new RegExp(`\\b${former.pointer.publication}\\b`) });
  await row.getByRole("button", { name: /roll back/i }).click();
  await until("the former answers at the edge", PICKED_UP_MS_MAX, async () => {
    return (await answers()).join() === former.answers.join() ? true : undefined;
  });
  const restored = pointer();
  assert.equal(restored.publication, changed.publication + 1);
  assert.equal(restored.hash, former.pointer.hash);
  assert.deepEqual(shop.kvGetBytes(`env/demo/ruleset/${restored.hash}`), bytes);
  assert.equal(await clientRuleset(), former.client);
  assert.deepEqual(complaints, []);
});

test("a ruleset that would not work cannot be published", async () => {
  const { etag } = await shop.admin("GET", `${ENVIRONMENT}/flags/${FLAG}`);
  await shop.reply(
    "PATCH",
    `${ENVIRONMENT}/flags/${FLAG}`,
    { requires: [{ flag: "shop.nowhere", variants: ["on"] }] },
    { "if-match": textOf(etag) ?? "" },
  );
  const before = pointer();
  const reply = await shop.stack.admin(
    "POST",
    `${ENVIRONMENT}/publications`,
    { note: "cannot work" },
    { "if-match": `"p${before.publication}"` },
  );
  assert.equal(reply.status, 422, JSON.stringify(reply.body));
  assert.match(JSON.stringify(reply.body), /shop\.nowhere/);
  assert.deepEqual(pointer(), before);
});
