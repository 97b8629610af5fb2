import { BYTES, FIXED64, ProtobufError, ProtobufReader, tagOf, VARINT } from '../protobuf-reader.ts';
import {
  type Attribute,
  type AttributeValue,
  type HistogramPoint,
  type MetricData,
  type NumberPoint,
  OtlpError,
  type OtlpMetric,
  type OtlpRequest,
  type OtlpResource,
  type SummaryPoint,
  TEMPORALITIES,
  type Temporality,
} from './otlp-request.ts';

/** How deep values of attributes may nest. */
const MAX_DEPTH = 20;

/** Decodes opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest. Throws an OtlpError. */
export function decodeProtobuf(bytes: Uint8Array): OtlpRequest {
  const reader = new ProtobufReader(bytes);
  const resources: OtlpResource[] = [];
  try {
    fields(reader, { [tagOf(1, BYTES)]: () => resources.push(resource(reader)) });
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw new OtlpError(`the body must be an ExportMetricsServiceRequest: ${error.message}`, { cause: error });
  }
  return { resources };
}

/** Calls what belongs to the tag of each field up to the reader's end; a message inside is the reader's whole while it is read. */
function fields(reader: ProtobufReader, handlers: Readonly<Record<number, () => void>>): void {
  const { end } = reader;
  while (reader.position < end) {
    const tag = reader.tag();
    const handle = handlers[tag];
    if (handle === undefined) {
      reader.skip(tag);
    } else if ((tag & 7) === BYTES) {
      const innerEnd = reader.lengthEnd();
      reader.end = innerEnd;
      handle();
      reader.position = innerEnd;
      reader.end = end;
    } else {
      handle();
    }
  }
}

function resource(reader: ProtobufReader): OtlpResource {
  const attributes: Attribute[] = [];
  const metrics: OtlpMetric[] = [];
  fields(reader, {
    [tagOf(1, BYTES)]: () => fields(reader, { [tagOf(1, BYTES)]: () => attributes.push(attribute(reader)) }),
    [tagOf(2, BYTES)]: () => fields(reader, { [tagOf(2, BYTES)]: () => metrics.push(metric(reader)) }),
  });
  return { attributes, metrics };
}

function metric(reader: ProtobufReader): OtlpMetric {
  let name = '';
  let description = '';
  let unit = '';
  let data: MetricData | undefined;
  fields(reader, {
    [tagOf(1, BYTES)]: () => (name = text(reader)),
    [tagOf(2, BYTES)]: () => (description = text(reader)),
    [tagOf(3, BYTES)]: () => (unit = text(reader)),
    [tagOf(5, BYTES)]: () => (data = { kind: 'gauge', ...points(reader, numberPoint) }),
    [tagOf(7, BYTES)]: () => (data = { kind: 'sum', ...points(reader, numberPoint) }),
    [tagOf(9, BYTES)]: () => (data = { kind: 'histogram', ...points(reader, histogramPoint) }),
    [tagOf(10, BYTES)]: () => (data = { kind: 'exponential-histogram', ...points(reader, () => undefined) }),
    [tagOf(11, BYTES)]: () => (data = { kind: 'summary', ...points(reader, summaryPoint) }),
  });
  return { name, description, unit, data };
}

/** What Gauge, Sum, Histogram, ExponentialHistogram and Summary have at the same places. */
function points<Point>(
  reader: ProtobufReader,
  point: (reader: ProtobufReader) => Point,
): { readonly points: Point[]; readonly temporality: Temporality; readonly monotonic: boolean } {
  const found: Point[] = [];
  let temporality: Temporality = 'unspecified';
  let monotonic = false;
  fields(reader, {
    [tagOf(1, BYTES)]: () => found.push(point(reader)),
    [tagOf(2, VARINT)]: () => (temporality = TEMPORALITIES[reader.int64()] ?? 'unspecified'),
    [tagOf(3, VARINT)]: () => (monotonic = reader.int64() !== 0),
  });
  return { points: found, temporality, monotonic };
}

const NO_RECORDED_VALUE = 1;

function numberPoint(reader: ProtobufReader): NumberPoint {
  const attributes: Attribute[] = [];
  let timestamp = 0;
  let value = 0;
  let flags = 0;
  fields(reader, {
    [tagOf(7, BYTES)]: () => attributes.push(attribute(reader)),
    [tagOf(3, FIXED64)]: () => (timestamp = milliseconds(reader)),
    [tagOf(4, FIXED64)]: () => (value = double(reader)),
    [tagOf(6, FIXED64)]: () => (value = Number(reader.view.getBigInt64(reader.fixed64(), true))),
    [tagOf(8, VARINT)]: () => (flags = reader.int64()),
  });
  return { attributes, timestamp, value, ended: (flags & NO_RECORDED_VALUE) !== 0 };
}

