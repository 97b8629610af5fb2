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

/**
 * The lines of a target's last page in their order, without values: what the next page is compared with. Immutable.
 * Columns and one run of bytes, because a collector holds hundreds of thousands of series and an object or a string for
 * each would cost more than the text itself: a row takes its text and 13 bytes.
 */
export class SeriesTable {
  static readonly EMPTY = new SeriesTable(0, 0);

  readonly length: number;
  /** The keys, one behind the other. */
  readonly keys: Uint8Array;
  readonly view: DataView;
  /** Where each key ends. */
  readonly ends: Uint32Array;
  readonly hashes: Uint32Array;
  readonly refs: Uint32Array;
  readonly flags: Uint8Array;

  /** The columns are empty; who creates the table fills them before anybody else sees it. */
  constructor(length: number, keyBytes: number) {
    this.length = length;
    this.keys = Buffer.allocUnsafeSlow(keyBytes);
    this.view = new DataView(this.keys.buffer, this.keys.byteOffset, this.keys.byteLength);
    this.ends = new Uint32Array(length);
    this.hashes = new Uint32Array(length);
    this.refs = new Uint32Array(length);
    this.flags = new Uint8Array(length);
  }

  start(row: number): number {
    return row === 0 ? 0 : this.ends[row - 1]!;
  }

  /** True for rows that hold a ref. */
  hasSeries(row: number): boolean {
    return (this.flags[row]! & (IS_META | IS_DROPPED)) === 0;
  }

  /** Bytes of memory. */
  get byteLength(): number {
    return this.keys.byteLength + this.length * 13;
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
