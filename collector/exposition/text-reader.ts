import { isUtf8 } from 'node:buffer';
import { ExpositionError } from './exposition-error.ts';
import { parseGoFloat } from './go-float.ts';

export const TAB = 0x09;
export const LINE_FEED = 0x0a;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const BACKSLASH = 0x5c;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** What stands next in a page. */
export const END = 0;
/** A sample: series, value and perhaps a timestamp. */
export const SAMPLE = 1;
/** A line `# HELP …` or `# TYPE …`. */
export const META = 2;
export type Entry = typeof END | typeof SAMPLE | typeof META;

/** 10^0 … 10^22: the powers of ten that a double holds exactly. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MAX_INT64 = 9_223_372_036_854_775_807n;

/**
 * Walks a page of metrics in the text format 0.0.4 (and 1.0.0, which adds quoted names) without making anything: the
 * caller asks for `next()`, then passes a sample's series with `scanSeries()` or, when it knows its length, by setting
 * `pos`, and then calls `readSample()`. Every method throws an ExpositionError that names the line.
 *
 * It takes what Prometheus takes: any blanks and tabs between tokens and at both ends of a line, empty lines, comments, a
 * missing comma between labels or one after the last, a line feed inside a quoted string, a last line without line
 * feed. And it refuses what Prometheus refuses: a carriage return at a line's end, hexadecimal numbers, negative
 * timestamps. Unlike Prometheus it also refuses a NUL between lines, after which Prometheus ignores the rest.
 */
export class TextReader {
  /** The page; of a Buffer's memory only its own part. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** The same memory, for its methods. */
  #buffer: SlicingBuffer = asBuffer(this.bytes);
  end = 0;
  /** The next byte to look at. */
  pos = 0;
  /** The value that the last `readSample` found. */
  value = 0;
  /** Whether the last sample had a timestamp, and which. */
  hasTimestamp = false;
  timestamp = 0;

  /** Begins a page, which must not change until the next `start`. */
  start(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = asBuffer(bytes);
    this.end = bytes.length;
    this.pos = 0;
  }

  /** Lets go of the page. */
  finish(): void {
    this.start(EMPTY);
  }

  /** Passes blanks, empty lines and comments. `pos` is then at the first byte of the entry, for META at the `#`. */
  next(): Entry {
    const { bytes, end } = this;
    let pos = this.pos;
    while (pos < end) {
      const byte = bytes[pos]!;
      if (byte === LINE_FEED || byte === SPACE || byte === TAB) {
        pos++;
      } else if (byte === HASH) {
        this.pos = pos;
        if (this.#isMeta(pos)) return META;
        pos = this.lineEnd(pos);
      } else {
        this.pos = pos;
        return SAMPLE;
      }
    }
    this.pos = end;
    return END;
  }

  /** Where the line that holds `pos` ends: at its line feed or at the end of the page. */
  lineEnd(pos: number): number {
    const found = this.bytes.indexOf(LINE_FEED, pos);
    return found < 0 ? this.end : found;
  }

  /** `# HELP ` or `# TYPE `, with any blanks after the `#` but at least one. */
  #isMeta(hash: number): boolean {
    const { bytes, end } = this;
    let pos = hash + 1;
    while (pos < end && isBlank(bytes[pos]!)) pos++;
    if (pos === hash + 1 || pos + 4 >= end || !isBlank(bytes[pos + 4]!)) return false;
    const word = this.view.getUint32(pos);
    return word === HELP_WORD || word === TYPE_WORD;
  }

