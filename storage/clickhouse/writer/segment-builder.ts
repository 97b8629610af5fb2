import type { AlertEvent } from '../../alert-log.ts';
import type { KubernetesEvent } from '../../event-log.ts';
import type { Labels } from '../../labels.ts';
import type { NotificationEvent } from '../../notification-log.ts';
import type { Metadata, SampleBatch, SeriesRef } from '../../series.ts';
import { DICTIONARY_TYPE, encodeNativeBlock, LABELS_TYPE, type WritableColumn } from '../native-writer.ts';
import type { Section } from '../outbox/outbox.ts';
import { mantissaAt, RAW, STALE, scaleFor } from '../value-encoding.ts';
import { BlockDictionary } from './block-dictionary.ts';
import { encodeEvents, eventBytes } from './event-rows.ts';
import { labelsColumn, SeriesLabelsBuilder } from './labels-column.ts';
import { encodeNotifications, type NotificationRow, notificationBytes } from './notification-rows.ts';
import type { SeriesTable } from './series-table.ts';
import { Uint32Column } from './uint32-column.ts';

/** How long a row of the index covers a series. The windows of different series begin at different times. */
export const COVERAGE = 2 * 3_600_000;

const bits = new Float64Array(1);
const halves = new Uint32Array(bits.buffer);

/**
 * The rows of the segment that is being filled, in the very columns that go to disk: appending a sample is the encoding of it.
 * Filled, written, reset and filled again; two of them take turns.
 */
export class SegmentBuilder {
  #rows = 0;
  #metric = new Uint32Array(INITIAL_ROWS);
  /** Int64 columns are pairs of halves, the low one first. */
  #id = new Uint32Array(2 * INITIAL_ROWS);
  #timestamp = new Uint32Array(2 * INITIAL_ROWS);
  #mantissa = new Uint32Array(2 * INITIAL_ROWS);
  #scale = new Int8Array(INITIAL_ROWS);
  readonly #metrics = new BlockDictionary();

  #lateMetrics = new Set<string>();

  readonly #seriesMetric = new Uint32Column();
  readonly #seriesId = new Uint32Column();
  readonly #seriesFirst = new Uint32Column();
  readonly #seriesLast = new Uint32Column();
  readonly #seriesLabels = new SeriesLabelsBuilder();

  #metadata = new Map<string, Metadata>();
  #alerts: { sequence: number; event: AlertEvent }[] = [];
  #events: KubernetesEvent[] = [];
  #notifications: NotificationRow[] = [];
  /** Of events and notifications. */
  #eventBytes = 0;

  /** Samples in it. */
  get samples(): number {
    return this.#rows;
  }

