import type { ArrivalFunc } from '../alerting/arrival.ts';
import { withDeadline } from '../alerting/deadline.ts';
import { createStoredArrivals } from '../alerting/stored-arrivals.ts';
import { SYSTEM_CLOCK } from '../clock/clock.ts';
import { ARRIVAL_MARK } from '../collector/scrape/arrival-marks.ts';
import type { Arrivals } from '../collector/scrape/arrivals.ts';
import type { Storage } from '../storage/storage.ts';

export interface SampleArrivalOptions {
  /** What this process collects, if nobody else does; undefined when others do, who leave marks in the store. */
  readonly arrivals: Arrivals | undefined;
  /** Whether what has been appended can be queried at once. */
  readonly isImmediate: boolean;
  readonly storage: Pick<Storage, 'flush' | 'querier'>;
  /** How long samples that are late are waited for at most, in milliseconds. Default: as long as a scrape may take. */
  readonly timeout: number | undefined;
}

const FLUSH_TIMEOUT = 5_000;

/** Waits for the samples that evaluations read. */
export function sampleArrival({ arrivals, isImmediate, storage, timeout }: SampleArrivalOptions): ArrivalFunc {
  if (arrivals === undefined) {
    return createStoredArrivals({
      querier: storage.querier,
      clock: SYSTEM_CLOCK,
      metric: ARRIVAL_MARK,
      ...(timeout !== undefined && { patience: timeout }),
    });
  }
  const arrived = timeout === undefined ? arrivals.wait : within(arrivals.wait, timeout);
  if (isImmediate) return arrived;
  return async (time, signal) => {
    const result = await arrived(time, signal);
    const message = `the store did not make samples visible within ${FLUSH_TIMEOUT} ms`;
    const flush = (within: AbortSignal) => storage.flush(within);
    await withDeadline(flush, { signal, timeout: FLUSH_TIMEOUT, message }).catch(() => signal.throwIfAborted());
    return result;
  };
}

/** Not longer than until so many milliseconds after the time. */
function within(arrived: ArrivalFunc, patience: number): ArrivalFunc {
  return async (time, signal) => {
    const timeout = Math.max(0, time + patience - Date.now());
    const message = `samples must arrive within ${timeout} ms`;
    try {
      return await withDeadline((until) => arrived(time, until), { signal, timeout, message });
    } catch {
      signal.throwIfAborted();
      return 'late';
    }
  };
}
