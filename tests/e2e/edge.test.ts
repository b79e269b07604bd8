/** What the edge tells the origin and the browser: headers, cookies, who takes part. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Edge, PERSON, cookiesOf, jar } from "./lib/edge.ts";
import { BANDIT, LEARNED, always, ruleset, test as split } from "./lib/rulesets.ts";

const flags = {
  "shop.plain": always(),
  "Shop/Ünusual": always({ visibility: "server" }),
  "shop.spanish": always({ variants: { off: { value: "x" }, sí: { value: "y" } }, defaultVariant: "sí" }),
  "shop.split": split(),
  "shop.learned": LEARNED,
  "shop.place": always({
    variants: { on: { value: "on" }, phone: { value: "p" }, beta: { value: "b" } },
    rules: [
      { id: "query", when: { attribute: ["query", "beta"], op: "equals", value: "1" }, serve: { variant: "beta" } },
      { id: "phone", when: { attribute: "device", op: "equals", value: "mobile" }, serve: { variant: "phone" } },
    ],
    offVariant: "on",
  }),
  "shop.browser": always({
    variants: { on: { value: "on" }, new: { value: "n" }, mac: { value: "m" } },
    rules: [
      {
        id: "mac",
        when: { attribute: ["os", "version"], op: "versionMatches", value: "^14.4" },
        serve: { variant: "mac" },
      },
      {
        id: "new",
        when: {
          all: [
            { attribute: ["browser", "name"], op: "equals", value: "edge" },
            { attribute: ["browser", "version"], op: "versionGreaterOrEqual", value: "120.0.0" },
          ],
        },
        serve: { variant: "new" },
      },
    ],
    offVariant: "on",
  }),
};

describe("with default settings", () => {
  let edge: Edge;
  before(async () => {
    edge = await Edge.start({ ruleset: ruleset(flags, { bandits: BANDIT }) });
  });
  after(async () => {
    await edge.stop();
  });

  const told = (name: string): string => String(edge.origin.last.headers[name] ?? "");

  test("the origin is told every variant in an RFC 9651 dictionary", async () => {
    await edge.get("/");
    const variants = told("bandera-variants").split(/, ?/);
    assert.ok(variants.includes('shop.plain="on"'), variants.join());
    assert.ok(variants.includes('*53hop*2f*c3*9cnusual="on"'), variants.join());
    assert.ok(variants.includes('shop.spanish=%"s%c3%ad"'), variants.join());
    assert.match(told("bandera-receipts"), /^shop\.learned="[\w-]+"$/);
  });

  test("headers in our name that come from outside are dropped", async () => {
    await edge.get("/", {
      "bandera-variants": 'shop.plain="stolen"',
      "bandera-subject": "somebody",
      "bandera-flag-shop.plain": "stolen",
      "x-other": "kept",
    });
    assert.ok(!told("bandera-variants").includes("stolen"));
    assert.equal(told("bandera-subject"), "");
    assert.equal(told("bandera-flag-shop.plain"), "");
    assert.equal(told("x-other"), "kept");
  });

  test("a new visitor gets a random id, and keeps it with every variant", async () => {
    const first = await edge.get("/");
    const line = cookiesOf(first).get("bandera_subject") ?? "";
    assert.match(line, /^bandera_subject=[\w-]{22}; Path=\/; Max-Age=34560000; Secure; HttpOnly; SameSite=Lax$/);
    const variants = told("bandera-variants");
    const again = await edge.get("/elsewhere", { cookie: jar(first) });
    assert.deepEqual([...cookiesOf(again).keys()], []);
    assert.equal(told("bandera-variants"), variants);
    const other = await edge.get("/");
    assert.notEqual(cookiesOf(other).get("bandera_subject"), line);
  });

  test("scripts can read client-visible variants from a cookie, and no others", async () => {
    const reply = await edge.get("/");
    const line = cookiesOf(reply).get("bandera_variants") ?? "";
    assert.ok(!line.includes("HttpOnly") && line.includes("; Secure; SameSite=Lax"));
    const variants = new URLSearchParams(line.slice("bandera_variants=".length).split(";")[0]);
    assert.equal(variants.get("shop.spanish"), "sí");
    assert.equal(variants.get("Shop/Ünusual"), null);
  });

  test("Server-Timing carries publication, age and origin time", async () => {
    const timing = (await edge.get("/")).headers.get("server-timing") ?? "";
    assert.match(timing, /^bandera;desc="1", bandera-age;dur=\d+, origin;dur=\d+$/);
  });

  test("an origin at another address learns what was asked for, and cannot lead past the edge", async () => {
    edge.origin.answer = (_seen, response) => {
      response.writeHead(302, { location: `${edge.origin.url}/next?x=1` }).end();
    };
    const reply = await edge.ask("POST", "/cart?y=2", { "user-agent": PERSON }, "a=1");
    assert.equal(reply.status, 302);
    assert.equal(reply.headers.get("location"), `${edge.url}/next?x=1`);
    const { method, path, body, headers } = edge.origin.last;
    assert.deepEqual([method, path, body], ["POST", "/cart?y=2", "a=1"]);
    assert.equal(headers["x-forwarded-host"], new URL(edge.url).host);
  });

  test("the context holds query and device", async () => {
    await edge.get("/?beta=1");
    assert.match(told("bandera-variants"), /shop\.place="beta"/);
    await edge.get("/", { "user-agent": `${PERSON} Mobile` });
    assert.match(told("bandera-variants"), /shop\.place="phone"/);
  });

  test("rules can ask for browser and system, by version", async () => {
    const variant = async (headers: Readonly<Record<string, string>>): Promise<string | undefined> => {
      await edge.get("/", headers);
      return /shop\.browser="(\w+)"/.exec(told("bandera-variants"))?.[1];
    };
    const brands = (version: number): string => `"Chromium";v="${version}", "Microsoft Edge";v="${version}"`;
    assert.equal(await variant({ "user-agent": PERSON }), "on");
    assert.equal(await variant({ "user-agent": `${PERSON} Edg/130.0.2849.56` }), "new");
    assert.equal(await variant({ "sec-ch-ua": brands(119) }), "on");
    assert.equal(await variant({ "sec-ch-ua": brands(120) }), "new");
    const mac = { "sec-ch-ua-platform": '"macOS"', "sec-ch-ua-platform-version": '"14.5.0"' };
    assert.equal(await variant({ "sec-ch-ua": brands(120), ...mac }), "mac");
  });

  test("the page is told of browser and system", async () => {
    edge.origin.answer = (_seen, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<head></head>");
    };
    const page = await (await edge.get("/")).text();
    assert.match(page, /"browser":\{"name":"chrome","version":"141\.0\.0"\},/);
    assert.match(page, /"os":\{"name":"linux"\},/);
  });

  test("bots see what everybody sees, and take part in nothing", async () => {
    const { exposures } = await edge.health();
    const reply = await edge.get("/", { "user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)" });
    assert.deepEqual([...cookiesOf(reply).keys()], []);
    assert.match(told("bandera-variants"), /shop\.plain="on"/);
    assert.match(told("bandera-variants"), /shop\.split="off"/);
    assert.match(told("bandera-variants"), /shop\.learned="off"/);
    assert.equal(told("bandera-receipts"), "");
    assert.deepEqual((await edge.health())["exposures"], exposures);
  });

  test("parts of pages pass without evaluation", async () => {
    const reply = await edge.get("/a.png", { "sec-fetch-dest": "image" });
    assert.deepEqual([...cookiesOf(reply).keys()], []);
    assert.equal(told("bandera-variants"), "");
  });

  test("first exposures are sent once for each subject", async () => {
    edge.origin.answer = (_seen, response) => void response.end("ok");
    const counted = async (): Promise<unknown> => {
      const exposures = (await edge.health())["exposures"] as { attempted: number };
      return exposures.attempted;
    };
    const start = Number(await counted());
    const first = await edge.get("/");
    assert.equal(await counted(), start + 2, "one split, one bandit");
    await edge.get("/", { cookie: jar(first) });
    assert.equal(await counted(), start + 2);
    edge.origin.answer = (_seen, response) => void response.writeHead(500).end("broken");
    await edge.get("/");
    assert.equal(await counted(), start + 2, "nobody saw a variant on a broken page");
  });
});

describe("with settings", () => {
  let edge: Edge;
  before(async () => {
    const listed = {
      visibility: "server",
      variants: { on: { value: "1" }, header: { value: "2" }, cookie: { value: "3" } },
      offVariant: "on",
      rules: [
        {
          id: "h",
          when: { attribute: ["headers", "x-plan"], op: "equals", value: "pro" },
          serve: { variant: "header" },
        },
        {
          id: "c",
          when: { attribute: ["cookies", "tier"], op: "equals", value: "gold" },
          serve: { variant: "cookie" },
        },
      ],
    };
    edge = await Edge.start({
      ruleset: ruleset({ "shop.listed": always(listed), "shop.sí": always() }),
      settings: {
        context: { headers: ["X-Plan"], cookies: ["tier"] },
        headers: { perFlag: true },
        subject: { cookie: "visitor", ageS: 60, domain: "example.com" },
        skip: { paths: ["/static/*"] },
        cookies: { variants: null },
        serverTiming: false,
        bots: { also: ["OurMonitor"] },
      },
    });
  });
  after(async () => {
    await edge.stop();
  });

  test("listed headers and cookies can be asked about", async () => {
    await edge.get("/", { "x-plan": "pro" });
    assert.equal(edge.origin.last.headers["bandera-flag-shop.listed"], "header");
    await edge.get("/", { cookie: "tier=gold" });
    assert.equal(edge.origin.last.headers["bandera-flag-shop.listed"], "cookie");
  });

  test("one header for each flag, where asked for", async () => {
    await edge.get("/");
    assert.equal(edge.origin.last.headers["bandera-flag-shop.s*c3*ad"], "on");
  });

  test("the subject cookie is named, aged and placed as told; other cookies can be left out", async () => {
    const reply = await edge.get("/");
    const cookies = cookiesOf(reply);
    assert.match(cookies.get("visitor") ?? "", /; Max-Age=60; Domain=example\.com; Secure/);
    assert.deepEqual([...cookies.keys()], ["visitor"]);
    assert.equal(reply.headers.get("server-timing"), null);
  });

  test("paths can be left out, and bots named", async () => {
    const skipped = await edge.get("/static/a.html");
    assert.deepEqual([...cookiesOf(skipped).keys()], []);
    const monitor = await edge.get("/", { "user-agent": "OurMonitor/1" });
    assert.deepEqual([...cookiesOf(monitor).keys()], []);
  });
});

test("settings that are not understood pass everything through, and health says why", async () => {
  const edge = await Edge.start({ settings: { colour: "red" } });
  try {
    const reply = await edge.get("/");
    assert.equal(reply.status, 200);
    assert.deepEqual([...cookiesOf(reply).keys()], []);
    assert.equal(edge.origin.last.headers["bandera-variants"], undefined);
    const health = await edge.health();
    assert.equal(health["status"], "misconfigured");
    assert.match(
      JSON.stringify(health["faults"]),
      /^\[\{"code":"invalid_settings","detail":".*unknown field `colour`/,
    );
  } finally {
    await edge.stop();
  }
});
