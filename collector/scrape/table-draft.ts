import type { KeyRange } from './key-index.ts';
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
  #keyBytes = 0;
  #isActive = false;
  /** An old row, or -1 - i for the i-th new one. */
  #sources = new Int32Array(1024);
  /** Of old rows; they may change. */
  #flags = new Uint8Array(1024);
  #isUsed = new Uint8Array(1024);
  readonly #newRows: NewRow[] = [];

  /** Whether the page has differed. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** The first `prefix` rows of the page are those of the table. */
  begin(table: SeriesTable, prefix: number): void {
    this.#table = table;
    this.#prefix = prefix;
    this.#length = 0;
    this.#keyBytes = table.start(prefix);
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
    this.#keyBytes += this.#table.ends[row]! - this.#table.start(row);
    this.#push(row, flags);
  }

  /** The page's next line is new. */
  add(row: NewRow): void {
    this.#keyBytes += row.end - row.start;
    this.#push(-1 - this.#newRows.length, row.flags);
    this.#newRows.push(row);
  }

  /** The table of the page; new keys are copied from it. */
  build(page: Uint8Array): SeriesTable {
    const old = this.#table;
    const prefix = this.#prefix;
    const table = new SeriesTable(prefix + this.#length, this.#keyBytes);
    let at = old.start(prefix);
    table.keys.set(old.keys.subarray(0, at));
    table.ends.set(old.ends.subarray(0, prefix));
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
    for (let i = 0; i < this.#length; ) {
      const source = this.#sources[i]!;
      if (source < 0) {
        const { start, end } = this.#newRows[-1 - source]!;
        table.keys.set(page.subarray(start, end), at);
        at += end - start;
        table.ends[prefix + i] = at;
        i++;
        continue;
      }
      // Old rows mostly come in runs, which are copied at once.
      const runStart = i;
      while (i < this.#length && this.#sources[i] === source + (i - runStart)) i++;
      const from = old.start(source);
      table.keys.set(old.keys.subarray(from, old.ends[source + (i - runStart) - 1]!), at);
      for (let j = runStart; j < i; j++) table.ends[prefix + j] = old.ends[source + (j - runStart)]! - from + at;
      at = table.ends[prefix + i - 1]!;
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
