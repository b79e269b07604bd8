/** What a bandit's decision was drawn from, as OFREP's metadata tells it. */

import assert from "node:assert/strict";

import { numberOf, objectOf, parseJson, textOf } from "../../../www/browser/ts/json.ts";
import type { JsonObject } from "../../../www/browser/ts/json.ts";

/** Whole parts of a million, so nothing but rounding of their sum. */
const TOLERANCE = 1e-9;

/** The actions in the order of the distribution, which is one and has the decision's propensity. */
export function drawnFrom(metadata: JsonObject, action: string): readonly string[] {
  const text = textOf(metadata["distribution"]) ?? "";
  const shares = objectOf(parseJson(text));
  const sum = Object.values(shares).reduce<number>((all, one) => all + (numberOf(one) ?? Number.NaN), 0);
  assert.ok(Math.abs(sum - 1) < TOLERANCE, text);
  assert.equal(shares[action], metadata["propensity"], text);
  return Object.keys(shares);
}
