import type { QueryEngine } from '../../query/query-result.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Querier } from '../../storage/querier.ts';
import { RecentSamples } from '../../storage/recent/recent-samples.ts';
import { wantingAll } from '../../storage/recent/wanting-all.case.ts';
import type { TargetFactory } from './run-script.ts';
import { targetOn } from './target-on.ts';

/** Further back than any script. */
const EVER = 1e12;

/** Targets whose samples are all in a window over recent samples, where a script may be at any time. */
export function recentTarget(newEngine: (querier: Querier) => QueryEngine): TargetFactory {
  return async () => {
    const recent = new RecentSamples({ storage: createMemoryStorage(), now: () => 0, maxReach: EVER });
    const storage = wantingAll(recent, EVER);
    return targetOn({
      engine: newEngine(storage.querier),
      appender: storage.appender,
      flush: () => storage.flush(new AbortController().signal),
      close: () => storage.close(1000),
    });
  };
}
