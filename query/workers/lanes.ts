import { type Answerer, renderAnswer } from '../api/answer.ts';
import type { PreparedQuery, PreparingEngine, QueryEngine, QueryRequest, QueryResult } from '../query-result.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface LanesOptions {
  /** The engine of this thread, for what is light. */
  readonly local: Pick<PreparingEngine, 'prepare'>;
  readonly pool: Pick<WorkerPool, 'answer' | 'evaluate'>;
  /** A query of more work than this goes to the pool. Default 100,000, some ten milliseconds. */
  readonly lightWork?: number;
  /** Told of each query which way it went. */
  readonly onLane?: (lane: 'light' | 'heavy') => void;
}

/** Both lanes behind the interfaces of one engine. */
export interface Lanes {
  readonly engine: QueryEngine;
  readonly answer: Answerer;
}

/**
 * Light queries run in this thread, where nothing has to be sent; heavy ones in the pool, so that no light one waits behind
 * them. How heavy a query is shows as soon as its series are known.
 */
export function createLanes({ local, pool, lightWork = 100_000, onLane }: LanesOptions): Lanes {
  /** The query when it is light; undefined, and ended, when it is for the pool. */
  const light = async (request: QueryRequest, signal: AbortSignal): Promise<PreparedQuery | undefined> => {
    const prepared = await local.prepare(request, signal);
    const isLight = prepared.work <= lightWork;
    onLane?.(isLight ? 'light' : 'heavy');
    if (!isLight) prepared.end();
    return isLight ? prepared : undefined;
  };
  const run = async (request: QueryRequest, signal: AbortSignal): Promise<QueryResult> => {
    const prepared = await light(request, signal);
    if (prepared !== undefined) return prepared.run();
    return pool.evaluate({ request, limit: 0, stats: 'none', queued: 0 }, signal);
  };
  return {
    engine: {
      instant: (request, signal) => run({ kind: 'instant', ...request }, signal),
      range: (request, signal) => run({ kind: 'range', ...request }, signal),
    },
    answer: async (question, signal) => {
      const prepared = await light(question.request, signal);
      return prepared === undefined ? pool.answer(question, signal) : renderAnswer(question, await prepared.run());
    },
  };
}
