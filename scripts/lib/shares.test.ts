import assert from "node:assert/strict";
import { test } from "node:test";

import { N_CONTEXTS, N_FLAGS, requireShares } from "./shares.ts";

/** Exactly the shares that are asked for; `change` alters single answers. */
function answers(change: (answer: string, flag: number, context: number) => string) {
  return Array.from({ length: N_CONTEXTS }, (_, context) => {
    return Array.from({ length: N_FLAGS }, (_, flag) => {
      const draw = (flag * 37 + context * 11) % 10;
      const split = draw < 2 ? "first" : draw < 5 ? "second" : "third";
      const rules = flag % 10 === 9 ? "off" : split;
      const answer = flag % 2 === 0 ? ((flag / 2 + context) % 2 === 0 ? "on" : "off") : rules;
      return change(answer, flag, context);
    });
  });
}

test("shares as they should be are accepted", () => {
  requireShares("it", answers((answer) => answer));
});

test("other shares, other answers and other numbers of flags are refused", () => {
  const refuses = (given: readonly unknown[], message: RegExp): void => {
    assert.throws(() => requireShares("it", given), message);
  };
  refuses(answers((answer) => (answer === "first" ? "second" : answer)), /gives "rules first" to 0/);
  refuses(answers((answer, flag) => (flag === 9 ? "on" : answer)), /it answers "disabled on"/);
  refuses(answers((answer) => answer).map((list) => list.slice(1)), /does not answer for 100/);
  refuses([{}], /does not answer for 100/);
  refuses([], /gives "rollout on" to NaN/);
});
