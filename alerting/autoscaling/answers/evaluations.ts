import type { Logger } from 'pino';
import type { Clock } from '../../../clock/clock.ts';
import { EVERYTHING, type LabelSelector, selectorText } from '../label-selector.ts';
import { MetricsError } from '../metrics-error.ts';
import type { MetricRead, ServedMetric } from '../served-metric.ts';
import type { AnswerMetrics } from './answer-metrics.ts';
import { MetricRun } from './metric-run.ts';
import { Turns } from './turns.ts';

export interface EvaluationsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: AnswerMetrics;
  /** Milliseconds between two evaluations of a metric. */
  readonly interval: number;
  /** Milliseconds that one may take. */
  readonly timeout: number;
  /** Milliseconds that a question waits for the first one. */
  readonly patience: number;
  /** Evaluations at a time. */
  readonly concurrency: number;
  /** What is read has changed. */
  readonly onReads: (reads: readonly MetricRead[]) => void;
}

/** Milliseconds for which a metric is evaluated after somebody has asked for it. */
const INTEREST = 600_000;
/** Selectors that are part of evaluations: of one metric, and of all. */
const MOST_SELECTORS = 100;
const MOST_SELECTORS_OF_ALL = 1000;
/** Milliseconds between two lines in the log about what cannot be evaluated. */
const NOTED_EVERY = 300_000;

/** Evaluates metrics that are wanted, each once per interval however many ask for it. */
export class Evaluations {
  readonly #options: EvaluationsOptions;
  readonly #turns: Turns;
  /** By the text of the selector. */
  readonly #runs = new Map<ServedMetric, Map<string, MetricRun>>();
  /** What is evaluated whether or not somebody asks. */
  #pinned = new Set<MetricRun>();
  #selectors = 0;
  #reads = '[]';
  /** When the log was told last that more is wanted than may be, by the clock's `elapsed`. */
  #refusedNoted = Number.NEGATIVE_INFINITY;
  readonly #stopping = new AbortController();
  #cancel: () => void = () => undefined;

  constructor(options: EvaluationsOptions) {
    this.#options = options;
    this.#turns = new Turns(options.concurrency);
  }

