import type { Metadata, MetricType } from '../../storage/series.ts';
import { BYTES, FIXED64, ProtobufError, ProtobufReader, tagOf, VARINT } from './protobuf-reader.ts';

/*
 * prometheus.WriteRequest, remote write 1.0, decoded into columns:
 *
 *   WriteRequest   { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
 *   TimeSeries     { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3;
 *                    repeated Histogram histograms = 4; }
 *   Label          { string name = 1; string value = 2; }
 *   Sample         { double value = 1; int64 timestamp = 2; }
 *   MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
 *
 * Labels stay as bytes: a receiver that has seen the same bytes before need not look into them.
 */

/** One request, decoded. `decode` overwrites it; the columns grow and are kept, so that nothing is allocated per sample. */
export class WriteRequest {
  /** Where each series' labels are in the decoded bytes, or in `scattered` when they are not in one piece. */
  labelsStart = new Uint32Array(1024);
  labelsEnd = new Uint32Array(1024);
  /** The index behind each series' last sample. */
  samplesEnd = new Uint32Array(1024);
  series = 0;

  timestamps = new Float64Array(4096);
  values = new Float64Array(4096);
  stale = new Uint8Array(4096);
  samples = 0;

  /** Labels between which something else stood, joined; by the series' index. */
  readonly scattered = new Map<number, Uint8Array>();
  metadata: Metadata[] = [];
  exemplars = 0;
  histograms = 0;

  /**
   * Decodes a request. Throws a ProtobufError when the bytes are no such message; what it holds is then undefined.
   * `bytes` must stay as they are while the labels are in use.
   */
  decode(bytes: Uint8Array): void {
    this.series = 0;
    this.samples = 0;
    this.exemplars = 0;
    this.histograms = 0;
    this.scattered.clear();
    this.metadata = [];
    const reader = new ProtobufReader(bytes);
    const end = reader.end;
    while (reader.position < end) {
      const tag = reader.tag();
      switch (tag >>> 3) {
        case 1:
          expectBytes(tag, 'timeseries');
          reader.end = reader.lengthEnd();
          this.#timeSeries(reader);
          reader.end = end;
          break;
        case 3:
          expectBytes(tag, 'metadata');
          reader.end = reader.lengthEnd();
          this.#metadata(reader);
          reader.end = end;
          break;
        default:
          reader.skip(tag);
      }
    }
  }

  #timeSeries(reader: ProtobufReader): void {
    const end = reader.end;
    const index = this.series;
    let labelsStart = reader.position;
    let labelsEnd = reader.position;
    while (reader.position < end) {
      const start = reader.position;
      const tag = reader.tag();
      switch (tag) {
        case LABELS: {
          const labelEnd = reader.lengthEnd();
          if (labelsEnd === labelsStart) {
            labelsStart = start;
          } else if (start !== labelsEnd || this.scattered.has(index)) {
            this.#scatter(index, reader.bytes, { labelsStart, labelsEnd, start, end: labelEnd });
          }
          labelsEnd = labelEnd;
          reader.position = labelEnd;
          break;
        }
        case SAMPLES: {
          const sampleEnd = reader.lengthEnd();
          reader.end = sampleEnd;
          this.#sample(reader);
          reader.end = end;
          break;
        }
        default:
          switch (tag >>> 3) {
            case 1:
            case 2:
              throw new ProtobufError('wrong wire type in timeseries');
            case 3:
              this.exemplars++;
              break;
            case 4:
              this.histograms++;
              break;
          }
          reader.skip(tag);
      }
    }
    if (index === this.labelsStart.length) this.#growSeries();
    this.labelsStart[index] = labelsStart;
    this.labelsEnd[index] = labelsEnd;
    this.samplesEnd[index] = this.samples;
    this.series = index + 1;
  }

  #scatter(
    index: number,
    bytes: Uint8Array,
    span: { labelsStart: number; labelsEnd: number; start: number; end: number },
  ): void {
    const before = this.scattered.get(index) ?? bytes.subarray(span.labelsStart, span.labelsEnd);
    this.scattered.set(index, Buffer.concat([before, bytes.subarray(span.start, span.end)]));
  }

  #sample(reader: ProtobufReader): void {
    const end = reader.end;
    let valueAt = -1;
    let timestamp = 0;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === SAMPLE_VALUE) valueAt = reader.fixed64();
      else if (tag === SAMPLE_TIMESTAMP) timestamp = reader.int64();
      else if (tag >>> 3 <= 2) throw new ProtobufError('wrong wire type in a sample');
      else reader.skip(tag);
    }
    const index = this.samples;
    if (index === this.timestamps.length) this.#growSamples();
    this.timestamps[index] = timestamp;
    let stale = 0;
    let value = 0;
    if (valueAt >= 0) {
      // As bits: a double loses its NaN payload as soon as it is stored.
      stale =
        reader.view.getUint32(valueAt, true) === STALE_LOW && reader.view.getUint32(valueAt + 4, true) === STALE_HIGH
          ? 1
          : 0;
      value = stale === 1 ? Number.NaN : reader.view.getFloat64(valueAt, true);
    }
    this.values[index] = value;
    this.stale[index] = stale;
    this.samples = index + 1;
  }

  #metadata(reader: ProtobufReader): void {
    const end = reader.end;
    let type = 0;
    let metric = '';
    let help = '';
    let unit = '';
    while (reader.position < end) {
      const tag = reader.tag();
      switch (tag) {
        case tagOf(1, VARINT):
          type = reader.int64();
          break;
        case tagOf(2, BYTES):
          metric = text(reader);
          break;
        case tagOf(4, BYTES):
          help = text(reader);
          break;
        case tagOf(5, BYTES):
          unit = text(reader);
          break;
        default:
          reader.skip(tag);
      }
    }
    if (metric !== '') this.metadata.push({ metric, type: METRIC_TYPES[type] ?? 'unknown', help, unit });
  }

  #growSeries(): void {
    const length = this.labelsStart.length * 2;
    this.labelsStart = grown(this.labelsStart, new Uint32Array(length));
    this.labelsEnd = grown(this.labelsEnd, new Uint32Array(length));
    this.samplesEnd = grown(this.samplesEnd, new Uint32Array(length));
  }

  #growSamples(): void {
    const length = this.timestamps.length * 2;
    this.timestamps = grown(this.timestamps, new Float64Array(length));
    this.values = grown(this.values, new Float64Array(length));
    this.stale = grown(this.stale, new Uint8Array(length));
  }
}

const LABELS = tagOf(1, BYTES);
const SAMPLES = tagOf(2, BYTES);
const SAMPLE_VALUE = tagOf(1, FIXED64);
const SAMPLE_TIMESTAMP = tagOf(2, VARINT);

/** The bits of Prometheus' stale marker. */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;

/** By the number in MetricMetadata.MetricType. */
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

function expectBytes(tag: number, field: string): void {
  if ((tag & 7) !== BYTES) throw new ProtobufError(`wrong wire type of ${field}`);
}

/** Metadata is for reading, so broken UTF-8 in it becomes replacement characters. */
function text(reader: ProtobufReader): string {
  const end = reader.lengthEnd();
  const { bytes, position } = reader;
  reader.position = end;
  return Buffer.from(bytes.buffer, bytes.byteOffset + position, end - position).toString();
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
