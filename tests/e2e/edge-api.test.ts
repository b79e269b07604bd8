/** The edge's API: OFREP with each of its status codes, the ruleset for browsers, CORS, health. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { drawnFrom } from "./lib/distribution.ts";
import { Edge, SERVER_TOKEN } from "./lib/edge.ts";
import { BANDIT, LEARNED, always, ruleset, test as split } from "./lib/rulesets.ts";

const LISTED = "https://www.example.com";
const ANA = { context: { targetingKey: "ana", plan: "pro" } };

const flags = {
  "shop.visible": always({
    owner: "team-secret",
    description: "internal words",
    config: { columns: 3 },
    rules: [{ id: "pro", when: { attribute: "plan", op: "equals", value: "pro" }, serve: { variant: "on" } }],
  }),
  "shop.hidden": always({ visibility: "server" }),
  "shop.learned": LEARNED,
  "shop.split": split(),
  "shop.caller": always({ status: "disabled", offVariant: undefined }),
  "shop.broken": always({ defaultVariant: "nowhere" }),
};

async function bodyOf(reply: Response): Promise<JsonObject> {
  return objectOf(parseJson(await reply.text()));
}

describe("the API", () => {
  let edge: Edge;
  before(async () => {
    edge = await Edge.start({
      ruleset: ruleset(flags, { bandits: BANDIT }),
      settings: { cors: { origins: [LISTED] } },
    });
  });
  after(async () => {
    await edge.stop();
  });

  test("one flag: 200 with value, variant, reason and flat metadata", async () => {
    const reply = await edge.ofrep("shop.visible", ANA);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get("content-type"), "application/json");
    const { metadata, ...answer } = await bodyOf(reply);
    assert.deepEqual(answer, {
      key: "shop.visible",
      value: "on",
      reason: "TARGETING_MATCH",
      variant: "on",
    });
    const facts = objectOf(metadata);
    assert.deepEqual([facts["publication"], facts["rule"], facts["config"]], [1, "pro", '{"columns":3}']);
    for (const [name, value] of Object.entries(facts)) {
      assert.ok(["string", "number", "boolean"].includes(typeof value), name);
    }
  });

  test("a bandit's answer carries propensity, distribution, metric and receipt", async () => {
    const { metadata, variant } = await bodyOf(await edge.ofrep("shop.learned", ANA));
    const facts = objectOf(metadata);
    assert.match(textOf(variant) ?? "", /^[ab]$/);
    assert.equal(numberOf(facts["propensity"]), 0.5);
    assert.deepEqual(drawnFrom(facts, textOf(variant) ?? ""), ["a", "b"]);
    const rollout = await bodyOf(await edge.ofrep("shop.split", ANA));
    assert.equal(objectOf(rollout["metadata"])["distribution"], undefined);
    assert.equal(facts["metric"], "purchase");
    assert.match(textOf(facts["receipt"]) ?? "", /^[\w-]{60,}$/);
  });

  test("a flag without value leaves it to the caller", async () => {
    const { metadata, ...answer } = await bodyOf(await edge.ofrep("shop.caller", ANA));
    assert.ok(metadata !== undefined);
    assert.deepEqual(answer, { key: "shop.caller", reason: "DISABLED" });
  });

  test("404 for a flag that is not there, or not for browsers", async () => {
    for (const key of ["nowhere", "shop.hidden", "a%2Fb"]) {
      const reply = await edge.ofrep(key, ANA);
      assert.equal(reply.status, 404);
      const body = await bodyOf(reply);
      assert.deepEqual([body["key"], body["errorCode"]], [decodeURIComponent(key), "FLAG_NOT_FOUND"]);
    }
  });

  test("servers see every flag; a wrong token is refused", async () => {
    for (const headers of [{ authorization: `Bearer ${SERVER_TOKEN}` }, { "x-api-key": SERVER_TOKEN }]) {
      assert.equal((await edge.ofrep("shop.hidden", ANA, headers)).status, 200);
    }
    assert.equal((await edge.ofrep("shop.visible", ANA, { authorization: "Bearer wrong" })).status, 401);
    assert.equal((await edge.ofrep(undefined, ANA, { "x-api-key": "wrong" })).status, 401);
  });

  test("400 for what cannot be evaluated, with the reason's code", async () => {
    const code = async (key: string | undefined, body: string): Promise<unknown> => {
      const path = "/ofrep/v1/evaluate/flags" + (key === undefined ? "" : `/${key}`);
      const reply = await edge.ask("POST", path, {}, body);
      assert.equal(reply.status, 400, body);
      return (await bodyOf(reply))["errorCode"];
    };
    assert.equal(await code("shop.visible", "{"), "PARSE_ERROR");
    assert.equal(await code("shop.visible", '{"context":7}'), "INVALID_CONTEXT");
    assert.equal(await code("shop.visible", '{"context":{"targetingKey":7}}'), "INVALID_CONTEXT");
    assert.equal(await code("shop.split", "{}"), "TARGETING_KEY_MISSING");
    assert.equal(await code("shop.broken", "{}"), "PARSE_ERROR");
    assert.equal(await code(undefined, "{"), "PARSE_ERROR");
  });

  test("400 for a context past a limit, with the place and the way out", async () => {
    const details = async (context: string): Promise<string> => {
      const body = `{"context":${context}}`;
      const reply = await edge.ask("POST", "/ofrep/v1/evaluate/flags/shop.visible", {}, body);
      assert.equal(reply.status, 400);
      const fault = await bodyOf(reply);
      assert.equal(fault["errorCode"], "INVALID_CONTEXT");
      return textOf(fault["errorDetails"]) ?? "";
    };
    const many = Array.from({ length: 1_001 }, (_, i) => `"a${i}":1`).join(",");
    assert.match(await details(`{${many}}`), /^\/context: more than 1000 attributes, .*: leave out/);
    const long = "x".repeat(16_385);
    assert.match(await details(`{"a":{"b":"${long}"}}`), /^\/context\/a\/b: a text of 16385 bytes; .*: send/);
    const deep = (levels: number): string => '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
    assert.match(await details(deep(33)), /^\/context(\/a){32}: objects and lists are nested/);
    assert.match(await details(deep(10_000)), /^\/context: objects and lists are nested/);
    const fits = { context: { targetingKey: "a", b: long.slice(1), c: JSON.parse(deep(31)) } };
    assert.equal((await edge.ofrep("shop.visible", fits)).status, 200);
  });

  test("413 for a body that is too long, 405 for another method", async () => {
    const long = { context: { targetingKey: "a", filler: "x".repeat(70_000) } };
    assert.equal((await edge.ofrep("shop.visible", long)).status, 413);
    const got = await edge.ask("GET", "/ofrep/v1/evaluate/flags");
    assert.equal(got.status, 405);
    assert.equal(got.headers.get("allow"), "POST");
    assert.equal(got.headers.get("content-type"), "application/problem+json");
  });

  test("all flags: answers and failures side by side", async () => {
    const reply = await edge.ofrep(undefined, ANA);
    assert.equal(reply.status, 200);
    const entries = listOf((await bodyOf(reply))["flags"]).map((entry) => objectOf(entry));
    const keys = entries.map((entry) => entry["key"]);
    assert.deepEqual(keys, ["shop.broken", "shop.caller", "shop.learned", "shop.split", "shop.visible"]);
    assert.equal(entries[0]?.["errorCode"], "PARSE_ERROR");
    assert.equal(entries[4]?.["variant"], "on");
  });

  test("the entity tag covers context and ruleset: 304 for the same, 200 for another", async () => {
    const tag = async (body: unknown, known = ""): Promise<[number, string]> => {
      const reply = await edge.ofrep(undefined, body, known === "" ? {} : { "if-none-match": known });
      return [reply.status, reply.headers.get("etag") ?? ""];
    };
    const [, first] = await tag(ANA);
    assert.match(first, /^W\/"[0-9a-f]{32}"$/);
    assert.deepEqual(await tag(ANA, first), [304, first]);
    const [status, other] = await tag({ context: { targetingKey: "luis" } }, first);
    assert.equal(status, 200);
    assert.notEqual(other, first);
  });

  test("browsers get the ruleset without what is not theirs", async () => {
    const reply = await edge.ask("GET", "/bandera/v1/ruleset");
    assert.equal(reply.status, 200);
    const text = await reply.text();
    assert.ok(text.includes("shop.visible"));
    for (const secret of ["shop.hidden", "team-secret", "internal words"]) {
      assert.ok(!text.includes(secret), secret);
    }
    const tag = reply.headers.get("etag") ?? "";
    const again = await edge.ask("GET", "/bandera/v1/ruleset", { "if-none-match": tag });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), "");
  });

  test("the ruleset has a compact form with a tag of its own", async () => {
    const document = await edge.ask("GET", "/bandera/v1/ruleset");
    assert.equal(document.headers.get("content-type"), "application/json");
    const compact = await edge.ask("GET", "/bandera/v1/ruleset/compact");
    assert.equal(compact.status, 200);
    assert.equal(compact.headers.get("content-type"), "application/vnd.bandera.ruleset");
    const bytes = Buffer.from(await compact.arrayBuffer());
    assert.equal(bytes.subarray(0, 8).toString("latin1"), "BNDRRULE");
    assert.ok(bytes.includes("shop.visible"));
    for (const secret of ["shop.hidden", "team-secret", "internal words"]) {
      assert.ok(!bytes.includes(secret), secret);
    }
    const tag = compact.headers.get("etag") ?? "";
    assert.notEqual(tag, document.headers.get("etag"));
    const known = { "if-none-match": tag };
    assert.equal((await edge.ask("GET", "/bandera/v1/ruleset/compact", known)).status, 304);
    assert.equal((await edge.ask("GET", "/bandera/v1/ruleset", known)).status, 200);
    const head = await edge.ask("HEAD", "/bandera/v1/ruleset/compact");
    assert.deepEqual([head.status, head.headers.get("etag")], [200, tag]);
    assert.equal((await edge.ask("POST", "/bandera/v1/ruleset/compact")).status, 405);
  });

  test("listed origins are echoed with credentials; others get nothing", async () => {
    const preflight = await edge.ask("OPTIONS", "/bandera/v1/events", {
      origin: LISTED,
      "access-control-request-method": "POST",
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-origin"), LISTED);
    assert.equal(preflight.headers.get("access-control-allow-credentials"), "true");
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /POST/);
    const listed = await edge.ofrep("shop.visible", ANA, { origin: LISTED });
    assert.equal(listed.headers.get("access-control-allow-origin"), LISTED);
    assert.match(listed.headers.get("vary") ?? "", /Origin/);
    for (const origin of ["https://evil.example", "null", `${LISTED}.evil.example`]) {
      const reply = await edge.ofrep("shop.visible", ANA, { origin });
      assert.equal(reply.headers.get("access-control-allow-origin"), null, origin);
    }
  });

  test("health names publication, hash, age and this isolate's counts", async () => {
    const health = await edge.health();
    assert.equal(health["status"], "ready");
    assert.equal(health["publication"], 1);
    assert.match(textOf(health["hash"]) ?? "", /^[0-9a-f]{64}$/);
    assert.ok((numberOf(health["rulesetAgeMs"]) ?? -1) >= 0);
    assert.equal(health["countersOf"], "this isolate, since it started");
    assert.deepEqual(Object.keys(objectOf(health["exposures"])), ["attempted", "committed", "retried", "dropped"]);
  });

  test("what is not there is a problem, and never the origin's business", async () => {
    const asked = edge.origin.seen.length;
    const reply = await edge.ask("GET", "/bandera/v1/nothing");
    assert.equal(reply.status, 404);
    assert.equal((await bodyOf(reply))["code"], "not_found");
    assert.equal(edge.origin.seen.length, asked);
  });

  test("the same ruleset under another number is another answer, since the answer says it", async () => {
    const before = (await edge.ofrep(undefined, ANA)).headers.get("etag") ?? "";
    await edge.publish(edge.published);
    const reply = await edge.ofrep(undefined, ANA, { "if-none-match": before });
    assert.equal(reply.status, 200);
    assert.equal(objectOf((await bodyOf(reply))["metadata"])["publication"], edge.publication);
  });

  test("a new publication is served without restart, and changes the entity tags", async () => {
    const before = (await edge.ofrep(undefined, ANA)).headers.get("etag");
    await edge.publish(ruleset({ ...flags, "shop.new": always() }, { bandits: BANDIT }));
    const reply = await edge.ofrep(undefined, ANA, { "if-none-match": before ?? "" });
    assert.equal(reply.status, 200);
    assert.equal((await edge.ofrep("shop.new", ANA)).status, 200);
  });
});

test("without a ruleset: 503 PROVIDER_NOT_READY, and health says not ready", async () => {
  const edge = await Edge.start();
  try {
    const one = await edge.ofrep("shop.visible", ANA);
    assert.equal(one.status, 503);
    assert.equal((await bodyOf(one))["errorCode"], "PROVIDER_NOT_READY");
    assert.equal((await edge.ofrep(undefined, ANA)).status, 503);
    assert.equal((await edge.ask("GET", "/bandera/v1/ruleset")).status, 503);
    assert.equal((await edge.health())["status"], "notReady");
  } finally {
    await edge.stop();
  }
});

test("a ruleset older than allowed answers STALE", async () => {
  const settings = { refreshMs: 60_000, staleAfterMs: 1 };
  const edge = await Edge.start({ ruleset: ruleset(flags, { bandits: BANDIT }), settings });
  try {
    await new Promise((later) => setTimeout(later, 20));
    assert.equal((await bodyOf(await edge.ofrep("shop.visible", ANA)))["reason"], "STALE");
    assert.equal((await edge.health())["status"], "stale");
  } finally {
    await edge.stop();
  }
});

test("answers that became stale are not the same answers", async () => {
  const settings = { refreshMs: 3_000, staleAfterMs: 1_000 };
  const edge = await Edge.start({ settings, ruleset: ruleset({ "shop.on": always() }) });
  try {
    const ask = async (known: string): Promise<{ status: number; tag: string; reason: unknown }> => {
      const reply = await edge.ofrep(undefined, ANA, { "if-none-match": known });
      const body = reply.status === 200 ? await bodyOf(reply) : {};
      const reason = objectOf(listOf(body["flags"])[0])["reason"];
      return { status: reply.status, tag: reply.headers.get("etag") ?? "", reason };
    };
    const isStale = ({ reason }: { readonly reason: unknown }): boolean => reason === "STALE";
    const fresh = await until("a fresh answer", 20_000, async () => {
      const answer = await ask("");
      return isStale(answer) ? undefined : answer;
    });
    const stale = await until("the stale answer", 20_000, async () => {
      const answer = await ask(fresh.tag);
      return answer.status === 200 ? answer : undefined;
    });
    assert.ok(isStale(stale), "nothing else made it another answer");
    assert.notEqual(stale.tag, fresh.tag);
  } finally {
    await edge.stop();
  }
});
