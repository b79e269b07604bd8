/** The admin API on the real runtime: roles, documents, preconditions, problems, lists, audit. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { isObject, listOf, objectOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { AdminStack, anew, etagOf, plainFlag, text } from "./lib/admin.ts";

const BODY_BYTES_MAX = 1_000_000;
const TOKEN_ENDS_MS = 1_500;
const roles = ["viewer", "editor", "publisher", "admin"] as const;
type Role = (typeof roles)[number];

let admin: AdminStack;

before(async () => {
  admin = await AdminStack.start();
});

after(async () => {
  await admin?.stop();
});

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly role: Role | undefined;
}

/** Every operation of the API's own description, with a path that can be called. */
async function operations(): Promise<readonly Operation[]> {
  const { body } = await admin.ok(200, "GET", "/openapi.json", { token: "" });
  assert.equal(body["openapi"], "3.1.0");
  return Object.entries(objectOf(body["paths"])).flatMap(([template, item]) =>
    Object.entries(objectOf(item)).map(([method, operation]) => {
      const [requirement] = listOf(objectOf(operation)["security"]);
      const [named] = listOf(objectOf(requirement)["token"]);
      const role = roles.find((one) => one === named);
      const filled = template.replace("{collection}", "flags").replace(/\{\w+\}/g, "1");
      return { method: method.toUpperCase(), path: filled.replace("/api/v1", ""), role };
    }),
  );
}

test("every operation but two needs a token with the role that its description names", async () => {
  const tokens: Readonly<Record<Role, string>> = {
    viewer: await admin.token("viewer"),
    editor: await admin.token("editor"),
    publisher: await admin.token("publisher"),
    admin: admin.stack.token,
  };
  const all = await operations();
  const open = all.filter(({ role }) => role === undefined).map(({ path }) => path);
  assert.deepEqual(open.sort(), ["/health", "/openapi.json"]);
  for (const { method, path, role } of all) {
    if (role === undefined) continue;
    const unauthenticated = { status: 401, code: "unauthenticated" };
    const without = await admin.refused(unauthenticated, method, path, { token: "" });
    assert.equal(without.headers.get("www-authenticate"), 'Bearer realm="bandera"');
    await admin.refused(unauthenticated, method, path, { token: "bdr_guessed" });
    const lower = roles[roles.indexOf(role) - 1];
    if (lower !== undefined) {
      await admin.refused({ status: 403, code: "forbidden" }, method, path, {
        token: tokens[lower],
      });
    }
    // Whatever else is wrong with the request, the role itself suffices.
    const { status } = await admin.call(method, path, { token: tokens[role] });
    assert.ok(status !== 401 && status !== 403, `${method} ${path} as ${role}: ${status}`);
  }
});

test("a token works until it expires or is revoked; the last admin stays", async () => {
  const expiresAtMs = Date.now() + TOKEN_ENDS_MS;
  const body = { name: "a guest", role: "viewer", expiresAtMs };
  const guest = await admin.ok(201, "POST", "/tokens", { body });
  const secret = text(guest.body, "secret");
  const me = await admin.ok(200, "GET", "/me", { token: secret });
  assert.equal(me.body["name"], "a guest");
  await until("the token to expire", 10_000, async () => {
    const { status } = await admin.call("GET", "/me", { token: secret });
    return status === 401 ? true : undefined;
  });

  const other = await admin.ok(201, "POST", "/tokens", { body: { name: "other", role: "admin" } });
  const { id } = objectOf(other.body["token"]);
  await admin.ok(204, "DELETE", `/tokens/${String(id)}`);
  const token = text(other.body, "secret");
  await admin.refused({ status: 401, code: "unauthenticated" }, "GET", "/me", { token });
  const mine = text((await admin.ok(200, "GET", "/me")).body, "id");
  await admin.refused({ status: 409, code: "conflict" }, "DELETE", `/tokens/${mine}`);

  const list = JSON.stringify((await admin.ok(200, "GET", "/tokens")).body);
  assert.ok(!list.includes(token) && !list.includes("sha256"), "a list shows no secret");
});

test("an environment can be renamed and keeps its salt for life", async () => {
  const path = await admin.environment("renamed");
  const match = { "if-match": '"v1"' };
  const named = await admin.ok(200, "PATCH", path, { body: { name: "New" }, headers: match });
  assert.equal(etagOf(named), '"v2"');
  assert.equal(named.body["salt"], "renamed");
  const salted = { name: "New", salt: "other" };
  const fixed = { status: 422, code: "invalid_document", pointer: "/salt" };
  const headers = { "if-match": '"v2"' };
  await admin.refused(fixed, "PUT", path, { body: salted, headers });
  const empty = { status: 422, code: "invalid_document", pointer: "/name" };
  await admin.refused(empty, "PATCH", path, { body: { name: " " }, headers });
  const alien = { status: 422, code: "unknown_field", pointer: "/colour" };
  await admin.refused(alien, "PATCH", path, { body: { colour: "red" }, headers });
  const list = await admin.ok(200, "GET", "/environments");
  const keys = listOf(list.body["items"]).map((item) => objectOf(item)["key"]);
  assert.ok(keys.includes("renamed"));
});

