import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import { type Clock, SYSTEM_CLOCK, wait } from '../clock/clock.ts';
import { Labels } from '../storage/labels.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import type { ArrivalFunc } from './arrival.ts';
import { AlertingEvaluator, type EvaluatorContext, RecordingEvaluator, type RuleEvaluator } from './rule-evaluator.ts';
import { RoundOfSamples } from './rule-series.ts';
import type { RuleGroup } from './rules/rule.ts';

export interface RuleGroupLoopOptions {
  readonly context: EvaluatorContext;
  readonly interval: number;
  readonly queryOffset: number;
  readonly now: () => number;
  /** What it waits by. Default: the machine's. */
  readonly clock?: Clock | undefined;
  readonly logger: Logger;
  readonly metrics: AlertMetrics;
  /** Makes what rules have written visible to queries, as far as possible. Never rejects. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
  /** Whether queries see what is written to a metric without that. Default: they do not. */
  readonly isImmediate?: ((metric: string) => boolean) | undefined;
  /** Is waited for before each evaluation. Default: nothing is. */
  readonly arrived?: ArrivalFunc | undefined;
  /** Continues from the alert log; false while that cannot be read. */
  readonly restore: (evaluators: readonly AlertingEvaluator[], signal: AbortSignal) => Promise<boolean>;
}

/** First evaluations are spread over this time at most. */
const SPREAD = 5_000;

/**
 * Evaluates a group's rules in order, never twice at once. The first evaluation comes soon after the start. The others
 * come at the multiples of the interval plus an offset that depends on the group's name alone: groups are spread over
 * the interval, and a restart does not move them. An evaluation begins when the samples that were due up to its time have
 * arrived; its time is its own all the same.
 */
export class RuleGroupLoop {
  readonly group: RuleGroup;
  readonly name: string;
  readonly evaluators: readonly RuleEvaluator[];
  readonly #options: RuleGroupLoopOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  lastEvaluation = 0;
  evaluationTime = 0;

  constructor(group: RuleGroup, options: RuleGroupLoopOptions) {
    this.group = group;
    this.name = `${group.file};${group.name}`;
    this.#options = options;
    const seen = new Map<string, number>();
    this.evaluators = group.rules.map((rule) => {
      const name = rule.kind === 'alerting' ? rule.alert : rule.record;
      const labels = { ...group.labels, ...rule.labels };
      // Rules of the same name are told apart by their labels, and if those are the same too by their order.
      const key = JSON.stringify([group.file, group.name, name, Labels.from(labels).key, rule.kind]);
      const nth = seen.get(key) ?? 0;
      seen.set(key, nth + 1);
      const id = JSON.stringify([...JSON.parse(key), ...(nth === 0 ? [] : [nth])]);
      return rule.kind === 'alerting'
        ? new AlertingEvaluator({ ...rule, labels }, id, options.context)
        : new RecordingEvaluator({ ...rule, labels }, id, options.context);
    });
    options.metrics.interval.set({ rule_group: this.name }, options.interval / 1000);
  }

  get interval(): number {
    return this.#options.interval;
  }

  get alerting(): readonly AlertingEvaluator[] {
    return this.evaluators.filter((evaluator) => evaluator instanceof AlertingEvaluator);
  }

