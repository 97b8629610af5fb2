import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../../../clock/clock.ts';
import { EVERYTHING, type LabelSelector } from '../label-selector.ts';
import { MetricsError } from '../metrics-error.ts';
import type {
  ExternalQuestion,
  ExternalValue,
  MetricsProvider,
  ObjectQuestion,
  ObjectValue,
} from '../metrics-provider.ts';
import type { ObjectDirectory } from '../object-directory.ts';
import type { MetricRead, ServedMetric } from '../served-metric.ts';
import { type AnswerMetrics, createAnswerMetrics } from './answer-metrics.ts';
import { noValueOfObjects, noValueOfSeries, unavailable } from './answer-text.ts';
import { Evaluations } from './evaluations.ts';
import { explainObjects, explainSeries } from './explain-answer.ts';
import { type JudgedObject, judgeObject, objectsAskedFor } from './judged-objects.ts';
import { type JudgedSeries, judgeSeries } from './judged-series.ts';
import { type MetricReference, MetricRoster } from './metric-roster.ts';
import type { MetricRun } from './metric-run.ts';
import { OmissionLog } from './omission-log.ts';
import type { Verdict } from './verdict.ts';

/** A metric that somebody will ask for. */
export interface WantedMetric extends MetricReference {
  /** Over the metric's labels. Default: EVERYTHING. */
  readonly selector?: LabelSelector;
}

export interface AnswersOptions {
  readonly directory: ObjectDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Milliseconds between two evaluations of a metric. Default: 15 s. */
  readonly interval?: number;
  /** Milliseconds that one may take. Default: 10 s. */
  readonly timeout?: number;
  /** Milliseconds that a question waits for the first evaluation. Default: 10 s. */
  readonly patience?: number;
  /** Evaluations at a time. Default: 4. */
  readonly concurrency?: number;
  /** Told whenever it changes what evaluations read. */
  readonly onReads?: (reads: readonly MetricRead[]) => void;
}

/** Rows of an external metric that one answer may have. */
const MOST_EXTERNAL = 10_000;

/**
 * Answers from memory. A metric is evaluated while somebody wants it, or has asked for it within ten minutes: at once when it is asked for first,
 * then once per interval, for all objects together. Whether a value may be served is judged when it is asked for, by its own timestamp. Thus
 * when evaluations fail, what they found is served while it is fresh, and then the reason why they fail.
 */
export class Answers implements MetricsProvider {
  readonly #directory: ObjectDirectory;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #roster = new MetricRoster();
  readonly #wanted = new Map<string, readonly WantedMetric[]>();
  readonly #evaluations: Evaluations;
  readonly #metrics: AnswerMetrics;
  readonly #omissions: OmissionLog;
  readonly #interval: number;

