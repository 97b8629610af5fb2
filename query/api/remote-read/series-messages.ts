import type { Labels } from '../../../storage/labels.ts';
import type { SeriesSamples } from '../../../storage/sample-table.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { type DoubleBits, XorChunk } from './xor-chunk.ts';

/** As many as Prometheus puts into one. */
const SAMPLES_PER_CHUNK = 120;
const XOR = 1;

/** Prometheus tells stale markers and other NaNs apart by these bits. */
const STALE: DoubleBits = { high: 0x7ff00000, low: 2 };
const NAN: DoubleBits = { high: 0x7ff80000, low: 1 };

const view = new DataView(new ArrayBuffer(8));
const label = new ProtobufWriter();
const sample = new ProtobufWriter();

/** The fields `repeated Label labels = 1` of a series, where a Label is `{ string name = 1; string value = 2; }`. */
export function writeLabels(out: ProtobufWriter, labels: Labels): void {
  for (const [name, value] of labels) {
    label.clear();
    label.string(1, name);
    label.string(2, value);
    out.bytes(1, label.view());
  }
}

/** The fields `repeated Sample samples = 2` of a TimeSeries: `Sample { double value = 1; int64 timestamp = 2; }`. */
export function writeSamples(out: ProtobufWriter, samples: SeriesSamples): void {
  for (let i = 0; i < samples.length; i++) {
    const { high, low } = bitsAt(samples, i);
    sample.clear();
    sample.double(1, high, low);
    sample.int64(2, samples.timestamps[i]!);
    out.bytes(2, sample.view());
  }
}

/** Messages `Chunk { int64 min_time_ms = 1; int64 max_time_ms = 2; Encoding type = 3; bytes data = 4; }`. */
export function* chunksOf(samples: SeriesSamples): Generator<Buffer> {
  for (let from = 0; from < samples.length; from += SAMPLES_PER_CHUNK) {
    const to = Math.min(from + SAMPLES_PER_CHUNK, samples.length);
    const chunk = new XorChunk();
    for (let i = from; i < to; i++) chunk.append(samples.timestamps[i]!, bitsAt(samples, i));
    const out = new ProtobufWriter();
    out.int64(1, samples.timestamps[from]!);
    out.int64(2, samples.timestamps[to - 1]!);
    out.int64(3, XOR);
    out.bytes(4, chunk.finish());
    yield out.view();
  }
}

function bitsAt({ values, stale }: SeriesSamples, index: number): DoubleBits {
  if (stale[index] === 1) return STALE;
  const value = values[index]!;
  if (Number.isNaN(value)) return NAN;
  view.setFloat64(0, value);
  return { high: view.getUint32(0), low: view.getUint32(4) };
}
