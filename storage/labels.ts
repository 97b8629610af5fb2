import { hash } from 'node:crypto';

/** The label that holds a series' metric name. */
export const METRIC_NAME = '__name__';

/**
 * An immutable set of labels, sorted by name in code-unit order, without empty values (an empty value means "no such
 * label", as in Prometheus). Names and values are any well-formed Unicode.
 */
export class Labels implements Iterable<readonly [name: string, value: string]> {
  static readonly EMPTY = new Labels([]);

  /** name, value, name, value, … sorted by name. */
  readonly #pairs: readonly string[];
  #key: string | undefined;
  #id: bigint | undefined;

  private constructor(pairs: readonly string[]) {
    this.#pairs = pairs;
  }

  /** From an object or from pairs in any order. Empty values are dropped; of a repeated name the last one counts. */
  static from(source: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): Labels {
    const entries = Symbol.iterator in source ? source : Object.entries(source);
    const map = new Map<string, string>();
    for (const [name, value] of entries as Iterable<readonly [string, string]>) map.set(name, value);
    const names = [...map.keys()].filter((name) => map.get(name) !== '').sort();
    const pairs: string[] = [];
    for (const name of names) pairs.push(name, map.get(name)!);
    return pairs.length === 0 ? Labels.EMPTY : new Labels(pairs);
  }

  /**
   * From alternating names and values that are already sorted, unique and without empty values. The caller gives the
   * array away.
   */
  static fromSortedPairs(pairs: readonly string[]): Labels {
    return pairs.length === 0 ? Labels.EMPTY : new Labels(pairs);
  }

  get size(): number {
    return this.#pairs.length / 2;
  }

  /** The metric's name, '' when there is none. */
  get metric(): string {
    return this.get(METRIC_NAME);
  }

  /** The value, '' when there is no such label. */
  get(name: string): string {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return pairs[i + 1]!;
    return '';
  }

  has(name: string): boolean {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return true;
    return false;
  }

  /** Alternating names and values, sorted by name: the cheapest way to walk the labels. */
  get pairs(): readonly string[] {
    return this.#pairs;
  }

  /** A copy with one label set; an empty value removes it. */
  with(name: string, value: string): Labels {
    const pairs: string[] = [];
    let placed = value === '';
    for (let i = 0; i < this.#pairs.length; i += 2) {
      const other = this.#pairs[i]!;
      if (!placed && name <= other) {
        pairs.push(name, value);
        placed = true;
      }
      if (other !== name) pairs.push(other, this.#pairs[i + 1]!);
    }
    if (!placed) pairs.push(name, value);
    return Labels.fromSortedPairs(pairs);
  }

  /** A copy with only the labels that `keep` accepts. */
  filter(keep: (name: string, value: string) => boolean): Labels {
    const pairs: string[] = [];
    for (let i = 0; i < this.#pairs.length; i += 2) {
      if (keep(this.#pairs[i]!, this.#pairs[i + 1]!)) pairs.push(this.#pairs[i]!, this.#pairs[i + 1]!);
    }
    return pairs.length === this.#pairs.length ? this : Labels.fromSortedPairs(pairs);
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.#pairs.length; i += 2) yield [this.#pairs[i]!, this.#pairs[i + 1]!];
  }

  /** A string that two Labels share exactly when they are equal: the key for a Map. */
  get key(): string {
    this.#key ??= JSON.stringify(this.#pairs);
    return this.#key;
  }

  /**
   * The 64-bit identity of the series, the same on every machine and in every version: the first 8 bytes (big endian)
   * of the SHA-1 of `key`.
   */
  get id(): bigint {
    // The key is not kept for this: a collector holds many Labels, and a key is longer than the labels themselves.
    this.#id ??= hash('sha1', this.#key ?? JSON.stringify(this.#pairs), 'buffer').readBigUInt64BE(0);
    return this.#id;
  }

  equals(other: Labels): boolean {
    if (this === other) return true;
    const pairs = this.#pairs;
    const others = other.#pairs;
    if (pairs.length !== others.length) return false;
    for (let i = 0; i < pairs.length; i++) if (pairs[i] !== others[i]) return false;
    return true;
  }

  /** Order by the first differing name, then value (code units), then by length: Prometheus' order of labels. */
  static compare(a: Labels, b: Labels): number {
    const length = Math.min(a.#pairs.length, b.#pairs.length);
    for (let i = 0; i < length; i++) {
      const x = a.#pairs[i]!;
      const y = b.#pairs[i]!;
      if (x !== y) return x < y ? -1 : 1;
    }
    return a.#pairs.length - b.#pairs.length;
  }

  toObject(): Record<string, string> {
    const object: Record<string, string> = {};
    for (const [name, value] of this) {
      // A plain assignment to __proto__ would set the prototype and lose the label.
      Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
    }
    return object;
  }

  toJSON(): Record<string, string> {
    return this.toObject();
  }

  /** As PromQL writes it: `up{instance="a:9100", job="node"}`; names that are no identifiers are quoted. */
  toString(): string {
    const metric = this.metric;
    const bareMetric = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric);
    const inner: string[] = metric !== '' && !bareMetric ? [JSON.stringify(metric)] : [];
    for (const [name, value] of this) {
      if (name === METRIC_NAME) continue;
      const written = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name);
      inner.push(`${written}=${JSON.stringify(value)}`);
    }
    const head = bareMetric ? metric : '';
    return inner.length === 0 && head !== '' ? head : `${head}{${inner.join(', ')}}`;
  }
}