  /**
   * From the first byte of a series, passes its metric name and braces, and returns where they end. It only finds the
   * end: what is inside the braces is checked by `parseSeries`.
   */
  scanSeries(): number {
    const { bytes, end } = this;
    let pos = this.pos;
    if (bytes[pos] !== OPEN_BRACE) {
      const start = pos;
      while (pos < end && isMetricNameByte(bytes[pos]!)) pos++;
      if (pos === start || isDigit(bytes[start]!)) throw this.error(start, 'expected a metric name', start);
      const nameEnd = pos;
      while (pos < end && isBlank(bytes[pos]!)) pos++;
      if (pos === end || bytes[pos] !== OPEN_BRACE) {
        if (pos === nameEnd) throw this.error(pos, 'expected a blank or { after the metric name', start);
        return (this.pos = nameEnd);
      }
    }
    for (pos++; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (byte === CLOSE_BRACE) return (this.pos = pos + 1);
      if (byte === QUOTE) pos = this.#stringEnd(pos);
      else if (byte === LINE_FEED) break;
    }
    throw this.error(this.pos, 'expected } after the labels', this.pos);
  }

  /** From an opening quote to the closing one. */
  #stringEnd(quote: number): number {
    const { bytes, end } = this;
    for (let pos = quote + 1; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (byte === QUOTE) return pos;
      if (byte === BACKSLASH) pos++;
    }
    throw this.error(quote, 'expected a quote at the end of the string', quote);
  }

  /** Reads the value, the timestamp if there is one, and the end of the line. */
  readSample(): void {
    const { bytes, end } = this;
    let pos = this.pos;
    let byte = pos < end ? bytes[pos]! : LINE_FEED;
    while (byte === SPACE || byte === TAB) byte = ++pos < end ? bytes[pos]! : LINE_FEED;
    const start = pos;

    // The digits make a whole number, which is exact below 2^53, and are counted behind the point. One multiplication
    // or division by an exact power of ten then rounds as correctly as any algorithm.
    const isNegative = byte === MINUS;
    if (isNegative || byte === PLUS) byte = ++pos < end ? bytes[pos]! : LINE_FEED;
    let mantissa = 0;
    const integerStart = pos;
    while (byte >= ZERO && byte <= 0x39) {
      mantissa = mantissa * 10 + (byte - ZERO);
      byte = ++pos < end ? bytes[pos]! : LINE_FEED;
    }
    let digits = pos - integerStart;
    let scale = 0;
    if (byte === POINT) {
      const fractionStart = pos + 1;
      byte = ++pos < end ? bytes[pos]! : LINE_FEED;
      while (byte >= ZERO && byte <= 0x39) {
        mantissa = mantissa * 10 + (byte - ZERO);
        byte = ++pos < end ? bytes[pos]! : LINE_FEED;
      }
      scale = fractionStart - pos;
      digits -= scale;
    }
    if ((byte === 0x65 || byte === 0x45) && digits > 0) {
      byte = ++pos < end ? bytes[pos]! : LINE_FEED;
      const isNegativeExponent = byte === MINUS;
      if (isNegativeExponent || byte === PLUS) byte = ++pos < end ? bytes[pos]! : LINE_FEED;
      let exponent = 0;
      const exponentStart = pos;
      while (byte >= ZERO && byte <= 0x39 && exponent < 10_000) {
        exponent = exponent * 10 + (byte - ZERO);
        byte = ++pos < end ? bytes[pos]! : LINE_FEED;
      }
      if (pos === exponentStart) digits = 0;
      scale += isNegativeExponent ? -exponent : exponent;
    }
    const isPlain = digits > 0 && mantissa < 9_007_199_254_740_992 && scale >= -22 && scale <= 22;
    if (isPlain && (byte === LINE_FEED || byte === SPACE || byte === TAB)) {
      const value =
        scale === 0 ? mantissa : scale < 0 ? mantissa / POWERS_OF_TEN[-scale]! : mantissa * POWERS_OF_TEN[scale]!;
      this.value = isNegative ? -value : value;
    } else {
      pos = this.#readOddValue(start);
      byte = pos < end ? bytes[pos]! : LINE_FEED;
    }

    while (byte === SPACE || byte === TAB) byte = ++pos < end ? bytes[pos]! : LINE_FEED;
    this.hasTimestamp = byte !== LINE_FEED;
    if (byte !== LINE_FEED) {
      const timestampStart = pos;
      let timestamp = 0;
      while (byte >= ZERO && byte <= 0x39) {
        timestamp = timestamp * 10 + (byte - ZERO);
        byte = ++pos < end ? bytes[pos]! : LINE_FEED;
      }
      const timestampEnd = pos;
      while (byte === SPACE || byte === TAB) byte = ++pos < end ? bytes[pos]! : LINE_FEED;
      if (timestampEnd === timestampStart) throw this.error(pos, 'expected a timestamp or the end of the line', pos);
      if (byte !== LINE_FEED) throw this.error(pos, 'expected the end of the line after the timestamp', pos);
      const isExact = timestamp < 9_007_199_254_740_992;
      this.timestamp = isExact ? timestamp : this.#largeTimestamp(timestampStart, timestampEnd);
    }
    this.pos = pos + 1;
  }

  /** A value with many digits or a large exponent, an infinity, NaN, or none at all. Returns where it ends. */
  #readOddValue(start: number): number {
    const { bytes, end } = this;
    let pos = start;
    while (pos < end && !isBlank(bytes[pos]!) && bytes[pos] !== LINE_FEED && bytes[pos] !== OPEN_BRACE) pos++;
    if (pos === start) throw this.error(start, 'expected a value after the series', start);
    const value = parseGoFloat(this.text(start, pos));
    if (value === undefined) throw this.error(start, 'expected a number as the value', start);
    if (pos < end && bytes[pos] === OPEN_BRACE) throw this.error(pos, 'expected a blank after the value', pos);
    this.value = value;
    return pos;
  }

  #largeTimestamp(start: number, end: number): number {
    // Leading zeros may make it long; without them an int64 has 19 digits at most.
    const digits = this.text(start, end).replace(/^0+/, '');
    if (digits.length > 19 || BigInt(digits) > MAX_INT64) {
      throw this.error(start, 'expected a timestamp of at most 64 bits', start);
    }
    return Number(digits);
  }

  /** The bytes as text. */
  text(start: number, end: number): string {
    return this.#buffer.utf8Slice(start, end);
  }

  /** As `text`, quicker, for bytes that are ASCII. */
  asciiText(start: number, end: number): string {
    return this.#buffer.latin1Slice(start, end);
  }

  /** Whether all the bytes are ASCII. */
  isAscii(start: number, end: number): boolean {
    for (let pos = start; pos < end; pos++) if (this.bytes[pos]! > 0x7f) return false;
    return true;
  }

  /** Whether the bytes are well-formed UTF-8. */
  isUtf8(start: number, end: number): boolean {
    return isUtf8(this.#buffer.subarray(start, end));
  }

  /** `wanted, got "…" at line …`, where what stands from `from` to the line's end is shown, shortened. */
  error(pos: number, wanted: string, from: number): ExpositionError {
    let line = 1;
    for (let at = this.bytes.indexOf(LINE_FEED); at >= 0 && at < pos; at = this.bytes.indexOf(LINE_FEED, at + 1))
      line++;
    return new ExpositionError(line, `${wanted}, got ${this.quote(from, this.lineEnd(from))}`);
  }

  /** The bytes as they may be shown to people. */
  quote(start: number, end: number): string {
    if (start >= end) return start >= this.end ? 'the end of the page' : 'the end of the line';
    const shown = Math.min(end, start + 60);
    const text = this.#buffer.utf8Slice(start, shown);
    return JSON.stringify(shown < end ? `${text}…` : text);
  }
}

const EMPTY = new Uint8Array(0);
const HELP_WORD = 0x48454c50;
const TYPE_WORD = 0x54595045;

/** Node's Buffer has these; its types leave them out. */
interface SlicingBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

function asBuffer(bytes: Uint8Array): SlicingBuffer {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer as unknown as SlicingBuffer;
}

export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

/** `[a-zA-Z0-9_]`; a name must not begin with a digit. */
export function isLabelNameByte(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || isDigit(byte);
}

/** `[a-zA-Z0-9_:]`; a name must not begin with a digit. */
export function isMetricNameByte(byte: number): boolean {
  return isLabelNameByte(byte) || byte === 0x3a;
}
