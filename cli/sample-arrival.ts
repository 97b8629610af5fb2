import type { ArrivalFunc } from '../alerting/arrival.ts';
import { SYSTEM_CLOCK, wait } from '../alerting/clock.ts';
import type { Arrivals } from '../collector/scrape/arrivals.ts';
import type { Storage } from '../storage/storage.ts';

export interface SampleArrivalOptions {
  /** What this process collects; undefined when others do. */
  readonly arrivals: Arrivals | undefined;
  /** Whether what has been appended can be queried at once. */
  readonly isImmediate: boolean;
  readonly storage: Pick<Storage, 'flush'>;
  /** How long samples that are late are waited for at most, in milliseconds. Default: as long as a scrape may take. */
  readonly timeout: number | undefined;
}

/** Others' samples are in the store so many milliseconds after they were due: a scrape, and the way there. */
const OTHERS = 5_000;
const FLUSH_TIMEOUT = 5_000;

/** Waits for the samples that evaluations read. */
export function sampleArrival({ arrivals, isImmediate, storage, timeout }: SampleArrivalOptions): ArrivalFunc {
  if (arrivals === undefined) {
    return async (time, signal) => {
      await wait(SYSTEM_CLOCK, Math.max(0, time + (timeout ?? OTHERS) - Date.now()), signal);
      return 'arrived';
    };
  }
  const arrived = timeout === undefined ? arrivals.wait : within(arrivals.wait, timeout);
  if (isImmediate) return arrived;
  return async (time, signal) => {
    const result = await arrived(time, signal);
    const flushed = AbortSignal.any([signal, AbortSignal.timeout(FLUSH_TIMEOUT)]);
    await storage.flush(flushed).catch(() => signal.throwIfAborted());
    return result;
  };
}

/** Not longer than until so many milliseconds after the time. */
function within(arrived: ArrivalFunc, timeout: number): ArrivalFunc {
  return async (time, signal) => {
    const late = new AbortController();
    const over = AbortSignal.any([signal, late.signal]);
    const timer = setTimeout(() => late.abort(), Math.max(0, time + timeout - Date.now()));
    try {
      return await arrived(time, over);
    } catch (error) {
      signal.throwIfAborted();
      if (late.signal.aborted) return 'late';
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}
