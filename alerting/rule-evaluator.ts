import type { Appender } from '../storage/appender.ts';
import { Labels, METRIC_NAME } from '../storage/labels.ts';
import type { AlertHistory, HistoryEntry } from './alert-history.ts';
import { type AlertCandidate, type AlertInstance, advance, ended } from './alert-instance.ts';
import type { QueryFunc, QueryVector } from './query-func.ts';
import { type RoundOfSamples, type RuleSample, RuleSeries } from './rule-series.ts';
import { measuredExpression } from './rules/measured-expression.ts';
import { type MetricsRead, metricsRead } from './rules/metrics-read.ts';
import type { AlertingRule, RecordingRule, Rule } from './rules/rule.ts';
import { alertTemplateError } from './template/alert-template-error.ts';
import { Template, type TemplateQuery } from './template/template.ts';

type QuerySample = QueryVector['samples'][number];

/** Alerts that are worth looking for among all samples one by one. */
const FEW = 50;

/** What evaluators need of their engine. */
export interface EvaluatorContext {
  readonly query: QueryFunc;
  /** How far back the query looks for the newest sample, in milliseconds. Default: 5 min. */
  readonly lookback?: number | undefined;
  /** After a longer time without evaluations alerts do not end for as long, in milliseconds. Default: they do. */
  readonly scrapedWithin?: number | undefined;
  readonly appender: Appender;
  readonly history: AlertHistory;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** Is told of a rule's alerts after each evaluation. */
  readonly evaluated: (evaluator: AlertingEvaluator, now: number) => void;
  /** Is told of each template that could not be expanded. */
  readonly templateFailed: () => void;
}

export interface EvaluationTime {
  readonly now: number;
  /** Of the group. */
  readonly interval: number;
  /** How far back the query and the samples lie. */
  readonly offset: number;
  /** Results at most; 0 for any number. */
  readonly limit: number;
  /** What rules of the group have written at this time. */
  readonly round: RoundOfSamples;
  readonly signal: AbortSignal;
}

/** A rule and what it has become. A failed evaluation rejects and changes nothing. */
export abstract class RuleEvaluator {
  readonly rule: Rule;
  readonly id: string;
  protected readonly context: EvaluatorContext;
  protected readonly series: RuleSeries;
  health: 'ok' | 'err' | 'unknown' = 'unknown';
  lastError = '';
  lastEvaluation = 0;
  evaluationTime = 0;

  constructor(rule: Rule, id: string, context: EvaluatorContext) {
    this.rule = rule;
    this.id = id;
    this.context = context;
    this.series = new RuleSeries(context.appender);
    this.reads = metricsRead(rule.expr, context.lookback);
  }

  readonly reads: MetricsRead;
  /** The metrics that the rule writes. */
  abstract readonly writes: readonly string[];

  /**
   * Resolves when the rule has been computed and its samples were handed over; `written` settles when those are
   * durable, and must have before the next evaluation.
   */
  abstract evaluate(time: EvaluationTime): Promise<{ readonly written: Promise<void> }>;

  /** Goes on with the series of the evaluator it replaces, which are then not ended. */
  adoptSeries(other: RuleEvaluator): void {
    this.series.adopt(other.series);
  }

  /** Stale markers for all series. */
  async end(timestamp: number): Promise<void> {
    await this.series.write([], timestamp);
  }
}

/** Writes the result of an expression as series. */
export class RecordingEvaluator extends RuleEvaluator {
  declare readonly rule: RecordingRule;

  /** By the labels of a result, which are the same object as long as nothing comes or goes, those that are written. */
  readonly #written = new WeakMap<Labels, Labels>();

  override get writes(): readonly string[] {
    return [this.rule.record];
  }

