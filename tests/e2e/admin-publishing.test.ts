/** Publishing on the real runtime: validation, numbers, roll back, races, crashes, evaluation. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf } from "../../www/browser/ts/json.ts";
import type { Json, JsonObject } from "../../www/browser/ts/json.ts";
import { AdminStack, anew, etagOf, plainFlag, text } from "./lib/admin.ts";

const REPAIRED_MS_MAX = 20_000;

let admin: AdminStack;

before(async () => {
  admin = await AdminStack.start();
});

after(async () => {
  await admin?.stop();
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An environment with one flag, published once. */
async function published(key: string): Promise<string> {
  const environment = await admin.environment(key);
  await admin.ok(201, "PUT", `${environment}/flags/a`, { body: plainFlag, headers: anew });
  const first = await admin.publish(environment, 0, "first");
  assert.equal(first.status, 201, JSON.stringify(first.body));
  return environment;
}

async function setStatus(environment: string, version: number, status: string): Promise<void> {
  const headers = { "if-match": `"v${version}"` };
  await admin.ok(200, "PATCH", `${environment}/flags/a`, { body: { status }, headers });
}

test("publishing writes immutable bytes and a pointer; a roll back repeats the bytes", async () => {
  const environment = await published("bytes");
  const first = admin.pointer("bytes");
  assert.equal(first["publication"], 1);
  const { bytes } = admin.stack.kvGet(`env/bytes/ruleset/${text(first, "hash")}`);
  assert.equal(sha256(bytes), first["hash"]);

  await setStatus(environment, 1, "disabled");
  const second = await admin.publish(environment, 1);
  assert.equal(etagOf(second), '"p2"');
  assert.notEqual(admin.pointer("bytes")["hash"], first["hash"]);

  const back = await admin.ok(201, "POST", `${environment}/publications/1/rollback`, {
    body: { note: "it broke" },
    headers: { "if-match": '"p2"' },
  });
  assert.equal(back.body["number"], 3);
  assert.equal(back.body["rollbackOf"], 1);
  assert.deepEqual(
    { ...admin.pointer("bytes"), publishedAtMs: 0 },
    { ...first, publication: 3, publishedAtMs: 0 },
  );
  const read = await admin.ok(200, "GET", `${environment}/publications/3/ruleset`);
  assert.equal(etagOf(read), `"${text(first, "hash")}"`);

  const changes = async (query: string): Promise<readonly JsonObject[]> =>
    listOf((await admin.ok(200, "GET", `${environment}/diff?${query}`)).body["changes"]).map(
      objectOf,
    );
  assert.deepEqual(await changes("from=1&to=3"), []);
  assert.deepEqual(await changes("from=1&to=2"), [
    {
      pointer: "/flags/a/status",
      change: "changed",
      document: { kind: "flag", key: "a", pointer: "/status" },
      before: "enabled",
      after: "disabled",
    },
  ]);
  assert.equal((await changes("")).length, 1, "the draft still has what was rolled back");
  const list = await admin.ok(200, "GET", `${environment}/publications`);
  assert.equal(etagOf(list), '"p3"');
  assert.deepEqual(
    listOf(list.body["items"]).map((item) => objectOf(item)["number"]),
    [3, 2, 1],
  );
});

