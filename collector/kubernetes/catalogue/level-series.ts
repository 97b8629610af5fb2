import type { Appender } from '../../../storage/appender.ts';
import type { Labels } from '../../../storage/labels.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';

/** The place of one pod, container or node in its level's series. */
export type Row = number;

/** Tells the labels of a row's series, without a name. Asked when one of its metrics has its first value. */
export interface LabelSource {
  labels(): Labels;
}

const NO_REF = 0xffff_ffff;

/**
 * The series of one level that are stored together with the pages they are made from: a row for each pod, container or
 * node, a column for each metric. A series is acquired with its first value; 5 bytes a series, besides what the storage
 * holds.
 */
export class LevelSeries {
  readonly width: number;
  readonly #appender: Appender;
  readonly #names: readonly string[];
  readonly #all: readonly number[];
  #refs = new Uint32Array(0);
  /** 1: the last thing said of the series was a sample. */
  #live = new Uint8Array(0);
  #length = 0;
  readonly #free: Row[] = [];
  #series = 0;

  constructor(appender: Appender, names: readonly string[]) {
    this.#appender = appender;
    this.#names = names;
    this.width = names.length;
    this.#all = names.map((_, column) => column);
  }

  /** Rows that are open. */
  get rows(): number {
    return this.#length - this.#free.length;
  }

  /** Series that are acquired. */
  get series(): number {
    return this.#series;
  }

  /** Bytes that the columns take, used or not. */
  get byteLength(): number {
    return this.#refs.byteLength + this.#live.byteLength;
  }

  open(): Row {
    const row = this.#free.pop() ?? this.#length++;
    const from = row * this.width;
    if (from + this.width > this.#refs.length) this.#grow(from + this.width);
    this.#refs.fill(NO_REF, from, from + this.width);
    this.#live.fill(0, from, from + this.width);
    return row;
  }

  /** Gives the row and its refs back. */
  close(row: Row): void {
    const refs: number[] = [];
    for (let cell = row * this.width; cell < (row + 1) * this.width; cell++) {
      if (this.#refs[cell] !== NO_REF) refs.push(this.#refs[cell]!);
      this.#refs[cell] = NO_REF;
      this.#live[cell] = 0;
    }
    this.#series -= refs.length;
    this.#appender.release(refs);
    this.#free.push(row);
  }

  /** Whether a series of the row waits for its stale marker. */
  isLive(row: Row): boolean {
    for (let cell = row * this.width; cell < (row + 1) * this.width; cell++) if (this.#live[cell] === 1) return true;
    return false;
  }

  /** Adds the values to the emission, and stale markers where there is none (NaN) any more. Other columns stay as they are. */
  write(
    emission: Emission,
    row: Row,
    {
      values,
      source,
      columns = this.#all,
    }: { readonly values: Float64Array; readonly source: LabelSource; readonly columns?: readonly number[] },
  ): void {
    const from = row * this.width;
    const { batch, timestamp } = emission;
    let labels: Labels | undefined;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      const cell = from + column;
      const value = values[column]!;
      if (!Number.isNaN(value)) {
        let ref = this.#refs[cell]!;
        if (ref === NO_REF) {
          labels ??= source.labels();
          ref = this.#appender.acquire(labels.with('__name__', this.#names[column]!));
          this.#refs[cell] = ref;
          this.#series++;
        }
        batch.add(ref, timestamp, value);
        this.#live[cell] = 1;
      } else if (this.#live[cell] === 1) {
        this.#endCell(emission, cell);
      }
    }
  }

  /** Adds stale markers for what is live; the row stays. */
  end(emission: Emission, row: Row): void {
    for (let cell = row * this.width; cell < (row + 1) * this.width; cell++) {
      if (this.#live[cell] === 1) this.#endCell(emission, cell);
    }
  }

  /** Gives all refs back, without stale markers; the object must not be used any more. */
  release(): void {
    for (let cell = 0; cell < this.#length * this.width; cell++) {
      if (this.#refs[cell] !== NO_REF) this.#appender.release([this.#refs[cell]!]);
    }
    this.#length = 0;
    this.#series = 0;
  }

  /** The stale marker was not stored. */
  revive(cell: number): void {
    if (this.#refs[cell] !== NO_REF) this.#live[cell] = 1;
  }

  #endCell(emission: Emission, cell: number): void {
    emission.batch.addStale(this.#refs[cell]!, emission.timestamp);
    this.#live[cell] = 0;
    emission.noteEnd(this, cell);
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.#refs.length * 2, this.width * 64);
    const refs = new Uint32Array(size).fill(NO_REF);
    refs.set(this.#refs);
    const live = new Uint8Array(size);
    live.set(this.#live);
    this.#refs = refs;
    this.#live = live;
  }
}

/** A row that is over: its series end, then it is closed. */
export interface EndingRow {
  readonly level: LevelSeries;
  readonly row: Row;
}

/**
 * What one tap adds to one scrape, and what becomes of it when the storage has answered. That a sample was refused need not
 * be known: the next one comes anyway. A stale marker that was refused is said again.
 */
export class Emission {
  batch!: ScrapeBatch;
  timestamp = 0;
  readonly #levels: LevelSeries[] = [];
  readonly #cells: number[] = [];
  #closing: EndingRow[] = [];

  begin(batch: ScrapeBatch, timestamp: number): void {
    this.batch = batch;
    this.timestamp = timestamp;
  }

  noteEnd(level: LevelSeries, cell: number): void {
    this.#levels.push(level);
    this.#cells.push(cell);
  }

  /**
   * Ends rows. To be called when all else has been added: of a series that is in the batch, another row goes on with it.
   */
  close(rows: readonly EndingRow[]): void {
    for (const ending of rows) {
      ending.level.end(this, ending.row);
      this.#closing.push(ending);
    }
  }

  stored(): void {
    for (const { level, row } of this.#closing) level.close(row);
    this.#clear();
  }

  /** The rows that have yet to end. */
  refused(): readonly EndingRow[] {
    const rows = this.#closing;
    for (let i = 0; i < this.#levels.length; i++) this.#levels[i]!.revive(this.#cells[i]!);
    this.#clear();
    return rows;
  }

  #clear(): void {
    this.#levels.length = 0;
    this.#cells.length = 0;
    this.#closing = [];
  }
}
