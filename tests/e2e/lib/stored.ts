/** What a coordinator has stored, read from its database while the runtime uses it. */

import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { listOf, numberOf, objectOf, parseJson, textOf } from "../../../www/browser/ts/json.ts";

/** What an action adds up to over all shards; sums are whole numbers of units. */
export interface StoredArm {
  decisions: number;
  exposed: number;
  rewarded: number;
  units: bigint;
  unitsSquared: bigint;
}

/** What a contextual bandit's action adds up to: `sum x x'` by rows, `sum r x`, `sum r^2`. */
export interface StoredBlock {
  readonly products: readonly bigint[];
  readonly rewards: readonly bigint[];
  readonly squares: bigint;
}

export interface Stored {
  readonly shards: number;
  readonly arms: Readonly<Record<string, StoredArm>>;
  readonly blocks: Readonly<Record<string, StoredBlock>>;
}

function wide(bytes: Buffer, at: number, signed: boolean): bigint {
  const high = signed ? bytes.readBigInt64LE(at + 8) : bytes.readBigUInt64LE(at + 8);
  return (high << 64n) + bytes.readBigUInt64LE(at);
}

/** A block of so many terms from its bytes, which `shared/src/policy/linear/block.rs` writes. */
function blockOf(bytes: Buffer): StoredBlock {
  const words = bytes.length / 8;
  let nTerms = 1;
  while ((nTerms * (nTerms + 1)) / 2 + 2 * nTerms + 2 < words) nTerms += 1;
  const nProducts = (nTerms * (nTerms + 1)) / 2;
  const product = (n: number): bigint => bytes.readBigInt64LE(8 * n);
  const reward = (n: number): bigint => wide(bytes, 8 * nProducts + 16 * n, true);
  return {
    products: Array.from({ length: nProducts }, (_, n) => product(n)),
    rewards: Array.from({ length: nTerms }, (_, n) => reward(n)),
    squares: wide(bytes, bytes.length - 16, false),
  };
}

function added(a: StoredBlock | undefined, b: StoredBlock): StoredBlock {
  if (a === undefined) return b;
  return {
    products: b.products.map((sum, n) => sum + (a.products[n] ?? 0n)),
    rewards: b.rewards.map((sum, n) => sum + (a.rewards[n] ?? 0n)),
    squares: a.squares + b.squares,
  };
}

/** The rows of a database that may be written meanwhile; none while it is not there or locked. */
function rows(database: DatabaseSync, statement: string): readonly Record<string, unknown>[] {
  return database.prepare(statement).all();
}

function read(database: DatabaseSync): Stored {
  const arms: Record<string, StoredArm> = {};
  const blocks: Record<string, StoredBlock> = {};
  const shards = rows(database, "SELECT arms FROM shards");
  for (const { arms: text } of shards) {
    for (const arm of listOf(parseJson(String(text))).map((one) => objectOf(one))) {
      const action = textOf(arm["action"]) ?? "";
      const sum = (arms[action] ??= {
        decisions: 0,
        exposed: 0,
        rewarded: 0,
        units: 0n,
        unitsSquared: 0n,
      });
      sum.decisions += numberOf(arm["decisions"]) ?? Number.NaN;
      sum.exposed += numberOf(arm["exposed"]) ?? Number.NaN;
      sum.rewarded += numberOf(arm["rewarded"]) ?? Number.NaN;
      sum.units += BigInt(textOf(arm["units"]) ?? "");
      sum.unitsSquared += BigInt(textOf(arm["unitsSquared"]) ?? "");
    }
  }
  for (const { action, sums } of rows(database, "SELECT action, sums FROM blocks")) {
    const block = blockOf(Buffer.from(sums as Uint8Array));
    blocks[String(action)] = added(blocks[String(action)], block);
  }
  return { shards: shards.length, arms, blocks };
}

/** What the coordinator of a bandit has stored, over all shards; `undefined` while it is not there. */
export function coordinatorOf(persistDir: string, bandit: string): Stored | undefined {
  return storedIn(join(persistDir, "v3", "do", "*Coordinator", "*.sqlite"), bandit);
}

/** The same from whichever of these databases is the bandit's. */
export function storedIn(databases: string, bandit: string): Stored | undefined {
  for (const path of globSync(databases)) {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const [fact] = rows(database, "SELECT value FROM facts WHERE name = 'bandit'");
      if (textOf(objectOf(parseJson(String(fact?.["value"])))["key"]) === bandit) {
        return read(database);
      }
    } catch {
      // Locked, or without tables yet: whoever waits looks again.
    } finally {
      database.close();
    }
  }
  return undefined;
}
