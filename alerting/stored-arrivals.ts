import { type Clock, wait } from '../clock/clock.ts';
import { METRIC_NAME } from '../storage/labels.ts';
import { Matcher } from '../storage/matcher.ts';
import type { Querier } from '../storage/querier.ts';
import { readSamples } from '../storage/read-samples.ts';
import type { ArrivalFunc } from './arrival.ts';
import { withDeadline } from './deadline.ts';

export interface StoredArrivalsOptions {
  readonly querier: Pick<Querier, 'select'>;
  readonly clock: Clock;
  /** The series of the collectors' marks: Unix seconds up to which everything has arrived. */
  readonly metric: string;
  /**
   * How long an evaluation waits at most, in milliseconds; and how long after its time it begins where no collector leaves marks.
   * Default 5,000.
   */
  readonly patience?: number;
  /** A collector that has left no mark for so long is not waited for, in milliseconds. Default 30,000. */
  readonly forgottenAfter?: number;
  /** How often the marks are read while somebody waits, in milliseconds. Default 500. */
  readonly interval?: number;
}

/** A collector's newest mark. */
interface Mark {
  /** When it was left. */
  readonly at: number;
  readonly until: number;
}

const READ_TIMEOUT = 5_000;

/**
 * Waits for samples that other processes collect, by the marks that they leave in the store. A mark that can be queried says that
 * all up to its time can be: both went the same way. Collectors are those that have left a mark of late; one that died holds up
 * evaluations by their patience until it is forgotten, one that was stopped by nothing.
 */
export function createStoredArrivals(options: StoredArrivalsOptions): ArrivalFunc {
  const { clock, patience = 5_000, forgottenAfter = 30_000, interval = 500 } = options;
  const marks = new Marks(options, forgottenAfter);
  return async (time, signal) => {
    const deadline = clock.elapsed() + patience;
    for (;;) {
      signal.throwIfAborted();
      // What cannot be read now may be read in a moment; if not, the evaluation will say so.
      const found = await marks.since(clock.elapsed() - interval, signal).catch(() => undefined);
      signal.throwIfAborted();
      const now = clock.now();
      if (found?.length === 0) {
        await wait(clock, time + patience - now, signal);
        signal.throwIfAborted();
        return 'arrived';
      }
      if (found?.every(({ at, until }) => until >= time || at < now - forgottenAfter) === true) return 'arrived';
      if (clock.elapsed() >= deadline) return 'late';
      await wait(clock, Math.min(interval, deadline - clock.elapsed()), signal);
    }
  };
}

/** The marks, read once for all who wait at a time. */
class Marks {
  readonly #options: StoredArrivalsOptions;
  readonly #reach: number;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<readonly Mark[]> = Promise.resolve([]);

  constructor(options: StoredArrivalsOptions, reach: number) {
    this.#options = options;
    this.#reach = reach;
  }

  /** As they were read after this moment of the clock. */
  async since(moment: number, signal: AbortSignal): Promise<readonly Mark[]> {
    const { clock } = this.#options;
    if (this.#readAt <= moment) {
      this.#readAt = clock.elapsed();
      this.#reading = this.#read();
    }
    const message = `the marks of collectors must be read within ${READ_TIMEOUT / 1000} s`;
    return withDeadline(() => this.#reading, { signal, timeout: READ_TIMEOUT, message });
  }

  async #read(): Promise<readonly Mark[]> {
    const { querier, clock, metric } = this.#options;
    const now = clock.now();
    const selection = {
      matchers: [new Matcher(METRIC_NAME, '=', metric)],
      start: now - this.#reach,
      end: now + this.#reach,
    };
    const set = await querier.select(selection, AbortSignal.timeout(READ_TIMEOUT));
    return (await readSamples(set)).flatMap((samples) => {
      const newest = samples.at(-1);
      if (newest === undefined) return [];
      // One that was stopped has nothing to wait for.
      return [{ at: newest.timestamp, until: newest.stale ? Number.POSITIVE_INFINITY : newest.value * 1000 }];
    });
  }
}