  get isEmpty(): boolean {
    const others = [this.#alerts, this.#events, this.#notifications];
    return this.#rows === 0 && this.#metadata.size === 0 && others.every((rows) => rows.length === 0);
  }

  /** About how many bytes the segment has. */
  get bytes(): number {
    return (
      this.#rows * BYTES_PER_SAMPLE +
      this.#seriesLabels.entries * 10 +
      this.#seriesMetric.length * 40 +
      this.#alerts.length * 500 +
      this.#eventBytes
    );
  }

  /** The metrics of samples that were late when they were added. */
  get lateMetrics(): ReadonlySet<string> {
    return this.#lateMetrics;
  }

  /**
   * Encodes a batch whose refs and timestamps are known to be good. Allocates only when the columns must grow. Samples
   * before `lateBefore` are late.
   */
  addSamples(table: SeriesTable, batch: SampleBatch, lateBefore: number): void {
    this.#reserve(this.#rows + batch.length);
    const { refs, timestamps, values, stale } = batch;
    const { ids, metrics, scales, coveredFrom, coveredUntil } = table;
    const timestampColumn = this.#timestamp;
    const idColumn = this.#id;
    let row = this.#rows;
    for (let i = 0; i < batch.length; i++, row++) {
      const ref = refs[i]!;
      const timestamp = timestamps[i]!;
      if (timestamp < lateBefore) this.#lateMetrics.add(table.symbols.text(metrics[ref]!));
      if (timestamp < coveredFrom[ref]! || timestamp >= coveredUntil[ref]!) this.#cover(table, ref, timestamp);
      this.#metric[row] = this.#metrics.index(table.symbols, metrics[ref]!);
      idColumn[2 * row] = ids[2 * ref]!;
      idColumn[2 * row + 1] = ids[2 * ref + 1]!;
      timestampColumn[2 * row] = timestamp;
      timestampColumn[2 * row + 1] = Math.floor(timestamp / 4294967296);
      if (stale[i] !== 0) this.#put(row, 0, STALE);
      else scales[ref] = this.#encode(row, values[i]!, scales[ref]!);
    }
    this.#rows = row;
  }

  addMetadata(metadata: Metadata): void {
    this.#metadata.set(metadata.metric, metadata);
  }

  addAlert(sequence: number, event: AlertEvent): void {
    this.#alerts.push({ sequence, event });
  }

  addEvents(events: readonly KubernetesEvent[]): void {
    for (const event of events) this.#events.push(event);
    this.#eventBytes += eventBytes(events);
  }

  addNotification(sequence: number, event: NotificationEvent): void {
    this.#notifications.push({ sequence, event });
    this.#eventBytes += notificationBytes([event]);
  }

  /** The sections of the segment. They refer to this builder's memory: do not touch it until they are written. */
  sections(now: number): Section[] {
    const sections: Section[] = [];
    if (this.#seriesMetric.length > 0) {
      sections.push({ table: 'series', buffers: this.#encodeSeries() });
    }
    if (this.#metadata.size > 0)
      sections.push({ table: 'metadata', buffers: encodeMetadata([...this.#metadata.values()], now) });
    if (this.#alerts.length > 0) sections.push({ table: 'alert_events', buffers: encodeAlerts(this.#alerts) });
    if (this.#events.length > 0) sections.push({ table: 'kubernetes_events', buffers: encodeEvents(this.#events) });
    if (this.#notifications.length > 0) {
      sections.push({ table: 'notifications', buffers: encodeNotifications(this.#notifications) });
    }
    if (this.#rows > 0) sections.push({ table: 'samples', buffers: this.#encodeSamples() });
    return sections;
  }

  /** Empties it. Memory that an unusually big batch took is given back. */
  reset(): void {
    if (this.#rows < this.#scale.length / 4 && this.#scale.length > 4 * INITIAL_ROWS)
      this.#resize(this.#scale.length >>> 1);
    this.#rows = 0;
    this.#metrics.reset();
    // A new one: the segment keeps what it was given.
    if (this.#lateMetrics.size > 0) this.#lateMetrics = new Set();
    this.#seriesMetric.reset();
    this.#seriesId.reset();
    this.#seriesFirst.reset();
    this.#seriesLast.reset();
    this.#seriesLabels.reset();
    this.#metadata = new Map();
    this.#alerts = [];
    this.#events = [];
    this.#notifications = [];
    this.#eventBytes = 0;
  }

  /** Writes a value to a row; gives the scale at which the series goes on. */
  #encode(row: number, value: number, scale: number): number {
    if (scale !== RAW) {
      const mantissa = mantissaAt(value, scale);
      if (!Number.isNaN(mantissa)) {
        this.#put(row, mantissa, scale);
        return scale;
      }
      const special = !Number.isFinite(value) || value === 0;
      const other = special ? RAW : scaleFor(value, 0);
      if (other !== RAW) {
        this.#put(row, mantissaAt(value, other), other);
        return other;
      }
      this.#putBits(row, value);
      // A long fraction will be followed by others: from here on bits, until the index covers the series anew.
      return special ? scale : RAW;
    }
    this.#putBits(row, value);
    return RAW;
  }

  #put(row: number, mantissa: number, scale: number): void {
    this.#mantissa[2 * row] = mantissa;
    this.#mantissa[2 * row + 1] = Math.floor(mantissa / 4294967296);
    this.#scale[row] = scale;
  }

  #putBits(row: number, value: number): void {
    bits[0] = value;
    this.#mantissa[2 * row] = halves[0]!;
    this.#mantissa[2 * row + 1] = halves[1]!;
    this.#scale[row] = RAW;
  }

  /** Adds a row to the index that covers the series around a time. */
  #cover(table: SeriesTable, ref: SeriesRef, timestamp: number): void {
    const low = table.ids[2 * ref]!;
    const high = table.ids[2 * ref + 1]!;
    // The id spreads the windows' beginnings over time, so that the rows of all series do not come at once.
    const shift = (low % 7200) * 1000;
    const first = Math.max(Math.floor((timestamp - shift) / COVERAGE) * COVERAGE + shift, 0);
    const last = Math.floor((timestamp - shift) / COVERAGE) * COVERAGE + shift + COVERAGE;
    if (table.coveredUntil[ref] === first && first > 0) table.coveredUntil[ref] = last;
    else if (table.coveredFrom[ref] === last) table.coveredFrom[ref] = first;
    else {
      table.coveredFrom[ref] = first;
      table.coveredUntil[ref] = last;
    }
    if (table.scales[ref] === RAW) table.scales[ref] = 0;
    this.#seriesMetric.push(this.#metrics.index(table.symbols, table.metrics[ref]!));
    this.#seriesId.push(low);
    this.#seriesId.push(high);
    this.#seriesFirst.pushHalves(first);
    this.#seriesLast.pushHalves(last);
    this.#seriesLabels.add(table, ref);
  }

  #encodeSamples(): Uint8Array[] {
    const rows = this.#rows;
    return encodeNativeBlock(rows, [
      {
        name: 'metric',
        type: DICTIONARY_TYPE,
        data: { strings: this.#metrics.strings, indexes: this.#metric.subarray(0, rows) },
      },
      { name: 'id', type: 'UInt64', data: this.#id.subarray(0, 2 * rows) },
      { name: 'ts', type: TIME_TYPE, data: this.#timestamp.subarray(0, 2 * rows) },
      { name: 'mantissa', type: 'Int64', data: this.#mantissa.subarray(0, 2 * rows) },
      { name: 'scale', type: 'Int8', data: this.#scale.subarray(0, rows) },
    ]);
  }

  #encodeSeries(): Uint8Array[] {
    return encodeNativeBlock(this.#seriesMetric.length, [
      {
        name: 'metric',
        type: DICTIONARY_TYPE,
        data: { strings: this.#metrics.strings, indexes: this.#seriesMetric.view() },
      },
      { name: 'id', type: 'UInt64', data: this.#seriesId.view() },
      { name: 'labels', type: LABELS_TYPE, data: this.#seriesLabels.finish() },
      { name: 'first', type: TIME_TYPE, data: this.#seriesFirst.view() },
      { name: 'last', type: TIME_TYPE, data: this.#seriesLast.view() },
    ]);
  }

  #reserve(rows: number): void {
    if (rows > this.#scale.length) this.#resize(Math.max(rows, Math.ceil(this.#scale.length * 1.5)));
  }

  #resize(rows: number): void {
    const used = this.#rows;
    this.#metric = resized(this.#metric, used, new Uint32Array(rows));
    this.#id = resized(this.#id, 2 * used, new Uint32Array(2 * rows));
    this.#timestamp = resized(this.#timestamp, 2 * used, new Uint32Array(2 * rows));
    this.#mantissa = resized(this.#mantissa, 2 * used, new Uint32Array(2 * rows));
    const scale = new Int8Array(rows);
    scale.set(this.#scale.subarray(0, used));
    this.#scale = scale;
  }
}

/** What a sample takes in a segment. */
export const BYTES_PER_SAMPLE = 29;
const INITIAL_ROWS = 8192;
const TIME_TYPE = "DateTime64(3, 'UTC')";

function resized(from: Uint32Array, used: number, to: Uint32Array): Uint32Array<ArrayBuffer> {
  to.set(from.subarray(0, used));
  return to as Uint32Array<ArrayBuffer>;
}

function times(values: readonly number[]): Uint32Array {
  const column = new Uint32Column();
  for (const value of values) column.pushHalves(value);
  return column.view();
}

function encodeMetadata(rows: readonly Metadata[], now: number): Uint8Array[] {
  return encodeNativeBlock(rows.length, [
    { name: 'metric', type: 'String', data: rows.map((row) => row.metric) },
    { name: 'type', type: 'String', data: rows.map((row) => row.type) },
    { name: 'help', type: 'String', data: rows.map((row) => row.help) },
    { name: 'unit', type: 'String', data: rows.map((row) => row.unit) },
    { name: 'updated', type: TIME_TYPE, data: times(rows.map(() => now)) },
  ]);
}

function encodeAlerts(rows: readonly { readonly sequence: number; readonly event: AlertEvent }[]): Uint8Array[] {
  const time = (name: string, of: (event: AlertEvent) => number): WritableColumn => ({
    name,
    type: TIME_TYPE,
    data: times(rows.map((row) => of(row.event))),
  });
  const labels = (name: string, of: (event: AlertEvent) => Labels): WritableColumn => ({
    name,
    type: LABELS_TYPE,
    data: labelsColumn(rows.map((row) => of(row.event).pairs)),
  });
  const text = (name: string, of: (event: AlertEvent) => string): WritableColumn => ({
    name,
    type: 'String',
    data: rows.map((row) => of(row.event)),
  });
  return encodeNativeBlock(rows.length, [
    time('ts', (event) => event.timestamp),
    { name: 'sequence', type: 'UInt64', data: times(rows.map((row) => row.sequence)) },
    text('rule', (event) => event.rule),
    labels('labels', (event) => event.labels),
    labels('annotations', (event) => event.annotations),
    text('state', (event) => event.state),
    time('active_at', (event) => event.activeAt),
    time('fired_at', (event) => event.firedAt),
    time('resolved_at', (event) => event.resolvedAt),
    time('keep_firing_since', (event) => event.keepFiringSince),
    { name: 'value', type: 'Float64', data: Float64Array.from(rows, (row) => row.event.value) },
    time('last_sent_at', (event) => event.lastSentAt),
    text('last_sent_status', (event) => event.lastSentStatus),
  ]);
}
