/** Ten thousand receipts that nobody signed as they are, among true ones: only those count. */

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { generator, showHero, tally } from "./lib/crowd.ts";
import type { Shown } from "./lib/crowd.ts";
import { ShopStack } from "./lib/shop.ts";
import { inLanes, postEvents, rewardFor } from "./lib/visitor.ts";

const N_FORGED = 10_000;
/** The most that one request may hold. */
const BATCH = 500;
/** True ones in each batch. */
const N_TRUE = 5;
const LANES = 4;
/** Version and key id; the tag of HMAC-SHA-256, cut. */
const HEAD_BYTES = 2;
const TAG_BYTES = 16;

let shop: ShopStack;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop?.stop();
});

type Below = (n: number) => number;
/** Makes a forgery of a receipt, with another true one at hand. */
type Forger = (receipt: string, other: string, below: Below) => string;

function bytes(receipt: string): Buffer {
  return Buffer.from(receipt, "base64url");
}

/** Changes the bytes of a receipt and spells them as it was spelt. */
function changed(change: (of: Buffer, other: Buffer, below: Below) => Buffer): Forger {
  return (receipt, other, below) =>
    change(bytes(receipt), bytes(other), below).toString("base64url");
}

function flipped(of: Buffer, place: number, bit: number): Buffer {
  of[place] = (of[place] ?? 0) ^ (1 << bit);
  return of;
}

/** Signs a receipt's body with a key of the forger's own. */
function signed(of: Buffer, secret: Buffer, purpose: string): Buffer {
  const body = of.subarray(HEAD_BYTES, -TAG_BYTES);
  const key = createHmac("sha256", secret).update(`bandera/${purpose}/1`).digest();
  const tag = createHmac("sha256", key).update(Buffer.concat([of.subarray(0, 1), body])).digest();
  return Buffer.concat([of.subarray(0, HEAD_BYTES), body, tag.subarray(0, TAG_BYTES)]);
}

const STRANGER = randomBytes(32);

/** Where the parts of a receipt without features lie: two texts behind their lengths, then these. */
function membersOf(of: Buffer): Readonly<Record<string, readonly [from: number, length: number]>> {
  const bandit = of[HEAD_BYTES] ?? 0;
  const action = of[HEAD_BYTES + 1 + bandit] ?? 0;
  const id = HEAD_BYTES + 2 + bandit + action;
  return {
    bandit: [HEAD_BYTES + 1, bandit],
    action: [HEAD_BYTES + 2 + bandit, action],
    decision: [id, 16],
    propensity: [id + 16, 4],
    revision: [id + 20, 8],
    decidedAt: [id + 28, 8],
    rewardUntil: [id + 36, 8],
    shard: [id + 44, 2],
    subject: [id + 46, 16],
  };
}

const FORGERS: readonly Forger[] = [
  // A bit anywhere; two characters; cut at the end, at the front, within; longer.
  changed((of, _, below) => flipped(of, below(of.length), below(8))),
  (receipt, _, below) => {
    const characters = [...receipt];
    for (const place of [below(receipt.length), below(receipt.length)]) {
      characters[place] = characters[place] === "A" ? "B" : "A";
    }
    return characters.join("");
  },
  changed((of, _, below) => of.subarray(0, below(of.length))),
  changed((of, _, below) => of.subarray(1 + below(of.length - 1))),
  changed((of, _, below) => {
    const from = below(of.length);
    return Buffer.concat([of.subarray(0, from), of.subarray(from + 1 + below(of.length - from))]);
  }),
  changed((of, _, below) => Buffer.concat([of, randomBytes(1 + below(64))])),
  // Parts of two receipts.
  changed((of, other) => Buffer.concat([of.subarray(0, -TAG_BYTES), other.subarray(-TAG_BYTES)])),
  changed((of, other, below) => {
    const cut = HEAD_BYTES + 1 + below(of.length - HEAD_BYTES - 1);
    return Buffer.concat([of.subarray(0, cut), other.subarray(cut)]);
  }),
  // Other flag, action, decision, propensity, time, shard, subject under the old tag.
  changed((of, _, below) => {
    const members = Object.values(membersOf(of));
    const [from, length] = members[below(members.length)] ?? [0, 1];
    const place = from + below(length);
    return flipped(of, place, below(8));
  }),
  // Well signed, by somebody else; as another kind of text of the same.
  changed((of, _, below) => {
    const [from, length] = membersOf(of)["decision"] ?? [0, 1];
    return signed(flipped(of, from + below(length), below(8)), STRANGER, "receipt");
  }),
  changed((of, _, below) =>
    signed(of, STRANGER, ["sticky", "preview", "exposed"][below(3)] ?? ""),
  ),
  // Another version or key number.
  changed((of, _, below) => {
    of[below(HEAD_BYTES)] = 2 + below(254);
    return of;
  }),
  // The same bytes, spelt otherwise.
  (receipt, _, below) => {
    const place = below(receipt.length + 1);
    const [before, rest] = [receipt.slice(0, place), receipt.slice(place)];
    return before + [" ", "\n", "\t", "=", "%", "\u0000"][below(6)] + rest;
  },
  (receipt) => bytes(receipt).toString("hex"),
];

test("of ten thousand forged receipts none counts, and every true one among them does", async () => {
  const chance = generator(20261128);
  const below: Below = (n) => Math.floor(chance() * n);
  const nBatches = Math.ceil(N_FORGED / (BATCH - N_TRUE));
  const visitors = Array<null>(nBatches * N_TRUE).fill(null);
  const shown = await inLanes(visitors, LANES, () => showHero(shop.edgeUrl));
  const receipts = new Set(shown.map(({ receipt }) => receipt));
  const any = (): Shown => shown[below(shown.length)] as Shown;
  const forge = (n: number): string => {
    const forger = FORGERS[n % FORGERS.length] as Forger;
    for (;;) {
      const made = forger(any().receipt, any().receipt, below);
      // A change that changes nothing is no forgery.
      if (!receipts.has(made)) return made;
    }
  };
  let nForged = 0;
  const batches = Array.from({ length: nBatches }, (_, batch) => {
    const trueOnes = shown.slice(batch * N_TRUE, (batch + 1) * N_TRUE);
    const events = trueOnes.map(({ receipt }) => ({ event: rewardFor(receipt), counts: true }));
    while (events.length < BATCH) {
      events.splice(below(events.length + 1), 0, {
        event: rewardFor(forge(nForged)),
        counts: false,
      });
      nForged += 1;
    }
    return events;
  });
  assert.ok(nForged >= N_FORGED, `${nForged}`);
  await inLanes(batches, LANES, async (batch) => {
    const { status, verdicts, body } = await postEvents(shop.edgeUrl, batch.map(({ event }) => event));
    assert.equal(status, 200, body.slice(0, 500));
    assert.equal(verdicts.length, BATCH);
    for (const [place, { event, counts }] of batch.entries()) {
      const { verdict, code } = verdicts[place] ?? {};
      const expected = event.receipt === "" ? "event_malformed" : "receipt_invalid";
      assert.deepEqual(
        [verdict, code],
        counts ? ["committed", undefined] : ["rejected", expected],
        event.receipt,
      );
    }
  });
  await shop.rewardsBecome(tally(shown.map(({ action }) => action)));
  const { exposures } = await shop.heroCounts();
  assert.ok(exposures <= shown.length, `${exposures} exposures of ${shown.length} visitors`);
});
