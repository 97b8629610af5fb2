import { StorageError } from '../storage/errors.ts';
import type { Labels } from '../storage/labels.ts';
import type { Querier } from '../storage/querier.ts';
import { Annotations } from './execution/annotations.ts';
import { Catalog } from './execution/catalog.ts';
import { estimate } from './execution/estimate.ts';
import { executeInstant } from './execution/execute-instant.ts';
import { executeRange } from './execution/execute-range.ts';
import { type Grid, gridOf } from './execution/grid.ts';
import { Profile } from './execution/profile.ts';
import { type Budget, QueryContext, TOO_MANY_SAMPLES } from './execution/query-context.ts';
import { SampleCounts } from './execution/sample-counts.ts';
import { type PlanOptions, planFromAst } from './plan/from-ast.ts';
import type { PlanNode } from './plan/nodes.ts';
import { operandsOf } from './plan/operands.ts';
import { optimize } from './plan/optimize.ts';
import { pushDown } from './plan/optimizers/push-down.ts';
import { describeNode } from './plan/print.ts';
import { PlanCache } from './plan-cache.ts';
import { parseExpr } from './promql/parser.ts';
import {
  type ExplainedNode,
  type InstantRequest,
  type PreparedQuery,
  type PreparingEngine,
  QueryError,
  type QueryRequest,
  type QueryResult,
  type QueryValue,
  type RangeRequest,
} from './query-result.ts';

export interface EngineOptions {
  readonly querier: Querier;
  /** How far back an instant selector looks, in milliseconds. Default 5 minutes. */
  readonly lookback?: number;
  /** How many samples one query may hold in memory. Default 50 million. */
  readonly maxSamples?: number;
  /** How many bytes those samples and intermediate results may take, about. Default 1 GiB. */
  readonly maxBytes?: number;
  /** How many series one query may read. Default: no limit but that of the samples. */
  readonly maxSeries?: number;
  /** After how many milliseconds a query fails. Default 2 minutes. */
  readonly timeout?: number;
  /** The step of a subquery that names none, in milliseconds. Default 1 minute. */
  readonly evaluationInterval?: number;
  /**
   * A range query is cut into slices that read about this many samples, so that only two slices' samples are in memory: one
   * that is computed and one that is read. A slice is at least four times the longest window that the query looks back,
   * unless that is too many samples. Default 3 million.
   */
  readonly sliceSamples?: number;
  /** How long a slice is at most, in milliseconds. Default: no limit. */
  readonly sliceLength?: number;
  /**
   * Whether the store is to compute what it can itself: `never`; `auto`, where less is then transferred; `always`, where it
   * can. The answers are the same but for rounding, as a GridRequest says. Default `never`.
   */
  readonly pushDown?: 'never' | 'auto' | 'always';
  /** Of how many expressions that are asked again and again as instant queries the plans are kept. Default 200. */
  readonly keptPlans?: number;
  /** Prometheus' feature flags: those of the parser, and promql-delayed-name-removal. Default none. */
  readonly features?: ReadonlySet<string>;
}

const MINUTE = 60_000;
const DEFAULTS = {
  lookback: 5 * MINUTE,
  maxSamples: 50_000_000,
  maxBytes: 2 ** 30,
  maxSeries: Number.POSITIVE_INFINITY,
  timeout: 2 * MINUTE,
  evaluationInterval: MINUTE,
  sliceSamples: 3_000_000,
  sliceLength: Number.POSITIVE_INFINITY,
  pushDown: 'never' as const,
  keptPlans: 200,
  features: new Set<string>() as ReadonlySet<string>,
};

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A PromQL engine over a Querier: parse, type-check, plan, optimize, execute. It holds nothing between queries but the plans of
 * those that come again; any number may run at a time, each on its own limits.
 */
export function createEngine(options: EngineOptions): PreparingEngine {
  const engine = new Engine(options);
  return {
    instant: (request, signal) => engine.instant(request, signal),
    range: (request, signal) => engine.range(request, signal),
    prepare: (request, signal) => engine.prepare(request, signal),
    plan: (request) => engine.plan(request),
  };
}

class Engine {
  readonly #options: Required<EngineOptions>;
  readonly #plans: PlanCache;

