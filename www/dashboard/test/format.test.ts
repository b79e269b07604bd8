import assert from "node:assert/strict";
import { test } from "node:test";

import { count, counted, difference, moment, percent, reward } from "../src/format.ts";

test("numbers carry their unit", () => {
  assert.equal(count(12345), "12,345");
  assert.equal(counted(1, "place"), "1 place");
  assert.equal(counted(0, "place"), "0 places");
  assert.equal(percent(0.12345), "12.3 %");
  assert.equal(percent(1), "100.0 %");
  assert.equal(percent(0), "0.0 %");
  assert.equal(percent(0.0001), "< 0.1 %");
  assert.equal(percent(0.9999), "> 99.9 %");
  assert.equal(moment(1_767_225_600_000), "2026-01-01 00:00:00 UTC");
});

test("a mean reward comes with its interval, in the unit of the metric", () => {
  const binary = reward("binary", 0.031, [0.02, 0.044]);
  assert.equal(binary, "3.1 % (95 % interval 2.0 to 4.4 %)");
  const numeric = reward("numeric", 12.3456, [11.1, 13.9]);
  assert.equal(numeric, "12.35 (95 % interval 11.1 to 13.9)");
  assert.equal(reward("binary", 0.5, null), "50.0 %");
  assert.equal(reward("binary", undefined, undefined), "no decisions yet");
});

test("a difference says which way, in points of percent where rewards are shares", () => {
  const ahead = difference("binary", 0.1072, [0.0814, 0.131]);
  assert.equal(ahead, "+10.7 points (95 % interval +8.1 to +13.1)");
  const behind = difference("binary", -0.004, [-0.0204, 0]);
  assert.equal(behind, "-0.4 points (95 % interval -2.0 to 0.0)");
  assert.equal(difference("numeric", 12.3456, [-1, 25.5]), "+12.35 (95 % interval -1 to +25.5)");
});
