import type { Logger } from 'pino';
import type { AlertEvent } from '../../alert-log.ts';
import type { Appender } from '../../appender.ts';
import { StorageError } from '../../errors.ts';
import type { KubernetesEvent } from '../../event-log.ts';
import type { Labels } from '../../labels.ts';
import { mistakeOfNotification, type NotificationEvent } from '../../notification-log.ts';
import type { Metadata, SampleBatch, SeriesRef } from '../../series.ts';
import { LATE_WHEN_APPENDED } from '../late-samples.ts';
import type { StorageMetrics } from '../metrics.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { MAX_TIMESTAMP } from '../sql-literal.ts';
import { eventBytes } from './event-rows.ts';
import { notificationBytes } from './notification-rows.ts';
import { BYTES_PER_SAMPLE, SegmentBuilder } from './segment-builder.ts';
import { SeriesTable } from './series-table.ts';

export interface WriterOptions {
  readonly outbox: Outbox;
  readonly metrics: StorageMetrics;
  readonly logger: Logger | undefined;
  /** How long samples wait for others to share a segment, in milliseconds. */
  readonly commitInterval: number;
}

/** Bytes at which a segment is written without waiting: 200,000 samples, or the index of 30,000 series. */
const SEGMENT_BYTES = 6 * 2 ** 20;
/** Bytes waiting in memory at which appends are refused, because the disk does not keep up. */
const MAX_STAGED_BYTES = 192 * 2 ** 20;
/** Metrics whose metadata is remembered, to write only what is new. */
const REMEMBERED_METADATA = 50_000;

/** The Appender that encodes samples into segments and makes those durable in the outbox, many appends in one commit. */
export class Writer implements Appender {
  readonly #outbox: Outbox;
  readonly #metrics: StorageMetrics;
  readonly #logger: Logger | undefined;
  readonly #commitInterval: number;
  readonly #table = new SeriesTable();
  readonly #known = new Map<string, string>();
  /** Where appends go, and the outcome that they all wait for. */
  #current = new SegmentBuilder();
  #outcome = new Outcome();
  /** Segments that are closed, in their order: the first is being written. */
  #closing: { readonly builder: SegmentBuilder; readonly outcome: Outcome }[] = [];
  /** An empty builder, for the next segment. */
  #spare: SegmentBuilder | undefined;
  #isWriting = false;
  #urgent = false;
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #closed = false;

  constructor(options: WriterOptions) {
    this.#outbox = options.outbox;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#commitInterval = options.commitInterval;
  }

  acquire(labels: Labels): SeriesRef {
    const ref = this.#table.acquire(labels);
    this.#metrics.series.set(this.#table.size);
    return ref;
  }

  labelsOf(ref: SeriesRef): Labels {
    return this.#table.labelsOf(ref);
  }

