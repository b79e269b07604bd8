/** What variants do to pages: edits in the stream, redirects, other paths, previews. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { readState } from "../../www/browser/ts/state.ts";
import { Edge, cookiesOf, jar, previewToken } from "./lib/edge.ts";
import { PAGE, page } from "./lib/origin.ts";
import { BANDIT, LEARNED, always, paging, ruleset, test as split } from "./lib/rulesets.ts";
import { stateText } from "./lib/visitor.ts";

const edits = [
  { selector: "h1.title", action: "setText", value: "A < B" },
  { selector: "#note", action: "setAttribute", name: "data-new", value: 'say "hi"' },
  { selector: "#note", action: "removeAttribute", name: "data-old" },
  { selector: "#list", action: "prepend", value: "<li>zero</li>", html: true },
  { selector: "#list", action: "append", value: "<li>two</li>", html: true },
  { selector: "#list", action: "insertBefore", value: "before" },
  { selector: "#list", action: "insertAfter", value: "<hr>", html: true },
  { selector: "#gone", action: "remove" },
];

const flags = {
  "page.edits": paging({ paths: ["/edited/*"], edits }),
  "page.elsewhere": paging({ paths: ["/old"], redirect: { to: "/new", status: 307 } }),
  "page.loop": paging({ paths: ["/loop"], redirect: { to: "/loop", status: 302 } }),
  "page.rewrite": paging({ paths: ["/shown"], rewrite: "/asked" }),
  "page.hidden": paging(
    { paths: ["/edited/*"], edits: [{ selector: "title", action: "replace", value: "<title>N</title>", html: true }] },
    { visibility: "server" },
  ),
  "shop.split": split(),
  "shop.learned": LEARNED,
  "shop.script": always({
    type: "json",
    variants: { on: { value: { text: "</script><script>alert(1)</script>" } } },
    offVariant: "on",
  }),
};

let edge: Edge;
before(async () => {
  edge = await Edge.start({ ruleset: ruleset(flags, { bandits: BANDIT }) });
});
after(async () => {
  await edge.stop();
});

test("every kind of edit arrives in the page", async () => {
  edge.origin.answer = page;
  const html = await (await edge.get("/edited/1")).text();
  for (const part of [
    '<h1 class="title">A &lt; B</h1>',
    '<p id="note" data-new="say &quot;hi&quot;">Note</p>',
    'before<ul id="list"><li>zero</li><li>one</li><li>two</li></ul><hr>',
    "<title>N</title>",
  ]) {
    assert.ok(html.includes(part), `${part} in ${html}`);
  }
  assert.ok(!html.includes("Gone") && !html.includes("Original"));
});

test("other paths, and what is no HTML, stay as they are", async () => {
  edge.origin.answer = page;
  assert.ok((await (await edge.get("/unedited")).text()).includes("Original"));
  edge.origin.answer = (_seen, response) => {
    response.writeHead(200, { "content-type": "text/plain", etag: '"1"' }).end(PAGE);
  };
  const reply = await edge.get("/edited/1");
  assert.equal(await reply.text(), PAGE);
  assert.equal(reply.headers.get("etag"), '"1"');
});

test("edits stream: the reader has the beginning before the origin has written the end", async () => {
  let finish = (): void => undefined;
  edge.origin.answer = (_seen, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.write('<html><head></head><body><h1 class="title">Original</h1>' + " ".repeat(4096));
    finish = () => void response.end("<p>the end</p></body></html>");
  };
  // Compression would hold small pieces back.
  const reply = await edge.get("/edited/slow", { "accept-encoding": "identity" });
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let received = "";
  while (!received.includes("A &lt; B")) received += (await reader?.read())?.value ?? "";
  assert.ok(!received.includes("the end"));
  finish();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    received += part.value;
  }
  assert.ok(received.includes("the end") && !received.includes("Original"));
});

test("the state element tells what browsers may know, before the first script", async () => {
  edge.origin.answer = page;
  const html = await (await edge.get("/?x=1")).text();
  assert.ok(html.indexOf("bandera-state") < html.indexOf("/a.js"), html);
  assert.ok(html.indexOf("bandera-state") > html.indexOf("charset"));
  const state = readState(stateText(html));
  assert.equal(state.publication, 1);
  assert.deepEqual([...state.answers.keys()].includes("page.hidden"), false);
  assert.deepEqual(state.answers.get("shop.script")?.value, { text: "</script><script>alert(1)</script>" });
  assert.ok(!html.includes("alert(1)</script>"), "no text leaves the element");
  assert.match(String(state.context["targetingKey"]), /^[\w-]{22}$/);
  assert.deepEqual(state.receipts.map(({ bandit, flag, metric }) => [bandit, flag, metric]), [
    ["hero", "shop.learned", "purchase"],
  ]);
});

test("a page without head or scripts gets its state too", async () => {
  for (const html of ["<p>bare</p>", "<body><p>b</p></body>", "<html><head></head><p>c</p></html>"]) {
    edge.origin.answer = (_seen, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end(html);
    };
    const received = await (await edge.get("/")).text();
    assert.equal(received.split("bandera-state").length, 2, received);
  }
});

test("compressed pages are edited", async () => {
  const { gzipSync } = await import("node:zlib");
  edge.origin.answer = (_seen, response) => {
    const headers = { "content-type": "text/html", "content-encoding": "gzip" };
    response.writeHead(200, headers).end(gzipSync(PAGE));
  };
  const html = await (await edge.get("/edited/zip")).text();
  assert.ok(html.includes("A &lt; B") && html.endsWith("</html>"), html);
});

test("HEAD has headers and no body", async () => {
  edge.origin.answer = page;
  const reply = await edge.ask("HEAD", "/edited/1", { accept: "text/html", "user-agent": "Mozilla/5.0" });
  assert.equal(reply.status, 200);
  assert.equal(await reply.text(), "");
  assert.ok(cookiesOf(reply).has("bandera_subject"));
});

test("a variant sends the browser elsewhere, with its cookies, and never in circles", async () => {
  const asked = edge.origin.seen.length;
  const reply = await edge.get("/old?q=1");
  assert.equal(reply.status, 307);
  assert.equal(reply.headers.get("location"), "/new?q=1");
  assert.equal(reply.headers.get("cache-control"), "private, no-store");
  assert.ok(cookiesOf(reply).has("bandera_subject"));
  assert.equal(edge.origin.seen.length, asked, "the origin is not asked");
  edge.origin.answer = page;
  assert.equal((await edge.get("/loop")).status, 200);
  const posted = await edge.ask("POST", "/old", { "user-agent": "Mozilla/5.0" }, "x");
  assert.equal(posted.status, 200, "what a form sends reaches its address");
});

test("a variant asks the origin for another path", async () => {
  edge.origin.answer = page;
  const reply = await edge.get("/shown?q=1");
  assert.equal(reply.status, 200);
  assert.equal(edge.origin.last.path, "/asked?q=1");
});

test("a signed link previews variants, from page to page, and counts for nothing", async () => {
  edge.origin.answer = page;
  const told = (): string => String(edge.origin.last.headers["bandera-variants"]);
  const { exposures } = await edge.health();
  const token = previewToken({ "shop.split": "off", "page.edits": "off" }, Date.now() + 60_000);
  const first = await edge.get(`/edited/1?a=1&bandera-preview=${token}`);
  assert.ok((await first.text()).includes("Original"));
  assert.match(told(), /shop\.split="off"/);
  assert.equal(edge.origin.last.path, "/edited/1?a=1", "the origin sees no token");
  const line = cookiesOf(first).get("bandera_preview") ?? "";
  assert.match(line, /Max-Age=(59|60); Secure; HttpOnly/);
  const cookie = jar(first);
  await edge.get("/other", { cookie });
  assert.match(told(), /shop\.split="off"/);
  assert.deepEqual((await edge.health())["exposures"], exposures);
  const off = await edge.get("/other?bandera-preview=off", { cookie });
  assert.match(cookiesOf(off).get("bandera_preview") ?? "", /Max-Age=0/);
  assert.match(told(), /shop\.split="[ab]"/);
});

test("a preview that is forged, over, or of another environment shows nothing", async () => {
  edge.origin.answer = page;
  const later = Date.now() + 60_000;
  const good = previewToken({ "shop.split": "off" }, later);
  for (const token of [
    `${good.slice(0, -2)}AA`,
    previewToken({ "shop.split": "off" }, Date.now() - 1),
    previewToken({ "shop.split": "off" }, later, "production"),
    "rubbish",
  ]) {
    await edge.get(`/?bandera-preview=${token}`);
    assert.match(String(edge.origin.last.headers["bandera-variants"]), /shop\.split="[ab]"/);
  }
});
