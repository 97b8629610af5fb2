import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import type { Appender } from '../../storage/appender.ts';
import { Labels } from '../../storage/labels.ts';
import type { SeriesRef } from '../../storage/series.ts';
import type { Arrivals } from './arrivals.ts';

export interface ArrivalMarksOptions {
  readonly arrivals: Arrivals;
  /** The one that samples go to: what is appended before a mark can be queried before it. */
  readonly appender: Appender;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This collector, among those that write to the store. */
  readonly collector: string;
  /** Milliseconds between two marks. Default 1,000. */
  readonly interval?: number;
}

/** The series of the marks; its values are Unix seconds. One series per collector, by the label `collector`. */
export const ARRIVAL_MARK = 'pharos_collector_arrived_until_seconds';

/**
 * Says in the store up to when everything that was due has arrived, for those who evaluate samples in other processes. Begins at once.
 * `stop` ends the series with a stale marker: nobody is to wait for this collector any more.
 */
export function startArrivalMarks(options: ArrivalMarksOptions): { stop(): Promise<void> } {
  const { arrivals, appender, clock, logger, collector, interval = 1_000 } = options;
  const ref = appender.acquire(Labels.from({ __name__: ARRIVAL_MARK, collector }));
  appender.describe([
    {
      metric: ARRIVAL_MARK,
      type: 'gauge',
      help: 'Until when everything that this collector was to collect has arrived.',
      unit: 'seconds',
    },
  ]);
  let cancel = (): void => {};
  let isRefused = false;
  const put = (value: number): Promise<void> =>
    appender.append(markOf(ref, clock.now(), value)).then(
      () => {
        isRefused = false;
      },
      (error: Error) => {
        // The samples are refused just so, of which more is said.
        if (!isRefused) logger.warn(`the mark of what has arrived was not stored: ${error.message}`);
        isRefused = true;
      },
    );
  const next = (): void => {
    cancel = clock.schedule(interval, () => {
      void put(arrivals.completeUntil / 1000);
      next();
    });
  };
  next();
  return {
    async stop() {
      cancel();
      await put(Number.NaN);
      appender.release([ref]);
    },
  };
}

/** NaN is a stale marker. */
function markOf(ref: SeriesRef, timestamp: number, value: number) {
  return {
    length: 1,
    refs: Uint32Array.of(ref),
    timestamps: Float64Array.of(timestamp),
    values: Float64Array.of(value),
    stale: Uint8Array.of(Number.isNaN(value) ? 1 : 0),
  };
}
