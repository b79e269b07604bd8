/** More requests with events than one address may send. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { showHero } from "./lib/crowd.ts";
import { Edge } from "./lib/edge.ts";
import { BANDIT, LEARNED, ruleset } from "./lib/rulesets.ts";
import { readVerdicts, rewardFor } from "./lib/visitor.ts";
import type { ClientEvent, Verdict } from "./lib/visitor.ts";

const LIMIT = 5;
const PERIOD_S = 10;

let edge: Edge;

before(async () => {
  edge = await Edge.start({
    ruleset: ruleset({ "shop.hero": LEARNED }, { bandits: BANDIT }),
    eventLimit: { limit: LIMIT, period: PERIOD_S },
  });
});

after(async () => {
  await edge?.stop();
});

const post = (event: ClientEvent): Promise<Response> =>
  edge.ask("POST", "/bandera/v1/events", {}, JSON.stringify({ events: [event] }));

async function verdictsOf(reply: Response): Promise<readonly Verdict["verdict"][]> {
  return readVerdicts(await reply.text()).map(({ verdict }) => verdict);
}

test("beyond the limit events are refused, and later the same ones are committed", async () => {
  let taken = 0;
  // A period may end in the midst; then the next one takes as many again.
  const { event, refusal } = await until("a refusal", 3 * PERIOD_S * 1000, async () => {
    const event = rewardFor((await showHero(edge.url)).receipt);
    const reply = await post(event);
    if (reply.status === 429) return { event, refusal: reply };
    assert.deepEqual([reply.status, await verdictsOf(reply)], [200, ["committed"]]);
    taken += 1;
    return undefined;
  });
  assert.ok(taken >= LIMIT, `${taken} requests were taken`);
  assert.equal(refusal.headers.get("content-type"), "application/problem+json");
  assert.match(refusal.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/);
  const { status, code } = objectOf(parseJson(await refusal.text()));
  assert.deepEqual([status, code], [429, "too_many_requests"]);

  const accepted = await until("the next period", 3 * PERIOD_S * 1000, async () => {
    const reply = await post(event);
    if (reply.status === 200) return reply;
    assert.equal(reply.status, 429);
    return undefined;
  });
  // A duplicate would mean that the refusal had counted it all the same.
  assert.deepEqual(await verdictsOf(accepted), ["committed"]);
});
