import type { Labels } from '../../storage/labels.ts';
import type { Part } from './reading.ts';

/** A row while it is made. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** The columns of a row that may hold a number. */
export type NumberColumn<T> = { [K in keyof T]-?: number extends T[K] ? K : never }[keyof T];

/** Rows by the labels that tell them from each other; what has more labels than these finds its row all the same. */
export class RowIndex<T extends object> {
  readonly #names: readonly string[];
  readonly #rows = new Map<string, Draft<T>>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  get(labels: Labels): Draft<T> | undefined {
    return this.#rows.get(this.#key(labels));
  }

  /** By the values of the labels, in the order of their names. */
  at(...values: readonly string[]): Draft<T> | undefined {
    return this.#rows.get(values.join('\0'));
  }

  /** The row of these labels, made when there is none. */
  add(labels: Labels, make: () => T): Draft<T> {
    const key = this.#key(labels);
    let row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, (row = make()));
    return row;
  }

  /** A row by the values of its labels, in the order of their names. */
  set(values: readonly string[], row: T): void {
    this.#rows.set(values.join('\0'), row);
  }

  /** A part that puts the values of an expression into a column. What has no row is left out. */
  column(column: NumberColumn<T>, expr: string): Part {
    return {
      expr,
      take: (labels, value) => {
        const row = this.get(labels);
        if (row !== undefined) (row as Record<PropertyKey, unknown>)[column as PropertyKey] = value;
      },
    };
  }

  values(): IterableIterator<Draft<T>> {
    return this.#rows.values();
  }

  /** In the order of their keys. */
  sorted(): T[] {
    const entries = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return entries.map(([, row]) => row);
  }

  #key(labels: Labels): string {
    return this.#names.map((name) => labels.get(name)).join('\0');
  }
}
