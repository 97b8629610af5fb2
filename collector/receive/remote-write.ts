import { uncompressSync } from 'snappy';
import type { Appender } from '../../storage/appender.ts';
import type { Metadata, SampleBatch, SeriesRef } from '../../storage/series.ts';
import { type LabelLimits, LabelsError, parseLabels } from './label-bytes.ts';
import { ProtobufError } from './protobuf-reader.ts';
import { SeriesCache } from './series-cache.ts';
import { WriteRequest } from './write-request.ts';

export interface RemoteWriteOptions extends Partial<LabelLimits> {
  readonly appender: Appender;
  /** Bytes of a request after decompression. Default 32 MiB. */
  readonly maxDecodedBytes?: number;
  /** How far a sample may lie ahead of the clock, as in Prometheus. Default 10 min. */
  readonly maxFuture?: number;
  /** Series whose labels need not be read again. Default 500,000, about 300 bytes each. */
  readonly maxSeries?: number;
  /** A series that is not sent for so long is given back to the appender. Default 15 min. */
  readonly seriesIdle?: number;
  readonly now?: () => number;
}

/** What became of a request whose good series are stored. */
export interface WriteOutcome {
  readonly samples: number;
  /** Samples that were not stored, for the reasons in `problems`. */
  readonly refused: number;
  /** The first reasons, at most ten. */
  readonly problems: readonly string[];
  /** How many series were refused, whole or in part; may be more than `problems`. */
  readonly refusedSeries: number;
  /** Exemplars and native histograms, which are not stored. */
  readonly exemplars: number;
  readonly histograms: number;
}

/** A request that cannot be read at all; nothing of it is stored. `tooLarge` when it is only too large. */
export class WriteRequestError extends Error {
  override readonly name = 'WriteRequestError';
  readonly tooLarge: boolean;

  constructor(message: string, options: ErrorOptions & { tooLarge?: boolean } = {}) {
    super(message, options);
    this.tooLarge = options.tooLarge ?? false;
  }
}

/**
 * The receiving end of Prometheus' remote write 1.0: requests in, samples appended. Samples may come in any order of
 * time. A series with bad labels, or a sample too far in the future, is refused alone; all others are stored.
 */
export class RemoteWriteReceiver {
  readonly #appender: Appender;
  readonly #limits: LabelLimits;
  readonly #maxDecodedBytes: number;
  readonly #maxFuture: number;
  readonly #now: () => number;
  readonly #cache: SeriesCache;
  /** Reused: everything between decoding and appending happens in one go. */
  readonly #request = new WriteRequest();
  #refs = new Uint32Array(4096);
  #closed = false;

