/** Who is remembered, and whose word on the subject is taken. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { showHero } from "./lib/crowd.ts";
import {
  ENVIRONMENT,
  Edge,
  SERVER_TOKEN,
  SUBJECT_HEADER_KEY,
  cookiesOf,
  jar,
  subjectProof,
} from "./lib/edge.ts";
import { BANDIT, LEARNED, always, ruleset, test as split } from "./lib/rulesets.ts";
import { postEvents, rewardFor } from "./lib/visitor.ts";

const CONSENT = { cookie: "cmp=statistics" };

const flags = {
  "shop.hero": LEARNED,
  "shop.split": split(),
  "shop.named": always({
    variants: { on: { value: "1" }, vip: { value: "2" } },
    offVariant: "on",
    overrides: { "account-7": "vip" },
  }),
};

const bandits = { hero: { ...BANDIT.hero, snapshotIntervalMs: 1000 } };

const attempted = async (edge: Edge): Promise<number> => {
  const exposures = (await edge.health())["exposures"] as { attempted: number };
  return exposures.attempted;
};

describe("where consent is asked for, and a signed header may name the subject", () => {
  let edge: Edge;
  before(async () => {
    edge = await Edge.start({
      ruleset: ruleset(flags, { bandits }),
      settings: {
        subject: {
          consent: { cookie: "cmp", contains: "statistics" },
          header: { name: "X-Account", trust: "signature" },
        },
      },
      vars: { BANDERA_SUBJECT_HEADER_KEY: SUBJECT_HEADER_KEY },
    });
  });
  after(async () => {
    await edge.stop();
  });

  const variants = (): string => String(edge.origin.last.headers["bandera-variants"] ?? "");

  test("nothing is remembered before consent, and nobody takes part", async () => {
    const before = await attempted(edge);
    for (const cookie of ["a=b", "cmp=necessary"]) {
      const reply = await edge.get("/", { cookie });
      assert.deepEqual([...cookiesOf(reply).keys()], []);
      assert.match(variants(), /shop\.split="off"/);
    }
    assert.equal(await attempted(edge), before);
  });

  test("with consent the visitor is remembered; when it is withdrawn, forgotten", async () => {
    const given = await edge.get("/", { cookie: "cmp=necessary%2Cstatistics" });
    assert.ok(cookiesOf(given).has("bandera_subject"));
    assert.match(variants(), /shop\.split="[ab]"/);
    const withdrawn = await edge.get("/", { cookie: `${jar(given)}; cmp=necessary` });
    const removed = [...cookiesOf(withdrawn)];
    assert.ok(removed.length >= 3, String(removed));
    assert.ok(removed.every(([, line]) => line.includes("Max-Age=0")), String(removed));
    assert.match(variants(), /shop\.split="off"/);
  });

  test("Global Privacy Control outweighs consent", async () => {
    const before = await attempted(edge);
    const reply = await edge.get("/", { cookie: "cmp=statistics", "sec-gpc": "1" });
    assert.deepEqual([...cookiesOf(reply).keys()], []);
    assert.match(variants(), /shop\.split="off"/);
    assert.equal(await attempted(edge), before);
  });

  /** How many decisions have a reward, as the latest snapshot says; there is one shard. */
  const rewarded = (): number => {
    const { ok, stdout } = edge.stack.kvGet(`env/${ENVIRONMENT}/bandit/hero`);
    if (!ok) return 0;
    const counts = listOf(objectOf(parseJson(stdout))["actions"]).map(
      (action) => numberOf(objectOf(action)["rewarded"]) ?? 0,
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };

  test("events without consent or despite Global Privacy Control are refused", async () => {
    const withheld: readonly Readonly<Record<string, string>>[] = [
      {},
      { cookie: "cmp=necessary" },
      { ...CONSENT, "sec-gpc": "1" },
    ];
    const refused = [];
    for (const headers of withheld) {
      const { receipt } = await showHero(edge.url, CONSENT);
      const events = [rewardFor(receipt), { ...rewardFor(receipt), kind: "exposure" }];
      const { status, verdicts, body } = await postEvents(edge.url, events, headers);
      assert.equal(status, 200, body);
      const words = verdicts.map(({ verdict, code }) => `${verdict} ${code}`);
      assert.deepEqual(words, ["rejected consent_missing", "rejected consent_missing"]);
      refused.push(rewardFor(receipt));
    }
    // One shard counts in order: what it had taken before would be in the count by now.
    const { receipt } = await showHero(edge.url, CONSENT);
    const agreed = rewardFor(receipt);
    const committed = async (events: readonly unknown[], headers: Record<string, string>) => {
      const { verdicts } = await postEvents(edge.url, events, headers);
      assert.deepEqual(new Set(verdicts.map(({ verdict }) => verdict)), new Set(["committed"]));
    };
    await committed([agreed], CONSENT);
    await until("a snapshot with the reward", 30_000, () => (rewarded() > 0 ? true : undefined));
    assert.equal(rewarded(), 1);
    // A duplicate would mean that the refusal had counted it all the same.
    await committed(refused.slice(1), CONSENT);
    await committed(refused.slice(0, 1), { authorization: `Bearer ${SERVER_TOKEN}` });
    await until("a snapshot with all rewards", 30_000, () => (rewarded() === 4 ? true : undefined));
  });

  test("a signed header names the subject; an unsigned, old or altered one does not", async () => {
    const nowS = Math.floor(Date.now() / 1000);
    const named = async (account: string, proof: string): Promise<boolean> => {
      await edge.get("/", { "x-account": account, "x-account-signature": proof });
      return variants().includes('shop.named="vip"');
    };
    assert.equal(await named("account-7", subjectProof("account-7", nowS)), true);
    assert.equal(await named("account-7", subjectProof("account-8", nowS)), false);
    assert.equal(await named("account-7", subjectProof("account-7", nowS - 900)), false);
    assert.equal(await named("account-7", "t=1,v1=00"), false);
    await edge.get("/", { "x-account": "account-7" });
    assert.match(variants(), /shop\.named="on"/);
  });
});

