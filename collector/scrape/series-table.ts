import type { SeriesRef } from '../../storage/series.ts';

// What a page's line is, and what became of it. Bits of a row's flags.

/** A HELP or TYPE line; the key is the whole line and there is no ref. Otherwise the key is the text of a series. */
export const IS_META = 1;
/** A series that relabelling drops; it has no ref. */
export const IS_DROPPED = 2;
/** A series that gets a stale marker when it is gone: its last sample had no timestamp of its own, or those count too. */
export const IS_TRACKED = 4;
/** A series written without braces, so that what follows decides whether the key ends here. */
export const IS_BARE = 8;
/** The key has a NUL, which the quick comparison of keys cannot tell from a negative zero. */
export const HAS_NUL = 16;
/** On TYPE lines: of a histogram, of a summary, of another type. On series: it depends on the type before it. */
export const OF_HISTOGRAM = 32;
export const OF_SUMMARY = 64;
export const OF_OTHER = 128;
/** Series only: its `le` or `quantile` was rewritten when it was read. Shares its bit with OF_OTHER. */
export const IS_REWRITTEN = 128;

export const ANY_TYPE = OF_HISTOGRAM | OF_SUMMARY | OF_OTHER;

/** For rows without a series. */
export const NO_REF: SeriesRef = 0xffff_ffff;

/** The text of keys, cut into pieces of which equal ones are there once. */
export interface KeyText {
  readonly text: Uint8Array;
  /** The pieces of all keys, key after key: where each begins in the text, and its bytes. */
  readonly pieceStarts: Uint32Array;
  readonly pieceLengths: Uint16Array;
  /** By row: where its pieces end. */
  readonly pieceEnds: Uint32Array;
  /** By row: bytes of the key. */
  readonly lengths: Uint32Array;
}

/**
 * The lines of a target's last page in their order, without values: what the next page is compared with. Immutable.
 * Columns and one run of bytes, because a collector holds hundreds of thousands of series and an object or a string for
 * each would cost more than the text itself. The labels of a container stand on the lines of all its metrics: so keys are
 * cut into pieces, and equal pieces are kept once: a row of a cAdvisor page takes 56 bytes, where whole keys took 334.
 */
export class SeriesTable {
  static readonly EMPTY = new SeriesTable(0, {
    text: new Uint8Array(0),
    pieceStarts: new Uint32Array(0),
    pieceLengths: new Uint16Array(0),
    pieceEnds: new Uint32Array(0),
    lengths: new Uint32Array(0),
  });

  readonly length: number;
  readonly text: Uint8Array;
  readonly view: DataView;
  readonly pieceStarts: Uint32Array;
  readonly pieceLengths: Uint16Array;
  readonly pieceEnds: Uint32Array;
  readonly lengths: Uint32Array;
  readonly hashes: Uint32Array;
  readonly refs: Uint32Array;
  readonly flags: Uint8Array;

  /** The last three columns are empty; who creates the table fills them before anybody else sees it. */
  constructor(length: number, keys: KeyText) {
    this.length = length;
    this.text = keys.text;
    this.view = new DataView(this.text.buffer, this.text.byteOffset, this.text.byteLength);
    this.pieceStarts = keys.pieceStarts;
    this.pieceLengths = keys.pieceLengths;
    this.pieceEnds = keys.pieceEnds;
    this.lengths = keys.lengths;
    this.hashes = new Uint32Array(length);
    this.refs = new Uint32Array(length);
    this.flags = new Uint8Array(length);
  }

  /** Whether a row's key stands at `start`; the view must have as many bytes behind it. */
  isAt(row: number, view: DataView, start: number): boolean {
    const { pieceStarts, pieceLengths } = this;
    const end = this.pieceEnds[row]!;
    const hasNul = (this.flags[row]! & HAS_NUL) !== 0;
    let at = start;
    for (let piece = row === 0 ? 0 : this.pieceEnds[row - 1]!; piece < end; piece++) {
      const length = pieceLengths[piece]!;
      if (
        hasNul
          ? !equalBytes(view, at, this.view, pieceStarts[piece]!, length)
          : !equalText(view, at, this.view, pieceStarts[piece]!, length)
      ) {
        return false;
      }
      at += length;
    }
    return true;
  }

  /** Whether two rows have the same key: equal keys are cut alike, and equal pieces are the same. */
  isSameKey(a: number, b: number): boolean {
    if (this.lengths[a] !== this.lengths[b]) return false;
    let other = b === 0 ? 0 : this.pieceEnds[b - 1]!;
    for (let piece = a === 0 ? 0 : this.pieceEnds[a - 1]!; piece < this.pieceEnds[a]!; piece++, other++) {
      if (this.pieceStarts[piece] !== this.pieceStarts[other]) return false;
    }
    return true;
  }

  /** A copy of a row's key. */
  key(row: number): Uint8Array {
    const key = new Uint8Array(this.lengths[row]!);
    let at = 0;
    for (let piece = row === 0 ? 0 : this.pieceEnds[row - 1]!; piece < this.pieceEnds[row]!; piece++) {
      const start = this.pieceStarts[piece]!;
      key.set(this.text.subarray(start, start + this.pieceLengths[piece]!), at);
      at += this.pieceLengths[piece]!;
    }
    return key;
  }

  /** True for rows that hold a ref. */
  hasSeries(row: number): boolean {
    return (this.flags[row]! & (IS_META | IS_DROPPED)) === 0;
  }

  /** Bytes of memory. */
  get byteLength(): number {
    return this.text.byteLength + this.pieceStarts.length * 6 + this.length * 17;
  }
}

/**
 * Whether the `length` bytes from `a` in `view` and from `b` in `other` are equal; both ranges must lie within their
 * views. Eight bytes at a time, as doubles: loading these needs no alignment and makes no garbage. Doubles are equal
 * without equal bytes only as zeros of both signs, so the range in `other` must have no NUL; bytes are equal without
 * equal doubles only as NaN, which little-endian UTF-8 does not contain. (Five arguments, because an object would be one per line.)
 */
export function equalText(view: DataView, a: number, other: DataView, b: number, length: number): boolean {
  if (length < 8) return equalBytes(view, a, other, b, length);
  // The end first: lines that differ often share a long beginning. It overlaps the last whole word.
  const last = length - 8;
  if (view.getFloat64(a + last, true) !== other.getFloat64(b + last, true)) return false;
  for (let i = 0; i < last; i += 8) {
    if (view.getFloat64(a + i, true) !== other.getFloat64(b + i, true)) return false;
  }
  return true;
}

/** As `equalText`, for any bytes. */
export function equalBytes(view: DataView, a: number, other: DataView, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (view.getUint8(a + i) !== other.getUint8(b + i)) return false;
  return true;
}
