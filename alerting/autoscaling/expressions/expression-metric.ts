import { type Labels, METRIC_NAME } from '../../../storage/labels.ts';
import { formatDuration } from '../../duration.ts';
import type { QueryFunc, QueryVector } from '../../query-func.ts';
import { type LabelSelector, selectorText } from '../label-selector.ts';
import type { DescribedObject, Evaluation, EvaluationRequest, MetricRead, ServedMetric } from '../served-metric.ts';
import { isNamespaced, singularOf } from './described-resource.ts';
import { expressionReads } from './expression-reads.ts';
import { type Condition, fillTemplate } from './expression-template.ts';
import { longestRange } from './longest-range.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { DOUBT_INSTANCE, DOUBT_JOB, DOUBT_WHOLE, missingScrapes } from './missing-scrapes.ts';
import { needsFullWindows, RefilledWindows } from './refilled-windows.ts';
import { selectorConditions } from './selector-conditions.ts';

export interface ExpressionMetricOptions {
  readonly query: QueryFunc;
  /** The name of the cluster that is served, as in the label `cluster`; '' when it has none. */
  readonly cluster: string;
  /** Rows that an answer may have; more are an error. Default 200,000. */
  readonly maxRows?: number;
}

/** Targets that a doubt names; the others are counted. */
const MAX_NAMED = 3;

/**
 * A named expression as a metric that autoscalers can ask for. Each evaluation asks three questions of the same time: for the
 * values, for how old the samples in them are, and for what is missing in them.
 */
export function createExpressionMetric(definition: MetricDefinition, options: ExpressionMetricOptions): ServedMetric {
  return new ExpressionMetric(definition, options);
}

class ExpressionMetric implements ServedMetric {
  readonly name: string;
  readonly api: 'custom' | 'external';
  readonly resources: readonly string[];
  readonly window: number;
  readonly freshness: number;
  readonly hold: number;
  readonly namespace: string | undefined;
  readonly selectsInside: boolean;
  readonly reads: readonly MetricRead[];
  readonly origin: string;
  readonly #definition: MetricDefinition;
  readonly #options: ExpressionMetricOptions;
  readonly #missing: ReturnType<typeof missingScrapes>;
  /** Undefined when it does not matter how full windows are. */
  readonly #windows: RefilledWindows | undefined;
  readonly #nameless = new WeakMap<Labels, Labels>();
  #last: readonly Labels[] = [];

  constructor(definition: MetricDefinition, options: ExpressionMetricOptions) {
    this.#definition = definition;
    this.#options = options;
    this.name = definition.name;
    this.api = definition.type === 'External' ? 'external' : 'custom';
    this.resources = definition.resources;
    this.window = definition.window;
    this.freshness = definition.freshness;
    this.hold = definition.hold;
    this.namespace = definition.namespace;
    this.selectsInside = definition.expr.hasPlace;
    this.origin = definition.origin;
    if (needsFullWindows(definition.expr.expr)) this.#windows = new RefilledWindows(longestRange(definition.expr.expr));
    this.#missing = missingScrapes(definition.expr.expr, { isSummed: definition.type === 'External' });
    const asked = [definition.expr.expr, definition.times.expr, this.#missing];
    this.reads = expressionReads(asked.filter((expr) => expr !== undefined));
  }

  objectOf(labels: Labels, resource: string): DescribedObject | undefined {
    const { labels: names, namespace: only, isBound } = this.#definition;
    const singular = singularOf(resource);
    const name = labels.get(labelOf(names, singular));
    if (name === '') return undefined;
    if (!isNamespaced(resource)) {
      return only === undefined || (resource === 'namespaces' && name === only) ? { namespace: '', name } : undefined;
    }
    // All that was read is of that namespace, whether or not it says so any more.
    const namespace = labels.get(labelOf(names, 'namespace')) || (isBound ? only! : '');
    if (namespace === '' || (only !== undefined && namespace !== only)) return undefined;
    return { namespace, name };
  }

  async evaluate({ at, selector }: EvaluationRequest, signal: AbortSignal): Promise<Evaluation> {
    const { expr, times } = this.#definition;
    const conditions = this.#conditions(selectorConditions(selector));
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    const ask = (asked: typeof expr.expr, what: string) =>
      this.#ask(fillTemplate(asked, conditions), { at, what, signal: either });
    try {
      const [values, ages, missing] = await Promise.all([
        ask(expr.expr, 'the values'),
        ask(times.expr, 'the times of the samples'),
        this.#missing === undefined ? undefined : ask(this.#missing, 'what is missing'),
      ]);
      return this.#join(this.#rows(values), { ages, missing, at, selector });
    } finally {
      // Of what failed the others are of no use.
      ended.abort();
    }
  }

  #conditions(selected: readonly Condition[]) {
    const { isBound, namespace } = this.#definition;
    const { cluster } = this.#options;
    const own: readonly Condition[] = cluster === '' ? [] : [{ name: 'cluster', op: '=', value: cluster }];
    const bound: readonly Condition[] = isBound ? [...own, { name: 'namespace', op: '=', value: namespace! }] : [];
    return { selected, own, everywhere: bound };
  }