test("a document is created, read, replaced, patched, archived and brought back", async () => {
  const flag = `${await admin.environment("documents")}/flags/shop.banner`;
  const created = await admin.ok(201, "PUT", flag, { body: plainFlag, headers: anew });
  assert.equal(etagOf(created), '"v1"');
  const cached = { headers: { "if-none-match": '"v1"' } };
  await admin.ok(304, "GET", flag, cached);

  const replaced = { ...plainFlag, tags: ["summer"] };
  const match = (version: number): { headers: Record<string, string> } => ({
    headers: { "if-match": `"v${version}"` },
  });
  await admin.ok(200, "PUT", flag, { body: replaced, ...match(1) });
  const same = await admin.ok(200, "PUT", flag, { body: replaced, ...match(2) });
  assert.equal(etagOf(same), '"v2"', "writing the very same makes no version");

  const patch = { status: "disabled", tags: null, description: "sold out" };
  const patched = await admin.ok(200, "PATCH", flag, {
    text: JSON.stringify(patch),
    headers: { ...match(2).headers, "content-type": "application/merge-patch+json" },
  });
  const expected = { ...plainFlag, status: "disabled", description: "sold out" };
  assert.deepEqual(patched.body["document"], expected);

  const dry = await admin.ok(200, "PATCH", `${flag}?dryRun=true`, {
    body: { status: "enabled" },
    ...match(3),
  });
  assert.equal(objectOf(dry.body["document"])["status"], "enabled");
  assert.equal(etagOf(await admin.ok(200, "GET", flag)), '"v3"', "a dry run writes nothing");

  await admin.ok(200, "POST", `${flag}/archive`, match(3));
  const list = await admin.ok(200, "GET", "/environments/documents/flags");
  assert.deepEqual(list.body["items"], []);
  const archived = await admin.ok(200, "GET", "/environments/documents/flags?archived=true");
  assert.equal(listOf(archived.body["items"]).length, 1);
  await admin.refused({ status: 409, code: "conflict" }, "PATCH", flag, {
    body: { status: "enabled" },
    ...match(4),
  });
  await admin.ok(200, "POST", `${flag}/unarchive`, match(4));

  const versions = listOf((await admin.ok(200, "GET", `${flag}/versions`)).body["items"]);
  assert.deepEqual(
    versions.map((version) => objectOf(version)["version"]),
    [5, 4, 3, 2, 1],
  );
  const first = await admin.ok(200, "GET", `${flag}/versions/1`);
  assert.deepEqual(first.body["document"], plainFlag);
});

test("a change must name the version it is meant for, and one of many at once wins", async () => {
  const flag = `${await admin.environment("preconditions")}/flags/a`;
  await admin.refused({ status: 428, code: "precondition_required" }, "PUT", flag, {
    body: plainFlag,
  });
  await admin.ok(201, "PUT", flag, { body: plainFlag, headers: anew });
  const stale = { status: 412, code: "precondition_failed" };
  const again = await admin.refused(stale, "PUT", flag, { body: plainFlag, headers: anew });
  assert.equal(etagOf(again), '"v1"', "the answer says what is there");
  const missing = { status: 428, code: "precondition_required" };
  await admin.refused(missing, "PATCH", flag, { body: {} });
  await admin.refused(missing, "POST", `${flag}/archive`);
  await admin.refused(stale, "PATCH", flag, { body: {}, headers: { "if-match": "*" } });

  const tries = Array.from({ length: 8 }, (_, n) =>
    admin.call("PATCH", flag, {
      body: { description: `writer ${n}` },
      headers: { "if-match": '"v1"' },
    }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, ...Array.from({ length: 7 }, () => 412)]);
  assert.equal(etagOf(await admin.ok(200, "GET", flag)), '"v2"');
});

test("faults are refused with a pointer to them, and nothing is stored", async () => {
  const flags = `${await admin.environment("faults")}/flags`;
  const check = async (document: JsonObject, code: string, pointer: string): Promise<void> => {
    const expected = { status: 422, code, pointer };
    await admin.refused(expected, "PUT", `${flags}/a`, { body: document, headers: anew });
  };
  await check({ ...plainFlag, colour: "red" }, "unknown_field", "/colour");
  await check({ ...plainFlag, status: "off" }, "invalid_document", "/status");
  await check(
    { ...plainFlag, rules: [{ serve: { variant: "on" }, wenn: {} }] },
    "unknown_field",
    "/rules/0/wenn",
  );
  const wrong = { on: { value: "yes" }, off: { value: false } };
  await check({ ...plainFlag, variants: wrong }, "invalid_document", "/variants/on/value");
  await admin.refused({ status: 404, code: "not_found" }, "GET", `${flags}/a`);
  await admin.refused({ status: 400, code: "invalid_parameter" }, "PUT", `${flags}/%20`, {
    body: plainFlag,
    headers: anew,
  });
});

