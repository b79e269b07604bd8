/** A whole system's flags in one request: as many as there are, all or none, and up to the edge. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { Json, JsonObject } from "../../www/browser/ts/json.ts";
import { plainFlag } from "./lib/admin.ts";
import { SERVER_TOKEN } from "./lib/edge.ts";
import { ENVIRONMENT, ShopStack } from "./lib/shop.ts";

const DOCUMENTS_MAX = 2_000;
const BODY_BYTES_MAX = 4_000_000;
const FLAGS = 1_000;
const PRO_FROM = 10_000;

let shop: ShopStack;

before(async () => {
  shop = await ShopStack.start({
    unpublished: true,
    edgeVars: { BANDERA_SERVER_TOKENS: SERVER_TOKEN },
  });
});

after(async () => {
  await shop?.stop();
});

interface Reply {
  readonly status: number;
  readonly body: JsonObject;
}

async function send(path: string, text: string): Promise<Reply> {
  const reply = await fetchInTime(shop.adminUrl + path, {
    method: "POST",
    headers: { authorization: `Bearer ${shop.stack.token}`, "content-type": "application/json" },
    body: text,
  });
  return { status: reply.status, body: objectOf(parseJson(await reply.text())) };
}

async function environment(key: string): Promise<string> {
  const path = `/api/v1/environments/${key}`;
  await shop.reply("PUT", path, { name: key, salt: key }, { "if-none-match": "*" });
  return path;
}

/** A ruleset of flags `f0`, `f1` and so on that serve their number and what is added to it. */
function numbered(flags: number, added = 0): { readonly flags: Record<string, JsonObject> } {
  const flag = (value: number): JsonObject => ({
    ...plainFlag,
    type: "number",
    variants: { on: { value }, off: { value: -1 } },
  });
  const keys = Array.from({ length: flags }, (_, n) => [`f${n}`, flag(n + added)] as const);
  return { flags: Object.fromEntries(keys) };
}

const body = (ruleset: object): string => JSON.stringify({ schemaVersion: 1, ...ruleset });

/** Every flag of the drafts, by key. */
async function drafts(path: string): Promise<JsonObject> {
  return objectOf((await shop.admin("GET", `${path}/draft`))["flags"]);
}

/** Entries of the audit log about flags, oldest first. */
async function audited(key: string): Promise<readonly JsonObject[]> {
  const found: Json[] = [];
  let cursor = "";
  do {
    const query = `environment=${key}&kind=flag&limit=200${cursor}`;
    const page = await shop.admin("GET", `/api/v1/audit?${query}`);
    found.push(...listOf(page["items"]));
    const next = textOf(page["next"]);
    cursor = next === undefined ? "" : `&cursor=${next}`;
  } while (cursor !== "");
  return found.reverse().map((entry) => objectOf(entry));
}

/** What another system's SDKs would download: every flag has people, a rule and a rollout. */
function launchDarkly(flags: number): JsonObject {
  const clause = (attribute: string, values: readonly string[]): JsonObject => ({
    attribute,
    op: "in",
    values,
    negate: false,
  });
  const flag = (n: number): JsonObject => ({
    key: `team-${n % 40}.feature-${n}`,
    version: n,
    on: true,
    salt: `salt-${n}`,
    offVariation: 0,
    variations: [-1, n, PRO_FROM + n],
    targets: [{ variation: 0, values: [`tester-${n}`, `owner-${n % 7}`] }],
    rules: [
      { id: `rule-${n}`, variation: 2, clauses: [clause("plan", ["pro", "enterprise"])] },
      {
        id: `countries-${n}`,
        clauses: [clause("country", ["ES", "PT", "FR"])],
        rollout: {
          variations: [
            { variation: 1, weight: 50_000 },
            { variation: 2, weight: 50_000 },
          ],
        },
      },
    ],
    fallthrough: { variation: 1 },
  });
  const named = Array.from({ length: flags }, (_, n) => flag(n));
  return { flags: Object.fromEntries(named.map((one) => [textOf(one["key"]) ?? "", one])) };
}