function histogramPoint(reader: ProtobufReader): HistogramPoint {
  const attributes: Attribute[] = [];
  const bucketCounts: number[] = [];
  const bounds: number[] = [];
  let timestamp = 0;
  let count = 0;
  let sum: number | undefined;
  let flags = 0;
  fields(reader, {
    [tagOf(9, BYTES)]: () => attributes.push(attribute(reader)),
    [tagOf(3, FIXED64)]: () => (timestamp = milliseconds(reader)),
    [tagOf(4, FIXED64)]: () => (count = uint64(reader)),
    [tagOf(5, FIXED64)]: () => (sum = double(reader)),
    // Repeated numbers come packed, or one by one from old encoders.
    [tagOf(6, BYTES)]: () => all(reader, () => bucketCounts.push(uint64(reader))),
    [tagOf(6, FIXED64)]: () => bucketCounts.push(uint64(reader)),
    [tagOf(7, BYTES)]: () => all(reader, () => bounds.push(double(reader))),
    [tagOf(7, FIXED64)]: () => bounds.push(double(reader)),
    [tagOf(10, VARINT)]: () => (flags = reader.int64()),
  });
  return { attributes, timestamp, count, sum, bucketCounts, bounds, ended: (flags & NO_RECORDED_VALUE) !== 0 };
}

function summaryPoint(reader: ProtobufReader): SummaryPoint {
  const attributes: Attribute[] = [];
  const quantiles: { quantile: number; value: number }[] = [];
  let timestamp = 0;
  let count = 0;
  let sum = 0;
  let flags = 0;
  fields(reader, {
    [tagOf(7, BYTES)]: () => attributes.push(attribute(reader)),
    [tagOf(3, FIXED64)]: () => (timestamp = milliseconds(reader)),
    [tagOf(4, FIXED64)]: () => (count = uint64(reader)),
    [tagOf(5, FIXED64)]: () => (sum = double(reader)),
    [tagOf(6, BYTES)]: () => {
      const one = { quantile: 0, value: 0 };
      fields(reader, {
        [tagOf(1, FIXED64)]: () => (one.quantile = double(reader)),
        [tagOf(2, FIXED64)]: () => (one.value = double(reader)),
      });
      quantiles.push(one);
    },
    [tagOf(8, VARINT)]: () => (flags = reader.int64()),
  });
  return { attributes, timestamp, count, sum, quantiles, ended: (flags & NO_RECORDED_VALUE) !== 0 };
}

function attribute(reader: ProtobufReader, depth = 0): Attribute {
  let key = '';
  let value: AttributeValue;
  fields(reader, {
    [tagOf(1, BYTES)]: () => (key = text(reader)),
    [tagOf(2, BYTES)]: () => (value = anyValue(reader, depth)),
  });
  return [key, value];
}

function anyValue(reader: ProtobufReader, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) throw new ProtobufError(`an attribute nests deeper than ${MAX_DEPTH}`);
  let value: AttributeValue;
  fields(reader, {
    [tagOf(1, BYTES)]: () => (value = text(reader)),
    [tagOf(2, VARINT)]: () => (value = reader.int64() !== 0),
    [tagOf(3, VARINT)]: () => (value = int64(reader)),
    [tagOf(4, FIXED64)]: () => (value = double(reader)),
    [tagOf(5, BYTES)]: () => {
      const items: AttributeValue[] = [];
      fields(reader, { [tagOf(1, BYTES)]: () => items.push(anyValue(reader, depth + 1)) });
      value = items;
    },
    [tagOf(6, BYTES)]: () => {
      const entries: Attribute[] = [];
      fields(reader, { [tagOf(1, BYTES)]: () => entries.push(attribute(reader, depth + 1)) });
      value = { entries };
    },
    [tagOf(7, BYTES)]: () => (value = reader.bytes.slice(reader.position, reader.end)),
  });
  return value;
}

function all(reader: ProtobufReader, read: () => void): void {
  while (reader.position < reader.end) read();
}

/** What is between the reader's position and end; broken UTF-8 becomes replacement characters. */
function text(reader: ProtobufReader): string {
  const { bytes, position, end } = reader;
  return Buffer.from(bytes.buffer, bytes.byteOffset + position, end - position).toString();
}

function double(reader: ProtobufReader): number {
  return reader.view.getFloat64(reader.fixed64(), true);
}

function uint64(reader: ProtobufReader): number {
  return Number(reader.view.getBigUint64(reader.fixed64(), true));
}

/** Exact: it becomes the value of a label. */
function int64(reader: ProtobufReader): number | bigint {
  const from = reader.position;
  const value = reader.int64();
  if (Number.isSafeInteger(value)) return value;
  let exact = 0n;
  for (let at = reader.position - 1; at >= from; at--) exact = (exact << 7n) | BigInt(reader.bytes[at]! & 127);
  return BigInt.asIntN(64, exact);
}

function milliseconds(reader: ProtobufReader): number {
  return Number(reader.view.getBigUint64(reader.fixed64(), true) / 1_000_000n);
}
