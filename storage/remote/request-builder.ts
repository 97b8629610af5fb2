import { compressSync } from 'snappy';
import type { Metadata, SampleBatch } from '../series.ts';
import type { EncodedSeries } from './encoded-series.ts';
import type { SegmentPart } from './remote-segment.ts';
import { encodeMetadata, MAX_SAMPLE_BYTES, MAX_SERIES_BYTES, WriteRequestEncoder } from './write-request-encoder.ts';

/** Uncompressed bytes at which a request is closed, however few samples it has. */
const REQUEST_BYTES = 4 * 2 ** 20;

/** The requests of the segment that is being filled: appending a sample is the encoding of it. */
export class RequestBuilder {
  readonly #maxSamples: number;
  readonly #encoder = new WriteRequestEncoder();
  #parts: SegmentPart[] = [];
  #compressedBytes = 0;
  #metadata = new Map<string, Metadata>();
  #samples = 0;

  /** A request holds at most so many samples. */
  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  get isEmpty(): boolean {
    return this.#samples === 0 && this.#metadata.size === 0;
  }

  get samples(): number {
    return this.#samples;
  }

  /** The most that the segment can take on the disk as it is now. */
  get maxBytes(): number {
    return this.#compressedBytes + worstCase(this.#encoder.bytes.length) + this.#metadata.size * METADATA_BYTES;
  }

  /** The most that a batch can add to it. */
  static maxBytesOf(series: EncodedSeries, { refs, length }: SampleBatch): number {
    let bytes = 0;
    for (let i = 0; i < length; i++) {
      const labels = series.lengthOf(refs[i]!);
      if (labels > 0) bytes += labels + MAX_SERIES_BYTES + MAX_SAMPLE_BYTES;
    }
    return worstCase(bytes);
  }

  /** Adds the samples of series that are sent; gives how many are not. */
  add(series: EncodedSeries, batch: SampleBatch): number {
    const { refs, length } = batch;
    let dropped = 0;
    for (let from = 0; from < length; ) {
      const ref = refs[from]!;
      let to = from + 1;
      while (to < length && refs[to] === ref) to++;
      if (series.lengthOf(ref) === 0) {
        dropped += to - from;
        from = to;
        continue;
      }
      to = Math.min(to, from + this.#maxSamples - this.#encoder.samples);
      this.#encoder.add(series.labelsOf(ref), batch, { from, to });
      this.#samples += to - from;
      if (this.#encoder.samples >= this.#maxSamples || this.#encoder.bytes.length >= REQUEST_BYTES) this.#closePart();
      from = to;
    }
    return dropped;
  }

  addMetadata(metadata: Metadata): void {
    this.#metadata.set(metadata.metric, metadata);
  }

  /** The parts of the segment; the builder is empty afterwards. */
  finish(): readonly SegmentPart[] {
    if (this.#encoder.samples > 0) this.#closePart();
    if (this.#metadata.size > 0) {
      // By itself: a receiver that does not like it must not refuse samples for it.
      this.#parts.push({ samples: 0, body: compressSync(encodeMetadata(this.#metadata.values())) });
    }
    const parts = this.#parts;
    this.#parts = [];
    this.#compressedBytes = 0;
    this.#metadata = new Map();
    this.#samples = 0;
    return parts;
  }

  #closePart(): void {
    const body = compressSync(this.#encoder.bytes);
    this.#parts.push({ samples: this.#encoder.samples, body });
    this.#compressedBytes += body.length + 8;
    this.#encoder.reset();
  }
}

/** What metadata of a metric takes about. */
const METADATA_BYTES = 300;

/** Snappy's bound for what does not compress. */
function worstCase(bytes: number): number {
  return bytes === 0 ? 0 : bytes + Math.ceil(bytes / 6) + 40;
}
