/** What the edge said about this page: answers, and a receipt for each bandit decision. */

import { isObject, listOf, numberOf, objectOf, parseJson, textOf } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";

/** The id of the script element that the edge puts into the page. */
export const STATE_ELEMENT = "bandera-state";

/** An answer for one flag. */
export interface Answer {
  readonly value: Json | undefined;
  /** `undefined` where the caller's default applies. */
  readonly variant: string | undefined;
  readonly reason: string;
  /** The flag's configuration with the variant's overrides merged in. */
  readonly config: Json | undefined;
}

/** Proof of a bandit decision; a reward has to present it. */
export interface Receipt {
  readonly bandit: string;
  /** The flag that served the decision. */
  readonly flag: string | undefined;
  readonly metric: string;
  readonly token: string;
}

/** The edge's word on this page view. */
export interface PageState {
  readonly publication: number | undefined;
  /** Whether it takes the full engine to evaluate in the page; as far as the edge has said. */
  readonly needsFullEngine: boolean;
  /** The context the edge evaluated, as far as browsers may know it. */
  readonly context: JsonObject;
  readonly answers: ReadonlyMap<string, Answer>;
  readonly receipts: readonly Receipt[];
}

/** The state of a page that no edge has touched: every flag is unknown. */
export const NO_STATE: PageState = {
  publication: undefined,
  needsFullEngine: false,
  context: {},
  answers: new Map(),
  receipts: [],
};

/** One answer, as it is written in the state and by the engine alike. */
export function readAnswer(value: Json): Answer {
  const fields = objectOf(value);
  return {
    value: fields["value"],
    variant: textOf(fields["variant"]),
    reason: textOf(fields["reason"]) ?? "UNKNOWN",
    config: fields["config"],
  };
}

function readReceipt(value: Json): readonly Receipt[] {
  const fields = objectOf(value);
  const bandit = textOf(fields["bandit"]);
  const metric = textOf(fields["metric"]);
  const token = textOf(fields["receipt"]);
  if (bandit === undefined || metric === undefined || token === undefined) return [];
  return [{ bandit, flag: textOf(fields["flag"]), metric, token }];
}

/** Reads the state element's text; rubbish is a page without state, never an error. */
export function readState(text: string): PageState {
  const state = parseJson(text);
  if (!isObject(state)) return NO_STATE;
  const flags = Object.entries(objectOf(state["flags"]));
  return {
    publication: numberOf(state["publication"]),
    needsFullEngine: state["engine"] === "full",
    context: objectOf(state["context"]),
    answers: new Map(flags.map(([key, answer]) => [key, readAnswer(answer)])),
    receipts: listOf(state["receipts"]).flatMap(readReceipt),
  };
}
