/** Just enough of WebAssembly's binary form to see functions, and to name them. */

import { TaskError } from "./run.ts";

/** The numbers of sections. */
const CUSTOM = 0;
const IMPORTS = 2;
const CODE = 10;

/** Magic number and version. */
const HEADER_BYTES = 8;
/** The part of the section `name` that names functions. */
const FUNCTION_NAMES = 1;
/** Kinds of imports: a function, and the tag of an exception. */
const FUNCTION = 0;
const TAG = 4;

/** A place in bytes that moves on as they are read. */
class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new TaskError("the wasm ends too early");
    this.#at += 1;
    return byte;
  }

  /** Seven bits a byte, the lowest first; the eighth says that more follow. */
  number(): number {
    let number = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      number += (byte & 0x7f) * scale;
      if (byte < 0x80) return number;
    }
  }

  /** What stands behind its own length. */
  piece(): Uint8Array {
    const length = this.number();
    const piece = this.#bytes.subarray(this.#at, this.#at + length);
    if (piece.length < length) throw new TaskError("the wasm ends too early");
    this.#at += length;
    return piece;
  }
}

function sections(wasm: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const reader = new Reader(wasm, HEADER_BYTES);
  const found = new Map<number, Uint8Array>();
  while (!reader.isDone) found.set(reader.byte(), reader.piece());
  return found;
}

/** How many functions a module imports; they are counted before its own. */
function importedFunctions(section: Uint8Array): number {
  const reader = new Reader(section);
  const imports = reader.number();
  let functions = 0;
  for (let n = 0; n < imports; n += 1) {
    reader.piece();
    reader.piece();
    const kind = reader.byte();
    // What wasm-bindgen makes imports nothing else; the others are described in other ways.
    if (kind === FUNCTION) functions += 1;
    else if (kind === TAG) reader.byte();
    else throw new TaskError(`the wasm imports something of kind ${kind}`);
    reader.number();
  }
  return functions;
}

/** The code of each function that a module defines. */
export function functionBodies(wasm: Uint8Array): readonly Uint8Array[] {
  const reader = new Reader(sections(wasm).get(CODE) ?? Uint8Array.of(0));
  return Array.from({ length: reader.number() }, () => reader.piece());
}

function leb(number: number): Uint8Array {
  const bytes = [];
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

function behindLength(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([leb(bytes.length), bytes]);
}

/** The module, which has no names, with a name for each function that it defines. */
export function withNames(wasm: Uint8Array, names: readonly string[]): Uint8Array {
  const imported = importedFunctions(sections(wasm).get(IMPORTS) ?? Uint8Array.of(0));
  const named = names.flatMap((name, index) => {
    return [leb(imported + index), behindLength(Buffer.from(name))];
  });
  const map = Buffer.concat([leb(names.length), ...named]);
  const part = Buffer.concat([Uint8Array.of(FUNCTION_NAMES), behindLength(map)]);
  const section = Buffer.concat([behindLength(Buffer.from("name")), part]);
  return Buffer.concat([wasm, Uint8Array.of(CUSTOM), behindLength(section)]);
}