test("what would not work cannot be published, and is said before", async () => {
  const environment = await published("refusals");
  const broken = { ...plainFlag, requires: [{ flag: "nowhere", variants: ["on"] }] };
  const before = admin.pointer("refusals");

  const tried = await admin.ok(200, "POST", `${environment}/validate`, {
    body: { flags: { b: broken } },
  });
  assert.equal(tried.body["valid"], false);
  const clean = await admin.ok(200, "POST", `${environment}/validate`, { body: {} });
  assert.equal(clean.body["valid"], true, "trying stores nothing");

  await admin.ok(201, "PUT", `${environment}/flags/b`, { body: broken, headers: anew });
  const refusal = { status: 422, code: "invalid_ruleset", pointer: "/flags/b/requires/0/flag" };
  const headers = { "if-match": '"p1"' };
  const path = `${environment}/publications`;
  const refused = await admin.refused(refusal, "POST", path, { body: {}, headers });
  const [diagnostic] = listOf(refused.body["diagnostics"]).map(objectOf);
  assert.deepEqual(diagnostic?.["document"], {
    kind: "flag",
    key: "b",
    pointer: "/requires/0/flag",
  });
  assert.deepEqual(admin.pointer("refusals"), before);

  await admin.ok(200, "POST", `${environment}/flags/b/archive`, {
    headers: { "if-match": '"v1"' },
  });
  const same = await admin.publish(environment, 1);
  assert.equal(same.status, 409, "an archived flag is not in the ruleset");
  assert.equal(same.body["code"], "nothing_to_publish");
  const stale = await admin.publish(environment, 0);
  assert.equal(stale.status, 412);
  const unsaid = await admin.call("POST", path, { body: {} });
  assert.equal(unsaid.status, 428);
});

test("of many publishers at once one wins, and edges end at the highest number", async () => {
  const environment = await published("race");
  await setStatus(environment, 1, "disabled");
  const tries = await Promise.all(Array.from({ length: 5 }, () => admin.publish(environment, 1)));
  const statuses = tries.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [201, 412, 412, 412, 412]);

  // One after the other without waiting for KV in between: the last one is what edges see.
  const rollBack = (to: number, after: number): Promise<unknown> =>
    admin.ok(201, "POST", `${environment}/publications/${to}/rollback`, {
      body: {},
      headers: { "if-match": `"p${after}"` },
    });
  await rollBack(1, 2);
  await rollBack(2, 3);
  await rollBack(1, 4);
  assert.equal(admin.pointer("race")["publication"], 5);
});

test("a pointer left behind by a crash is repaired, by call and by schedule", async () => {
  const environment = await published("crash");
  const former = JSON.stringify(admin.pointer("crash"));
  await setStatus(environment, 1, "disabled");
  await admin.publish(environment, 1);
  const latest = admin.pointer("crash");
  const fallBack = (): void => {
    assert.ok(admin.stack.kvPut("env/crash/current", former).ok);
    assert.ok(admin.stack.kvDelete(`env/crash/ruleset/${text(latest, "hash")}`).ok);
    assert.equal(admin.pointer("crash")["publication"], 1);
  };
  const whole = (): boolean =>
    numberOf(admin.pointer("crash")["publication"]) === 2 &&
    sha256(admin.stack.kvGet(`env/crash/ruleset/${text(latest, "hash")}`).bytes) === latest["hash"];

  fallBack();
  await admin.ok(200, "POST", `${environment}/sync`);
  assert.ok(whole());

  fallBack();
  await until("the scheduled repair", REPAIRED_MS_MAX, async () => {
    const run = await fetchInTime(`${admin.stack.adminUrl}/cdn-cgi/local/scheduled`);
    await run.arrayBuffer();
    return whole() ? true : undefined;
  });
});

test("numbers and documents survive a kill of the runtime", async () => {
  const environment = await published("kill");
  await admin.stack.kill();
  await admin.stack.restart();
  const list = await admin.ok(200, "GET", `${environment}/publications`);
  assert.equal(etagOf(list), '"p1"');
  await setStatus(environment, 1, "disabled");
  const next = await admin.publish(environment, 1);
  assert.equal(next.body["number"], 2);
});

