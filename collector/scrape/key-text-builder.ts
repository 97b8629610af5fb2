import { hashBytes } from './key-index.ts';
import type { KeyText, SeriesTable } from './series-table.ts';

/**
 * Where a key may be cut: behind the opening brace, so that labels are cut alike whatever the metric's name, then behind a
 * comma when the piece has at least so many bytes.
 */
const MIN_PIECE = 64;
const MAX_PIECE = 0xffff;

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;

/** Collects keys, row after row, as a KeyText. One serves all targets. */
export class KeyTextBuilder {
  #text = Buffer.allocUnsafeSlow(1 << 16);
  #view = viewOf(this.#text);
  #textLength = 0;
  /** Of the distinct pieces. */
  #starts = new Uint32Array(1024);
  #lengths = new Uint16Array(1024);
  #hashes = new Uint32Array(1024);
  #distinct = 0;
  /** Distinct piece plus one, at its hash's low bits or the next free place behind; 0 is free. At most half full. */
  #slots = new Uint32Array(4096);
  /** By where a piece begins in the old table's text: where it begins in the new one, plus one. */
  #moved = new Uint32Array(0);

  #pieceStarts = new Uint32Array(1024);
  #pieceLengths = new Uint16Array(1024);
  #pieces = 0;
  #rowEnds = new Uint32Array(0);
  #rowLengths = new Uint32Array(0);
  #rows = 0;

  /** Begins so many rows; some may be rows of `old`. */
  begin(rows: number, old: SeriesTable): void {
    this.#textLength = 0;
    this.#distinct = 0;
    this.#slots.fill(0);
    if (this.#moved.length < old.text.length) this.#moved = new Uint32Array(old.text.length);
    else this.#moved.fill(0, 0, old.text.length);
    this.#pieces = 0;
    this.#rows = 0;
    this.#rowEnds = new Uint32Array(rows);
    this.#rowLengths = new Uint32Array(rows);
  }

  /** The next row has the key of a row of the old table. */
  addOld(old: SeriesTable, row: number): void {
    for (let piece = row === 0 ? 0 : old.pieceEnds[row - 1]!; piece < old.pieceEnds[row]!; piece++) {
      const start = old.pieceStarts[piece]!;
      const length = old.pieceLengths[piece]!;
      let moved = this.#moved[start]!;
      if (moved === 0) {
        moved = this.#intern(old.text, old.view, start, length) + 1;
        this.#moved[start] = moved;
      }
      this.#addPiece(moved - 1, length);
    }
    this.#endRow(old.lengths[row]!);
  }

  /** The next row has the key that stands between two places of a page. */
  addNew(page: Uint8Array, view: DataView, { start, end }: { readonly start: number; readonly end: number }): void {
    let from = start;
    let hasBrace = false;
    for (let pos = start; pos < end; pos++) {
      const byte = page[pos]!;
      const length = pos + 1 - from;
      const isCut =
        (byte === COMMA && length >= MIN_PIECE) || (byte === OPEN_BRACE && !hasBrace) || length === MAX_PIECE;
      if (byte === OPEN_BRACE) hasBrace = true;
      if (!isCut) continue;
      this.#addPiece(this.#intern(page, view, from, length), length);
      from = pos + 1;
    }
    if (from < end) this.#addPiece(this.#intern(page, view, from, end - from), end - from);
    this.#endRow(end - start);
  }

  finish(): KeyText {
    return {
      text: Uint8Array.prototype.slice.call(this.#text, 0, this.#textLength),
      pieceStarts: this.#pieceStarts.slice(0, this.#pieces),
      pieceLengths: this.#pieceLengths.slice(0, this.#pieces),
      pieceEnds: this.#rowEnds,
      lengths: this.#rowLengths,
    };
  }

  #addPiece(start: number, length: number): void {
    const at = this.#pieces++;
    if (at === this.#pieceStarts.length) {
      this.#pieceStarts = grown(this.#pieceStarts, new Uint32Array(at * 2));
      this.#pieceLengths = grown(this.#pieceLengths, new Uint16Array(at * 2));
    }
    this.#pieceStarts[at] = start;
    this.#pieceLengths[at] = length;
  }

  #endRow(length: number): void {
    this.#rowEnds[this.#rows] = this.#pieces;
    this.#rowLengths[this.#rows] = length;
    this.#rows++;
  }

  /** Where the piece begins in the new text. (Four arguments, because an object would be one per piece.) */
  #intern(bytes: Uint8Array, view: DataView, start: number, length: number): number {
    const hash = hashBytes(view, start, start + length);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const piece = this.#slots[slot]! - 1;
      if (this.#hashes[piece] !== hash || this.#lengths[piece] !== length) continue;
      if (equalWords(view, start, this.#view, this.#starts[piece]!, length)) return this.#starts[piece]!;
    }
    const piece = this.#distinct++;
    if (piece === this.#starts.length) this.#growDistinct();
    const to = this.#textLength;
    this.#textLength = to + length;
    if (this.#textLength > this.#text.length) this.#growText();
    this.#text.set(bytes.subarray(start, start + length), to);
    this.#starts[piece] = to;
    this.#lengths[piece] = length;
    this.#hashes[piece] = hash;
    this.#slots[slot] = piece + 1;
    if (this.#distinct * 2 > this.#slots.length) this.#rehash();
    return to;
  }

  #growDistinct(): void {
    const size = this.#starts.length * 2;
    this.#starts = grown(this.#starts, new Uint32Array(size));
    this.#lengths = grown(this.#lengths, new Uint16Array(size));
    this.#hashes = grown(this.#hashes, new Uint32Array(size));
  }

  #growText(): void {
    const text = Buffer.allocUnsafeSlow(Math.max(this.#text.length * 2, this.#textLength));
    text.set(this.#text);
    this.#text = text;
    this.#view = viewOf(text);
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let piece = 0; piece < this.#distinct; piece++) {
      let slot = this.#hashes[piece]! & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = piece + 1;
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether two ranges have the same bytes, whatever they are. */
function equalWords(view: DataView, a: number, other: DataView, b: number, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) if (view.getInt32(a + i, true) !== other.getInt32(b + i, true)) return false;
  for (; i < length; i++) if (view.getUint8(a + i) !== other.getUint8(b + i)) return false;
  return true;
}

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
