import type { SeriesRef } from '../../series.ts';
import type { LabelsColumn } from '../native-writer.ts';
import { BlockDictionary } from './block-dictionary.ts';
import type { SeriesTable } from './series-table.ts';
import { Uint32Column } from './uint32-column.ts';

/** Collects the labels of series as a column, one row per call. Reset and filled again; its numbers are outside of the heap. */
export class SeriesLabelsBuilder {
  readonly #nameStrings = new BlockDictionary();
  readonly #valueStrings = new BlockDictionary();
  readonly #names = new Uint32Column();
  readonly #values = new Uint32Column();
  readonly #ends = new Uint32Column();

  /** Labels in all rows. */
  get entries(): number {
    return this.#names.length;
  }

  /** The labels of a series but its metric name. */
  add(table: SeriesTable, ref: SeriesRef): void {
    const { symbols } = table;
    table.eachLabel(ref, (name, value) => {
      this.#names.push(this.#nameStrings.index(symbols, name));
      this.#values.push(this.#valueStrings.index(symbols, value));
    });
    this.#ends.pushHalves(this.#names.length);
  }

  /** Refers to this builder's memory: do not touch it until the column is written. */
  finish(): LabelsColumn {
    return {
      ends: this.#ends.view(),
      names: { strings: this.#nameStrings.strings, indexes: this.#names.view() },
      values: { strings: this.#valueStrings.strings, indexes: this.#values.view() },
    };
  }

  reset(): void {
    for (const part of [this.#nameStrings, this.#valueStrings, this.#names, this.#values, this.#ends]) part.reset();
  }
}

/** A column of labels given as alternating names and values, a row each. Strings are held once. */
export function labelsColumn(rows: Iterable<readonly string[]>): LabelsColumn {
  const names = new StringColumn();
  const values = new StringColumn();
  const ends = new Uint32Column();
  for (const pairs of rows) {
    for (let i = 0; i < pairs.length; i += 2) {
      names.push(pairs[i]!);
      values.push(pairs[i + 1]!);
    }
    ends.pushHalves(names.indexes.length);
  }
  return {
    ends: ends.view(),
    names: { strings: names.strings, indexes: names.indexes.view() },
    values: { strings: values.strings, indexes: values.indexes.view() },
  };
}

class StringColumn {
  readonly strings: string[] = [];
  readonly indexes = new Uint32Column();
  readonly #byString = new Map<string, number>();

  push(text: string): void {
    let index = this.#byString.get(text);
    if (index === undefined) {
      index = this.strings.push(text) - 1;
      this.#byString.set(text, index);
    }
    this.indexes.push(index);
  }
}
