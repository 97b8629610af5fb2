import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StorageError } from '../../errors.ts';
import type { ClickHouseClient } from '../client.ts';
import type { StorageMetrics } from '../metrics.ts';
import { columnOf, int64At } from '../native-block.ts';
import { NativeReader } from '../native-reader.ts';
import { sqlTime } from '../sql-literal.ts';
import type { Outbox } from './outbox.ts';
import { INSERT_TABLES, type InsertTable, type Segment, type SegmentFile } from './segment.ts';

export interface InserterOptions {
  readonly outbox: Outbox;
  readonly client: ClickHouseClient;
  /** Resolves when the tables exist; repeated like an insert until then. */
  readonly prepare: (signal: AbortSignal) => Promise<void>;
  /** Called when a segment will never be stored: what else was in it is unknown to ClickHouse. */
  readonly onQuarantine: () => void;
  /** Called after every insert into a table, also after one that failed: what it stored is not known. */
  readonly onInsert?: (table: InsertTable, segment: Segment) => void;
  readonly metrics: StorageMetrics;
  readonly logger: Logger | undefined;
  /** Pause before the first repetition; doubles up to `maxBackoff`. Defaults 250 ms and 15 s. */
  readonly backoff?: number;
  readonly maxBackoff?: number;
}

/** Attempts after which a segment that ClickHouse answers with an error of its own is put aside. */
const MAX_REJECTIONS = 10;
/** Beyond this span of time, a repeated segment is not compared with what is stored. */
const MAX_COMPARED_SPAN = 2 * 3_600_000;

/**
 * Moves segments from the outbox into ClickHouse, one at a time in their order, for ever: a connection that fails is tried
 * again with growing pauses; a segment that ClickHouse refuses for itself is put aside, so that it does not block the rest.
 *
 * Exactly once: the first attempt carries a token by which ClickHouse recognises a repetition. ClickHouse notes the token just
 * before the data becomes part of the table; killed between the two, it would take the repetition for a duplicate and the data
 * would be lost. So a repetition is followed by a second insert, without token, of only those rows that are not there.
 */
export class Inserter {
  readonly #options: InserterOptions;
  readonly #stopped = new AbortController();
  /** The segment that an earlier process may have been inserting when it ended. */
  #doubtful: Segment | undefined;
  #prepared = false;
  #failure: StorageError | undefined;
  #failures = 0;
  /** Ends the pause before the next attempt. */
  #hurry = new AbortController();
  #waiters = new Set<() => void>();
  #loop: Promise<void>;

  constructor(options: InserterOptions) {
    this.#options = options;
    this.#doubtful = options.outbox.head;
    this.#loop = this.#run();
  }

  /** Why nothing can be inserted now; undefined while all is well. */
  get failure(): StorageError | undefined {
    return this.#failure;
  }

  /** True when the tables are there. */
  get prepared(): boolean {
    return this.#prepared;
  }