describe("where a service binding may name the subject", () => {
  const settings = { subject: { header: { name: "X-Account", trust: "binding" } } };

  test("the public entry point does not believe the header", async () => {
    const edge = await Edge.start({ ruleset: ruleset(flags, { bandits }), settings });
    try {
      await edge.get("/", { "x-account": "account-7" });
      assert.match(String(edge.origin.last.headers["bandera-variants"]), /shop\.named="on"/);
    } finally {
      await edge.stop();
    }
  });

  test("the entry point that only service bindings reach does", async () => {
    const edge = await Edge.start({
      ruleset: ruleset(flags, { bandits }),
      settings,
      behindCaller: true,
    });
    try {
      const reply = await edge.get("/", { "x-account": "account-7" });
      assert.match(String(edge.origin.last.headers["bandera-variants"]), /shop\.named="vip"/);
      assert.ok(!cookiesOf(reply).has("bandera_subject"), "the header is the identity");
    } finally {
      await edge.stop();
    }
  });
});

describe("attributes that are private", () => {
  const SECRET = "zzsecretzz";
  const rule = (attribute: unknown, id: string): unknown => ({
    id,
    when: { attribute, op: "contains", value: "zzsec" },
    serve: { variant: "on" },
  });
  const used = always({
    defaultVariant: "off",
    rules: [rule(["query", "email"], "query"), rule(["headers", "x-plan"], "header"), rule("email", "body")],
  });
  let edge: Edge;
  before(async () => {
    edge = await Edge.start({
      ruleset: ruleset(
        { "shop.used": used, "shop.hero": LEARNED, "shop.split": split() },
        { bandits, privateAttributes: ["email", ["query", "email"], ["headers", "x-plan"], "host"] },
      ),
      settings: { context: { headers: ["x-plan"] }, headers: { perFlag: true } },
    });
  });
  after(async () => {
    await edge.stop();
  });

  const everything = async (reply: Response): Promise<string> =>
    JSON.stringify([...reply.headers]) + (await reply.text());

  test("decide, and are on no page, in no header, cookie or answer", async () => {
    for (const [path, headers] of [
      [`/?email=${SECRET}&page=2`, {}],
      ["/?page=2", { "x-plan": SECRET }],
    ] as const) {
      const told = await everything(await edge.get(path, { ...headers, accept: "text/html" }));
      assert.match(told, /"shop\.used\\?":\{\\?"value\\?":\\?"on/, "the attribute decided");
      assert.match(told, /\\?"query\\?":\{\\?"page\\?":\\?"2/, "what is not private is there");
      assert.ok(!told.includes(SECRET), told);
      const toOrigin: Record<string, unknown> = { ...edge.origin.last.headers, "x-plan": undefined };
      assert.equal(toOrigin["bandera-flag-shop.used"], "on");
      assert.ok(!JSON.stringify(toOrigin).includes(SECRET), "what the edge tells the origin");
    }
    for (const flag of ["shop.used", undefined]) {
      const context = { targetingKey: "ana", email: SECRET };
      const told = await everything(await edge.ofrep(flag, { context }));
      assert.match(told, /\\?"value\\?":\\?"on/);
      assert.ok(!told.includes(SECRET), told);
    }
    assert.ok(!JSON.stringify(await edge.health()).includes(SECRET));
    for (const path of ["/bandera/v1/ruleset", "/bandera/v1/ruleset/compact"]) {
      assert.ok(!(await everything(await edge.get(path))).includes("privateAttributes"));
    }
  });
});