  /** Begins once `before` has settled. */
  start(before: Promise<void>): void {
    this.#running ??= before
      .then(() => this.#run())
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#options.logger.error({ err: error, group: this.name }, 'a rule group ended');
      });
  }

  /** The group is no more: its metrics go with it. To be called when it has stopped, and no group of its name has come in its place. */
  forget(): void {
    const { metrics } = this.#options;
    for (const metric of [metrics.evaluations, metrics.failures, metrics.iterations, metrics.missed]) {
      metric.remove({ rule_group: this.name });
    }
    for (const metric of [metrics.duration, metrics.interval]) metric.remove({ rule_group: this.name });
  }

  /** Aborts what is under way and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the rule group was stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { interval, now, clock = SYSTEM_CLOCK, metrics } = this.#options;
    const { signal } = this.#stop;
    const spread = hash('sha1', this.name, 'buffer').readUInt32BE(0) / 2 ** 32;
    const offset = Math.floor(spread * interval);
    const slotAfter = (time: number): number => Math.floor((time - offset) / interval + 1) * interval + offset;
    let due = now() + Math.floor(spread * Math.min(interval, SPREAD));
    for (;;) {
      const left = due - now();
      if (left > 0) await wait(clock, left, signal);
      signal.throwIfAborted();
      // The evaluation before took long, or the machine slept: only the newest slot is made up for.
      const missed = Math.floor((now() - due) / interval);
      if (missed > 0) {
        metrics.missed.inc({ rule_group: this.name }, missed);
        due += missed * interval;
      }
      await this.#arrived(due);
      await this.evaluate(due);
      // The first slot may follow close upon the first evaluation.
      due = slotAfter(due + interval / 2);
      // The clock was set back.
      if (due - now() > 2 * interval) due = slotAfter(now());
    }
  }

  /** Waits for the samples that an evaluation at this time is to see. */
  async #arrived(time: number): Promise<void> {
    const { arrived, queryOffset, clock = SYSTEM_CLOCK, metrics, logger } = this.#options;
    if (arrived === undefined) return;
    const begun = clock.elapsed();
    const { signal } = this.#stop;
    try {
      if ((await arrived(time - (this.group.queryOffset ?? queryOffset), signal)) === 'late') metrics.late.inc();
    } catch (error) {
      if (signal.aborted) throw error;
      // Samples that may be missing are better than no evaluation.
      logger.error({ err: error, group: this.name }, 'it cannot be told whether samples have arrived');
    }
    metrics.arrivals.observe((clock.elapsed() - begun) / 1000);
  }

  /**
   * One evaluation of all rules, as of `now`. Rejects only when it was stopped. `round` is shared by groups that are evaluated as of
   * the same time; default: this group is by itself.
   */
  async evaluate(now: number, round = new RoundOfSamples()): Promise<void> {
    const { metrics, queryOffset, restore } = this.#options;
    const { signal } = this.#stop;
    const labels = { rule_group: this.name };
    const start = performance.now();
    const restored = await restore(this.alerting, signal);
    const offset = this.group.queryOffset ?? queryOffset;
    const time = { now, interval: this.interval, offset, limit: this.group.limit, round, signal };
    const writes: Promise<void>[] = [];
    /** Metrics written since the last flush. */
    const unseen = new Set<string>();
    for (const evaluator of this.evaluators) {
      if (!restored && evaluator instanceof AlertingEvaluator) {
        evaluator.lastError = 'not evaluated: the alert log, from which its alerts continue, cannot be read';
        continue;
      }
      const begun = performance.now();
      metrics.evaluations.inc(labels);
      try {
        if (this.#readsAny(evaluator, unseen)) {
          await this.#options.flush(signal);
          unseen.clear();
        }
        const { written } = await evaluator.evaluate(time);
        for (const metric of evaluator.writes) unseen.add(metric);
        evaluator.health = 'ok';
        // The store makes many appends durable at once: waiting for each would take the time of many.
        writes.push(
          written.then(
            () => {
              evaluator.lastError = '';
            },
            (error: unknown) => this.#failed(evaluator, error),
          ),
        );
      } catch (error) {
        if (signal.aborted) throw error;
        this.#failed(evaluator, error);
      }
      evaluator.lastEvaluation = now;
      evaluator.evaluationTime = performance.now() - begun;
    }
    this.lastEvaluation = now;
    this.evaluationTime = performance.now() - start;
    await Promise.all(writes);
    metrics.iterations.inc(labels);
    metrics.duration.set(labels, this.evaluationTime / 1000);
  }

  /** Whether the rule reads one of these metrics in such a way that it does not see what was just written. */
  #readsAny({ reads }: RuleEvaluator, metrics: ReadonlySet<string>): boolean {
    if (metrics.size === 0) return false;
    if (reads.mayReadOthers) return true;
    const { isImmediate } = this.#options;
    for (const metric of reads.metrics) {
      if (metrics.has(metric) && isImmediate?.(metric) !== true) return true;
    }
    return false;
  }

  #failed(evaluator: RuleEvaluator, error: unknown): void {
    const { metrics, logger } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    metrics.failures.inc({ rule_group: this.name });
    if (message !== evaluator.lastError) {
      logger.warn({ rule: evaluator.id }, `a rule could not be evaluated: ${message}`);
    }
    evaluator.health = 'err';
    evaluator.lastError = message;
  }
}