test("subjects stay where they are when a split changes", async () => {
  const environment = await admin.environment("movement");
  const split = (weights: Readonly<Record<string, number>>): JsonObject => ({
    type: "string",
    status: "ab_test",
    variants: { a: { value: "a" }, b: { value: "b" }, c: { value: "c" } },
    defaultVariant: "a",
    experiment: { control: "a", weights },
  });
  const flag = `${environment}/flags/t`;
  await admin.ok(201, "PUT", flag, { body: split({ a: 1, b: 1 }), headers: anew });
  await admin.publish(environment, 0);
  const served = async (against: string): Promise<readonly string[]> => {
    const subjects = Array.from({ length: 60 }, (_, n) => `subject-${n}`);
    const answers = subjects.map(async (targetingKey) => {
      const body = { flag: "t", context: { targetingKey }, against };
      const answer = await admin.ok(200, "POST", `${environment}/evaluate`, { body });
      return text(objectOf(listOf(answer.body["evaluations"])[0]), "variant");
    });
    return Promise.all(answers);
  };
  const before = await served("live");
  await admin.ok(200, "PUT", flag, {
    body: split({ a: 2, b: 2, c: 1 }),
    headers: { "if-match": '"v1"' },
  });
  const after = await served("draft");
  const moved = before.filter((variant, n) => variant !== after[n]);
  assert.ok(moved.length > 0 && moved.length < 30, `${moved.length} of 60 moved`);
  assert.ok(after.every((variant, n) => variant === "c" || variant === before[n]));
});

test("explanations agree with answers, for the draft and for any publication", async () => {
  const environment = await published("answers");
  await setStatus(environment, 1, "disabled");
  const ask = async (path: string, against: string): Promise<JsonObject> => {
    const body = { flag: "a", context: { targetingKey: "ana" }, against };
    return (await admin.ok(200, "POST", `${environment}/${path}`, { body })).body;
  };
  for (const [against, value, reason] of [
    ["live", true, "STATIC"],
    ["1", true, "STATIC"],
    ["draft", false, "DISABLED"],
  ] as const) {
    const answer = objectOf(listOf((await ask("evaluate", against))["evaluations"])[0]);
    assert.equal(answer["value"], value);
    assert.equal(answer["reason"], reason);
    const explanation = objectOf((await ask("explain", against))["explanation"]);
    assert.deepEqual(explanation["evaluation"], answer);
    assert.ok(listOf(explanation["steps"]).length > 0);
  }
  const at = { status: 422, code: "invalid_document", pointer: "/at" };
  await admin.refused(at, "POST", `${environment}/evaluate`, {
    body: { context: {}, at: "yesterday" },
  });
  const key = { status: 422, code: "invalid_document", pointer: "/context/targetingKey" };
  await admin.refused(key, "POST", `${environment}/evaluate`, {
    body: { context: { targetingKey: 7 } },
  });
  const long = { status: 422, code: "invalid_document", pointer: "/context/page/url" };
  await admin.refused(long, "POST", `${environment}/evaluate`, {
    body: { context: { page: { url: "x".repeat(16_385) } } },
  });
});

test("a flag that would take too long is neither kept nor published", async () => {
  const environment = await admin.environment("limits");
  const flag = (n: number, part: Json): Json => ({
    ...plainFlag,
    rules: [{ when: { any: Array.from({ length: n }, () => part) }, serve: { variant: "on" } }],
  });
  const put = (path: string, body: Json): { path: string; body: Json; headers: typeof anew } => ({
    path: `${environment}/${path}`,
    body,
    headers: anew,
  });
  // Five steps, each for twenty comparisons.
  const expression = { attribute: "a", op: "matches", value: "abcde" };
  const alone = put("flags/alone", flag(991, expression));
  const faulty = { status: 422, code: "invalid_document", pointer: "/rules" };
  await admin.refused(faulty, "PUT", alone.path, alone);
  const fits = put("flags/alone", flag(990, expression));
  await admin.ok(201, "PUT", fits.path, fits);

  // Together with a segment it is only seen when the whole is compiled.
  const numbers = { attribute: "a", op: "in", value: Array.from({ length: 4_998 }, (_, i) => i) };
  const segment = put("segments/s", { when: numbers });
  await admin.ok(201, "PUT", segment.path, segment);
  const together = put("flags/together", flag(20, { segment: "s" }));
  await admin.ok(201, "PUT", together.path, together);
  const refused = await admin.publish(environment, 0);
  assert.equal(refused.status, 422);
  assert.equal(refused.body["code"], "invalid_ruleset");
  assert.equal(refused.body["pointer"], "/flags/together/rules");
  const less = { body: flag(19, { segment: "s" }), headers: { "if-match": '"v1"' } };
  await admin.ok(200, "PUT", together.path, less);
  assert.equal((await admin.publish(environment, 0)).status, 201);
});

