import { StorageError } from '../storage/errors.ts';
import type { Querier } from '../storage/querier.ts';
import { Annotations } from './execution/annotations.ts';
import { executeInstant } from './execution/execute-instant.ts';
import { executeRange } from './execution/execute-range.ts';
import { QueryContext, TOO_MANY_SAMPLES } from './execution/query-context.ts';
import { planFromAst } from './plan/from-ast.ts';
import type { PlanNode } from './plan/nodes.ts';
import { optimize } from './plan/optimize.ts';
import { parseExpr } from './promql/parser.ts';
import {
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
  /** How many series one query may read. Default: no limit but that of the samples. */
  readonly maxSeries?: number;
  /** After how many milliseconds a query fails. Default 2 minutes. */
  readonly timeout?: number;
  /** The step of a subquery that names none, in milliseconds. Default 1 minute. */
  readonly evaluationInterval?: number;
  /**
   * A range query is cut into slices of this many milliseconds, run one after the other, so that only one slice's samples
   * are in memory. A slice is at least four times the longest window that the query looks back, unless that is too many
   * samples. Default 1 day.
   */
  readonly sliceLength?: number;
  /** Prometheus' feature flags: those of the parser, and promql-delayed-name-removal. Default none. */
  readonly features?: ReadonlySet<string>;
}

const MINUTE = 60_000;
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
    this.#options = {
      lookback: 5 * MINUTE,
      maxSamples: 50_000_000,
      maxSeries: Number.POSITIVE_INFINITY,
      timeout: 2 * MINUTE,
      evaluationInterval: MINUTE,
      sliceLength: 24 * 60 * MINUTE,
      features: new Set(),
      ...options,
    };
    for (const name of [
      'lookback',
      'maxSamples',
      'maxSeries',
      'timeout',
      'evaluationInterval',
      'sliceLength',
    ] as const) {
      const value = this.#options[name];
      if (!(value > 0)) throw new RangeError(`${name} must be positive, got ${value}`);
    }
  }

  instant(request: InstantRequest, signal: AbortSignal): Promise<QueryResult> {
    const { expr, time, lookback } = request;
    return this.#run({ expr, start: time, end: time, step: 0, lookback }, signal, (plan, running) =>
      executeInstant(plan, time, running.newContext(0)),
    );
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<QueryResult> {
    const { expr, start, end, step, lookback } = request;
    if (!(step > 0)) throw new QueryError('bad_data', `step must be positive, got ${step}ms`);
    if (end < start) throw new QueryError('bad_data', `end must not be before start, got ${end} and ${start}`);
    return this.#run({ expr, start, end, step, lookback }, signal, (plan, running) =>
      executeRange(plan, { start, end, step, sliceLength: this.#options.sliceLength }, (held) =>
        running.newContext(held),
      ),
    );
  }

  async #run(
    request: { expr: string; start: number; end: number; step: number; lookback: number | undefined },
    signal: AbortSignal,
    execute: (plan: PlanNode, running: Running) => Promise<QueryValue>,
  ): Promise<QueryResult> {
    const { features, evaluationInterval } = this.#options;
    const parsed = parseExpr(request.expr, { features });
    const { start, end, step } = request;
    const lookback = request.lookback ?? this.#options.lookback;
    const plan = optimize(planFromAst(parsed, { start, end, step, lookback, evaluationInterval }));
    const running = new Running(this.#options, request, signal);
    try {
      const value = await execute(plan, running);
      return running.result(value);
    } catch (error) {
      throw running.explain(error);
    } finally {
      running.end();
    }
  }
}

/** One query while it runs: its deadline, its cancellation, its annotations, and what it has read. */
class Running {
  readonly #options: Required<EngineOptions>;
  readonly #isRange: boolean;
  readonly #annotations: Annotations;
  readonly #controller = new AbortController();
  /** Not the contexts themselves: a slice that is done must not keep its samples in memory. */
  readonly #stats: { readonly samplesRead: number; readonly seriesRead: number }[] = [];
  readonly #deadline: NodeJS.Timeout;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#controller.abort(new QueryError('canceled', 'query was canceled in query execution'));

  constructor(options: Required<EngineOptions>, request: { expr: string; step: number }, signal: AbortSignal) {
    this.#options = options;
    this.#isRange = request.step > 0;
    this.#annotations = new Annotations(request.expr);
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    signal.addEventListener('abort', this.#onAbort, { once: true });
    const expire = () => this.#controller.abort(new QueryError('timeout', 'query timed out in query execution'));
    this.#deadline = setTimeout(expire, Math.min(options.timeout, LONGEST_TIMER));
  }

  /** The context of a slice; `held` samples of earlier slices' results are in memory already. */
  newContext(held: number): QueryContext {
    const { querier, maxSamples, maxSeries, features } = this.#options;
    const context = new QueryContext({
      querier,
      maxSamples,
      maxSeries,
      signal: this.#controller.signal,
      annotations: this.#annotations,
      delayedNameRemoval: features.has('promql-delayed-name-removal'),
      isRange: this.#isRange,
    });
    context.hold(held);
    this.#stats.push(context.stats);
    return context;
  }

  result(value: QueryValue): QueryResult {
    const { warnings, infos } = this.#annotations;
    let samplesRead = 0;
    let seriesRead = 0;
    for (const stats of this.#stats) {
      samplesRead += stats.samplesRead;
      // Slices read the same series again and again.
      seriesRead = Math.max(seriesRead, stats.seriesRead);
    }
    return { value, warnings, infos, stats: { samplesRead, seriesRead } };
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
