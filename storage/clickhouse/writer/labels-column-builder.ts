import type { SeriesRef } from '../../series.ts';
import type { LabelsColumn } from '../native-writer.ts';
import type { SeriesTable } from './series-table.ts';

/** Collects a column of labels, one row per call. Strings are held once. */
export class LabelsColumnBuilder {
  readonly #strings = { names: [] as string[], values: [] as string[] };
  readonly #byString = { names: new Map<string, number>(), values: new Map<string, number>() };
  /** By symbol, for the rows that come from a SeriesTable: a number is found quicker than a string. */
  readonly #bySymbol = { names: new Map<number, number>(), values: new Map<number, number>() };
  readonly #names: number[] = [];
  readonly #values: number[] = [];
  readonly #ends: number[] = [];

  /** Labels in all rows. */
  get entries(): number {
    return this.#names.length;
  }

  /** The labels of a series but its metric name. */
  addSeries(table: SeriesTable, ref: SeriesRef): void {
    table.eachLabel(ref, (name, value) => {
      this.#names.push(this.#ofSymbol('names', table, name));
      this.#values.push(this.#ofSymbol('values', table, value));
    });
    this.#endRow();
  }

  /** Alternating names and values. */
  addPairs(pairs: readonly string[]): void {
    for (let i = 0; i < pairs.length; i += 2) {
      this.#names.push(this.#ofString('names', pairs[i]!));
      this.#values.push(this.#ofString('values', pairs[i + 1]!));
    }
    this.#endRow();
  }

  finish(): LabelsColumn {
    return {
      ends: Uint32Array.from(this.#ends),
      names: { strings: this.#strings.names, indexes: Uint32Array.from(this.#names) },
      values: { strings: this.#strings.values, indexes: Uint32Array.from(this.#values) },
    };
  }

  #endRow(): void {
    this.#ends.push(this.#names.length, 0);
  }

  #ofSymbol(column: 'names' | 'values', table: SeriesTable, symbol: number): number {
    let index = this.#bySymbol[column].get(symbol);
    if (index === undefined) {
      index = this.#ofString(column, table.symbols.text(symbol));
      this.#bySymbol[column].set(symbol, index);
    }
    return index;
  }

  #ofString(column: 'names' | 'values', text: string): number {
    let index = this.#byString[column].get(text);
    if (index === undefined) {
      index = this.#strings[column].push(text) - 1;
      this.#byString[column].set(text, index);
    }
    return index;
  }
}
