import { METRIC_NAME } from '../../storage/labels.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  isBlank,
  isLabelNameByte,
  LINE_FEED,
  OPEN_BRACE,
  QUOTE,
  type TextReader,
} from './text-reader.ts';

const COMMA = 0x2c;
const EQUALS = 0x3d;

/**
 * The labels of a series as they are written between `start` and `end` (see `TextReader.scanSeries`), the metric name
 * under `__name__`. Labels with an empty value are kept: with honor_labels they mean something. Throws an
 * ExpositionError when the text breaks the format's rules, a label comes twice, a name is empty or the bytes are not
 * UTF-8. An unknown escape such as `\d` stays as it is written, as in Prometheus.
 */
export function parseSeries(reader: TextReader, start: number, end: number): Map<string, string> {
  return new SeriesText(reader, start, end).parse();
}

class SeriesText {
  readonly #reader: TextReader;
  readonly #start: number;
  readonly #end: number;
  readonly #labels = new Map<string, string>();
  #pos: number;
  #isAscii = false;

  constructor(reader: TextReader, start: number, end: number) {
    this.#reader = reader;
    this.#start = start;
    this.#end = end;
    this.#pos = start;
  }

  parse(): Map<string, string> {
    const reader = this.#reader;
    this.#isAscii = reader.isAscii(this.#start, this.#end);
    if (!this.#isAscii && !reader.isUtf8(this.#start, this.#end)) throw this.#error('expected UTF-8 in the series');
    if (reader.bytes[this.#start] !== OPEN_BRACE) {
      const nameStart = this.#pos;
      while (this.#pos < this.#end && this.#byte() !== OPEN_BRACE && !isBlank(this.#byte())) this.#pos++;
      this.#labels.set(METRIC_NAME, reader.asciiText(nameStart, this.#pos));
      this.#skipBlanks();
    }
    if (this.#pos < this.#end) this.#parseBraces();
    if (!this.#labels.has(METRIC_NAME)) throw this.#error('expected a metric name in the braces');
    return this.#labels;
  }

  #parseBraces(): void {
    this.#pos++;
    for (;;) {
      this.#skipBlanks();
      if (this.#byte() === CLOSE_BRACE) return;
      const isQuoted = this.#byte() === QUOTE;
      const name = isQuoted ? this.#string() : this.#labelName();
      this.#skipBlanks();
      if (isQuoted && (this.#byte() === COMMA || this.#byte() === CLOSE_BRACE)) {
        // A quoted name by itself is the metric's.
        if (this.#labels.has(METRIC_NAME)) throw this.#error('expected one metric name');
        this.#add(METRIC_NAME, name);
      } else {
        if (this.#byte() !== EQUALS) throw this.#error('expected = after the label name');
        if (name === METRIC_NAME) throw this.#error('expected the metric name outside of a label');
        this.#pos++;
        this.#skipBlanks();
        if (this.#byte() !== QUOTE) throw this.#error('expected a quoted label value');
        this.#add(name, this.#string());
        this.#skipBlanks();
      }
      if (this.#byte() === COMMA) this.#pos++;
    }
  }

  #add(name: string, value: string): void {
    if (name === '' || (name === METRIC_NAME && value === '')) throw this.#error('expected a name that is not empty');
    if (this.#labels.has(name)) throw this.#error(`expected each label once, ${JSON.stringify(name)} comes twice`);
    this.#labels.set(name, value);
  }

  #labelName(): string {
    const start = this.#pos;
    while (isLabelNameByte(this.#byte())) this.#pos++;
    const first = this.#reader.bytes[start]!;
    if (this.#pos === start || (first >= 0x30 && first <= 0x39)) {
      this.#pos = start;
      throw this.#error('expected a label name');
    }
    return this.#reader.asciiText(start, this.#pos);
  }

  /** From a quote to behind the one that ends the string. */
  #string(): string {
    const start = ++this.#pos;
    let hasEscape = false;
    while (this.#byte() !== QUOTE) {
      if (this.#pos >= this.#end) throw this.#error('expected a quote at the end of the string');
      if (this.#byte() === BACKSLASH) {
        hasEscape = true;
        this.#pos++;
      }
      this.#pos++;
    }
    const text = this.#isAscii ? this.#reader.asciiText(start, this.#pos) : this.#reader.text(start, this.#pos);
    this.#pos++;
    return hasEscape ? resolveEscapes(text) : text;
  }

  #byte(): number {
    // Behind the last byte nothing is expected but the end, which a line feed says.
    return this.#pos < this.#end ? this.#reader.bytes[this.#pos]! : LINE_FEED;
  }

  #skipBlanks(): void {
    while (isBlank(this.#byte())) this.#pos++;
  }

  #error(wanted: string): Error {
    return this.#reader.error(this.#start, wanted, Math.min(this.#pos, this.#end));
  }
}

/** Replaces `\\`, `\"` and `\n`, and leaves other backslashes. */
export function resolveEscapes(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