  release(refs: Iterable<SeriesRef>): void {
    for (const ref of refs) this.#table.release(ref);
    if (this.#current.isEmpty) this.#table.symbols.settle();
    this.#metrics.series.set(this.#table.size);
  }

  append(batch: SampleBatch): Promise<void> {
    const refused = this.#refusal(batch.length * BYTES_PER_SAMPLE) ?? this.#mistake(batch);
    if (refused !== undefined) {
      this.#metrics.samplesRefused.inc(batch.length);
      return Promise.reject(refused);
    }
    if (batch.length === 0) return Promise.resolve();
    this.#current.addSamples(this.#table, batch, Date.now() - LATE_WHEN_APPENDED);
    return this.#durable(false);
  }

  /** Appends to the alert history; like `append`, without waiting for company. */
  appendAlerts(events: readonly AlertEvent[]): Promise<void> {
    const refused = this.#refusal(events.length * 1000);
    if (refused !== undefined) return Promise.reject(refused);
    if (events.length === 0) return Promise.resolve();
    for (const event of events) this.#current.addAlert(this.#nextSequence(), event);
    return this.#durable(true);
  }

  /** Appends to the history of notifications; like `append`, without waiting for company. */
  appendNotifications(events: readonly NotificationEvent[]): Promise<void> {
    const refused = this.#refusal(notificationBytes(events)) ?? mistakeOfNotifications(events);
    if (refused !== undefined) return Promise.reject(refused);
    if (events.length === 0) return Promise.resolve();
    for (const event of events) this.#current.addNotification(this.#nextSequence(), event);
    return this.#durable(true);
  }

  /** Appends to the events of Kubernetes; like `append`. */
  appendEvents(events: readonly KubernetesEvent[]): Promise<void> {
    const refused = this.#refusal(eventBytes(events)) ?? mistakeOfEvents(events);
    if (refused !== undefined) return Promise.reject(refused);
    if (events.length === 0) return Promise.resolve();
    this.#current.addEvents(events);
    return this.#durable(false);
  }

  describe(metadata: readonly Metadata[]): void {
    if (this.#closed) return;
    for (const entry of metadata) {
      const text = `${entry.type}\n${entry.unit}\n${entry.help}`;
      if (this.#known.get(entry.metric) === text) continue;
      if (this.#known.size >= REMEMBERED_METADATA) this.#known.clear();
      // Copies: these strings may be pieces of a whole scrape's body.
      this.#known.set(Buffer.from(entry.metric).toString(), Buffer.from(text).toString());
      this.#current.addMetadata(entry);
    }
    if (!this.#current.isEmpty) void this.#durable(false);
  }

  /** Makes everything appended so far durable; rejects when that fails. */
  async commit(): Promise<void> {
    const last = this.#current.isEmpty ? undefined : this.#durable(true);
    await Promise.all([last, ...this.#closing.map(({ outcome }) => outcome.promise)]);
  }

  /** Has the index told about every series again, with the series' next sample. */
  forgetCoverage(): void {
    this.#table.uncoverAll();
    this.#known.clear();
  }

  /** Commits and refuses everything from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.commit();
  }

  /** Rises within a millisecond, after a restart, and when the clock steps back a little while running. */
  #nextSequence(): number {
    this.#sequence = Math.max(this.#sequence + 1, Date.now() * 1024);
    return this.#sequence;
  }

  #refusal(bytes: number): StorageError | undefined {
    if (this.#closed) return new StorageError('canceled', 'the storage is closed');
    const staged = this.#closing.reduce((sum, { builder }) => sum + builder.bytes, this.#current.bytes);
    if (!this.#outbox.hasRoom(staged + bytes)) {
      return new StorageError(
        'full',
        `the outbox may hold ${this.#outbox.maxBytes} bytes and is full: ClickHouse does not keep up`,
      );
    }
    if (staged > MAX_STAGED_BYTES) return new StorageError('full', 'the disk of the outbox does not keep up');
    return undefined;
  }

  #mistake(batch: SampleBatch): StorageError | undefined {
    const { refs, timestamps } = batch;
    for (let i = 0; i < batch.length; i++) {
      if (!this.#table.has(refs[i]!)) return new StorageError('bad_data', `append needs acquired refs, got ${refs[i]}`);
      const timestamp = timestamps[i]!;
      if (!(timestamp >= 0 && timestamp < MAX_TIMESTAMP) || timestamp !== Math.floor(timestamp)) {
        return new StorageError(
          'bad_data',
          `a timestamp must be whole milliseconds from 1970 to the end of 2099, got ${timestamp}`,
        );
      }
    }
    return undefined;
  }

  /** When what was just appended is durable. A big segment is closed at once, however long the ones before it take. */
  #durable(now: boolean): Promise<void> {
    const { promise } = this.#outcome;
    if (this.#current.bytes >= SEGMENT_BYTES) this.#closeSegment();
    else if (now) this.#hurry();
    else this.#timer ??= setTimeout(() => this.#hurry(), this.#commitInterval);
    return promise;
  }

  /** Writes the current segment, together with whatever comes until those before it are written. */
  #hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isWriting) this.#closeSegment();
    else this.#urgent = true;
  }

  /** Puts another builder in the place of the current one, which is written when those before it are. */
  #closeSegment(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#urgent = false;
    this.#closing.push({ builder: this.#current, outcome: this.#outcome });
    this.#current = this.#spare ?? new SegmentBuilder();
    this.#spare = undefined;
    this.#outcome = new Outcome();
    // The builder that is filled from now on has not seen any symbol yet.
    this.#table.symbols.settle();
    if (!this.#isWriting) void this.#writeClosed();
  }

  async #writeClosed(): Promise<void> {
    this.#isWriting = true;
    for (let next = this.#closing[0]; next !== undefined; next = this.#closing[0]) {
      await this.#commitBuilder(next.builder, next.outcome);
      this.#closing.shift();
      this.#spare = next.builder;
      if (this.#closing.length === 0 && this.#urgent && !this.#current.isEmpty) this.#closeSegment();
    }
    this.#isWriting = false;
  }

  /** Never rejects: the outcome does. */
  async #commitBuilder(builder: SegmentBuilder, outcome: Outcome): Promise<void> {
    const { samples } = builder;
    try {
      await this.#outbox.write(builder.sections(Date.now()), samples, builder.lateMetrics);
      this.#metrics.samplesAppended.inc(samples);
      outcome.resolve();
    } catch (error) {
      // The rows of the index in it are lost too.
      this.forgetCoverage();
      this.#metrics.samplesRefused.inc(samples);
      this.#logger?.error({ err: error, samples }, 'the outbox could not be written; its samples were refused');
      outcome.reject(
        error instanceof StorageError ? error : new StorageError('internal', 'encoding failed', { cause: error }),
      );
    } finally {
      builder.reset();
    }
  }
}

function mistakeOfEvents(events: readonly KubernetesEvent[]): StorageError | undefined {
  for (const { timestamp, firstTimestamp, count } of events) {
    for (const number of [timestamp, firstTimestamp, count]) {
      if (!(number >= 0 && number < MAX_TIMESTAMP) || number !== Math.floor(number)) {
        return new StorageError('bad_data', `the times and the count of an event must be whole, got ${number}`);
      }
    }
  }
  return undefined;
}

function mistakeOfNotifications(events: readonly NotificationEvent[]): StorageError | undefined {
  for (const event of events) {
    const mistake = mistakeOfNotification(event);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

/** What becomes of a segment: one promise for all that are in it. */
class Outcome {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (error: StorageError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Metadata has nobody who waits for it.
    this.promise.catch(() => {});
  }
}
