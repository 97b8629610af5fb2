import type { Logger } from 'pino';
import type { Appender } from '../appender.ts';
import { StorageError } from '../errors.ts';
import type { Labels } from '../labels.ts';
import type { Metadata, SampleBatch, SeriesRef } from '../series.ts';
import { EncodedSeries, type PrepareLabels } from './encoded-series.ts';
import type { RemoteWriteMetrics } from './metrics.ts';
import type { RemoteOutbox } from './remote-outbox.ts';
import { RequestBuilder } from './request-builder.ts';

export interface RemoteWriteAppenderOptions {
  readonly outbox: RemoteOutbox;
  /** The receiver's name, for metrics and the log. */
  readonly name: string;
  readonly prepare: PrepareLabels;
  /** Samples of one request. */
  readonly maxSamples: number;
  /** How long samples wait for others to share a segment, in milliseconds. */
  readonly commitInterval: number;
  /** Whether metadata is sent. */
  readonly sendMetadata: boolean;
  readonly metrics: RemoteWriteMetrics;
  readonly logger: Logger | undefined;
}

/** Bytes at which a segment is written without waiting. */
const SEGMENT_BYTES = 4 * 2 ** 20;
/** Bytes waiting in memory at which appends are refused, because the disk does not keep up. */
const MAX_STAGED_BYTES = 64 * 2 ** 20;
/** Metrics whose metadata is remembered. */
const REMEMBERED_METADATA = 50_000;
/** After this long all metadata is sent once more, for a receiver that has lost it. */
const METADATA_INTERVAL = 3_600_000;

/**
 * The Appender that encodes samples into remote write requests and makes those durable in an outbox, many appends in one
 * segment. Whether and when the receiver takes them is the sender's business.
 *
 * Newer segments are sent before older ones, so of two samples of one series at the same millisecond in different segments the
 * receiver may keep either.
 */
export class RemoteWriteAppender implements Appender {
  readonly #options: RemoteWriteAppenderOptions;
  readonly #series: EncodedSeries;
  readonly #builder: RequestBuilder;
  readonly #metadata = new Map<string, Metadata>();
  #metadataSentAt = Date.now();
  #outcome = outcome();
  /** Of segments that are closed and not written yet. */
  #stagedBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RemoteWriteAppenderOptions) {
    this.#options = options;
    this.#series = new EncodedSeries(options.prepare);
    this.#builder = new RequestBuilder(options.maxSamples);
  }

  acquire(labels: Labels): SeriesRef {
    return this.#series.acquire(labels);
  }

  release(refs: Iterable<SeriesRef>): void {
    for (const ref of refs) this.#series.release(ref);
  }

  append(batch: SampleBatch): Promise<void> {
    const refused = this.#mistake(batch) ?? this.#refusal(RequestBuilder.maxBytesOf(this.#series, batch));
    if (refused !== undefined) {
      if (refused.kind === 'full') this.#dropped('full', batch.length);
      return Promise.reject(refused);
    }
    this.#dropped('relabelled', this.#builder.add(this.#series, batch));
    return this.#builder.isEmpty ? Promise.resolve() : this.#durable();
  }

  describe(metadata: readonly Metadata[]): void {
    if (this.#closed || !this.#options.sendMetadata) return;
    for (const entry of metadata) {
      const known = this.#metadata.get(entry.metric);
      if (known?.type === entry.type && known.help === entry.help && known.unit === entry.unit) continue;
      if (known === undefined && this.#metadata.size >= REMEMBERED_METADATA) continue;
      const copy = copyOf(entry);
      this.#metadata.set(copy.metric, copy);
      if (this.#refusal(1000) === undefined) this.#builder.addMetadata(copy);
    }
    // Nobody waits for it, and the next samples take it along.
    if (!this.#builder.isEmpty) this.#durable().catch(() => {});
  }

  /** Makes everything appended so far durable; rejects when that fails. */
  async commit(): Promise<void> {
    const { promise } = this.#outcome;
    if (!this.#builder.isEmpty) {
      this.#closeSegment();
      await promise;
    }
    await this.#writing;
  }

  /** Commits and refuses everything from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.commit();
  }

  #mistake({ refs, timestamps, length }: SampleBatch): StorageError | undefined {
    for (let i = 0; i < length; i++) {
      if (!this.#series.has(refs[i]!)) {
        return new StorageError('bad_data', `append needs acquired refs, got ${refs[i]}`);
      }
      const timestamp = timestamps[i]!;
      if (!Number.isSafeInteger(timestamp) || timestamp < 0 || timestamp >= MAX_TIMESTAMP) {
        return new StorageError(
          'bad_data',
          `a timestamp must be whole milliseconds from 1970 to the end of 2099, got ${timestamp}`,
        );
      }
    }
    return undefined;
  }

  #refusal(bytes: number): StorageError | undefined {
    const { outbox, name } = this.#options;
    if (this.#closed) return new StorageError('canceled', 'the storage is closed');
    const staged = this.#stagedBytes + this.#builder.maxBytes;
    if (!outbox.hasRoom(staged + bytes)) {
      return new StorageError(
        'full',
        `the outbox of remote write ${name} may hold ${outbox.maxBytes} bytes and is full: the receiver does not keep up`,
      );
    }
    if (staged > MAX_STAGED_BYTES) return new StorageError('full', 'the disk of the outbox does not keep up');
    return undefined;
  }

  /** When what was just appended is durable. */
  #durable(): Promise<void> {
    const { promise } = this.#outcome;
    if (this.#builder.maxBytes >= SEGMENT_BYTES) this.#closeSegment();
    else this.#timer ??= setTimeout(() => this.#closeSegment(), this.#options.commitInterval);
    return promise;
  }

  #closeSegment(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#repeatMetadata();
    this.#options.metrics.series.set({ remote_name: this.#options.name }, this.#series.kept);
    const { samples } = this.#builder;
    const parts = this.#builder.finish();
    const bytes = parts.reduce((sum, { body }) => sum + body.length + 8, 0);
    const { resolve, reject } = this.#outcome;
    this.#outcome = outcome();
    this.#stagedBytes += bytes;
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#options.outbox.write(parts);
        this.#options.metrics.appended.inc({ remote_name: this.#options.name }, samples);
        resolve();
      } catch (error) {
        this.#dropped('failed', samples);
        this.#options.logger?.error(
          { err: error, samples, remote_name: this.#options.name },
          'the outbox of remote write could not be written; its samples were refused',
        );
        reject(error);
      } finally {
        this.#stagedBytes -= bytes;
      }
    });
  }

  #repeatMetadata(): void {
    if (Date.now() - this.#metadataSentAt < METADATA_INTERVAL) return;
    this.#metadataSentAt = Date.now();
    for (const entry of this.#metadata.values()) this.#builder.addMetadata(entry);
  }

  #dropped(reason: 'full' | 'relabelled' | 'failed', samples: number): void {
    if (samples > 0) this.#options.metrics.dropped.inc({ remote_name: this.#options.name, reason }, samples);
  }
}

/** Exclusive end of the timestamps that a store of Pharos takes. */
const MAX_TIMESTAMP = Date.UTC(2100, 0, 1);

/** These strings may be pieces of a whole page, which would stay in memory with them. */
function copyOf({ metric, type, help, unit }: Metadata): Metadata {
  const copy = (text: string) => Buffer.from(text).toString();
  return { metric: copy(metric), type, help: copy(help), unit: copy(unit) };
}

/** What becomes of a segment: one promise for all that are in it. */
function outcome() {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  // Metadata has nobody who waits for it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
