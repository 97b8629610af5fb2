import type { Appender } from '../../../storage/appender.ts';
import type { Labels } from '../../../storage/labels.ts';
import type { SeriesRef } from '../../../storage/series.ts';
import type { LabelLimits } from '../label-bytes.ts';
import { SeriesCache } from '../series-cache.ts';
import type { OtlpRequest } from './otlp-request.ts';
import { translate } from './translate.ts';

export interface OtlpReceiverOptions extends Partial<LabelLimits> {
  readonly appender: Appender;
  /** How far a sample may lie ahead of the clock, as with remote write. Default 10 min. */
  readonly maxFuture?: number;
  /** Series that are held between requests. Default 500,000, about 500 bytes each. */
  readonly maxSeries?: number;
  /** A series that is not sent for so long is given back to the appender. Default 15 min. */
  readonly seriesIdle?: number;
  readonly now?: () => number;
}

/** What became of a request whose good data points are stored. */
export interface OtlpOutcome {
  readonly samples: number;
  /** Data points that were not stored. */
  readonly rejectedPoints: number;
  /** Why, the first ten reasons. */
  readonly problems: readonly string[];
}

/** Samples from a time on that the storage cannot hold: the year 2100. */
const LATEST = Date.UTC(2100, 0, 1) - 1;
const MAX_PROBLEMS = 10;

/** The receiving end of the OpenTelemetry protocol: decoded requests in, samples appended. */
export class OtlpReceiver {
  readonly #appender: Appender;
  readonly #limits: LabelLimits;
  readonly #maxFuture: number;
  readonly #now: () => number;
  readonly #cache: SeriesCache;
  #closed = false;

  constructor(options: OtlpReceiverOptions) {
    this.#appender = options.appender;
    this.#limits = {
      maxLabels: options.maxLabels ?? 128,
      maxNameLength: options.maxNameLength ?? 1024,
      maxValueLength: options.maxValueLength ?? 8192,
    };
    this.#maxFuture = options.maxFuture ?? 600_000;
    this.#now = options.now ?? Date.now;
    this.#cache = new SeriesCache(options.appender, {
      capacity: options.maxSeries ?? 500_000,
      idle: options.seriesIdle ?? 900_000,
      now: this.#now,
    });
  }

  /** Series that are held. */
  get cachedSeries(): number {
    return this.#cache.size;
  }

  /**
   * Stores what can be stored; resolves when it is durable. Rejects with the appender's StorageError: nothing is stored
   * then, and the request may be repeated whole.
   */
  async write(request: OtlpRequest): Promise<OtlpOutcome> {
    const { samples, metadata, rejected } = translate(request);
    const latest = Math.min(this.#now() + this.#maxFuture, LATEST);
    const reject = (points: number, reason: string): void => {
      rejected.set(reason, (rejected.get(reason) ?? 0) + points);
    };
    const refs = new Uint32Array(samples.length);
    const timestamps = new Float64Array(samples.length);
    const values = new Float64Array(samples.length);
    const stale = new Uint8Array(samples.length);
    let length = 0;
    let appended: Promise<void> | undefined;
    try {
      for (const sample of samples) {
        const problem =
          sample.timestamp > latest || sample.timestamp <= 0
            ? 'data points without a time, or in the future'
            : this.#problemOf(sample.labels);
        if (problem !== undefined) {
          reject(sample.points, problem);
          continue;
        }
        refs[length] = this.#ref(sample.labels);
        timestamps[length] = sample.timestamp;
        values[length] = sample.value;
        stale[length] = sample.stale ? 1 : 0;
        length++;
      }
      if (length > 0) appended = this.#appender.append({ length, refs, timestamps, values, stale });
    } finally {
      if (this.#closed) this.#cache.clear();
      else this.#cache.forget();
    }
    await appended;
    if (metadata.length > 0) this.#appender.describe(metadata);
    let rejectedPoints = 0;
    for (const points of rejected.values()) rejectedPoints += points;
    return { samples: length, rejectedPoints, problems: [...rejected.keys()].slice(0, MAX_PROBLEMS) };
  }

  #ref(labels: Labels): SeriesRef {
    const known = this.#cache.get(labels.key);
    if (known !== undefined) return known;
    const ref = this.#appender.acquire(labels);
    this.#cache.set(labels.key, ref);
    return ref;
  }

  #problemOf(labels: Labels): string | undefined {
    const { maxLabels, maxNameLength, maxValueLength } = this.#limits;
    const where = () => `a series of ${JSON.stringify(labels.metric.slice(0, 80))}`;
    if (labels.size > maxLabels) return `${where()} has ${labels.size} labels, at most ${maxLabels} are allowed`;
    for (const [name, value] of labels) {
      // Code units: bytes are at least as many, and at most three times as many.
      if (name.length * 3 > maxNameLength && Buffer.byteLength(name) > maxNameLength) {
        return `${where()} has a label name of more than ${maxNameLength} bytes`;
      }
      if (value.length * 3 > maxValueLength && Buffer.byteLength(value) > maxValueLength) {
        return `${where()} has more than ${maxValueLength} bytes in label ${JSON.stringify(name)}`;
      }
    }
    return undefined;
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
