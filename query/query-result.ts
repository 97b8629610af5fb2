import type { Labels } from '../storage/labels.ts';

/** One series of an instant answer. */
export interface VectorSample {
  readonly labels: Labels;
  readonly timestamp: number;
  readonly value: number;
}

/** One series of a range answer, or of an instant query whose expression is a range vector. Both columns have the same length. */
export interface MatrixSeries {
  readonly labels: Labels;
  /** Milliseconds, rising. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

export type QueryValue =
  | { readonly type: 'scalar'; readonly timestamp: number; readonly value: number }
  | { readonly type: 'string'; readonly timestamp: number; readonly value: string }
  | { readonly type: 'vector'; readonly samples: readonly VectorSample[] }
  | { readonly type: 'matrix'; readonly series: readonly MatrixSeries[] };

export interface QueryResult {
  readonly value: QueryValue;
  /** Annotations in Prometheus' wording, without duplicates. */
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly stats: { readonly samplesRead: number; readonly seriesRead: number };
}

/** What can be asked of the engine. Times and durations in milliseconds. */
export interface InstantRequest {
  readonly expr: string;
  readonly time: number;
  /** How far back an instant selector looks for its newest sample; the engine's default when undefined. */
  readonly lookback?: number | undefined;
}

export interface RangeRequest {
  readonly expr: string;
  readonly start: number;
  readonly end: number;
  /** Positive. */
  readonly step: number;
  readonly lookback?: number | undefined;
}

/**
 * The user-facing errors of a query and their HTTP statuses:
 * bad_data 400, execution 422, timeout and canceled 503, not_found 404, internal 500, unavailable 503 (the store does
 * not answer), too_many 429 (written as errorType "unavailable").
 */
export type QueryErrorType =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'canceled'
  | 'not_found'
  | 'internal'
  | 'unavailable';

/** Thrown by the parser (bad_data), the engine and the API. The message is for the user. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly type: QueryErrorType;

  constructor(type: QueryErrorType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
  }
}

/** What `query/api` needs of the engine, and what `cli/` gives to alerting in the shape of a QueryFunc. */
export interface QueryEngine {
  /** Rejects with a QueryError. */
  instant(request: InstantRequest, signal: AbortSignal): Promise<QueryResult>;
  range(request: RangeRequest, signal: AbortSignal): Promise<QueryResult>;
}
