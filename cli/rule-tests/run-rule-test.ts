/**
 * Runs one test of a file of rule tests: the rules of the files, evaluated by what evaluates them in a server, on a store in
 * memory, with a clock that is stepped.
 */
import pino from 'pino';
import { Registry } from 'prom-client';
import { AlertHistory } from '../../alerting/alert-history.ts';
import { createAlertMetrics } from '../../alerting/alert-metrics.ts';
import { formatDuration } from '../../alerting/duration.ts';
import type { EvaluatorContext } from '../../alerting/rule-evaluator.ts';
import { RuleGroupLoop } from '../../alerting/rule-group-loop.ts';
import { RoundOfSamples } from '../../alerting/rule-series.ts';
import type { RuleGroup } from '../../alerting/rules/rule.ts';
import type { QueryEngine } from '../../query/query-result.ts';
import type { AlertLog } from '../../storage/alert-log.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { queryFuncOf } from '../query-func.ts';
import { InputSeries } from './input-series.ts';
import { type ActualAlert, alertDifference, sampleDifference } from './rule-test-difference.ts';
import type { AlertExpectation, ExprExpectation, RuleTest } from './rule-test-file.ts';
import type { SharedEngine } from './shared-engine.ts';

export interface RunRuleTestOptions {
  /** Of the rule files; they are evaluated in the order given. */
  readonly groups: readonly RuleGroup[];
  readonly evaluationInterval: number;
  readonly fuzzyCompare: boolean;
  /** That of the file's tests. */
  readonly engine: SharedEngine;
  /** Whether differences show what is equal too. */
  readonly whole: boolean;
  /** Is given all samples of the test at its end, a series per line. Default: nobody. */
  readonly onDump?: (lines: readonly string[]) => void;
}

/** Something that is not as expected. */
export interface RuleTestFailure {
  /** Where the expectation stands; 0 when it is of none. */
  readonly line: number;
  /** What was looked at, in one line. */
  readonly what: string;
  /** How it differs, or the error. */
  readonly details: readonly string[];
}

/** Evaluations of one test at most: years of minutes. */
const MAX_EVALUATIONS = 2_000_000;
const BLOCK_ROWS = 256;
const never = new AbortController().signal;

/** Nobody continues from it. */
const NO_LOG: Pick<AlertLog, 'append' | 'latest'> = {
  async append() {},
  async latest() {
    return [];
  },
};

/** What is not as expected; an error of a rule ends the test, as it does for promtool. */
export async function runRuleTest(test: RuleTest, options: RunRuleTestOptions): Promise<readonly RuleTestFailure[]> {
  const { evaluationInterval: interval } = options;
  const last = Math.max(0, ...test.alerts.map((one) => one.evalTime), ...test.expressions.map((one) => one.evalTime));
  if (last / interval > MAX_EVALUATIONS) {
    const what = `the last eval_time ${formatDuration(last)} is ${Math.floor(last / interval)} evaluations away`;
    return [{ line: 0, what, details: [`evaluations must be at most ${MAX_EVALUATIONS}`] }];
  }
  // Queries here read little and are many: each makes room for a block.
  const storage = createMemoryStorage({ blockRows: BLOCK_ROWS });
  try {
    const run = new Run(test, options, storage);
    return await run.all(last);
  } finally {
    await storage.close(1000);
  }
}

class Run {
  readonly #test: RuleTest;
  readonly #options: RunRuleTestOptions;
  readonly #engine: QueryEngine;
  readonly #input: InputSeries;
  readonly #loops: readonly RuleGroupLoop[];
  #now: number;

  constructor(test: RuleTest, options: RunRuleTestOptions, storage: ReturnType<typeof createMemoryStorage>) {
    this.#test = test;
    this.#options = options;
    this.#now = test.start;
    options.engine.read(storage.querier);
    this.#engine = options.engine.engine;
    this.#input = new InputSeries(storage.appender, test.series, test);
    const metrics = createAlertMetrics(new Registry());
    const context: EvaluatorContext = {
      query: queryFuncOf(this.#engine),
      appender: storage.appender,
      history: new AlertHistory(NO_LOG, () => this.#now),
      externalLabels: Labels.from(test.externalLabels),
      externalUrl: test.externalUrl,
      evaluated: () => {},
      templateFailed: () => {},
    };
    this.#loops = options.groups.map((group) => {
      return new RuleGroupLoop(group, {
        context,
        interval: group.interval || test.interval,
        queryOffset: 0,
        now: () => this.#now,
        logger: pino({ level: 'silent' }),
        metrics,
        flush: async () => {},
        restore: async () => true,
      });
    });
  }