  async #ask(
    expr: string,
    { at, what, signal }: { readonly at: number; readonly what: string; readonly signal: AbortSignal },
  ): Promise<QueryVector> {
    const { query, maxRows = 200_000 } = this.#options;
    let answer: QueryVector;
    try {
      answer = await query(expr, at, signal);
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${what} of ${this.name} cannot be evaluated: ${reason}`, { cause: error });
    }
    const rows = answer.samples.length;
    if (rows > maxRows) throw new Error(`${what} of ${this.name} are ${rows} rows, expected at most ${maxRows}`);
    return answer;
  }

  /** Those of this cluster, without the metric's name. */
  #rows({ samples }: QueryVector): QueryVector['samples'] {
    const { cluster } = this.#options;
    const isOther = (labels: Labels): boolean => cluster !== '' && !['', cluster].includes(labels.get('cluster'));
    return samples
      .filter(({ labels }) => !isOther(labels))
      .map(({ labels, value }) => ({ labels: this.#withoutName(labels), value }));
  }

  #join(
    rows: QueryVector['samples'],
    answers: {
      readonly ages: QueryVector;
      readonly missing: QueryVector | undefined;
      readonly at: number;
      readonly selector: LabelSelector;
    },
  ): Evaluation {
    const indexes = new Map<string, number>();
    for (const [i, { labels }] of rows.entries()) {
      if (indexes.has(labels.key)) throw new Error(`two rows of ${this.name} have the labels ${labels}`);
      indexes.set(labels.key, i);
    }
    const timestamps = new Float64Array(rows.length).fill(Number.NaN);
    for (const { labels, value } of answers.ages.samples) {
      const row = indexes.get(this.#withoutName(labels).key);
      if (row !== undefined) timestamps[row] = Math.round(value * 1000);
    }
    const [only] = answers.ages.samples;
    const isOfAll = answers.ages.samples.length === 1 && this.#withoutName(only!.labels).size === 0;
    if (isOfAll) timestamps.fill(Math.round(only!.value * 1000));
    let labels: readonly Labels[] = rows.map((row) => row.labels);
    if (answers.selector.length === 0) {
      const isSame = labels.length === this.#last.length && labels.every((one, i) => one.equals(this.#last[i]!));
      if (isSame) labels = this.#last;
      this.#last = labels;
    }
    const doubts = this.#doubts(answers.missing?.samples ?? [], indexes);
    const lacking = new Set(doubts.keys());
    this.#windows?.take(
      { at: answers.at, selector: selectorText(answers.selector) },
      { keys: indexes.keys(), isLacking: (row) => lacking.has(row) || Number.isNaN(timestamps[row]!) },
      (row, since) =>
        doubts.set(
          row,
          `its samples were interrupted until ${formatDuration(since)} ago, and its range is not full again`,
        ),
    );
    return { labels, values: Float64Array.from(rows, ({ value }) => value), timestamps, doubts };
  }

  #doubts(missing: QueryVector['samples'], indexes: ReadonlyMap<string, number>): Map<number, string> {
    const targets = new Map<number, Set<string>>();
    const ofAll = new Set<string>();
    for (const { labels } of missing) {
      const target = `${labels.get(DOUBT_INSTANCE)} (job ${labels.get(DOUBT_JOB)})`;
      const row = indexes.get(labels.filter((name) => !isHidden(name)).key);
      // Rows of an external metric are summed: one that is missing is missing in the sum.
      if (labels.has(DOUBT_WHOLE) || (row === undefined && this.api === 'external')) ofAll.add(target);
      else if (row !== undefined) targets.set(row, (targets.get(row) ?? new Set()).add(target));
    }
    if (ofAll.size > 0) {
      for (const row of indexes.values()) targets.set(row, new Set([...(targets.get(row) ?? []), ...ofAll]));
    }
    return new Map([...targets].map(([row, failed]) => [row, sentence([...failed])]));
  }

  #withoutName(labels: Labels): Labels {
    if (!labels.has(METRIC_NAME)) return labels;
    const known = this.#nameless.get(labels);
    if (known !== undefined) return known;
    const made = labels.with(METRIC_NAME, '');
    this.#nameless.set(labels, made);
    return made;
  }
}

function labelOf(names: Readonly<Record<string, string>>, kind: string): string {
  return Object.hasOwn(names, kind) ? names[kind]! : kind;
}

function isHidden(name: string): boolean {
  return name === DOUBT_JOB || name === DOUBT_INSTANCE || name === DOUBT_WHOLE || name === METRIC_NAME;
}

/** `the scrape of web-3 (job web) failed; its series are missing in the result` */
function sentence(failed: readonly string[]): string {
  const named = failed.toSorted().slice(0, MAX_NAMED).join(', ');
  const more = failed.length > MAX_NAMED ? ` and ${failed.length - MAX_NAMED} more` : '';
  return failed.length === 1
    ? `the scrape of ${named} failed; its series are missing in the result`
    : `the scrapes of ${named}${more} failed; their series are missing in the result`;
}
