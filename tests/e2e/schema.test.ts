/** Durable Objects with what a former release has stored: they open, and nothing is lost. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { removeScratch, scratchDir } from "../../scripts/lib/owned.ts";
import type { Json } from "../../www/browser/ts/json.ts";
import { objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { serveObjects } from "./lib/objects.ts";

/** Serves one Worker on the folder's state for the time of `work`. */
async function served<T>(
  folder: string,
  worker: string,
  work: (ask: (path: string) => Promise<Json>) => Promise<T>,
): Promise<T> {
  const running = await serveObjects(folder, worker, "/ready");
  try {
    return await work(async (path) => {
      const reply = await fetchInTime(`http://127.0.0.1:${running.port}${path}`);
      const text = await reply.text();
      assert.equal(reply.status, 200, text);
      return parseJson(text) ?? null;
    });
  } finally {
    await running.stop();
  }
}

test("objects of before migrations keep their rows; migrations run once", async (context) => {
  const folder = scratchDir("schema");
  context.after(() => removeScratch(folder));
  const filled = await served(folder, "former.worker.js", (ask) => ask("/"));
  assert.deepEqual(filled, ["filled", "filled"]);

  for (const outcome of ["d", "d"]) {
    await served(folder, "ledger.worker.js", async (ask) => {
      const totals = objectOf(await ask("/totals"));
      assert.deepEqual(
        [totals["exposures"], totals["rewards"], totals["flagExposures"], totals["rows"]],
        [3, 1, 5, 1],
      );
      assert.deepEqual(totals["flags"], [["shop.banner", "on", 5]]);
      assert.equal(objectOf(totals["reported"])["attempted"], 9);
      assert.equal(await ask("/known"), outcome, "the decision's row is remembered");
      const view = objectOf(await ask("/view"));
      assert.deepEqual([view["bandit"], view["publication"]], ["hero", 4]);
    });
    const versions = [{ version: 1 }, { version: 2 }];
    const seen = [versions, versions];
    assert.deepEqual(await served(folder, "former.worker.js", (ask) => ask("/schema")), seen);
  }
});
