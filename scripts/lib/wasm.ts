/** Just enough of WebAssembly's binary form to see functions and their names, and to name them. */

import { TaskError } from "./run.ts";

/** The numbers of sections. */
const CUSTOM = 0;
const IMPORTS = 2;
const EXPORTS = 7;
const CODE = 10;

/** Magic number and version. */
const HEADER_BYTES = 8;
/** The custom section with names. */
const NAMES = "name";
/** Its part that names functions. */
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

/** A section as it stands in a file, which may hold several custom ones. */
interface Section {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

function sections(wasm: Uint8Array): readonly Section[] {
  const reader = new Reader(wasm, HEADER_BYTES);
  const found: Section[] = [];
  while (!reader.isDone) found.push({ kind: reader.byte(), bytes: reader.piece() });
  return found;
}

/** The section of that kind; one that holds nothing where there is none. */
function sectionOf(wasm: Uint8Array, kind: number): Uint8Array {
  return sections(wasm).find((section) => section.kind === kind)?.bytes ?? Uint8Array.of(0);
}

/** Whether it is the one in which things have names. */
function isNames({ kind, bytes }: Section): boolean {
  return kind === CUSTOM && text(new Reader(bytes).piece()) === NAMES;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

/** The names of the functions that a module imports; they are counted before its own. */
function importedFunctions(section: Uint8Array): readonly string[] {
  const reader = new Reader(section);
  const imports = reader.number();
  const names: string[] = [];
  for (let n = 0; n < imports; n += 1) {
    reader.piece();
    const name = text(reader.piece());
    const kind = reader.byte();
    // What wasm-bindgen makes imports nothing else; the others are described in other ways.
    if (kind === FUNCTION) names.push(name);
    else if (kind === TAG) reader.byte();
    else throw new TaskError(`the wasm imports something of kind ${kind}`);
    reader.number();
  }
  return names;
}

/** What a module exports: its name, and how it is written. */
function exported(section: Uint8Array): readonly { name: string; bytes: Uint8Array }[] {
  const reader = new Reader(section);
  return Array.from({ length: reader.number() }, () => {
    const name = reader.piece();
    const kind = reader.byte();
    const bytes = Buffer.concat([behindLength(name), Uint8Array.of(kind), leb(reader.number())]);
    return { name: text(name), bytes };
  });
}

/** Code of a function that is never called: no locals, and a trap. */
const TRAP = Uint8Array.of(0, 0, 0x0b);

/** A module in which some functions became traps, and the names of those by their places. */
export interface Trapped {
  wasm: Uint8Array;
  traps: ReadonlyMap<number, string>;
}

/**
 * The module without what it has for classes of which nobody can ever have an instance: scripts
 * because there is no constructor, the module because it imports nothing that would make one.
 * Libraries bring such classes, and what is exported is never left out; nor is what stands in a
 * table, as the futures of their methods do. So exports go, and functions whose name has the class
 * in it, which only its methods could have set going, become a trap.
 */
export function withoutIdleClasses(wasm: Uint8Array): Trapped {
  const all = exported(sectionOf(wasm, EXPORTS));
  const imported = importedFunctions(sectionOf(wasm, IMPORTS));
  const classes = all.flatMap(({ name }) => /^__wbg_(.+)_free$/.exec(name)?.[1] ?? []);
  const idle = classes.filter((one) => {
    const isMade = imported.some((name) => name.startsWith(`__wbg_${one}_`));
    return !isMade && !all.some(({ name }) => name === `${one}_new`);
  });
  if (idle.length === 0) return { wasm, traps: new Map() };
  const kept = all.filter(({ name }) => {
    return !idle.some((one) => new RegExp(`^(__wbg_((get|set)_)?)?${one}_`).test(name));
  });
  // Exports name the class in small letters, functions as the source does.
  const ofIdle = new RegExp(`\\b(${idle.join("|")})\\b`, "i");
  const names = functionNames(wasm);
  const traps = new Map([...names].filter(([, name]) => ofIdle.test(name)));
  const bodies = functionBodies(wasm).map((body, index) => {
    return behindLength(traps.has(index) ? TRAP : body);
  });
  const instead = new Map([
    [EXPORTS, Buffer.concat([leb(kept.length), ...kept.map((one) => one.bytes)])],
    [CODE, Buffer.concat([leb(bodies.length), ...bodies])],
  ]);
  const kinds = sections(wasm).map(({ kind, bytes }) => ({ kind, bytes: instead.get(kind) ?? bytes }));
  return { wasm: written(wasm, kinds), traps };
}

/** The module with these sections instead of its own. */
function written(wasm: Uint8Array, all: readonly Section[]): Uint8Array {
  const each = all.flatMap(({ kind, bytes }) => [Uint8Array.of(kind), behindLength(bytes)]);
  return Buffer.concat([wasm.subarray(0, HEADER_BYTES), ...each]);
}

/** The code of each function that a module defines. */
export function functionBodies(wasm: Uint8Array): readonly Uint8Array[] {
  const reader = new Reader(sectionOf(wasm, CODE));
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

/** By how much the numbers of a module's functions are more than their places among its own. */
export function firstFunction(wasm: Uint8Array): number {
  return importedFunctions(sectionOf(wasm, IMPORTS)).length;
}

/** The name of each function that a module defines, as far as it has one. */
export function functionNames(wasm: Uint8Array): ReadonlyMap<number, string> {
  const imported = firstFunction(wasm);
  const names = new Map<number, string>();
  const parts = new Reader(sections(wasm).find(isNames)?.bytes ?? behindLength(Buffer.from(NAMES)));
  parts.piece();
  while (!parts.isDone) {
    const kind = parts.byte();
    const part = new Reader(parts.piece());
    if (kind !== FUNCTION_NAMES) continue;
    for (let left = part.number(); left > 0; left -= 1) {
      names.set(part.number() - imported, text(part.piece()));
    }
  }
  return names;
}

/** The module with a name for each function that it defines, and no others. */
export function withNames(wasm: Uint8Array, names: readonly string[]): Uint8Array {
  const imported = firstFunction(wasm);
  const named = names.flatMap((name, index) => {
    return [leb(imported + index), behindLength(Buffer.from(name))];
  });
  const map = Buffer.concat([leb(names.length), ...named]);
  const part = Buffer.concat([Uint8Array.of(FUNCTION_NAMES), behindLength(map)]);
  const bytes = Buffer.concat([behindLength(Buffer.from(NAMES)), part]);
  const kept = sections(wasm).filter((section) => !isNames(section));
  return written(wasm, [...kept, { kind: CUSTOM, bytes }]);
}