  constructor({
    directory,
    clock,
    logger,
    registry,
    interval = 15_000,
    timeout = 10_000,
    patience = 10_000,
    concurrency = 4,
    onReads = () => undefined,
  }: AnswersOptions) {
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = logger;
    this.#interval = interval;
    this.#metrics = createAnswerMetrics(registry, () => this.#evaluations.runs());
    this.#omissions = new OmissionLog(clock, logger);
    this.#evaluations = new Evaluations({
      clock,
      logger,
      metrics: this.#metrics,
      interval,
      timeout,
      patience,
      concurrency,
      onReads,
    });
  }

  /** Makes these all that an origin serves. One that is the same object as before keeps its values. A name that is taken is left out, with a warning. */
  setMetrics(who: string, metrics: readonly ServedMetric[]): void {
    for (const { dropped, served } of this.#roster.set(who, metrics)) {
      this.#logger.warn(
        { metric: dropped.name },
        `metric ${dropped.name} of ${dropped.origin} is not served: ${served.origin} has one of that name`,
      );
    }
    this.#pin();
  }

  /** Makes these what somebody wants to be evaluated, asked for or not. What is not served is passed over until it is. */
  want(who: string, metrics: readonly WantedMetric[]): void {
    this.#wanted.set(who, metrics);
    this.#pin();
  }

  /** Begins to evaluate once per interval. */
  start(): void {
    this.#evaluations.start();
  }

  stop(): void {
    this.#evaluations.stop();
  }

  metrics(): readonly ServedMetric[] {
    return this.#roster.served;
  }

  objects(question: ObjectQuestion, signal: AbortSignal): Promise<readonly ObjectValue[]> {
    return this.#counted('custom', async () => {
      const { run, judged } = await this.#judgeObjects(question, signal);
      if (run === undefined) return [];
      const values: ObjectValue[] = [];
      for (const { object, verdict } of judged) {
        if (verdict.kind === 'lack') continue;
        const { namespace, name } = object;
        values.push({ namespace, name, value: verdict.value, timestamp: verdict.timestamp, window: run.metric.window });
      }
      this.#check(
        run,
        judged.map(({ verdict }) => verdict),
      );
      this.#omissions.note(run, question.resource, judged);
      if (values.length === 0) throw noValueOfObjects(run, question, judged);
      return values;
    });
  }

  external(question: ExternalQuestion, signal: AbortSignal): Promise<readonly ExternalValue[]> {
    return this.#counted('external', async () => {
      const { run, selector, judged } = await this.#judgeSeries(question, signal);
      if (judged.length > MOST_EXTERNAL) {
        const text = `${judged.length} series of ${run.metric.name} match, and an answer may have ${MOST_EXTERNAL}`;
        throw new MetricsError('tooMuch', text);
      }
      this.#check(
        run,
        judged.map(({ verdict }) => verdict),
      );
      const values: ExternalValue[] = [];
      for (const { labels, verdict } of judged) {
        if (verdict.kind === 'lack') continue;
        values.push({ labels, value: verdict.value, timestamp: verdict.timestamp, window: run.metric.window });
      }
      // Autoscalers add up what they get: without one of the series they would get less than there is.
      if (values.length === 0 || values.length < judged.length) throw noValueOfSeries(run, selector, judged);
      return values;
    });
  }

  async explain(question: ObjectQuestion | ExternalQuestion, signal: AbortSignal): Promise<readonly string[]> {
    const options = () => ({ interval: this.#interval, now: this.#clock.now() });
    try {
      if (!('resource' in question)) {
        const { run, selector, judged } = await this.#judgeSeries(question, signal);
        return explainSeries(run, selector, judged, options());
      }
      const { run, judged } = await this.#judgeObjects(question, signal);
      if (run === undefined) return [`no ${question.resource} match`];
      return explainObjects(run, question.resource, judged, options());
    } catch (error) {
      if (error instanceof MetricsError) return [error.message];
      throw error;
    }
  }

  /** `run` is undefined when no object matches. */
  async #judgeObjects(
    question: ObjectQuestion,
    signal: AbortSignal,
  ): Promise<{ readonly run?: MetricRun; readonly judged: readonly JudgedObject[] }> {
    const { resource, namespace, name, metric, metricSelector } = question;
    // A namespace is in itself.
    const place = resource === 'namespaces' && name !== undefined ? name : namespace;
    const served = this.#roster.get({ api: 'custom', name: metric, resource, namespace: place });
    const objects = objectsAskedFor(this.#directory, question);
    if (objects.length === 0) return { judged: [] };
    const run = await this.#evaluations.ask(served, metricSelector, signal);
    const selector = served.selectsInside ? EVERYTHING : metricSelector;
    return { run, judged: objects.map((object) => judgeObject(run, object, { resource, selector })) };
  }

  async #judgeSeries(
    question: ExternalQuestion,
    signal: AbortSignal,
  ): Promise<{ readonly run: MetricRun; readonly selector: LabelSelector; readonly judged: readonly JudgedSeries[] }> {
    const { namespace, metric } = question;
    const served = this.#roster.get({ api: 'external', name: metric, resource: '', namespace });
    const run = await this.#evaluations.ask(served, question.selector, signal);
    const selector = served.selectsInside ? EVERYTHING : question.selector;
    return { run, selector, judged: judgeSeries(run, selector) };
  }

  /** Counts what an answer is made of. Throws when it cannot be known, since evaluations fail and what they found has become too old. */
  #check(run: MetricRun, verdicts: readonly Verdict[]): void {
    let served = 0;
    let isTooOld = false;
    for (const verdict of verdicts) {
      if (verdict.kind === 'lack') {
        this.#metrics.omitted.inc({ reason: verdict.lack.reason });
        if (verdict.lack.reason === 'tooOld') isTooOld = true;
        continue;
      }
      served++;
      if (verdict.held !== undefined) this.#metrics.held.inc();
    }
    if (run.failure !== undefined && (isTooOld || served === 0)) throw unavailable(run, this.#clock.now());
  }

  async #counted<T>(api: 'custom' | 'external', answer: () => Promise<readonly T[]>): Promise<readonly T[]> {
    let outcome = 'failed';
    try {
      const values = await answer();
      outcome = values.length === 0 ? 'empty' : 'values';
      return values;
    } catch (error) {
      if (error instanceof MetricsError) outcome = error.reason;
      throw error;
    } finally {
      this.#metrics.answers.inc({ api, outcome });
    }
  }

  #pin(): void {
    const wanted: { readonly metric: ServedMetric; readonly selector: LabelSelector }[] = [];
    for (const metrics of this.#wanted.values()) {
      for (const { selector = EVERYTHING, ...reference } of metrics) {
        const metric = this.#roster.find(reference);
        if (metric !== undefined) wanted.push({ metric, selector: metric.selectsInside ? selector : EVERYTHING });
      }
    }
    this.#evaluations.pin(wanted, new Set(this.#roster.served));
  }
}