test("a list is a document of its own, edited once for every flag that names it", async () => {
  const environment = await admin.environment("lists");
  const list = `${environment}/lists/near`;
  const bad = { status: 422, code: "invalid_document", pointer: "/values/1" };
  await admin.refused(bad, "PUT", list, { body: { values: ["ES", true] }, headers: anew });
  await admin.ok(201, "PUT", list, { body: { values: ["ES"] }, headers: anew });
  const when = { attribute: "country", op: "in", list: "near" };
  for (const key of ["a", "b"]) {
    const rules = [{ id: "near", when, serve: { variant: "on" } }];
    const flag = { ...plainFlag, status: "enabled", defaultVariant: "off", rules };
    await admin.ok(201, "PUT", `${environment}/flags/${key}`, { body: flag, headers: anew });
  }
  const variants = async (): Promise<Json[]> => {
    const of = async (key: string): Promise<Json> => {
      const body = { flag: key, context: { targetingKey: "ana", country: "PT" } };
      const reply = await admin.ok(200, "POST", `${environment}/evaluate`, { body });
      return objectOf(listOf(reply.body["evaluations"])[0])["variant"] ?? null;
    };
    return [await of("a"), await of("b")];
  };
  assert.equal((await admin.publish(environment, 0)).status, 201);
  assert.deepEqual(await variants(), ["off", "off"]);
  const headers = { "if-match": '"v1"' };
  await admin.ok(200, "PUT", list, { body: { values: ["ES", "PT"] }, headers });
  assert.equal((await admin.publish(environment, 1)).status, 201);
  assert.deepEqual(await variants(), ["on", "on"]);
  const diff = await admin.ok(200, "GET", `${environment}/diff?from=1&to=live`);
  const [change, ...others] = listOf(diff.body["changes"]).map(objectOf);
  const place = { kind: "list", key: "near", pointer: "/values/1" };
  assert.deepEqual([change?.["document"], others], [place, []]);
});

test("private attributes of an environment decide, and no answer tells them", async () => {
  const environment = await admin.environment("private");
  const wrong = { status: 422, code: "invalid_document", pointer: "/privateAttributes/1" };
  const match = (version: number): Record<string, string> => ({ "if-match": `"v${version}"` });
  await admin.refused(wrong, "PATCH", environment, {
    body: { privateAttributes: ["email", "targetingKey"] },
    headers: match(1),
  });
  const declared = ["email", ["user", "email"]];
  const patched = await admin.ok(200, "PATCH", environment, {
    body: { privateAttributes: declared },
    headers: match(1),
  });
  assert.deepEqual(patched.body["privateAttributes"], declared);
  const renamed = { body: { name: "Renamed" }, headers: match(2) };
  const kept = await admin.ok(200, "PUT", environment, renamed);
  assert.deepEqual(kept.body["privateAttributes"], declared, "silence changes nothing");

  const when = { attribute: "email", op: "startsWith", value: "zz" };
  const rules = [
    { id: "no", when: { attribute: ["user", "email"], op: "equals", value: "x" }, serve: { variant: "on" } },
    { id: "yes", when, serve: { variant: "off" } },
  ];
  await admin.ok(201, "PUT", `${environment}/flags/a`, {
    body: { ...plainFlag, rules },
    headers: anew,
  });
  assert.equal((await admin.publish(environment, 0)).status, 201);
  const secret = "zzsecretzz";
  const context = { targetingKey: "ana", email: secret, user: { email: secret } };
  for (const what of ["evaluate", "explain"]) {
    const answer = await admin.ok(200, "POST", `${environment}/${what}`, {
      body: { flag: "a", context },
    });
    const told = JSON.stringify(answer.body);
    assert.match(told, /"rule":"yes"/, "it decided");
    assert.ok(!told.includes(secret), told);
    assert.ok(what === "evaluate" || told.includes("user › email is private"), told);
  }
  const audit = JSON.stringify((await admin.ok(200, "GET", "/audit?environment=private")).body);
  assert.ok(!audit.includes(secret) && audit.includes("privateAttributes"), audit);
  const draft = (await admin.ok(200, "GET", `${environment}/draft`)).body;
  assert.deepEqual(draft["privateAttributes"], declared);
  await admin.ok(200, "POST", `${environment}/import`, { body: draft });
  const other = { status: 422, code: "invalid_document", pointer: "/privateAttributes" };
  await admin.refused(other, "POST", `${environment}/import`, {
    body: { ...draft, privateAttributes: [] },
  });
});

