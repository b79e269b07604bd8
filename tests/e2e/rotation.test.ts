/** Signing keys change while visitors are on their way: nothing that was handed out is lost. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { Edge, KEY, cookiesOf, previewToken, ring } from "./lib/edge.ts";
import { BANDIT, LEARNED, ruleset } from "./lib/rulesets.ts";
import { Visitor, postEvents, rewardFor } from "./lib/visitor.ts";

const [FORMER] = KEY;
const NEXT = [FORMER + 1, randomBytes(32)] as const;
const FLAG = "shop.hero";

let edge: Edge;
/** Somebody who was here before the keys changed, and what they saw. */
let visitor: Visitor;
let former: Seen;

interface Seen {
  readonly variant: string | undefined;
  readonly receipt: string;
}

before(async () => {
  edge = await Edge.start({ ruleset: ruleset({ [FLAG]: LEARNED }, { bandits: BANDIT }) });
  visitor = new Visitor(edge.url);
});

after(async () => {
  await edge?.stop();
});

async function see(who: Visitor): Promise<Seen> {
  const { state } = await who.visit("/");
  return { variant: state.answers.get(FLAG)?.variant, receipt: state.receipts[0]?.token ?? "" };
}

/** The number of the key that signed a text. */
function keyOf(signed: string | undefined): number | undefined {
  return Buffer.from(signed ?? "", "base64url")[1];
}

async function verdict(receipt: string): Promise<readonly [verdict: string, detail: string]> {
  const { body } = await postEvents(edge.url, [rewardFor(receipt)]);
  const [first] = listOf(objectOf(parseJson(body))["verdicts"]).map((one) => objectOf(one));
  const detail = textOf(objectOf(first?.["problem"])["detail"]);
  return [textOf(first?.["verdict"]) ?? "", detail ?? ""];
}

async function attempted(): Promise<number> {
  return numberOf(objectOf((await edge.health())["exposures"])["attempted"]) ?? Number.NaN;
}

test("before the keys change", async () => {
  former = await see(visitor);
  assert.equal(keyOf(former.receipt), FORMER);
  assert.equal(keyOf(visitor.cookies.get("bandera_sticky")), FORMER);
  assert.equal(keyOf(visitor.cookies.get("bandera_exposed")), FORMER);
});

test("with the next key in front, what the former one signed is believed", async () => {
  const preview = previewToken({ [FLAG]: "off" }, Date.now() + 600_000);
  await edge.restart({ vars: { BANDERA_SIGNING_KEYS: ring(NEXT, KEY) } });
  const before = await attempted();
  const again = await see(visitor);
  assert.deepEqual(again.variant, former.variant, "the kept decision stays");
  assert.equal(await attempted(), before, "and is not exposed a second time");
  assert.deepEqual(await verdict(former.receipt), ["committed", ""]);
  assert.equal((await verdict(again.receipt))[0], "duplicate", "one decision, whichever key signs");
  const shown = await edge.get(`/?bandera-preview=${preview}`);
  assert.ok(cookiesOf(shown).has("bandera_preview"), "the preview link holds");
});

test("and what is new is signed by the next key, kept decisions too", async () => {
  const other = new Visitor(edge.url);
  const { receipt } = await see(other);
  assert.equal(keyOf(receipt), NEXT[0]);
  assert.equal(keyOf(visitor.cookies.get("bandera_sticky")), NEXT[0]);
  assert.deepEqual(await verdict(receipt), ["committed", ""]);
});

test("once the former key is retired its texts are refused with the reason, the others hold", async () => {
  await edge.restart({ vars: { BANDERA_SIGNING_KEYS: ring(NEXT) } });
  const reason = `the token's key ${FORMER} is not one of ours, or retired`;
  assert.deepEqual(await verdict(former.receipt), ["rejected", reason]);
  const again = await see(visitor);
  assert.equal(again.variant, former.variant, "the kept decision was signed anew");
  assert.equal((await verdict(again.receipt))[0], "duplicate");
  const absent = new Visitor(edge.url);
  assert.notEqual((await see(absent)).receipt, "");
});
