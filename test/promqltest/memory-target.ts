import type { QueryEngine } from '../../query/query-result.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Querier } from '../../storage/querier.ts';
import type { TargetFactory } from './run-script.ts';
import { targetOn } from './target-on.ts';

/** Targets on the in-memory store. Small blocks, so that engines see several. */
export function memoryTarget(newEngine: (querier: Querier) => QueryEngine, blockRows = 100): TargetFactory {
  return async () => {
    const storage = createMemoryStorage({ blockRows });
    return targetOn({
      engine: newEngine(storage.querier),
      appender: storage.appender,
      flush: () => storage.flush(new AbortController().signal),
      close: () => storage.close(1000),
    });
  };
}
