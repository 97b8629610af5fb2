import type { QueryStats } from '../query-result.ts';

/** What the statistics of an answer need besides the query's own. */
export interface StatsContext {
  readonly stats: 'none' | 'summary' | 'all';
  /** Milliseconds that the query waited for its turn. */
  readonly queued: number;
  /** Milliseconds that ordering and cutting the result took. */
  readonly sorting: number;
}

/**
 * The member `stats` of an answer, JSON-ready, in Prometheus' shape: timings in seconds and counts of samples, with those of
 * each step when all is asked for; and what only Pharos counts, samplesRead and seriesRead.
 */
export function renderStats(stats: QueryStats, { stats: kind, queued, sorting }: StatsContext): object {
  const { preparation, evaluation, queryable } = stats;
  const seconds = (milliseconds: number) => milliseconds / 1000;
  const steps = queryable === undefined ? [] : [...queryable.timestamps];
  return {
    timings: {
      evalTotalTime: seconds(preparation + evaluation + sorting),
      resultSortTime: seconds(sorting),
      queryPreparationTime: seconds(preparation),
      innerEvalTime: seconds(evaluation),
      execQueueTime: seconds(queued),
      execTotalTime: seconds(queued + preparation + evaluation + sorting),
    },
    samples: {
      ...(kind === 'all' && queryable !== undefined
        ? { totalQueryableSamplesPerStep: steps.map((time, step) => [time / 1000, queryable.samples[step]]) }
        : {}),
      totalQueryableSamples: queryable?.samples.reduce((sum, count) => sum + count, 0) ?? stats.samplesRead,
      peakSamples: stats.peakSamples,
      samplesRead: stats.samplesRead,
      seriesRead: stats.seriesRead,
    },
  };
}