  /** Resolves when every segment that is in the outbox now is in ClickHouse; rejects when an attempt fails, or when canceled. */
  async drained(signal: AbortSignal): Promise<void> {
    const { outbox } = this.#options;
    const target = outbox.removed + outbox.length;
    // What failed a while ago may work now: do not wait for the end of the pause to find out.
    const failures = this.#failures;
    this.#hurry.abort();
    while (outbox.removed < target || !this.#prepared) {
      if (signal.aborted) throw new StorageError('canceled', 'the flush was canceled', { cause: signal.reason });
      if (this.#stopped.signal.aborted) throw new StorageError('canceled', 'the storage is closed');
      if (this.#failures > failures && this.#failure !== undefined) throw this.#failure;
      await this.#change(signal);
    }
  }

  /** Stops after the attempt that is running. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#hurry.abort();
    this.#announce();
    await this.#loop;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #announce(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  async #run(): Promise<void> {
    const { outbox } = this.#options;
    const stopped = this.#stopped.signal;
    const stop = new Promise<void>((resolve) => stopped.addEventListener('abort', () => resolve(), { once: true }));
    let attempt = 0;
    while (!stopped.aborted) {
      const segment = outbox.head;
      if (segment === undefined && this.#prepared) {
        await Promise.race([outbox.arrival, stop]);
        continue;
      }
      try {
        if (!this.#prepared) {
          await this.#options.prepare(stopped);
          this.#prepared = true;
        }
        if (segment !== undefined) await this.#store(segment, attempt > 0 || segment === this.#doubtful);
        this.#recovered();
        attempt = 0;
      } catch (error) {
        if (stopped.aborted) return;
        const failure =
          error instanceof StorageError ? error : new StorageError('internal', 'inserting failed', { cause: error });
        attempt++;
        const hopeless = failure.kind === 'bad_data' || (!failure.retryable && attempt >= MAX_REJECTIONS);
        if (segment !== undefined && this.#prepared && hopeless && (await this.#putAside(segment, failure))) {
          attempt = 0;
        } else {
          this.#failed(failure);
          await this.#pause(attempt);
        }
      }
      this.#announce();
    }
  }

  async #store(segment: Segment, repeated: boolean): Promise<void> {
    const { outbox, metrics } = this.#options;
    const stop = metrics.insertSeconds.startTimer();
    for (const file of segment.files) {
      if (segment === this.#doubtful || segment.samples === 0) this.#verify(file);
      try {
        await this.#insert(segment, file, repeated);
      } finally {
        this.#options.onInsert?.(file.table, segment);
      }
    }
    stop();
    await outbox.done(segment);
    this.#doubtful = undefined;
    metrics.samplesInserted.inc(segment.samples);
  }

  /** False when the disk does not let it be moved: then it is tried again like any other. */
  async #putAside(segment: Segment, reason: StorageError): Promise<boolean> {
    try {
      await this.#options.outbox.quarantine(segment, reason);
    } catch (error) {
      this.#options.logger?.error({ err: error }, 'a segment of the outbox cannot be put aside');
      return false;
    }
    this.#options.onQuarantine();
    this.#recovered();
    return true;
  }

  #verify(file: SegmentFile): void {
    if (this.#options.outbox.isIntact(file)) return;
    throw new StorageError(
      'bad_data',
      `the file ${file.name} does not have the length and checksum that its name says`,
    );
  }

  async #insert(segment: Segment, file: SegmentFile, repeated: boolean): Promise<void> {
    const { client, outbox } = this.#options;
    const path = outbox.pathOf(file);
    const insert = { table: file.table, columns: INSERT_TABLES[file.table], path };
    await client.insert({ ...insert, token: outbox.tokenOf(segment, file) });
    if (!repeated) return;
    if (file.table !== 'samples') {
      // Rows of these tables replace their equals, so storing them again changes nothing.
      await client.insert({ ...insert, token: undefined });
      return;
    }
    const where = await missingRows(path);
    await client.insert({ ...insert, token: undefined, ...(where === undefined ? {} : { where }) });
  }

  #failed(failure: StorageError): void {
    this.#options.metrics.insertFailures.inc();
    if (this.#failure === undefined) {
      this.#options.logger?.error(
        { err: failure, cause: failure.cause },
        'cannot insert into ClickHouse; the outbox keeps the samples',
      );
    }
    this.#failure = failure;
    this.#failures++;
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    const { length, bytes } = this.#options.outbox;
    this.#options.logger?.info({ segments: length, bytes }, 'inserting into ClickHouse works again');
  }

  async #pause(attempt: number): Promise<void> {
    const { backoff = 250, maxBackoff = 15_000 } = this.#options;
    const longest = Math.min(backoff * 2 ** Math.min(attempt - 1, 20), maxBackoff);
    this.#hurry = new AbortController();
    this.#announce();
    await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal: this.#hurry.signal }).catch(() => {});
  }
}

/**
 * The condition for rows of a file of samples that are not stored. Undefined when the file spans so much time that comparing
 * would read too much: then all its rows are stored again, and replace their equals when they are read or merged.
 */
async function missingRows(path: string): Promise<string | undefined> {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const reader = new NativeReader();
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    for (const block of reader.push(piece as Uint8Array)) {
      const timestamps = columnOf(block, INSERT_TABLES.samples.indexOf('ts'), 'int64');
      for (let row = 0; row < block.rows; row++) {
        const timestamp = int64At(timestamps, row);
        first = Math.min(first, timestamp);
        last = Math.max(last, timestamp);
      }
    }
  }
  if (last - first > MAX_COMPARED_SPAN) return undefined;
  const key = INSERT_TABLES.samples.join(', ');
  return `(${key}) NOT IN (SELECT ${key} FROM samples WHERE ts >= ${sqlTime(first)} AND ts <= ${sqlTime(last)})`;
}
