// Durable Objects as a release before migrations were counted has left them: the tables of that
// time with some rows. `/` fills them; `/schema` tells the migrations that each has seen since.

import { DurableObject } from "cloudflare:workers";

const bandit = {
  key: "hero",
  bandit: { actions: ["craft", "gift"], reward: { metric: "purchase", kind: "binary" } },
};
const arms = JSON.stringify([
  { action: "craft", decisions: 3, exposed: 3, rewarded: 1, units: "4294967296",
    unitsSquared: "18446744073709551616" },
]);
const keepUntil = 4_000_000_000_000;

class Former extends DurableObject {
  async fetch(request) {
    const { sql } = this.ctx.storage;
    if (new URL(request.url).pathname === "/schema") {
      const seen = "SELECT version FROM schema_version ORDER BY version";
      return Response.json(sql.exec(seen).toArray());
    }
    this.fill(sql);
    return Response.json("filled");
  }
}

export class Ledger extends Former {
  fill(sql) {
    sql.exec(`
CREATE TABLE IF NOT EXISTS decisions (
    hi INTEGER NOT NULL, lo INTEGER NOT NULL, exposed INTEGER NOT NULL,
    rewarded_at INTEGER, units INTEGER, added INTEGER, keep_until INTEGER NOT NULL,
    PRIMARY KEY (hi, lo)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS additions (
    hi INTEGER NOT NULL, lo INTEGER NOT NULL, keep_until INTEGER NOT NULL, PRIMARY KEY (hi, lo)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS settling (slice INTEGER NOT NULL, round_start INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS learners (
    bandit TEXT NOT NULL, definition TEXT NOT NULL, sequence INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0, arms TEXT NOT NULL, PRIMARY KEY (bandit, definition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bandits (
    bandit TEXT PRIMARY KEY, publication INTEGER NOT NULL, terms TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flags (
    flag TEXT NOT NULL, variant TEXT NOT NULL, exposures INTEGER NOT NULL,
    PRIMARY KEY (flag, variant)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reports (
    sender TEXT PRIMARY KEY, attempted INTEGER NOT NULL, dropped INTEGER NOT NULL,
    rejected INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shard (number INTEGER NOT NULL);`);
    sql.exec("INSERT INTO decisions VALUES (0, 77, 1, NULL, NULL, NULL, ?)", keepUntil);
    sql.exec("INSERT INTO totals VALUES ('exposures', 3), ('rewards', 1), ('flag_exposures', 5)");
    sql.exec("INSERT INTO flags VALUES ('shop.banner', 'on', 5)");
    sql.exec("INSERT INTO reports VALUES ('00ff', 9, 1, 0)");
    sql.exec("INSERT INTO bandits VALUES ('hero', 1, ?)", JSON.stringify(bandit));
    sql.exec("INSERT INTO shard VALUES (0)");
  }
}

export class Coordinator extends Former {
  fill(sql) {
    sql.exec(`
CREATE TABLE IF NOT EXISTS shards (
    definition TEXT NOT NULL, shard INTEGER NOT NULL, sequence INTEGER NOT NULL,
    arms TEXT NOT NULL, PRIMARY KEY (definition, shard)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`);
    const facts = "INSERT INTO facts VALUES ('publication', '4'), ('bandit', ?)";
    sql.exec(facts, JSON.stringify(bandit));
    sql.exec("INSERT INTO shards VALUES ('00000000000000aa', 0, 3, ?)", arms);
  }
}

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/ready") return new Response("ready");
    const ledger = env.LEDGER.getByName("ledger/test/0");
    const coordinator = env.COORDINATOR.getByName("coordinator/test/hero");
    const replies = await Promise.all([ledger, coordinator].map((object) => object.fetch(request)));
    return Response.json(await Promise.all(replies.map((reply) => reply.json())));
  },
};