  constructor(options: RemoteWriteOptions) {
    this.#appender = options.appender;
    this.#limits = {
      maxLabels: options.maxLabels ?? 128,
      maxNameLength: options.maxNameLength ?? 1024,
      maxValueLength: options.maxValueLength ?? 8192,
    };
    this.#maxDecodedBytes = options.maxDecodedBytes ?? 32 * 2 ** 20;
    this.#maxFuture = options.maxFuture ?? 600_000;
    this.#now = options.now ?? Date.now;
    this.#cache = new SeriesCache(options.appender, {
      capacity: options.maxSeries ?? 500_000,
      idle: options.seriesIdle ?? 900_000,
      now: this.#now,
    });
  }

  /** Series that are known by their bytes. */
  get cachedSeries(): number {
    return this.#cache.size;
  }

  /**
   * Stores the good samples of a snappy-compressed request; resolves when they are durable. Rejects with a
   * WriteRequestError when the body is no such request, and with the appender's StorageError: nothing is stored then.
   */
  async write(body: Uint8Array): Promise<WriteOutcome> {
    const bytes = decompress(body, this.#maxDecodedBytes);
    const request = this.#request;
    try {
      request.decode(bytes);
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error;
      throw new WriteRequestError(`the body must be a prometheus.WriteRequest: ${error.message}`, { cause: error });
    }
    const refusals = new Refusals();
    const { batch, metadata } = this.#resolve(bytes, refusals);
    const outcome: WriteOutcome = {
      samples: batch.length,
      refused: refusals.samples,
      problems: refusals.problems,
      refusedSeries: refusals.series,
      exemplars: request.exemplars,
      histograms: request.histograms,
    };
    let appended: Promise<void> | undefined;
    try {
      // The appender copies the columns before it returns, so the next request may overwrite them.
      if (batch.length > 0) appended = this.#appender.append(batch);
    } finally {
      if (!this.#closed) this.#cache.forget();
      else this.#cache.clear();
    }
    await appended;
    if (metadata.length > 0) this.#appender.describe(metadata);
    return outcome;
  }

  /** Finds each series' ref and leaves out what is refused; the columns move up. */
  #resolve(bytes: Buffer, refusals: Refusals): { batch: SampleBatch; metadata: readonly Metadata[] } {
    const { timestamps, values, stale, samplesEnd, series, metadata } = this.#request;
    if (this.#refs.length < timestamps.length) this.#refs = new Uint32Array(timestamps.length);
    const refs = this.#refs;
    const latest = Math.min(this.#now() + this.#maxFuture, LATEST);
    let length = 0;
    let next = 0;
    for (let index = 0; index < series; index++) {
      const first = next;
      const end = samplesEnd[index]!;
      next = end;
      // Without samples there is nothing to hold a ref for: exemplars or histograms only.
      if (first === end) continue;
      const ref = this.#ref(bytes, index, refusals);
      if (ref === undefined) {
        refusals.samples += end - first;
        continue;
      }
      let outside = 0;
      for (let i = first; i < end; i++) {
        const timestamp = timestamps[i]!;
        if (!(timestamp >= 0 && timestamp <= latest)) {
          outside++;
          continue;
        }
        refs[length] = ref;
        timestamps[length] = timestamp;
        values[length] = values[i]!;
        stale[length] = stale[i]!;
        length++;
      }
      if (outside > 0) {
        refusals.samples += outside;
        refusals.add(() => `${this.#show(bytes, index)}: ${outside} samples lie before 1970 or in the future`);
      }
    }
    return { batch: { length, refs, timestamps, values, stale }, metadata };
  }

  #ref(bytes: Buffer, index: number, refusals: Refusals): SeriesRef | undefined {
    const { labelsStart, labelsEnd, scattered } = this.#request;
    const joined = scattered.size > 0 ? scattered.get(index) : undefined;
    // One character per byte: V8 makes and hashes such a string of 230 bytes in 100 ns, less than any table of bytes here.
    const key =
      joined === undefined
        ? bytes.toString('latin1', labelsStart[index], labelsEnd[index])
        : Buffer.from(joined).toString('latin1');
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    try {
      const ref = this.#appender.acquire(parseLabels(Buffer.from(key, 'latin1'), this.#limits));
      this.#cache.set(key, ref);
      return ref;
    } catch (error) {
      if (!(error instanceof LabelsError || error instanceof ProtobufError)) throw error;
      refusals.add(() => error.message);
      return undefined;
    }
  }

  #show(bytes: Buffer, index: number): string {
    const { labelsStart, labelsEnd, scattered } = this.#request;
    const labels = scattered.get(index) ?? bytes.subarray(labelsStart[index], labelsEnd[index]);
    return parseLabels(labels, this.#limits).toString().slice(0, 300);
  }

  /** Gives series back that are no longer sent; `write` does it too. */
  forgetIdle(): void {
    this.#cache.forget();
  }

  /** Gives all refs back. Writes that are under way still resolve; there must be no new ones. */
  close(): void {
    this.#closed = true;
    this.#cache.clear();
  }
}

/** The last millisecond that the storage can hold: 7 February 2106. */
const LATEST = 2 ** 32 * 1000 - 1;

class Refusals {
  samples = 0;
  series = 0;
  readonly problems: string[] = [];

  add(problem: () => string): void {
    this.series++;
    if (this.problems.length < 10) this.problems.push(problem());
  }
}

/** Snappy's block format begins with the length of what is in it, which is looked at before room is made for it. */
function decompress(body: Uint8Array, limit: number): Buffer {
  const length = decompressedLength(body);
  if (length === undefined) throw new WriteRequestError('the body must be compressed with snappy (block format)');
  if (length > limit) {
    const message = `the request has ${length} bytes when decompressed, at most ${limit} are allowed`;
    throw new WriteRequestError(message, { tooLarge: true });
  }
  if (length === 0) return Buffer.alloc(0);
  try {
    // On this thread: it takes 0.6 ms per megabyte, and the thread pool may be busy with queries for seconds. Without
    // copyOutputData it takes 2.6 ms, for memory that has to come from the system every time.
    return uncompressSync(body, { asBuffer: true, copyOutputData: true }) as Buffer;
  } catch (error) {
    throw new WriteRequestError('the body must be compressed with snappy (block format)', { cause: error });
  }
}

/** A varint of 32 bits; undefined when there is none. */
function decompressedLength(body: Uint8Array): number | undefined {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = body[i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value < 2 ** 32 ? value : undefined;
  }
  return undefined;
}