  async all(last: number): Promise<RuleTestFailure[]> {
    const { start } = this.#test;
    const { evaluationInterval: interval } = this.#options;
    const failures: RuleTestFailure[] = [];
    const alerts = this.#test.alerts.toSorted((a, b) => a.evalTime - b.evalTime);
    let next = 0;
    for (let elapsed = 0; elapsed <= last; elapsed += interval) {
      const errors = await this.#evaluate(start + elapsed);
      failures.push(...errors);
      if (errors.length > 0) return failures;
      // What is expected between two evaluations is expected of the first.
      for (; next < alerts.length && alerts[next]!.evalTime < elapsed + interval; next++) {
        const failure = this.#checkAlerts(alerts[next]!);
        if (failure !== undefined) failures.push(failure);
      }
    }
    for (const expected of this.#test.expressions) {
      const failure = await this.#checkExpression(expected);
      if (failure !== undefined) failures.push(failure);
    }
    if (this.#options.onDump !== undefined) this.#options.onDump(await this.#dump(start, start + last));
    return failures;
  }

  async #evaluate(time: number): Promise<RuleTestFailure[]> {
    this.#now = time;
    await this.#input.until(time);
    const failures: RuleTestFailure[] = [];
    const round = new RoundOfSamples();
    for (const loop of this.#loops) {
      await loop.evaluate(time, round);
      for (const { rule, lastError } of loop.evaluators) {
        if (lastError === '') continue;
        const name = rule.kind === 'alerting' ? `alert ${rule.alert}` : `record ${rule.record}`;
        const what = `${name} of group ${loop.group.name}, evaluated at ${formatDuration(time - this.#test.start)}`;
        failures.push({ line: 0, what, details: [`error: ${lastError}`] });
      }
    }
    return failures;
  }

  #checkAlerts(expected: AlertExpectation): RuleTestFailure | undefined {
    const got: ActualAlert[] = [];
    for (const evaluator of this.#loops.flatMap((loop) => loop.alerting)) {
      if (evaluator.rule.alert !== expected.alertname) continue;
      for (const alert of evaluator.alerts.values()) {
        if (alert.state !== 'firing') continue;
        // An annotation that became empty is there all the same.
        const annotations = Object.keys(evaluator.rule.annotations).map((name) => [name, alert.annotations.get(name)]);
        got.push({ labels: alert.labels.toObject(), annotations: Object.fromEntries(annotations) });
      }
    }
    const wanted = expected.alerts.map(({ labels, annotations }) => {
      return { labels: { ...labels, alertname: expected.alertname }, annotations };
    });
    const details = alertDifference(wanted, got, { whole: this.#options.whole });
    if (details === undefined) return undefined;
    return {
      line: expected.line,
      what: `alert ${expected.alertname} at ${formatDuration(expected.evalTime)}`,
      details,
    };
  }

  async #checkExpression({ line, evalTime, expr, samples }: ExprExpectation): Promise<RuleTestFailure | undefined> {
    const what = `expression ${JSON.stringify(expr)} at ${formatDuration(evalTime)}`;
    try {
      const got = await queryFuncOf(this.#engine)(expr, this.#test.start + evalTime, never);
      const { fuzzyCompare: fuzzy, whole } = this.#options;
      const details = sampleDifference(samples, got.samples, { fuzzy, whole });
      return details === undefined ? undefined : { line, what, details };
    } catch (error) {
      return { line, what, details: [`error: ${error instanceof Error ? error.message : String(error)}`] };
    }
  }

  async #dump(start: number, end: number): Promise<string[]> {
    const expr = `{__name__=~".+"}[${Math.ceil((end - start) / 1000) + 1}s]`;
    const { value } = await this.#engine.instant({ expr, time: end }, never);
    if (value.type !== 'matrix') return [];
    return value.series.map(({ labels, timestamps, values }) => {
      const samples = [...values].map((one, i) => `${one}@${formatDuration(timestamps[i]! - start)}`);
      return `${labels} ${samples.join(' ')}`;
    });
  }
}
