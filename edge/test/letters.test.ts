import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { BYTES_MAX, type DeadLetter, Letters, LETTERS_MAX, type Store } from "../letters.ts";

/** SQLite in memory, as a Durable Object offers it. */
function store(): Store {
  const database = new DatabaseSync(":memory:");
  return {
    sql: {
      exec: (query, ...values) => {
        // A statement that is prepared ends at its semicolon; migrations are several.
        if (values.length === 0 && query.trimStart().startsWith("CREATE")) {
          database.exec(query);
          return { toArray: () => [] };
        }
        const named = Object.fromEntries(values.map((value, index) => [`?${index + 1}`, value]));
        const rows = database.prepare(query).all(named);
        return { toArray: () => rows };
      },
    },
    transactionSync: (body) => {
      database.exec("BEGIN");
      try {
        const result = body();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}

function letter(n: number, body = `{"n":${n}}`): DeadLetter {
  return { message: `m${n}`, reason: "ledger/test/0 did not commit it", events: 2, body };
}

const none = {
  ...{ letters: 0, events: 0, bytes: 0, replayedLetters: 0, replayedEvents: 0 },
  ...{ lostLetters: 0, lostEvents: 0 },
};

test("letters are kept in order, once, until the queue has taken them", () => {
  const letters = new Letters(store());
  assert.deepEqual(letters.counts(), none);
  for (const n of [1, 2, 3, 2]) letters.keep(letter(n, `ñ${n}`), 1_000 + n);
  assert.deepEqual(letters.counts(), { ...none, letters: 3, events: 6, bytes: 9 });
  const [first, ...rest] = letters.list(0, 2);
  assert.deepEqual(first, {
    ...{ id: 1, message: "m1", atMs: 1_001, reason: "ledger/test/0 did not commit it" },
    ...{ events: 2, bytes: 3 },
  });
  assert.deepEqual(rest.map(({ id }) => id), [2]);
  assert.deepEqual(letters.list(2, 10).map(({ message }) => message), ["m3"]);
  assert.equal(letters.body(2), "ñ2");
  letters.replayed(2);
  assert.equal(letters.body(2), undefined);
  const expected = { letters: 2, events: 4, bytes: 6, replayedLetters: 1, replayedEvents: 2 };
  assert.deepEqual(letters.counts(), { ...none, ...expected });
});

test("what was kept is there when the object starts again", () => {
  const kept = store();
  new Letters(kept).keep(letter(1), 5);
  assert.equal(new Letters(kept).body(1), '{"n":1}');
});

test("the number of letters is bounded; the oldest go and are counted", () => {
  const letters = new Letters(store());
  for (let n = 1; n <= LETTERS_MAX; n += 1) letters.keep(letter(n), n);
  assert.equal(letters.counts().lostLetters, 0);
  letters.keep(letter(LETTERS_MAX + 1), 0);
  const { letters: left, lostLetters, lostEvents } = letters.counts();
  assert.deepEqual([left, lostLetters, lostEvents], [LETTERS_MAX, 1, 2]);
  assert.equal(letters.body(1), undefined);
});

test("so are their bytes", () => {
  const letters = new Letters(store());
  const quarter = "x".repeat(BYTES_MAX / 4);
  for (let n = 1; n <= 4; n += 1) letters.keep(letter(n, quarter), n);
  assert.deepEqual([letters.counts().bytes, letters.counts().lostLetters], [BYTES_MAX, 0]);
  letters.keep(letter(5, "x"), 5);
  assert.deepEqual(letters.list(0, 9).map(({ id }) => id), [2, 3, 4, 5]);
  assert.equal(letters.counts().lostLetters, 1);
});