test("a thousand flags of another system are imported, published and evaluated", async () => {
  const imported = `${ENVIRONMENT}/import/launchdarkly?strict=true`;
  await shop.reply("PUT", ENVIRONMENT, { name: "demo", salt: "demo" }, { "if-none-match": "*" });
  const exported = launchDarkly(FLAGS);
  const { status, body: report } = await send(imported, JSON.stringify(exported));
  assert.equal(status, 200, JSON.stringify(report));
  assert.deepEqual([report["created"], report["notes"]], [FLAGS, []]);
  assert.equal((await audited("demo")).length, FLAGS);
  const note = { note: "taken over" };
  await shop.reply("POST", `${ENVIRONMENT}/publications`, note, { "if-match": `"p0"` });
  await shop.served(1);

  const keys = Object.keys(objectOf(exported["flags"]));
  const values = async (context: JsonObject): Promise<readonly Json[]> => {
    const reply = await fetchInTime(`${shop.edgeUrl}/ofrep/v1/evaluate/flags`, {
      method: "POST",
      headers: { authorization: `Bearer ${SERVER_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ context }),
    });
    const answer = await reply.text();
    assert.equal(reply.status, 200, answer);
    const answers = listOf(objectOf(parseJson(answer))["flags"]);
    const byKey = new Map(answers.map((one) => [objectOf(one)["key"], objectOf(one)["value"]]));
    return keys.map((key) => byKey.get(key) ?? null);
  };
  const each = (value: (n: number) => number): readonly number[] => keys.map((_, n) => value(n));
  const free = { targetingKey: "ana", plan: "free" };
  assert.deepEqual(await values(free), each((n) => n));
  assert.deepEqual(
    await values({ targetingKey: "ana", plan: "pro" }),
    each((n) => PRO_FROM + n),
  );
  assert.deepEqual(
    await values({ ...free, targetingKey: "owner-3" }),
    each((n) => (n % 7 === 3 ? -1 : n)),
  );
  const spread = await values({ ...free, country: "ES" });
  const rolled = spread.filter((value, n) => value === PRO_FROM + n).length;
  assert.ok(spread.every((value, n) => value === n || value === PRO_FROM + n));
  assert.ok(rolled > FLAGS / 3 && rolled < (FLAGS * 2) / 3, `${rolled} of ${FLAGS}`);
});

test("an import takes so many documents and so many bytes, and no more", async () => {
  const path = `${await environment("full")}/import`;
  const full = body(numbered(DOCUMENTS_MAX));
  const past = await send(path, body(numbered(DOCUMENTS_MAX + 1)));
  assert.deepEqual([past.status, past.body["code"]], [422, "invalid_document"]);
  assert.match(textOf(past.body["detail"]) ?? "", /2000 documents/);
  const padded = full.padEnd(BODY_BYTES_MAX);
  const longer = await send(path, `${padded} `);
  assert.deepEqual([longer.status, longer.body["code"]], [413, "body_too_long"]);
  assert.deepEqual(await drafts(path.replace("/import", "")), {});
  const taken = await send(path, padded);
  assert.deepEqual([taken.status, taken.body["created"]], [200, DOCUMENTS_MAX]);
  const again = await send(path, full);
  assert.deepEqual([again.status, again.body["unchanged"]], [200, DOCUMENTS_MAX]);
});

test("one bad document of a thousand leaves nothing behind", async () => {
  const path = await environment("atomic");
  const { flags } = numbered(FLAGS);
  const bad = { ...flags, f999: { ...flags["f999"], colour: 1 } };
  const refused = await send(`${path}/import`, body({ flags: bad }));
  assert.deepEqual([refused.status, refused.body["pointer"]], [422, "/flags/f999/colour"]);
  assert.deepEqual(await drafts(path), {});
  assert.deepEqual(await audited("atomic"), []);
});

test("texts of any kind come back as they were, and each change is told by itself", async () => {
  const path = await environment("told");
  const odd = `"quoted" \\ \u0001 \u{1f3f3} </script> ${"\\\"".repeat(20_000)}`;
  const first: JsonObject = { ...plainFlag, description: odd };
  const second: JsonObject = { ...plainFlag, status: "disabled", description: "1e400 is a text" };
  const key = `k "1" \\ ñ`;
  const two = await send(`${path}/import`, body({ flags: { [key]: first, b: first } }));
  assert.equal(two.status, 200, JSON.stringify(two.body));
  const one = body({ flags: { [key]: second } });
  assert.equal((await send(`${path}/import?archiveMissing=true`, one)).status, 200);
  assert.deepEqual(await drafts(path), { [key]: second });
  assert.equal((await send(`${path}/import`, body({ flags: { b: second } }))).status, 200);
  assert.deepEqual(await drafts(path), { [key]: second, b: second });
  const told = (await audited("told")).map(({ action, key, version, before, after }) => {
    return { action, key, version, before: before ?? null, after };
  });
  assert.deepEqual(told, [
    { action: "create", key: "b", version: 1, before: null, after: first },
    { action: "create", key, version: 1, before: null, after: first },
    { action: "update", key, version: 2, before: first, after: second },
    { action: "archive", key: "b", version: 2, before: { archived: false }, after: { archived: true } },
    { action: "unarchive", key: "b", version: 3, before: { archived: true }, after: { archived: false } },
  ]);
});

test("of imports at the same time each is done or refused as a whole", async () => {
  const path = await environment("race");
  const n = 50;
  assert.equal((await send(`${path}/import`, body(numbered(n)))).status, 200);
  let done = 1;
  for (let round = 1, refused = 0; refused === 0; round += 1) {
    assert.ok(round < 50, "imports at the same time collide");
    const added = [1, 2, 3, 4].map((one) => one * 100 + round * 1_000);
    const replies = await Promise.all(
      added.map((more) => send(`${path}/import`, body(numbered(n, more)))),
    );
    for (const { status, body: answer } of replies) {
      if (status === 200) done += 1;
      else assert.deepEqual([status, answer["code"]], [412, "precondition_failed"]);
    }
    refused = replies.filter(({ status }) => status !== 200).length;
    const stored = await drafts(path);
    const whole = added.filter((_, place) => replies[place]?.status === 200);
    const matching = whole.filter((more) => isDeepStrictEqual(stored, numbered(n, more).flags));
    assert.equal(matching.length, 1, "what is stored is what one of them brought");
  }
  assert.equal((await audited("race")).length, done * n);
  const { version } = await shop.admin("GET", `${path}/flags/f0`);
  assert.equal(numberOf(version), done);
});
