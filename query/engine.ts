import { StorageError } from '../storage/errors.ts';
import type { Querier } from '../storage/querier.ts';
import { Annotations } from './execution/annotations.ts';
import { Catalog } from './execution/catalog.ts';
import { executeInstant } from './execution/execute-instant.ts';
import { executeRange } from './execution/execute-range.ts';
import { type Grid, gridOf } from './execution/grid.ts';
import { Profile } from './execution/profile.ts';
import { type Budget, QueryContext, TOO_MANY_SAMPLES } from './execution/query-context.ts';
import { SampleCounts } from './execution/sample-counts.ts';
import { planFromAst } from './plan/from-ast.ts';
import type { PlanNode } from './plan/nodes.ts';
import { operandsOf } from './plan/operands.ts';
import { optimize } from './plan/optimize.ts';
import { describeNode } from './plan/print.ts';
import { parseExpr } from './promql/parser.ts';
import {
  type ExplainedNode,
  type InstantRequest,
  type QueryEngine,
  QueryError,
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
  features: new Set<string>() as ReadonlySet<string>,
};

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A PromQL engine over a Querier: parse, type-check, plan, optimize, execute. It holds nothing between queries; any
 * number may run at a time, each on its own limits.
 */
export function createEngine(options: EngineOptions): QueryEngine {
  const engine = new Engine(options);
  return {
    instant: (request, signal) => engine.instant(request, signal),
    range: (request, signal) => engine.range(request, signal),
  };
}

class Engine {
  readonly #options: Required<EngineOptions>;

  constructor(options: EngineOptions) {
    this.#options = { ...DEFAULTS, ...options };
    for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
      const value = this.#options[name];
      if (typeof value === 'number' && !(value > 0)) throw new RangeError(`${name} must be positive, got ${value}`);
    }
  }

  instant(request: InstantRequest, signal: AbortSignal): Promise<QueryResult> {
    const { time } = request;
    return this.#run({ ...request, start: time, end: time, step: 0 }, signal, (plan, running) => {
      const context = running.newContext();
      return executeInstant(plan, time, context);
    });
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<QueryResult> {
    const { start, end, step } = request;
    if (!(step > 0)) throw new QueryError('bad_data', `step must be positive, got ${step}ms`);
    if (end < start) throw new QueryError('bad_data', `end must not be before start, got ${end} and ${start}`);
    const { sliceLength, sliceSamples } = this.#options;
    return this.#run(request, signal, (plan, running) =>
      executeRange(plan, { start, end, step, sliceLength, sliceSamples }, running),
    );
  }

  async #run(
    request: Omit<RangeRequest, 'expr'> & { readonly expr: string },
    signal: AbortSignal,
    execute: (plan: PlanNode, running: Running) => Promise<QueryValue>,
  ): Promise<QueryResult> {
    const began = performance.now();
    const { features, evaluationInterval } = this.#options;
    const parsed = parseExpr(request.expr, { features });
    const { start, end, step } = request;
    const lookback = request.lookback ?? this.#options.lookback;
    const plan = optimize(planFromAst(parsed, { start, end, step, lookback, evaluationInterval }));
    const running = new Running(this.#options, request, signal);
    const planned = performance.now();
    try {
      const value = await execute(plan, running);
      const durations = { preparation: planned - began, evaluation: performance.now() - planned };
      return running.result(value, plan, durations);
    } catch (error) {
      throw running.explain(error);
    } finally {
      running.end();
    }
  }
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
  readonly #grid: Grid;
  readonly #controller = new AbortController();
  /** Not the contexts themselves: a slice that is done must not keep its samples in memory. */
  readonly #stats: { readonly samplesRead: number; readonly seriesRead: number }[] = [];
  readonly #deadline: NodeJS.Timeout;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#controller.abort(new QueryError('canceled', 'query was canceled in query execution'));

  constructor(options: Required<EngineOptions>, request: RangeRequest, signal: AbortSignal) {
    const { maxSamples, maxBytes, maxSeries } = options;
    this.#options = options;
    this.#isRange = request.step > 0;
    this.#annotations = new Annotations(request.expr);
    this.#budget = { maxSamples, maxBytes, maxSeries, heldSamples: 0, heldBytes: 0, peakSamples: 0 };
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

  /** The context of a slice, or of the only time. */
  readonly newContext = (): QueryContext => {
    const context = new QueryContext({
      catalog: this.catalog,
      signal: this.#controller.signal,
      annotations: this.#annotations,
      budget: this.#budget,
      delayedNameRemoval: this.#options.features.has('promql-delayed-name-removal'),
      isRange: this.#isRange,
      profile: this.#profile,
      counts: this.#counts,
    });
    this.#stats.push(context.stats);
    return context;
  };

  result(
    value: QueryValue,
    plan: PlanNode,
    durations: { readonly preparation: number; readonly evaluation: number },
  ): QueryResult {
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
        ...durations,
        ...(queryable === undefined ? {} : { queryable }),
      },
      ...(this.#profile === undefined ? {} : { explain: explainPlan(plan, this.#profile) }),
    };
  }

  /** The error that the caller is to see. */
  explain(error: unknown): QueryError {
    const { signal } = this.#controller;
    // Whatever else an abort broke on its way, the abort is the reason.
    if (signal.aborted) return signal.reason;
    if (error instanceof QueryError) return error;
    if (error instanceof StorageError) return fromStorage(error);
    // Within the limit and still too much for this process.
    if (error instanceof RangeError) return new QueryError('execution', TOO_MANY_SAMPLES, { cause: error });
    return new QueryError('internal', 'the query failed for a reason that is in the log', { cause: error });
  }

  /** Releases what reads are still open, and the timer. */
  end(): void {
    clearTimeout(this.#deadline);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#controller.abort(new QueryError('canceled', 'the query has ended'));
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
