/** When the engine traps: pages come from the origin, nothing is sent twice, the API says so. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { type Moment, trappingEdge } from "./lib/broken.ts";
import { ShopStack } from "./lib/shop.ts";
import { Visitor } from "./lib/visitor.ts";

const ORIGINAL = "Goods for evenings by the fire";
/** The page as the origin wrote it. */
async function untouched(edgeUrl: string): Promise<boolean> {
  const { status, html } = await new Visitor(edgeUrl).visit("/");
  assert.equal(status, 200);
  assert.ok(html.trimEnd().endsWith("</html>"), "the page is whole");
  return html.includes(ORIGINAL) && html.includes("(no header)");
}

/** Expects a problem document. */
async function refused(reply: Response, status: number, code: string): Promise<void> {
  const text = await reply.text();
  assert.equal(reply.status, status, text);
  assert.equal(reply.headers.get("content-type"), "application/problem+json");
  assert.equal(reply.headers.get("cache-control"), "no-store");
  assert.equal(objectOf(parseJson(text))["code"], code);
}

const MOMENTS: readonly Moment[] = [
  "when called",
  "when it comes back",
  "once the origin was asked",
];

for (const moment of MOMENTS) {
  describe(`an engine that traps ${moment}`, () => {
    const broken = trappingEdge({ after }, moment);
    let shop: ShopStack;
    before(async () => {
      shop = await ShopStack.start({
        ...broken,
        unpublished: true,
        withoutAdmin: true,
        edgeReadyPath: "/",
      });
    });
    after(async () => {
      await shop?.stop();
    });

    function order(body?: string): Promise<Response> {
      return fetchInTime(`${shop.edgeUrl}/cart`, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        ...(body === undefined ? {} : { body }),
      });
    }

    test("pages come from the origin", async () => {
      for (let n = 0; n < 3; n += 1) assert.ok(await untouched(shop.edgeUrl));
      await until("the fence's word that it passed the requests on", 10_000, async () => {
        return readFileSync(shop.stack.edgeLog, "utf8").includes("the engine failed") || undefined;
      });
    });

    if (moment === "once the origin was asked") {
      test("what may change something is not sent twice, with a body or without", async () => {
        await refused(await order("slug=mug"), 502, "origin_unreachable");
        await refused(await order(), 502, "origin_unreachable");
      });
    } else {
      test("what the origin has not seen goes there, body and all", async () => {
        const reply = await order("slug=mug");
        assert.equal(reply.status, 303);
        assert.match(reply.headers.get("set-cookie") ?? "", /cart=mug\.1/);
      });

      test("the API answers that it cannot, and when to try again", async () => {
        const paths = ["/bandera/v1/health", "/bandera/v1/events", "/ofrep/v1/evaluate/flags"];
        for (const path of paths) {
          const method = path.endsWith("health") ? "GET" : "POST";
          const body = method === "POST" ? { body: "{}" } : {};
          const reply = await fetchInTime(shop.edgeUrl + path, { method, ...body });
          assert.equal(reply.headers.get("retry-after"), "1", path);
          await refused(reply, 503, "unavailable");
        }
      });
    }
  });
}
