import type { Labels } from '../labels.ts';
import type { Metadata, MetricType, SampleBatch } from '../series.ts';

/*
 * prometheus.WriteRequest, remote write 1.0:
 *
 *   WriteRequest   { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
 *   TimeSeries     { repeated Label labels = 1; repeated Sample samples = 2; }
 *   Label          { string name = 1; string value = 2; }
 *   Sample         { double value = 1; int64 timestamp = 2; }
 *   MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
 */

/** The labels of a series as they stand in a TimeSeries. */
export function encodeLabels(labels: Labels): Buffer {
  const fields: Buffer[] = [];
  const { pairs } = labels;
  for (let i = 0; i < pairs.length; i += 2) fields.push(message(1, [text(1, pairs[i]!), text(2, pairs[i + 1]!)]));
  return Buffer.concat(fields);
}

/** A request that holds metadata only. */
export function encodeMetadata(metadata: Iterable<Metadata>): Buffer {
  return Buffer.concat(
    Array.from(metadata, ({ metric, type, help, unit }) =>
      message(3, [Buffer.from([0x08, METRIC_TYPES.indexOf(type)]), text(2, metric), text(4, help), text(5, unit)]),
    ),
  );
}

/** By their number in MetricMetadata.MetricType. */
const METRIC_TYPES: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

/** The most that a sample takes: its tag and length, the value, a timestamp of up to 9 bytes. */
export const MAX_SAMPLE_BYTES = 2 + 9 + 1 + 9;
/** The most that a TimeSeries takes beside its labels and samples. */
export const MAX_SERIES_BYTES = 6;

/** The series of a request that is being filled, in the bytes that are sent. The buffer is used again after `reset`. */
export class WriteRequestEncoder {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #length = 0;
  #samples = 0;

  get samples(): number {
    return this.#samples;
  }

  /** The request so far, as it lies in the encoder. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Adds the rows from..to of a batch, which are all of one series. */
  add(labels: Uint8Array, batch: SampleBatch, { from, to }: { readonly from: number; readonly to: number }): void {
    this.#reserve(labels.length + MAX_SERIES_BYTES + (to - from) * MAX_SAMPLE_BYTES);
    const { timestamps, values, stale } = batch;
    let content = labels.length;
    for (let i = from; i < to; i++) content += 12 + varintLength(timestamps[i]!);
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = 0x0a;
    at = putVarint(buffer, at, content);
    buffer.set(labels, at);
    at += labels.length;
    for (let i = from; i < to; i++) {
      const timestamp = timestamps[i]!;
      buffer[at] = 0x12;
      buffer[at + 1] = 10 + varintLength(timestamp);
      buffer[at + 2] = 0x09;
      if (stale[i] !== 0) {
        // As bits: JavaScript does not keep the payload of a NaN.
        buffer.writeUInt32LE(STALE_LOW, at + 3);
        buffer.writeUInt32LE(STALE_HIGH, at + 7);
      } else {
        buffer.writeDoubleLE(values[i]!, at + 3);
      }
      buffer[at + 11] = 0x10;
      at = putVarint(buffer, at + 12, timestamp);
    }
    this.#length = at;
    this.#samples += to - from;
  }

  reset(): void {
    this.#length = 0;
    this.#samples = 0;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const buffer = Buffer.allocUnsafe(Math.max(this.#length + more, Math.ceil(this.#buffer.length * 1.5)));
    buffer.set(this.bytes);
    this.#buffer = buffer;
  }
}

/** The bits of Prometheus' stale marker. */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;

function message(field: number, content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  const head = Buffer.alloc(11);
  head[0] = field * 8 + 2;
  return Buffer.concat([head.subarray(0, putVarint(head, 1, length)), ...content]);
}

function text(field: number, value: string): Buffer {
  return message(field, [Buffer.from(value)]);
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

function putVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 128;
  buffer[at++] = rest;
  return at;
}
