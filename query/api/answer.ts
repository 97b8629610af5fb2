import type { QueryEngine, QueryRequest, QueryResult, QueryStats, QueryValue } from '../query-result.ts';
import { queryChunks } from './render.ts';
import { renderStats } from './render-stats.ts';

/** A query as it was asked over HTTP: plain data, which may be sent to another thread. */
export interface Question {
  readonly request: QueryRequest;
  /** At most so many series are answered; 0: all. */
  readonly limit: number;
  /** Whether the answer has statistics, and whether those of each step are among them. */
  readonly stats: 'none' | 'summary' | 'all';
  /** Milliseconds that the query has waited for its turn. */
  readonly queued: number;
}

/** An answer whose text is made while it is sent. */
export interface Answer {
  /** The whole envelope, as UTF-8 or as strings. */
  readonly chunks: Iterator<string | Uint8Array> | AsyncIterator<string | Uint8Array>;
  readonly stats: QueryStats;
}

/** An answer that is rendered in this thread. */
export interface RenderedAnswer extends Answer {
  readonly chunks: Iterator<string>;
}

/** Answers questions; rejects with a QueryError, before any chunk is made. */
export type Answerer = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** What of an answer was left out because of `limit`. */
export const TRUNCATED = 'results truncated due to limit';

/** Answers in this thread. */
export function localAnswerer(engine: QueryEngine): Answerer {
  return async (question, signal) => renderAnswer(question, await runQuestion(engine, question, signal));
}

export function runQuestion(engine: QueryEngine, { request }: Question, signal: AbortSignal): Promise<QueryResult> {
  return request.kind === 'instant' ? engine.instant(request, signal) : engine.range(request, signal);
}

/** The envelope of a result. */
export function renderAnswer(question: Question, result: QueryResult): RenderedAnswer {
  const began = performance.now();
  const { value, truncated } = truncate(result.value, question.limit);
  const warnings = truncated ? [...result.warnings, TRUNCATED] : result.warnings;
  const { stats, explain, infos } = result;
  const extras = {
    ...(question.stats === 'none'
      ? {}
      : { stats: renderStats(stats, { ...question, sorting: performance.now() - began }) }),
    ...(explain === undefined ? {} : { explain }),
  };
  return { chunks: queryChunks(value, { warnings, infos }, extras), stats };
}

function truncate(value: QueryValue, limit: number): { readonly value: QueryValue; readonly truncated: boolean } {
  if (limit > 0 && value.type === 'vector' && value.samples.length > limit) {
    return { value: { ...value, samples: value.samples.slice(0, limit) }, truncated: true };
  }
  if (limit > 0 && value.type === 'matrix' && value.series.length > limit) {
    return { value: { ...value, series: value.series.slice(0, limit) }, truncated: true };
  }
  return { value, truncated: false };
}
