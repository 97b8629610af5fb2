import type { Labels } from '../storage/labels.ts';
import type { PlanNode } from './plan/nodes.ts';

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
  readonly stats: QueryStats;
  /** How the query was executed, when that was asked for. */
  readonly explain?: ExplainedNode;
}

/** What a query cost. Durations in milliseconds. */
export interface QueryStats {
  /** Samples that came from the store. */
  readonly samplesRead: number;
  readonly seriesRead: number;
  /** The most samples that were in memory at a time. */
  readonly peakSamples: number;
  /** Parsing, type checking and planning. */
  readonly preparation: number;
  /** Reading and computing. */
  readonly evaluation: number;
  /**
   * When it was asked for: how many samples were in the selectors' windows at each step, as Prometheus counts; a sample
   * counts once for every step whose window it is in.
   */
  readonly queryable?: { readonly timestamps: Float64Array; readonly samples: Float64Array };
}

/** An operator of the plan with what it cost. */
export interface ExplainedNode {
  /** What it is, in one line, as in the printed plan. */
  readonly operator: string;
  /** Milliseconds until its values were there, its operands' included; absent for scalars, which cost next to nothing. */
  readonly milliseconds?: number;
  readonly series?: number;
  readonly values?: number;
  /** In how many slices of the range it ran. */
  readonly runs?: number;
  readonly operands: readonly ExplainedNode[];
}

/** What can be asked of the engine. Times and durations in milliseconds. */
export interface InstantRequest extends QueryExtras {
  readonly expr: string;
  readonly time: number;
}

export interface RangeRequest extends QueryExtras {
  readonly expr: string;
  readonly start: number;
  readonly end: number;
  /** Positive. */
  readonly step: number;
}

export interface QueryExtras {
  /** How far back an instant selector looks for its newest sample; the engine's default when undefined. */
  readonly lookback?: number | undefined;
  /** After how long the query fails; the engine's own timeout when that is shorter. */
  readonly timeout?: number | undefined;
  /** Count the samples of each step. Default false. */
  readonly countSamples?: boolean | undefined;
  /** Say how the query was executed. Default false. */
  readonly explain?: boolean | undefined;
  /** Compute all of it anew, whatever a cache holds. Default false. */
  readonly noCache?: boolean | undefined;
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

export type QueryRequest =
  | ({ readonly kind: 'instant' } & InstantRequest)
  | ({ readonly kind: 'range' } & RangeRequest);

/** A query whose series have been looked up. It holds its deadline until it has run or is ended. */
export interface PreparedQuery {
  /** About how many samples it reads and values it computes. */
  readonly work: number;
  /** Once. Rejects with a QueryError. */
  run(): Promise<QueryResult>;
  /** Instead of running it. */
  end(): void;
}

/** What `query/api` needs of the engine, and what `cli/` gives to alerting in the shape of a QueryFunc. */
export interface QueryEngine {
  /** Rejects with a QueryError. */
  instant(request: InstantRequest, signal: AbortSignal): Promise<QueryResult>;
  range(request: RangeRequest, signal: AbortSignal): Promise<QueryResult>;
}

/** An engine for callers who want to know more before a query runs. */
export interface PreparingEngine extends QueryEngine {
  /** What would be executed. Throws a QueryError, as a wrong expression does. */
  plan(request: QueryRequest): PlanNode;
  /** Parses, plans and looks the series up. Rejects with a QueryError. */
  prepare(request: QueryRequest, signal: AbortSignal): Promise<PreparedQuery>;
}
