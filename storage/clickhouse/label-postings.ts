import type { Labels } from '../labels.ts';
import type { Matcher } from '../matcher.ts';

/** Answers about regular expressions that are remembered. */
const REMEMBERED = 8;

/**
 * One label of many series: of each row the number of its value, and of each value its rows. A series without the label
 * has the value ''. A matcher is asked once per distinct value, and a regular expression not even that when it comes again.
 */
export class LabelPostings {
  /** Of each row, the number of its value. */
  readonly numbers: Uint32Array;
  readonly #values: readonly string[];
  readonly #numberOf: ReadonlyMap<string, number>;
  /** The rows of value `n` are #rows[#starts[n]] up to before #rows[#starts[n + 1]], ascending. */
  readonly #starts: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #remembered = new Map<string, Uint8Array>();

  constructor(series: readonly Labels[], name: string) {
    const numberOf = new Map<string, number>();
    const numbers = new Uint32Array(series.length);
    for (let row = 0; row < series.length; row++) {
      const value = series[row]!.get(name);
      let number = numberOf.get(value);
      if (number === undefined) numberOf.set(value, (number = numberOf.size));
      numbers[row] = number;
    }
    const starts = new Uint32Array(numberOf.size + 1);
    for (const number of numbers) starts[number + 1]!++;
    for (let number = 0; number < numberOf.size; number++) starts[number + 1]! += starts[number]!;
    const rows = new Uint32Array(series.length);
    const next = starts.slice();
    for (let row = 0; row < numbers.length; row++) rows[next[numbers[row]!]!++] = row;
    this.numbers = numbers;
    this.#values = [...numberOf.keys()];
    this.#numberOf = numberOf;
    this.#starts = starts;
    this.#rows = rows;
  }

  /** Of each value, 1 when the matcher accepts it. Not to be changed. */
  accepted(matcher: Matcher): Uint8Array {
    const known = this.literalNumbers(matcher);
    if (known !== undefined) {
      const accepted = new Uint8Array(this.#values.length);
      for (const number of known) accepted[number] = 1;
      return accepted;
    }
    const key = `${matcher.op}${matcher.value}`;
    let accepted = this.#remembered.get(key);
    if (accepted === undefined) {
      accepted = Uint8Array.from(this.#values, (value) => (matcher.matches(value) ? 1 : 0));
      if (this.#remembered.size >= REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value!);
    }
    this.#remembered.delete(key);
    this.#remembered.set(key, accepted);
    return accepted;
  }

  /** The values that a matcher names, as far as there are any; undefined when it does not name what it accepts. */
  literalNumbers(matcher: Matcher): readonly number[] | undefined {
    if (matcher.literals === undefined || matcher.op === '!=' || matcher.op === '!~') return undefined;
    const numbers: number[] = [];
    for (const value of matcher.literals) {
      const number = this.#numberOf.get(value);
      if (number !== undefined) numbers.push(number);
    }
    return numbers;
  }

  /** How many rows have one of the values. */
  count(numbers: readonly number[]): number {
    let count = 0;
    for (const number of numbers) count += this.#starts[number + 1]! - this.#starts[number]!;
    return count;
  }

  /** The rows that have one of the values, ascending. */
  rowsOf(numbers: readonly number[]): Uint32Array {
    const slice = (number: number) => this.#rows.subarray(this.#starts[number]!, this.#starts[number + 1]!);
    if (numbers.length === 1) return slice(numbers[0]!);
    const rows = new Uint32Array(this.count(numbers));
    let at = 0;
    for (const number of numbers) {
      rows.set(slice(number), at);
      at += slice(number).length;
    }
    return rows.sort();
  }
}