test("an import is whole or nothing, and repeating it changes nothing", async () => {
  const environment = await admin.environment("import");
  const ruleset = { schemaVersion: 1, flags: { a: plainFlag, b: plainFlag } };
  const path = `${environment}/import`;
  const bad = { ...ruleset, flags: { ...ruleset.flags, c: { ...plainFlag, colour: 1 } } };
  const fault = { status: 422, code: "unknown_field", pointer: "/flags/c/colour" };
  await admin.refused(fault, "POST", path, { body: bad });
  const none = await admin.ok(200, "GET", `${environment}/flags`);
  assert.deepEqual(none.body["items"], []);

  const counts = async (query: string, body: JsonObject): Promise<JsonObject> =>
    (await admin.ok(200, "POST", path + query, { body })).body;
  const nothing = { created: 0, updated: 0, unchanged: 0, archived: 0, unarchived: 0 };
  assert.deepEqual(await counts("?dryRun=true", ruleset), { ...nothing, created: 2 });
  assert.deepEqual(await counts("", ruleset), { ...nothing, created: 2 });
  assert.deepEqual(await counts("", ruleset), { ...nothing, unchanged: 2 });
  const one = { schemaVersion: 1, flags: { a: { ...plainFlag, status: "disabled" } } };
  assert.deepEqual(await counts("?archiveMissing=true", one), {
    ...nothing,
    updated: 1,
    archived: 1,
  });
  assert.deepEqual(await counts("", ruleset), { ...nothing, updated: 1, unarchived: 1 });
  const exported = (await admin.ok(200, "GET", `${environment}/draft`)).body;
  assert.deepEqual(exported["flags"], ruleset.flags);
  assert.deepEqual(await counts("", exported), { ...nothing, unchanged: 2 });
});

test("flags of another system come in with that system's own hash", async () => {
  const environment = await admin.environment("taken-over");
  const strategy = (name: string): JsonObject => ({
    name,
    parameters: { rollout: "50", stickiness: "default", groupId: "f" },
  });
  const exported = (name: string): JsonObject => ({
    version: 1,
    features: [{ name: "f", enabled: true, strategies: [strategy(name)] }],
  });
  const path = `${environment}/import/unleash`;
  const nowhere = { status: 404, code: "not_found" };
  await admin.refused(nowhere, "POST", `${environment}/import/elsewhere`, {
    body: exported("default"),
  });
  const inexact = { status: 422, code: "invalid_document", pointer: "/features/0/strategies/0" };
  await admin.refused(inexact, "POST", `${path}?strict=true`, { body: exported("ourOwn") });

  const done = await admin.ok(200, "POST", path, { body: exported("flexibleRollout") });
  assert.equal(done.body["created"], 1);
  assert.deepEqual(done.body["notes"], []);
  // MurmurHash3 of "f:bo" and "f:max" leaves 48 and 71 of 1 to 100.
  for (const [subject, value] of [
    ["bo", true],
    ["max", false],
  ] as const) {
    const body = { flag: "f", context: { targetingKey: subject }, against: "draft" };
    const answer = (await admin.ok(200, "POST", `${environment}/evaluate`, { body })).body;
    assert.equal(objectOf(listOf(answer["evaluations"])[0])["value"], value, subject);
  }
});

