/**
 * An order of functions in which like follows like: a compressor finds what repeats, and finds it
 * cheaper the nearer it lies.
 */

/** Bytes of a piece; two functions are alike by the pieces that they share. */
const PIECE_BYTES = 6;

/** A piece that more functions have says nothing about any two of them. */
const SHARERS_MAX = 160;

/** How much each of the last functions counts when the next one is looked for, the last first. */
const WEIGHTS: readonly number[] = [1, 0.7, 0.5, 0.35, 0.25, 0.17];

/** A long function shares pieces with any: likeness is over this power of its own pieces. */
const LENGTH_POWER = 0.6;

/** Hashes of the distinct pieces of a function. */
function piecesOf(code: Uint8Array): Set<number> {
  const pieces = new Set<number>();
  for (let end = PIECE_BYTES; end <= code.length; end += 1) {
    const piece = code.subarray(end - PIECE_BYTES, end);
    pieces.add(piece.reduce((hash, byte) => Math.imul(hash ^ byte, 0x0100_0193), 0x811c_9dc5 | 0));
  }
  return pieces;
}

/** For each function how many rarer pieces it shares with each other one. */
function sharedPieces(pieces: readonly ReadonlySet<number>[]): readonly Map<number, number>[] {
  const owners = new Map<number, number[]>();
  for (const [index, own] of pieces.entries()) {
    for (const piece of own) {
      const known = owners.get(piece);
      if (known === undefined) owners.set(piece, [index]);
      else if (known.length <= SHARERS_MAX) known.push(index);
    }
  }
  const shared = pieces.map(() => new Map<number, number>());
  for (const sharers of owners.values()) {
    if (sharers.length > SHARERS_MAX) continue;
    for (const one of sharers) {
      const row = shared[one];
      for (const other of sharers) {
        if (other !== one) row?.set(other, (row.get(other) ?? 0) + 1);
      }
    }
  }
  return shared;
}

/**
 * The functions by their index, each followed by the one most like it and the few before it; where
 * nothing is like those, by the first of the rest. The same for the same code, everywhere.
 */
export function orderByLikeness(code: readonly Uint8Array[]): readonly number[] {
  const pieces = code.map(piecesOf);
  const shared = sharedPieces(pieces);
  const left = new Set(code.keys());
  const order: number[] = [];
  while (left.size > 0) {
    const likeness = new Map<number, number>();
    for (const [age, weight] of WEIGHTS.entries()) {
      for (const [other, count] of shared[order.at(-1 - age) ?? -1] ?? []) {
        if (left.has(other)) likeness.set(other, (likeness.get(other) ?? 0) + count * weight);
      }
    }
    let [next = 0] = left;
    let most = 0;
    for (const [other, count] of likeness) {
      const share = count / (pieces[other]?.size ?? 1) ** LENGTH_POWER;
      if (share > most) [next, most] = [other, share];
    }
    left.delete(next);
    order.push(next);
  }
  return order;
}
