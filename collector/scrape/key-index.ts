import { randomBytes } from 'node:crypto';
import { equalBytes, equalText, HAS_NUL, type SeriesTable } from './series-table.ts';

/** Unknown to whoever writes a page, who could otherwise choose lines that all hash alike. */
const SEED = randomBytes(4).readUInt32LE();

/** A 32-bit hash of the bytes from `start` to `end`. */
export function hashBytes(view: DataView, start: number, end: number): number {
  let hash = SEED ^ (end - start);
  let pos = start;
  for (; pos + 4 <= end; pos += 4) {
    hash = Math.imul(hash ^ view.getInt32(pos, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; pos < end; pos++) hash = Math.imul(hash ^ view.getUint8(pos), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * Finds rows of a SeriesTable by their key, for pages whose order has changed. It is filled from the table's hashes when
 * it is needed: one index serves all targets, and no target keeps one.
 */
export class KeyIndex {
  /** Row plus one, at its hash's low bits or the next free place behind; 0 is free. */
  #slots = new Uint32Array(1024);
  #mask = 0;
  #table: SeriesTable | undefined;

  /** From now on answers for this table. Of rows with the same key only the first is found. */
  fill(table: SeriesTable): void {
    let capacity = 1024;
    while (capacity < table.length * 2) capacity *= 2;
    if (capacity > this.#slots.length) this.#slots = new Uint32Array(capacity);
    else this.#slots.fill(0, 0, capacity);
    this.#mask = capacity - 1;
    this.#table = table;
    for (let row = 0; row < table.length; row++) {
      const start = table.start(row);
      const slot = this.#slotOf(table.view, { start, end: table.ends[row]!, hash: table.hashes[row]! });
      if (this.#slots[slot] === 0) this.#slots[slot] = row + 1;
    }
  }

  /** The row whose key is those bytes, whose hash is `hash`; -1 when there is none. */
  find(view: DataView, key: KeyRange): number {
    return this.#slots[this.#slotOf(view, key)]! - 1;
  }

  /** Lets go of the table. */
  clear(): void {
    this.#table = undefined;
  }

  /** Where the key is, or the free place where it belongs. */
  #slotOf(view: DataView, { start, end, hash }: KeyRange): number {
    const table = this.#table!;
    const length = end - start;
    let slot = hash & this.#mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot]! - 1;
      if (table.hashes[row] !== hash) continue;
      const rowStart = table.start(row);
      if (table.ends[row]! - rowStart !== length) continue;
      const equal = (table.flags[row]! & HAS_NUL) === 0 ? equalText : equalBytes;
      if (equal(view, start, table.view, rowStart, length)) break;
    }
    return slot;
  }
}

/** Where a key is and what `hashBytes` gives for it. */
export interface KeyRange {
  readonly start: number;
  readonly end: number;
  readonly hash: number;
}
