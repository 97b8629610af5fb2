import type { QueryEngine } from '../../query/query-result.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Querier } from '../../storage/querier.ts';
import type { ScriptTarget, TargetFactory } from './run-script.ts';

/** Targets on the in-memory store. Small blocks, so that engines see several. */
export function memoryTarget(newEngine: (querier: Querier) => QueryEngine, blockRows = 100): TargetFactory {
  return async (): Promise<ScriptTarget> => {
    const storage = createMemoryStorage({ blockRows });
    return {
      engine: newEngine(storage.querier),
      async append(labels, samples) {
        if (samples.length === 0) return;
        const ref = storage.appender.acquire(labels);
        await storage.appender.append({
          length: samples.length,
          refs: new Uint32Array(samples.length).fill(ref),
          timestamps: Float64Array.from(samples, (sample) => sample.timestamp),
          values: Float64Array.from(samples, (sample) => sample.value),
          stale: Uint8Array.from(samples, (sample) => (sample.stale ? 1 : 0)),
        });
      },
      flush: () => storage.flush(new AbortController().signal),
      close: () => storage.close(1000),
    };
  };
}