test("keys of another system are taken over as they are", async () => {
  const environment = await admin.environment("odd-keys");
  const names = ["Feature.Hellø Wørld", "team/checkout?new#1", "segment:16"];
  const features = names.map((name) => ({ name, enabled: true, strategies: [{ name: "default" }] }));
  const body = { version: 1, features };
  const done = await admin.ok(200, "POST", `${environment}/import/unleash`, { body });
  assert.equal(done.body["created"], names.length);
  for (const name of names) {
    const path = `${environment}/flags/${encodeURIComponent(name)}`;
    const flag = (await admin.ok(200, "GET", path)).body;
    assert.equal(flag["key"], name);
    const asked = { flag: name, context: { targetingKey: "bo" }, against: "draft" };
    const answer = (await admin.ok(200, "POST", `${environment}/evaluate`, { body: asked })).body;
    assert.equal(objectOf(listOf(answer["evaluations"])[0])["value"], true, name);
  }
  const refused = { status: 400, code: "invalid_parameter" };
  await admin.refused(refused, "POST", `${environment}/import/unleash`, {
    body: { version: 1, features: [{ name: "a\nb", enabled: true, strategies: [] }] },
  });
});

test("flags can be written for flagd, and what is not exactly the same is said", async () => {
  const environment = await admin.environment("export");
  const exact = {
    ...plainFlag,
    rules: [
      { id: "pro", when: { attribute: "plan", op: "equals", value: "pro" }, serve: { variant: "on" } },
    ],
  };
  await admin.ok(201, "PUT", `${environment}/flags/exact`, { body: exact, headers: anew });
  const path = `${environment}/export/flagd`;
  const nothing = { status: 409, code: "conflict" };
  await admin.refused(nothing, "GET", path);
  assert.equal((await admin.publish(environment, 0)).status, 201);
  const live = (await admin.ok(200, "GET", `${path}?strict=true`)).body;
  assert.equal(live["against"], "live");
  assert.deepEqual(live["notes"], []);
  const flagsOf = (reply: JsonObject): JsonObject => objectOf(objectOf(reply["file"])["flags"]);
  assert.deepEqual(Object.keys(flagsOf(live)), ["exact"]);

  const spread = { ...plainFlag, rules: [{ gates: [{ percentage: 50 }], serve: { variant: "on" } }] };
  await admin.ok(201, "PUT", `${environment}/flags/spread`, { body: spread, headers: anew });
  const draft = (await admin.ok(200, "GET", `${path}?against=draft`)).body;
  assert.deepEqual(Object.keys(flagsOf(draft)), ["exact", "spread"]);
  const notes = listOf(draft["notes"]).map((note) => objectOf(note));
  assert.deepEqual(
    notes.map((note) => [note["fidelity"], note["pointer"]]),
    [["approximated", "/flags/spread/rules/0/gates/0"]],
  );
  const inexact = { status: 422, code: "invalid_document", pointer: "/flags/spread/rules/0/gates/0" };
  await admin.refused(inexact, "GET", `${path}?against=draft&strict=true`);
  const elsewhere = { status: 404, code: "not_found" };
  await admin.refused(elsewhere, "GET", `${environment}/export/elsewhere`);
  const number = { status: 422, code: "invalid_document", pointer: "/against" };
  await admin.refused(number, "GET", `${path}?against=yesterday`);
  const viewer = await admin.token("viewer");
  await admin.ok(200, "GET", path, { token: viewer });
});