  constructor(options: EngineOptions) {
    this.#options = { ...DEFAULTS, ...options };
    for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
      const value = this.#options[name];
      if (typeof value === 'number' && !(value > 0)) throw new RangeError(`${name} must be positive, got ${value}`);
    }
    this.#plans = new PlanCache(this.#options.keptPlans);
  }

  async instant(request: InstantRequest, signal: AbortSignal): Promise<QueryResult> {
    return this.#prepared({ kind: 'instant', ...request }, signal).run();
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<QueryResult> {
    return this.#prepared({ kind: 'range', ...request }, signal).run();
  }

  async prepare(request: QueryRequest, signal: AbortSignal): Promise<PreparedQuery> {
    const running = this.#prepared(request, signal);
    return { work: await running.estimateWork(), run: () => running.run(), end: () => running.end() };
  }

  plan(request: QueryRequest): PlanNode {
    const lookback = request.lookback ?? this.#options.lookback;
    if (request.kind === 'instant') {
      const { expr, time } = request;
      return this.#plans.get(`${lookback} ${expr}`, time, (at) =>
        this.#newPlan(expr, { start: at, end: at, step: 0, lookback }),
      );
    }
    const { start, end, step } = request;
    if (!(step > 0)) {
      throw new QueryError('bad_data', `step must be positive, got ${step}ms`);
    }
    if (end < start) throw new QueryError('bad_data', `end must not be before start, got ${end} and ${start}`);
    return this.#newPlan(request.expr, { start, end, step, lookback });
  }

  #newPlan(expr: string, times: Omit<PlanOptions, 'evaluationInterval'>): PlanNode {
    const { features, evaluationInterval } = this.#options;
    return optimize(planFromAst(parseExpr(expr, { features }), { ...times, evaluationInterval }));
  }

  #prepared(request: QueryRequest, signal: AbortSignal): Running {
    const began = performance.now();
    const range = rangeOf(request);
    const { pushDown: mode } = this.#options;
    const planned = this.plan(request);
    // Only here: who computes it makes no other plan of it for a cache.
    const plan = mode === 'never' ? planned : pushDown(planned, { ...range, mode });
    return new Running(this.#options, { request: range, plan, signal, preparation: performance.now() - began });
  }
}

/** An instant query is a range of one time, without a step. */
function rangeOf(request: QueryRequest): RangeRequest {
  return request.kind === 'range' ? request : { ...request, start: request.time, end: request.time, step: 0 };
}

/** One query while it runs: its deadline, its cancellation, its annotations, and what it has read. */
class Running {
  readonly catalog: Catalog;
  readonly #options: Required<EngineOptions>;
  readonly #isRange: boolean;
  readonly #annotations: Annotations;
  readonly #budget: Budget;
  readonly #profile: Profile | undefined;
  readonly #counts: SampleCounts | undefined;
  readonly #plan: PlanNode;
  readonly #preparation: number;
  readonly #range: RangeRequest;
  readonly #grid: Grid;
  readonly #nameless = new WeakMap<Labels, Labels>();
  readonly #controller = new AbortController();
  /** Not the contexts themselves: a slice that is done must not keep its samples in memory. */
  readonly #stats: { readonly samplesRead: number; readonly seriesRead: number }[] = [];
  readonly #deadline: NodeJS.Timeout;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#controller.abort(new QueryError('canceled', 'query was canceled in query execution'));

