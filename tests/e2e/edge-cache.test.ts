/** No answer made for one subject may reach another through a cache. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Edge, PERSON } from "./lib/edge.ts";
import type { Answer } from "./lib/origin.ts";
import { PAGE } from "./lib/origin.ts";
import { paging, ruleset, test as split } from "./lib/rulesets.ts";

const flags = {
  "page.edits": paging({
    paths: ["/edited/*"],
    edits: [{ selector: "h1", action: "setText", value: "Edited" }],
  }),
  "page.rewrite": paging({ paths: ["/data.json"], rewrite: "/other.json" }),
  "shop.split": split(),
};

/** An origin that wants everything cached, and answers conditional requests. */
const cacheable = (type: string): Answer => (seen, response) => {
  const validators = { etag: '"v1"', "last-modified": "Tue, 01 Jan 2030 00:00:00 GMT" };
  const orders = {
    "cache-control": "public, max-age=600, s-maxage=600",
    "cdn-cache-control": "max-age=600",
    "surrogate-control": "max-age=600",
    expires: "Tue, 01 Jan 2030 00:00:00 GMT",
    "accept-ranges": "bytes",
  };
  if (seen.headers["if-none-match"] === '"v1"') {
    response.writeHead(304, { ...validators, ...orders }).end();
    return;
  }
  response.writeHead(200, { "content-type": type, ...validators, ...orders }).end(PAGE);
};

const CONDITIONS = {
  "if-none-match": '"v1"',
  "if-modified-since": "Tue, 01 Jan 2030 00:00:00 GMT",
  range: "bytes=0-10",
  "if-range": '"v1"',
};

function assertPrivate(reply: Response): void {
  assert.equal(reply.headers.get("cache-control"), "private, no-cache");
  for (const name of ["cdn-cache-control", "surrogate-control", "expires"]) {
    assert.equal(reply.headers.get(name), null, name);
  }
}

describe("an origin that is told the variants", () => {
  let edge: Edge;
  before(async () => {
    edge = await Edge.start({ ruleset: ruleset(flags) });
  });
  after(async () => {
    await edge.stop();
  });

  test("a page that may be edited is asked for whole, and cannot be validated", async () => {
    edge.origin.answer = cacheable("text/html");
    for (const path of ["/edited/1", "/unedited"]) {
      const reply = await edge.get(path, CONDITIONS);
      assert.equal(reply.status, 200);
      for (const name of Object.keys(CONDITIONS)) {
        assert.equal(edge.origin.last.headers[name], undefined, name);
      }
      assertPrivate(reply);
      for (const name of ["etag", "last-modified", "accept-ranges", "content-length"]) {
        assert.equal(reply.headers.get(name), null, `${name} of ${path}`);
      }
      await reply.text();
    }
  });

  test("another path's answer cannot be validated either", async () => {
    edge.origin.answer = cacheable("application/json");
    const reply = await edge.ask("GET", "/data.json", { "user-agent": PERSON, ...CONDITIONS });
    assert.equal(edge.origin.last.path, "/other.json");
    assert.equal(edge.origin.last.headers["if-none-match"], undefined);
    assert.equal(reply.headers.get("etag"), null);
    assertPrivate(reply);
  });

  test("data is private, and can be validated, because the origin made it as it is", async () => {
    edge.origin.answer = cacheable("application/json");
    const reply = await edge.ask("GET", "/api", { "user-agent": PERSON });
    assertPrivate(reply);
    assert.equal(reply.headers.get("etag"), '"v1"');
    const again = await edge.ask("GET", "/api", { "user-agent": PERSON, "if-none-match": '"v1"' });
    assert.equal(again.status, 304);
    assertPrivate(again);
  });

  test("no-store stays", async () => {
    edge.origin.answer = (_seen, response) => {
      response.writeHead(200, { "cache-control": "no-store" }).end("x");
    };
    const reply = await edge.get("/api");
    assert.equal(reply.headers.get("cache-control"), "private, no-cache, no-store");
  });

  test("parts of pages stay cacheable, and carry nobody's cookies", async () => {
    edge.origin.answer = cacheable("text/css");
    const reply = await edge.get("/shop.css", { "sec-fetch-dest": "style" });
    assert.equal(reply.headers.get("cache-control"), "public, max-age=600, s-maxage=600");
    assert.equal(reply.headers.get("etag"), '"v1"');
    assert.deepEqual(reply.headers.getSetCookie(), []);
  });
});

describe("an origin behind a shared cache", () => {
  let edge: Edge;
  before(async () => {
    edge = await Edge.start({
      ruleset: ruleset(flags),
      settings: { origin: { cache: "shared" }, cookies: { variants: null } },
    });
  });
  after(async () => {
    await edge.stop();
  });

  test("is told nothing of the subject, and its pages are edited and private all the same", async () => {
    edge.origin.answer = cacheable("text/html");
    const reply = await edge.get("/edited/1");
    assert.equal(edge.origin.last.headers["bandera-variants"], undefined);
    assert.equal(edge.origin.last.headers["bandera-receipts"], undefined);
    assert.ok((await reply.text()).includes("<h1 class=\"title\">Edited</h1>"));
    assertPrivate(reply);
  });

  test("what nothing was changed in stays cacheable for those who bring their cookies", async () => {
    edge.origin.answer = cacheable("application/json");
    const first = await edge.get("/api");
    assertPrivate(first);
    const cookie = first.headers.getSetCookie().map((line) => line.split(";")[0] ?? "").join("; ");
    const again = await edge.get("/api", { cookie });
    assert.equal(again.headers.get("cache-control"), "public, max-age=600, s-maxage=600");
    assert.deepEqual(again.headers.getSetCookie(), []);
  });
});