  override async evaluate({ now, offset, limit, round, signal }: EvaluationTime): Promise<{ written: Promise<void> }> {
    const at = now - offset;
    const { samples } = await this.context.query(this.rule.expr, at, signal);
    const results = new Map<string, RuleSample>();
    for (const sample of samples) {
      const labels = this.#labelsOf(sample.labels);
      if (results.has(labels.key)) throw new Error(`the labels of results must differ, got ${labels.toString()} twice`);
      results.set(labels.key, { labels, value: sample.value });
    }
    if (limit > 0 && results.size > limit) {
      await this.series.write([], at, round);
      throw new Error(`results must be at most the limit ${limit}, got ${results.size}`);
    }
    return { written: handled(this.series.write([...results.values()], at, round)) };
  }

  #labelsOf(result: Labels): Labels {
    let labels = this.#written.get(result);
    if (labels === undefined) {
      labels = Labels.from([...result, ...Object.entries(this.rule.labels), [METRIC_NAME, this.rule.record]]);
      this.#written.set(result, labels);
    }
    return labels;
  }
}

/** Keeps the alerts of an alerting rule. */
export class AlertingEvaluator extends RuleEvaluator {
  declare readonly rule: AlertingRule;
  override readonly writes: readonly string[] = ['ALERTS', 'ALERTS_FOR_STATE'];
  /** By the key of their labels; ended ones too, for a while. */
  alerts: ReadonlyMap<string, AlertInstance> = new Map();
  #restored = false;
  /** Alerts that the log knew, by their keys. */
  #remembered: ReadonlySet<string> = new Set();
  #holdUntil = 0;
  /** When an evaluation succeeded last; 0 for none. */
  #evaluatedAt = 0;
  readonly #labels: ReadonlyMap<string, Template>;
  readonly #annotations: ReadonlyMap<string, Template>;
  readonly #measured: string | undefined;
  /**
   * By the labels of a result, which are the same object as long as nothing comes or goes, those of its alert; not where templates
   * make them of its value. And by those the labels of the alert's series.
   */
  readonly #alertLabels = new WeakMap<Labels, Labels>();
  readonly #seriesLabels = new WeakMap<Labels, AlertSeries>();
  readonly #areLabelsPlain: boolean;

  constructor(rule: AlertingRule, id: string, context: EvaluatorContext) {
    super(rule, id, context);
    this.#labels = templates(rule.labels);
    this.#annotations = templates(rule.annotations);
    this.#areLabelsPlain = [...this.#labels.values()].every(({ isPlain }) => isPlain);
    this.#measured = measuredExpression(rule.expr);
  }

