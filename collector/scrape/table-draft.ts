import type { KeyRange } from './key-index.ts';
import { KeyTextBuilder } from './key-text-builder.ts';
import { SeriesTable } from './series-table.ts';

/** A row that the old table does not have: where its key is in the page, and its columns. */
export interface NewRow extends KeyRange {
  readonly ref: number;
  readonly flags: number;
}

/**
 * How a page differs from the one before: from some row on, a list of old rows and new ones. One draft serves all
 * targets; it is only begun when a page differs.
 */
export class TableDraft {
  #table = SeriesTable.EMPTY;
  #prefix = 0;
  #length = 0;
  #isActive = false;
  /** An old row, or -1 - i for the i-th new one. */
  #sources = new Int32Array(1024);
  /** Of old rows; they may change. */
  #flags = new Uint8Array(1024);
  #isUsed = new Uint8Array(1024);
  readonly #newRows: NewRow[] = [];
  readonly #keys = new KeyTextBuilder();

  /** Whether the page has differed. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** The first `prefix` rows of the page are those of the table. */
  begin(table: SeriesTable, prefix: number): void {
    this.#table = table;
    this.#prefix = prefix;
    this.#length = 0;
    this.#isActive = true;
    if (this.#isUsed.length < table.length) this.#isUsed = new Uint8Array(table.length * 2);
    this.#isUsed.fill(1, 0, prefix).fill(0, prefix, table.length);
  }

  clear(): void {
    this.#table = SeriesTable.EMPTY;
    this.#newRows.length = 0;
    this.#isActive = false;
  }

  /** Whether the page has this old row. */
  isUsed(row: number): boolean {
    return this.#isUsed[row] !== 0;
  }

  /** The page's next line is this old row, which no line before it was. */
  keep(row: number, flags: number): void {
    this.#isUsed[row] = 1;
    this.#push(row, flags);
  }

  /** The page's next line is new. */
  add(row: NewRow): void {
    this.#push(-1 - this.#newRows.length, row.flags);
    this.#newRows.push(row);
  }

  /** The table of the page; new keys are copied from it. */
  build(page: Uint8Array, view: DataView): SeriesTable {
    const old = this.#table;
    const prefix = this.#prefix;
    const length = prefix + this.#length;
    const keys = this.#keys;
    keys.begin(length, old);
    for (let row = 0; row < prefix; row++) keys.addOld(old, row);
    for (let i = 0; i < this.#length; i++) {
      const source = this.#sources[i]!;
      if (source >= 0) keys.addOld(old, source);
      else keys.addNew(page, view, this.#newRows[-1 - source]!);
    }
    const table = new SeriesTable(length, keys.finish());
    table.hashes.set(old.hashes.subarray(0, prefix));
    table.refs.set(old.refs.subarray(0, prefix));
    table.flags.set(old.flags.subarray(0, prefix));
    for (let i = 0; i < this.#length; i++) {
      const source = this.#sources[i]!;
      const row = prefix + i;
      if (source >= 0) {
        table.hashes[row] = old.hashes[source]!;
        table.refs[row] = old.refs[source]!;
      } else {
        const added = this.#newRows[-1 - source]!;
        table.hashes[row] = added.hash;
        table.refs[row] = added.ref;
      }
      table.flags[row] = this.#flags[i]!;
    }
    return table;
  }

  #push(source: number, flags: number): void {
    const at = this.#length++;
    if (at === this.#sources.length) {
      const sources = new Int32Array(at * 2);
      sources.set(this.#sources);
      this.#sources = sources;
      const flagsColumn = new Uint8Array(at * 2);
      flagsColumn.set(this.#flags);
      this.#flags = flagsColumn;
    }
    this.#sources[at] = source;
    this.#flags[at] = flags;
  }
}
