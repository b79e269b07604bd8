import assert from "node:assert/strict";
import { test } from "node:test";

import { orderByLikeness } from "./likeness.ts";

/** A hundred bytes that no other seed gives. */
function code(seed: number): Uint8Array {
  return Uint8Array.from({ length: 100 }, (_, at) => Math.imul(seed * 7919 + at, 0x9e37_79b1) >>> 24);
}

/** The same with another byte in its midst. */
function changed(bytes: Uint8Array, byte: number): Uint8Array {
  return bytes.with(50, byte);
}

test("like follows like, each function comes once", () => {
  const [a, b, c] = [code(1), code(2), code(3)];
  const functions = [a, b, c, changed(b, 1), changed(a, 1), changed(c, 1), changed(a, 2)];
  const order = orderByLikeness(functions);
  assert.deepEqual(order.toSorted(), [0, 1, 2, 3, 4, 5, 6]);
  const kinds = order.map((index) => "abcbaca"[index]).join("");
  assert.equal(kinds, "aaabbcc");
});

test("what is like nothing keeps its order", () => {
  assert.deepEqual(orderByLikeness([code(5), code(4), code(6)]), [0, 1, 2]);
  assert.deepEqual(orderByLikeness([Uint8Array.of(), Uint8Array.of(1), Uint8Array.of()]), [0, 1, 2]);
  assert.deepEqual(orderByLikeness([]), []);
});

test("what all functions share makes none alike", () => {
  const start = code(9);
  const functions = Array.from({ length: 30 }, (_, seed) => {
    return Buffer.concat([start, code(100 + (seed % 15))]);
  });
  const order = orderByLikeness(functions);
  const pairs = order.filter((index, place) => place % 2 === 0 && order[place + 1] === index + 15);
  assert.equal(pairs.length, 15);
});
