/** The table of dead letters: what is kept, what had to make room, what was sent again. */

/** Most letters kept; beyond, the oldest are dropped and counted as lost. */
export const LETTERS_MAX = 10_000;
/** Most bytes of all kept letters together. */
export const BYTES_MAX = 64 * 1024 * 1024;

/** A message that died. */
export interface DeadLetter {
  /** The queue's own name of the message: delivered twice, it is kept once. */
  readonly message: string;
  /** Why it died, for people. */
  readonly reason: string;
  /** Events in it; 0 where it cannot be read. */
  readonly events: number;
  /** The message as it was. */
  readonly body: string;
}

/** A kept letter without its body. */
export interface Listed extends Omit<DeadLetter, "body"> {
  readonly id: number;
  /** When it was kept, in Unix milliseconds. */
  readonly atMs: number;
  readonly bytes: number;
}

/** What is kept, and what became of the rest. */
export interface Counts {
  readonly letters: number;
  readonly events: number;
  readonly bytes: number;
  /** Taken by the queue again. */
  readonly replayedLetters: number;
  readonly replayedEvents: number;
  /** Dropped to make room. */
  readonly lostLetters: number;
  readonly lostEvents: number;
}

/** The part of a Durable Object's storage that is used. */
export interface Store {
  readonly sql: {
    exec(query: string, ...values: (string | number)[]): { toArray(): Record<string, unknown>[] };
  };
  transactionSync<T>(body: () => T): T;
}

/**
 * What made the tables what they are, in order. A migration never changes once it is released, and
 * only adds, so that a Worker can be rolled back. The index holds all that counting needs: no body
 * is read for it.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
    reason TEXT NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL
  );
  CREATE INDEX sizes ON letters (id, events, bytes);
  CREATE TABLE gone (
    how TEXT PRIMARY KEY, letters INTEGER NOT NULL, events INTEGER NOT NULL
  ) WITHOUT ROWID;`,
];

const KEEP = `
INSERT OR IGNORE INTO letters (message, at, reason, events, bytes, body)
VALUES (?1, ?2, ?3, ?4, length(CAST(?5 AS BLOB)), ?5) RETURNING bytes`;

/** Counts the letter `?2` as gone in the way `?1`. */
const COUNT_GONE = `
INSERT INTO gone SELECT ?1, 1, events FROM letters WHERE id = ?2
ON CONFLICT DO UPDATE SET letters = letters + 1, events = events + excluded.events`;

const COUNTS = `
SELECT count(*) AS letters, coalesce(sum(events), 0) AS events, coalesce(sum(bytes), 0) AS bytes,
  (SELECT coalesce(sum(letters), 0) FROM gone WHERE how = 'replayed') AS replayedLetters,
  (SELECT coalesce(sum(events), 0) FROM gone WHERE how = 'replayed') AS replayedEvents,
  (SELECT coalesce(sum(letters), 0) FROM gone WHERE how = 'lost') AS lostLetters,
  (SELECT coalesce(sum(events), 0) FROM gone WHERE how = 'lost') AS lostEvents
FROM letters`;

const LIST = `
SELECT id, message, at AS atMs, reason, events, bytes FROM letters WHERE id > ?1
ORDER BY id LIMIT ?2`;

/** How much is kept. */
interface Held {
  readonly letters: number;
  readonly bytes: number;
}

/** The letters in a store. */
export class Letters {
  readonly #store: Store;
  /** As the store has it: counting anew for each letter would read all of them. */
  #held: Held;

  /** Brings the tables up to date. */
  constructor(store: Store) {
    this.#store = store;
    migrate(store);
    this.#held = this.counts();
  }

  /** Keeps a letter, and drops the oldest when there are too many. */
  keep({ message, reason, events, body }: DeadLetter, atMs: number): void {
    this.#held = this.#store.transactionSync(() => {
      const [kept] = this.#rows(KEEP, message, atMs, reason, events, body);
      if (kept === undefined) return this.#held;
      let letters = this.#held.letters + 1;
      let bytes = this.#held.bytes + numberOf(kept, "bytes");
      while (letters > LETTERS_MAX || bytes > BYTES_MAX) {
        const [oldest] = this.#rows("SELECT id, bytes FROM letters ORDER BY id LIMIT 1");
        this.#remove("lost", numberOf(oldest, "id"));
        letters -= 1;
        bytes -= numberOf(oldest, "bytes");
      }
      return { letters, bytes };
    });
  }

  counts(): Counts {
    const [row] = this.#rows(COUNTS);
    return {
      letters: numberOf(row, "letters"),
      events: numberOf(row, "events"),
      bytes: numberOf(row, "bytes"),
      replayedLetters: numberOf(row, "replayedLetters"),
      replayedEvents: numberOf(row, "replayedEvents"),
      lostLetters: numberOf(row, "lostLetters"),
      lostEvents: numberOf(row, "lostEvents"),
    };
  }

  /** At most `limit` letters with an id above `after`, oldest first. */
  list(after: number, limit: number): Listed[] {
    return this.#rows(LIST, after, limit).map((row) => ({
      id: numberOf(row, "id"),
      message: String(row["message"]),
      atMs: numberOf(row, "atMs"),
      reason: String(row["reason"]),
      events: numberOf(row, "events"),
      bytes: numberOf(row, "bytes"),
    }));
  }

  /** The message of a letter; `undefined` when it is not here. */
  body(id: number): string | undefined {
    const [row] = this.#rows("SELECT body FROM letters WHERE id = ?1", id);
    return row === undefined ? undefined : String(row["body"]);
  }

  /** Removes a letter that the queue has taken again; harmless when it is gone already. */
  replayed(id: number): void {
    this.#held = this.#store.transactionSync(() => {
      const [letter] = this.#rows("SELECT bytes FROM letters WHERE id = ?1", id);
      if (letter === undefined) return this.#held;
      this.#remove("replayed", id);
      const { letters, bytes } = this.#held;
      return { letters: letters - 1, bytes: bytes - numberOf(letter, "bytes") };
    });
  }

  /** Removes a letter and counts how it went. */
  #remove(how: "lost" | "replayed", id: number): void {
    this.#rows(COUNT_GONE, how, id);
    this.#rows("DELETE FROM letters WHERE id = ?1", id);
  }

  #rows(statement: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.#store.sql.exec(statement, ...values).toArray();
  }
}

function numberOf(row: Record<string, unknown> | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

/** Runs the migrations that the store has not seen, all or none. */
function migrate(store: Store): void {
  const { sql } = store;
  sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)");
  const [row] = sql.exec("SELECT max(version) AS seen FROM schema_version").toArray();
  const seen = numberOf(row, "seen");
  if (seen >= MIGRATIONS.length) return;
  store.transactionSync(() => {
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < seen) continue;
      sql.exec(migration);
      sql.exec("INSERT INTO schema_version VALUES (?1)", index + 1);
    }
  });
}
