import { randomBytes } from 'node:crypto';
import type { SeriesTable } from './series-table.ts';

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
      let slot = table.hashes[row]! & this.#mask;
      while (this.#slots[slot] !== 0 && !table.isSameKey(this.#slots[slot]! - 1, row)) slot = (slot + 1) & this.#mask;
      if (this.#slots[slot] === 0) this.#slots[slot] = row + 1;
    }
  }

  /** The row whose key is those bytes, whose hash is `hash`; -1 when there is none. */
  find(view: DataView, key: KeyRange): number {
    const { start, end, hash } = key;
    const table = this.#table!;
    for (let slot = hash & this.#mask; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot]! - 1;
      if (table.hashes[row] !== hash || table.lengths[row] !== end - start) continue;
      if (table.isAt(row, view, start)) return row;
    }
    return -1;
  }

  /** Lets go of the table. */
  clear(): void {
    this.#table = undefined;
  }
}

/** Where a key is and what `hashBytes` gives for it. */
export interface KeyRange {
  readonly start: number;
  readonly end: number;
  readonly hash: number;
}