  constructor(
    options: Required<EngineOptions>,
    query: { request: RangeRequest; plan: PlanNode; signal: AbortSignal; preparation: number },
  ) {
    const { maxSamples, maxBytes, maxSeries } = options;
    const { request, signal } = query;
    this.#options = options;
    this.#plan = query.plan;
    this.#preparation = query.preparation;
    this.#isRange = request.step > 0;
    this.#annotations = new Annotations(request.expr);
    this.#budget = { maxSamples, maxBytes, maxSeries, heldSamples: 0, heldBytes: 0, peakSamples: 0 };
    this.#range = request;
    this.#grid = gridOf(request.start, request.end, request.step);
    this.#profile = request.explain === true ? new Profile() : undefined;
    this.#counts = request.countSamples === true ? new SampleCounts(this.#grid) : undefined;
    this.catalog = new Catalog(options.querier, this.#controller.signal);
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    signal.addEventListener('abort', this.#onAbort, { once: true });
    const expire = () => this.#controller.abort(new QueryError('timeout', 'query timed out in query execution'));
    const timeout = Math.min(options.timeout, request.timeout ?? Number.POSITIVE_INFINITY, LONGEST_TIMER);
    this.#deadline = setTimeout(expire, timeout);
  }

  /** What it will cost; ends the query when that cannot be told. */
  async estimateWork(): Promise<number> {
    try {
      return (await estimate(this.#plan, this.#grid, this.catalog)).work;
    } catch (error) {
      const explained = this.#explained(error);
      this.end();
      throw explained;
    }
  }

  async run(): Promise<QueryResult> {
    const began = performance.now();
    try {
      const value = await this.#execute();
      return this.#result(value, performance.now() - began);
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.end();
    }
  }

  #execute(): Promise<QueryValue> {
    const { start, end, step } = this.#range;
    if (!this.#isRange) return executeInstant(this.#plan, start, this.newContext());
    const { sliceLength, sliceSamples } = this.#options;
    return executeRange(this.#plan, { start, end, step, sliceLength, sliceSamples }, this);
  }

  /** The context of a slice, or of the only time. */
  readonly newContext = (): QueryContext => {
    const context = new QueryContext({
      catalog: this.catalog,
      signal: this.#controller.signal,
      annotations: this.#annotations,
      budget: this.#budget,
      nameless: this.#nameless,
      delayedNameRemoval: this.#options.features.has('promql-delayed-name-removal'),
      isRange: this.#isRange,
      profile: this.#profile,
      counts: this.#counts,
    });
    this.#stats.push(context.stats);
    return context;
  };

  #result(value: QueryValue, evaluation: number): QueryResult {
    const { warnings, infos } = this.#annotations;
    let samplesRead = 0;
    let seriesRead = 0;
    for (const stats of this.#stats) {
      samplesRead += stats.samplesRead;
      // Slices read the same series again and again.
      seriesRead = Math.max(seriesRead, stats.seriesRead);
    }
    const { start, step } = this.#grid;
    const queryable = this.#counts && {
      timestamps: this.#counts.perStep.map((_, index) => start + index * step),
      samples: this.#counts.perStep,
    };
    return {
      value,
      warnings,
      infos,
      stats: {
        samplesRead,
        seriesRead,
        peakSamples: this.#budget.peakSamples,
        preparation: this.#preparation,
        evaluation,
        ...(queryable === undefined ? {} : { queryable }),
      },
      ...(this.#profile === undefined ? {} : { explain: explainPlan(this.#plan, this.#profile) }),
    };
  }

  /** The error that the caller is to see. */
  #explained(error: unknown): QueryError {
    const { signal } = this.#controller;
    // Whatever else an abort broke on its way, the abort is the reason.
    if (signal.aborted) return signal.reason;
    if (error instanceof QueryError) return error;
    if (error instanceof StorageError) return fromStorage(error);
    // Within the limit and still too much for this process.
    if (error instanceof RangeError) return new QueryError('execution', TOO_MANY_SAMPLES, { cause: error });
    return new QueryError('internal', 'the query failed for a reason that is in the log', { cause: error });
  }

  /** Releases what reads are still open, and the timer. Can be repeated. */
  end(): void {
    clearTimeout(this.#deadline);
    this.#signal.removeEventListener('abort', this.#onAbort);
    // An abort costs more than a small query.
    if (this.catalog.isReading) this.#controller.abort(new QueryError('canceled', 'the query has ended'));
  }
}

/** The plan as it was run, with the costs that were taken down. */
function explainPlan(node: PlanNode, profile: Profile): ExplainedNode {
  return {
    operator: describeNode(node),
    ...profile.costs.get(node),
    operands: operandsOf(node).map((operand) => explainPlan(operand, profile)),
  };
}

function fromStorage(error: StorageError): QueryError {
  const { message } = error;
  switch (error.kind) {
    case 'unavailable':
    case 'full':
      return new QueryError('unavailable', message, { cause: error });
    case 'canceled':
      return new QueryError('canceled', message, { cause: error });
    case 'limit':
      return new QueryError('execution', message, { cause: error });
    case 'bad_data':
      return new QueryError('bad_data', message, { cause: error });
    case 'internal':
      return new QueryError('internal', message, { cause: error });
    default:
      return error.kind satisfies never;
  }
}