  /** All that are wanted. */
  *runs(): Generator<MetricRun> {
    for (const variants of this.#runs.values()) yield* variants.values();
  }

  start(): void {
    const tick = (): void => {
      this.#cancel = this.#options.clock.schedule(this.#options.interval, tick);
      this.#forget();
      for (const run of this.runs()) void this.#evaluate(run);
    };
    tick();
  }

  stop(): void {
    this.#cancel();
    this.#stopping.abort(new Error('autoscaling metrics are not evaluated any more'));
  }

  /** Makes these wanted until the next call, and evaluates at once what was not wanted before; what is not of `served` is forgotten. */
  pin(
    wanted: Iterable<{ readonly metric: ServedMetric; readonly selector: LabelSelector }>,
    served: ReadonlySet<ServedMetric>,
  ): void {
    for (const metric of this.#runs.keys()) if (!served.has(metric)) this.#drop(metric);
    const pinned = new Set<MetricRun>();
    let refused: Error | undefined;
    for (const { metric, selector } of wanted) {
      try {
        pinned.add(this.#find(metric, selector));
      } catch (error) {
        refused ??= error as Error;
      }
    }
    this.#pinned = pinned;
    if (refused !== undefined) this.#noteRefused(refused);
    this.#tellReads();
    for (const run of pinned) if (!run.isTried) void this.#evaluate(run);
  }

  /**
   * The metric as it was evaluated last, from now on wanted. Waits for the first evaluation. Rejects with a MetricsError: `tooMuch`, or
   * `unavailable` when nothing has been found yet.
   */
  async ask(metric: ServedMetric, metricSelector: LabelSelector, signal: AbortSignal): Promise<MetricRun> {
    signal.throwIfAborted();
    const selector = metric.selectsInside ? metricSelector : EVERYTHING;
    const run = this.#find(metric, selector);
    run.asked = this.#options.clock.elapsed();
    if (!run.isTried) {
      this.#tellReads();
      await this.#wait(this.#evaluate(run, { isUrgent: true }), run, signal);
    }
    if (run.found === undefined) {
      const reason = run.failure?.reason ?? 'it has not been evaluated yet';
      throw new MetricsError('unavailable', `metric ${metric.name} cannot be evaluated: ${reason}`);
    }
    return run;
  }

  #wait(evaluated: Promise<void>, { metric }: MetricRun, signal: AbortSignal): Promise<void> {
    const { clock, patience } = this.#options;
    return new Promise((resolve, reject) => {
      const late = `the first evaluation of metric ${metric.name} has not ended within ${patience / 1000} s`;
      const cancel = clock.schedule(patience, () => end(() => reject(new MetricsError('unavailable', late))));
      const abort = (): void => end(() => reject(signal.reason));
      const end = (settle: () => void): void => {
        cancel();
        signal.removeEventListener('abort', abort);
        settle();
      };
      signal.addEventListener('abort', abort, { once: true });
      void evaluated.then(() => end(resolve));
    });
  }

  #find(metric: ServedMetric, selector: LabelSelector): MetricRun {
    let variants = this.#runs.get(metric);
    const text = selectorText(selector);
    const known = variants?.get(text);
    if (known !== undefined) return known;
    if (text !== '') {
      const own = [...(variants?.keys() ?? [])].filter((other) => other !== '').length;
      if (own >= MOST_SELECTORS) throw tooMany(`metric ${metric.name} is`, MOST_SELECTORS);
      if (this.#selectors >= MOST_SELECTORS_OF_ALL) throw tooMany('metrics are', MOST_SELECTORS_OF_ALL);
      this.#selectors++;
    }
    const run = new MetricRun(metric, selector, this.#options.clock);
    if (variants === undefined) this.#runs.set(metric, (variants = new Map()));
    variants.set(text, run);
    return run;
  }

  #evaluate(run: MetricRun, { isUrgent = false } = {}): Promise<void> {
    const { metrics, timeout } = this.#options;
    run.pending ??= this.#turns.take(
      async () => {
        const failed = run.failure !== undefined;
        const isWell = await run.evaluate(timeout, this.#stopping.signal);
        run.pending = undefined;
        metrics.evaluations.inc();
        metrics.seconds.observe(run.took / 1000);
        if (!isWell) metrics.failures.inc();
        if (!isWell || failed) this.#note(run);
      },
      { isUrgent },
    );
    return run.pending;
  }

  #noteRefused({ message }: Error): void {
    const { clock, logger } = this.#options;
    if (clock.elapsed() - this.#refusedNoted < NOTED_EVERY) return;
    this.#refusedNoted = clock.elapsed();
    logger.warn(`not all that autoscalers name is evaluated: ${message}`);
  }

  /** Says that a metric cannot be evaluated, or can again, and while it cannot says so once in a while. */
  #note(run: MetricRun): void {
    const { clock, logger } = this.#options;
    const { name: metric } = run.metric;
    if (run.failure === undefined) {
      run.noted = Number.NEGATIVE_INFINITY;
      logger.info({ metric }, 'a metric can be evaluated again');
      return;
    }
    if (this.#stopping.signal.aborted || clock.elapsed() - run.noted < NOTED_EVERY) return;
    run.noted = clock.elapsed();
    logger.warn({ metric }, `a metric cannot be evaluated: ${run.failure.reason}`);
  }

  #forget(): void {
    const now = this.#options.clock.elapsed();
    for (const [metric, variants] of this.#runs) {
      for (const [text, run] of variants) {
        if (this.#pinned.has(run) || now - run.asked <= INTEREST) continue;
        variants.delete(text);
        if (text !== '') this.#selectors--;
      }
      if (variants.size === 0) this.#runs.delete(metric);
    }
    this.#tellReads();
  }

  #drop(metric: ServedMetric): void {
    for (const text of this.#runs.get(metric)!.keys()) if (text !== '') this.#selectors--;
    this.#runs.delete(metric);
  }

  #tellReads(): void {
    const back = new Map<string, number>();
    for (const metric of this.#runs.keys()) {
      for (const read of metric.reads ?? []) {
        back.set(read.metric, Math.max(read.back, back.get(read.metric) ?? 0));
      }
    }
    const reads = [...back].map(([metric, milliseconds]) => ({ metric, back: milliseconds }));
    reads.sort((a, b) => (a.metric < b.metric ? -1 : 1));
    const text = JSON.stringify(reads);
    if (text === this.#reads) return;
    this.#reads = text;
    this.#options.onReads(reads);
  }
}

function tooMany(what: string, most: number): MetricsError {
  const text = `${what} asked for with ${most} selectors already, each of which is an evaluation of its own`;
  return new MetricsError('tooMuch', text);
}
