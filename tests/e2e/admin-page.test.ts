/** The page in a real browser: signing in, roles, keyboard, conflicts, its own policy. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Page } from "playwright-core";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { objectOf } from "../../www/browser/ts/json.ts";
import { AdminStack, anew, plainFlag } from "./lib/admin.ts";
import { PersonalBrowser, complaintsOf } from "./lib/browser.ts";

let admin: AdminStack;
let environment: string;
const browser = new PersonalBrowser();

before(async () => {
  admin = await AdminStack.start();
  environment = await admin.environment("page");
  const rollout = { ...plainFlag, status: "gradual_rollout" };
  const flag = { ...rollout, rollout: { variant: "on", percentage: 50 } };
  await admin.ok(201, "PUT", `${environment}/flags/first`, { body: flag, headers: anew });
  await admin.ok(201, "PUT", `${environment}/flags/second`, { body: plainFlag, headers: anew });
  await admin.publish(environment, 0, "as it began");
  await browser.open();
});

after(async () => {
  await browser[Symbol.asyncDispose]();
  await admin?.stop();
});

async function signedIn(token: string): Promise<Page> {
  const page = await browser.context.newPage();
  await page.goto(admin.stack.adminUrl);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("switch", { name: "first" }).waitFor();
  return page;
}

async function status(flag: string): Promise<unknown> {
  const { body } = await admin.ok(200, "GET", `${environment}/flags/${flag}`);
  return objectOf(body["document"])["status"];
}

test("the page comes under a strict policy and keeps to it", async () => {
  const reply = await fetchInTime(admin.stack.adminUrl);
  const policy = reply.headers.get("content-security-policy") ?? "";
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
    assert.ok(policy.includes(part), policy);
  }
  assert.equal(reply.headers.get("x-content-type-options"), "nosniff");
  const page = await browser.context.newPage();
  const complaints = complaintsOf(page);
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  await page.goto(admin.stack.adminUrl);
  await page.getByLabel("Token").fill(admin.stack.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("switch", { name: "first" }).waitFor();
  assert.deepEqual(complaints, []);
  assert.deepEqual([...hosts], [new URL(admin.stack.adminUrl).host]);
  await page.close();
});

test("a wrong token is refused in words; signing out forgets the token", async () => {
  const page = await browser.context.newPage();
  await page.goto(admin.stack.adminUrl);
  await page.getByLabel("Token").fill("bdr_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("the token is unknown").waitFor();
  await page.getByLabel("Token").fill(admin.stack.token);
  await page.keyboard.press("Enter");
  await page.getByRole("switch", { name: "first" }).waitFor();
  await page.reload();
  await page.getByRole("switch", { name: "first" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  await page.reload();
  await page.getByLabel("Token").waitFor();
  await page.close();
});

test("the keyboard switches a flag off and back; a change is published and undone", async () => {
  const page = await signedIn(admin.stack.token);
  const flip = page.getByRole("switch", { name: "first" });
  const publish = page.getByRole("button", { name: "Publish" });
  assert.equal(await publish.isDisabled(), true, "there is nothing to publish yet");
  await flip.focus();
  await page.keyboard.press("Space");
  await page.getByRole("status").getByText("first is disabled in the draft").waitFor();
  await page.getByRole("switch", { name: "first", checked: false, disabled: false }).waitFor();
  assert.equal(await status("first"), "disabled");
  assert.equal(await flip.evaluate((one) => one === document.activeElement), true, "focus stays");
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("first is gradual rollout in the draft").waitFor();
  await page.getByRole("switch", { name: "first", checked: true, disabled: false }).waitFor();
  assert.equal(await status("first"), "gradual_rollout", "back to what it was");

  await page.getByRole("switch", { name: "second" }).click();
  await page.getByText("differs from what is live in 1 place of 1 document").waitFor();
  await page.getByLabel("Note").fill("less is more");
  await publish.click();
  await page.getByRole("status").getByText("Publication 2 is made").waitFor();
  await page.getByRole("cell", { name: "less is more" }).waitFor();
  await page.getByRole("button", { name: "Roll back to 1" }).click();
  await page.getByRole("status").getByText("Publication 3 repeats publication 1").waitFor();
  await page.close();
});

test("what somebody else changed meanwhile is not overwritten but shown", async () => {
  const page = await signedIn(admin.stack.token);
  const { headers } = await admin.ok(200, "GET", `${environment}/flags/first`);
  await admin.ok(200, "PATCH", `${environment}/flags/first`, {
    body: { description: "changed by a colleague" },
    headers: { "if-match": headers.get("etag") ?? "" },
  });
  await page.getByRole("switch", { name: "first" }).click();
  await page.getByRole("status").getByText("Somebody else changed it first").waitFor();
  await page.getByText("changed by a colleague").waitFor();
  assert.equal(await status("first"), "gradual_rollout");
  await page.close();
});

test("a viewer looks and cannot touch", async () => {
  const page = await signedIn(await admin.token("viewer"));
  assert.equal(await page.getByRole("switch", { name: "first" }).isDisabled(), true);
  assert.equal(await page.getByRole("button", { name: "Publish" }).isDisabled(), true);
  await page.getByText("needs the role editor").waitFor();
  await page.close();
});