  override async evaluate(time: EvaluationTime): Promise<{ written: Promise<void> }> {
    const { now, limit, round } = time;
    const at = now - time.offset;
    const candidates = await this.#candidates(time);
    this.#holdAfterGap(time);
    const advanced = (): Map<string, AlertInstance> => {
      const held = now < this.#holdUntil ? { held: this.#remembered } : {};
      return advance(this.alerts, candidates, { rule: this.rule, now, ...held });
    };
    const recovered = await this.#recovered(advanced(), time);
    let excess = 0;
    await this.context.history.change(async (append) => {
      let next = advanced();
      for (const [key, alert] of recovered) {
        if (next.get(key)?.state === 'inactive') next.set(key, { ...next.get(key)!, ...alert });
      }
      const active = [...next.values()].filter(({ state }) => state !== 'inactive').length;
      if (limit > 0 && active > limit) {
        excess = active;
        next = this.#allEnded(now);
      }
      await append(this.#changes(next));
      this.alerts = next;
      this.#evaluatedAt = now;
    });
    // Before the series: that those cannot be written must not keep an alert from being told.
    this.context.evaluated(this, now);
    const written = handled(this.series.write(this.#samples(), at, round));
    if (excess === 0) return { written };
    await written;
    throw new Error(`alerts must be at most the limit ${limit}, got ${excess}; all of them are ended`);
  }

  /** Ends all alerts, in the log too: the rule is gone. */
  endAlerts(now: number): Promise<void> {
    return this.context.history.change(async (append) => {
      const next = this.#allEnded(now);
      await append(this.#changes(next));
      this.alerts = next;
    });
  }

  /** Takes the alerts of the evaluator it replaces. */
  adopt(other: AlertingEvaluator): void {
    this.alerts = other.alerts;
    this.#restored = other.#restored;
    this.#remembered = other.#remembered;
    this.#holdUntil = other.#holdUntil;
    this.#evaluatedAt = other.#evaluatedAt;
  }

  /** Whether `alerts` continues what the log knows, without which nothing may be evaluated. */
  get restored(): boolean {
    return this.#restored;
  }

  /**
   * Continues with what the log knows. Until the time given these alerts do not end: after a restart targets have to be scraped first,
   * and what had not been scraped for longer than the lookback is missing from results although nothing has changed.
   */
  restore(alerts: ReadonlyMap<string, AlertInstance>, holdUntil: number): void {
    this.alerts = alerts;
    this.#restored = true;
    this.#remembered = new Set(alerts.keys());
    this.#holdUntil = holdUntil;
  }

  /**
   * After a time without evaluations, as when the machine slept, the time of day was set or the store was away, what was collected
   * before it is out of sight, and what is collected now may not be there yet: what is missing has not ended by that.
   */
  #holdAfterGap({ now, interval }: Pick<EvaluationTime, 'now' | 'interval'>): void {
    const { scrapedWithin } = this.context;
    if (scrapedWithin === undefined || this.#evaluatedAt === 0) return;
    const patience = Math.max(2 * interval, scrapedWithin);
    if (Math.abs(now - this.#evaluatedAt) <= patience) return;
    const active = [...this.alerts].filter(([, { state }]) => state !== 'inactive');
    this.#remembered = new Set(active.map(([key]) => key));
    this.#holdUntil = now + patience;
  }

  #changes(next: ReadonlyMap<string, AlertInstance>): HistoryEntry[] {
    const changes: HistoryEntry[] = [];
    for (const [key, alert] of next) {
      if (this.alerts.get(key)?.state !== alert.state) changes.push({ rule: this.id, alert });
    }
    return changes;
  }

  #allEnded(now: number): Map<string, AlertInstance> {
    return new Map(
      [...this.alerts].map(([key, alert]) => [key, alert.state === 'inactive' ? alert : ended(alert, now)]),
    );
  }

  async #candidates(time: EvaluationTime): Promise<Map<string, AlertCandidate>> {
    const { context, rule } = this;
    const { samples } = await context.query(rule.expr, time.now - time.offset, time.signal);
    const expand = this.#expander(time);
    const candidates = new Map<string, AlertCandidate>();
    for (const sample of samples) {
      let labels = this.#alertLabels.get(sample.labels);
      if (labels === undefined) {
        const own = sample.labels.with(METRIC_NAME, '');
        labels = Labels.from([...own, ...(await expand(this.#labels, sample)), ['alertname', rule.alert]]);
        if (this.#areLabelsPlain) this.#alertLabels.set(sample.labels, labels);
      }
      if (candidates.has(labels.key)) {
        throw new Error(`the labels of alerts must differ, got ${labels.toString()} twice`);
      }
      const annotations =
        this.#annotations.size === 0 ? Labels.EMPTY : Labels.from(await expand(this.#annotations, sample));
      candidates.set(labels.key, { labels, annotations, value: sample.value });
    }
    return candidates;
  }

  /**
   * Of alerts that fired and are over in `next` the values that they have now, with annotations that say so, as far as the
   * expression can tell. What cannot be found out is left away: it must not delay the end of an alert.
   */
  async #recovered(
    next: ReadonlyMap<string, AlertInstance>,
    time: EvaluationTime,
  ): Promise<Map<string, Pick<AlertInstance, 'annotations' | 'value' | 'valueIsCurrent'>>> {
    const recovered = new Map<string, Pick<AlertInstance, 'annotations' | 'value' | 'valueIsCurrent'>>();
    if (this.#measured === undefined) return recovered;
    const over = [...next.values()].filter(({ labels, state }) => {
      return state === 'inactive' && this.alerts.get(labels.key)?.state === 'firing';
    });
    if (over.length === 0) return recovered;
    const { samples } = await this.context
      .query(this.#measured, time.now - time.offset, time.signal)
      .catch((error: unknown) => {
        if (time.signal.aborted) throw error;
        return { samples: [] } satisfies QueryVector;
      });
    const sources = new Map<string, QuerySample | undefined>();
    const wanted = over.length > FEW ? undefined : over.map(({ labels }) => this.#source(labels));
    for (const sample of samples) {
      // There may be a hundred thousand of them, of which hardly one is asked for.
      if (wanted !== undefined && !wanted.some((labels) => hasAll(sample.labels, labels))) continue;
      const { key } = this.#source(sample.labels);
      // Of several that only differ in what the rule sets, none is known to be the alert's.
      sources.set(key, sources.has(key) ? undefined : sample);
    }
    const expand = this.#expander(time);
    for (const { labels } of over) {
      const sample = sources.get(this.#source(labels).key);
      if (sample === undefined) continue;
      const annotations = Labels.from(await expand(this.#annotations, sample));
      recovered.set(labels.key, { annotations, value: sample.value, valueIsCurrent: true });
    }
    return recovered;
  }

  /** The labels of a result, or of its alert, without those that the rule sets. */
  #source(labels: Labels): Labels {
    return labels.filter((name) => name !== METRIC_NAME && name !== 'alertname' && !this.#labels.has(name));
  }

  /** Expands templates about a sample; a failure becomes part of the text, since it must not lose the alert. */
  #expander({
    now,
    signal,
  }: EvaluationTime): (set: ReadonlyMap<string, Template>, sample: QuerySample) => Promise<[string, string][]> {
    const { context, rule } = this;
    const { externalLabels, externalUrl } = context;
    // As for Prometheus, the time of the evaluation, whatever the offset of the query.
    const query = rememberingQuery((expr) => context.query(expr, now, signal));
    return async (set, { labels, value }) => {
      const expanded: [string, string][] = [];
      for (const [name, template] of set) {
        try {
          expanded.push([name, await template.expand({ labels, value, externalLabels, externalUrl, now }, query)]);
        } catch (error) {
          if (signal.aborted) throw error;
          context.templateFailed();
          expanded.push([name, alertTemplateError(error, { alert: rule.alert, source: template.source })]);
        }
      }
      return expanded;
    };
  }

  #samples(): RuleSample[] {
    const samples: RuleSample[] = [];
    for (const { labels, state, activeAt } of this.alerts.values()) {
      if (state === 'inactive') continue;
      const series = this.#seriesOf(labels, state);
      samples.push({ labels: series.ofState, value: 1 });
      samples.push({ labels: series.ofTime, value: Math.floor(activeAt / 1000) });
    }
    return samples;
  }

  #seriesOf(labels: Labels, state: string): AlertSeries {
    let series = this.#seriesLabels.get(labels);
    if (series?.state !== state) {
      series = {
        state,
        ofState: labels.with(METRIC_NAME, 'ALERTS').with('alertstate', state),
        ofTime: series?.ofTime ?? labels.with(METRIC_NAME, 'ALERTS_FOR_STATE'),
      };
      this.#seriesLabels.set(labels, series);
    }
    return series;
  }
}

/** The labels of the series that an alert in this state has. */
interface AlertSeries {
  readonly state: string;
  readonly ofState: Labels;
  readonly ofTime: Labels;
}

function hasAll(labels: Labels, wanted: Labels): boolean {
  for (const [name, value] of wanted) if (labels.get(name) !== value) return false;
  return true;
}

/** The promise, which may be left alone for a while without counting as unhandled. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

/** Asks each expression once: all alerts of an evaluation see the same answer. */
function rememberingQuery(query: (expr: string) => Promise<QueryVector>): TemplateQuery {
  const answers = new Map<string, Promise<QueryVector>>();
  return async (expr) => {
    let answer = answers.get(expr);
    if (answer === undefined) answers.set(expr, (answer = query(expr)));
    return (await answer).samples;
  };
}

function templates(texts: Readonly<Record<string, string>>): ReadonlyMap<string, Template> {
  return new Map(Object.entries(texts).map(([name, text]) => [name, new Template(text)]));
}