test("whatever the API cannot take is a problem document", async () => {
  const environment = await admin.environment("problems");
  const validate = `${environment}/validate`;
  const json = { "content-type": "application/json" };
  await admin.refused({ status: 404, code: "not_found" }, "GET", "/nowhere");
  await admin.refused({ status: 404, code: "not_found" }, "GET", `${environment}/apples`);
  await admin.refused({ status: 404, code: "not_found" }, "GET", "/environments/none/flags");
  const wrong = { status: 405, code: "method_not_allowed" };
  const refused = await admin.refused(wrong, "DELETE", "/me");
  assert.match(refused.headers.get("allow") ?? "", /GET/);
  await admin.refused({ status: 415, code: "unsupported_media_type" }, "POST", validate, {
    text: "{}",
    headers: { "content-type": "text/plain" },
  });
  await admin.refused({ status: 400, code: "invalid_json", pointer: "" }, "POST", validate, {
    text: "{",
    headers: json,
  });
  await admin.refused(
    { status: 422, code: "unknown_field", pointer: "/flagz" },
    "POST",
    validate,
    { body: { flagz: {} } },
  );
  await admin.refused({ status: 400, code: "invalid_parameter" }, "GET", "/audit?colour=red");

  const sized = (bytes: number): string => `{"flags":{}${" ".repeat(bytes - 12)}}`;
  await admin.ok(200, "POST", validate, { text: sized(BODY_BYTES_MAX), headers: json });
  await admin.refused({ status: 413, code: "body_too_long" }, "POST", validate, {
    text: sized(BODY_BYTES_MAX + 1),
    headers: json,
  });
  // Nobody runs a coordinator here: that is the service's trouble, not the caller's.
  await admin.refused({ status: 404, code: "not_found" }, "GET", `${environment}/bandits/a/state`);
});

test("lists come page by page, whole and without repeats", async () => {
  const flags = `${await admin.environment("lists")}/flags`;
  const keys = ["a", "b", "c", "d", "e"];
  for (const key of keys) {
    const tags = key === "c" ? ["odd"] : [];
    await admin.ok(201, "PUT", `${flags}/${key}`, { body: { ...plainFlag, tags }, headers: anew });
  }
  const seen: string[] = [];
  let cursor = "";
  do {
    const from = cursor === "" ? "" : `&cursor=${cursor}`;
    const { body } = await admin.ok(200, "GET", `${flags}?limit=2${from}`);
    const page = listOf(body["items"]).filter(isObject);
    assert.ok(page.length <= 2);
    seen.push(...page.map((item) => text(item, "key")));
    cursor = typeof body["next"] === "string" ? body["next"] : "";
  } while (cursor !== "");
  assert.deepEqual(seen, keys);

  const found = async (query: string): Promise<readonly unknown[]> =>
    listOf((await admin.ok(200, "GET", `${flags}?${query}`)).body["items"]).map(
      (item) => objectOf(item)["key"],
    );
  assert.deepEqual(await found("tag=odd"), ["c"]);
  assert.deepEqual(await found("search=D"), ["d"]);
  assert.deepEqual(await found("status=disabled"), []);
  const invalid = { status: 400, code: "invalid_parameter" };
  await admin.ok(200, "GET", `${flags}?limit=200`);
  await admin.refused(invalid, "GET", `${flags}?limit=201`);
  await admin.refused(invalid, "GET", `${flags}?limit=0`);
  await admin.refused(invalid, "GET", `${flags}?cursor=%21`);
});

test("the audit log says who changed what, from what to what", async () => {
  const environment = await admin.environment("audit");
  const token = await admin.token("editor");
  const flag = `${environment}/flags/a`;
  await admin.ok(201, "PUT", flag, { body: plainFlag, headers: anew, token });
  await admin.ok(200, "PATCH", flag, {
    body: { status: "disabled" },
    headers: { "if-match": '"v1"' },
    token,
  });
  // A refused change leaves no trace.
  const headers = { "if-match": '"v2"' };
  await admin.ok(422, "PATCH", flag, { body: { status: "?" }, headers, token });
  const { body } = await admin.ok(200, "GET", "/audit?environment=audit");
  const entries = listOf(body["items"]).map(objectOf);
  assert.deepEqual(
    entries.map(({ action, kind, key, version }) => ({ action, kind, key, version })),
    [
      { action: "update", kind: "flag", key: "a", version: 2 },
      { action: "create", kind: "flag", key: "a", version: 1 },
      { action: "create", kind: "environment", key: "audit", version: 1 },
    ],
  );
  const [update, create] = entries;
  assert.equal(update?.["actorName"], "local editor");
  assert.deepEqual(objectOf(update?.["before"]), plainFlag);
  assert.deepEqual(objectOf(update?.["after"]), { ...plainFlag, status: "disabled" });
  assert.equal(create?.["before"], undefined);
  assert.ok(Math.abs(Number(update?.["atMs"]) - Date.now()) < 60_000);
});
