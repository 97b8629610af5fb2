/**
 * Files of rule tests, as promtool has them: which rule files, which series, and what alerts and expressions must then
 * be. Reading is strict and complete: every problem is reported with its place, and a file with a problem gives no tests.
 */
import { parseDuration } from '../../alerting/duration.ts';
import { type FileProblem, type Place, YamlReader } from '../../alerting/yaml-reader.ts';
import { parseItems, parseMetric, type SeriesLine } from '../../query/promql/series-notation.ts';
import type { Labels } from '../../storage/labels.ts';

/** Times and durations in milliseconds. */
export interface RuleTestFile {
  /** As written: paths and patterns, relative to the file's directory. */
  readonly ruleFiles: readonly string[];
  readonly evaluationInterval: number;
  /** Whether numbers that are neighbours count as equal. */
  readonly fuzzyCompare: boolean;
  /** Names of groups; those come in this order. */
  readonly groupEvalOrder: readonly string[];
  readonly tests: readonly RuleTest[];
}

export interface RuleTest {
  /** '' when it has none. */
  readonly name: string;
  /** Distance of the series' samples. */
  readonly interval: number;
  readonly series: readonly SeriesLine[];
  readonly alerts: readonly AlertExpectation[];
  readonly expressions: readonly ExprExpectation[];
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly externalUrl: string;
  /** When the first samples and the first evaluation are. */
  readonly start: number;
}

/** The alerts of a name that fire at a time, all of them. */
export interface AlertExpectation {
  readonly line: number;
  /** After the start. */
  readonly evalTime: number;
  readonly alertname: string;
  readonly alerts: readonly ExpectedAlert[];
}

export interface ExpectedAlert {
  /** Without alertname. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ExprExpectation {
  readonly line: number;
  readonly evalTime: number;
  readonly expr: string;
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[];
}

const FILE_KEYS = ['rule_files', 'evaluation_interval', 'group_eval_order', 'tests', 'fuzzy_compare'];
const TEST_KEYS = [
  ...['name', 'interval', 'input_series', 'alert_rule_test', 'promql_expr_test', 'external_labels', 'external_url'],
  'start_timestamp',
];
const MINUTE = 60_000;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** The tests of a file, or all of its problems. `file` is only a name. */
export function parseRuleTestFile(
  file: string,
  text: string,
): { readonly parsed: RuleTestFile; readonly problems: readonly FileProblem[] } {
  const reader = new RuleTestFileReader(file, text);
  const parsed = reader.file();
  const problems = reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { parsed, problems };
}

type Fields = ReadonlyMap<string, Place>;

class RuleTestFileReader {
  readonly #yaml: YamlReader;

  constructor(file: string, text: string) {
    this.#yaml = new YamlReader(file, text);
  }

  get problems(): readonly FileProblem[] {
    return this.#yaml.problems;
  }

  file(): RuleTestFile {
    const { root } = this.#yaml;
    const fields: Fields = root === undefined ? new Map() : this.#yaml.map(root, FILE_KEYS);
    const evaluationInterval = this.#duration(fields.get('evaluation_interval')) || MINUTE;
    const groupEvalOrder = this.#texts(fields.get('group_eval_order'));
    const twice = groupEvalOrder.find((name, i) => groupEvalOrder.indexOf(name) !== i);
    if (twice !== undefined) {
      this.#yaml.report(
        fields.get('group_eval_order')!,
        `expected each group once, got ${JSON.stringify(twice)} again`,
      );
    }
    return {
      ruleFiles: this.#texts(fields.get('rule_files')),
      evaluationInterval,
      fuzzyCompare: this.#boolean(fields.get('fuzzy_compare')),
      groupEvalOrder,
      tests: this.#yaml.list(fields.get('tests')).map((place) => this.#test(place, evaluationInterval)),
    };
  }

  #test(place: Place, evaluationInterval: number): RuleTest {
    const fields = this.#yaml.map(place, TEST_KEYS);
    return {
      name: this.#yaml.text(fields.get('name')) ?? '',
      interval: this.#duration(fields.get('interval')) || evaluationInterval,
      series: this.#yaml.list(fields.get('input_series')).flatMap((series) => this.#series(series) ?? []),
      alerts: this.#yaml.list(fields.get('alert_rule_test')).map((test) => this.#alertTest(test)),
      expressions: this.#yaml.list(fields.get('promql_expr_test')).map((test) => this.#exprTest(test)),
      externalLabels: this.#strings(fields.get('external_labels')),
      externalUrl: this.#url(fields.get('external_url')),
      start: this.#time(fields.get('start_timestamp')),
    };
  }

  #series(place: Place): SeriesLine | undefined {
    const fields = this.#yaml.map(place, ['series', 'values']);
    const labels = this.#notation(fields.get('series') ?? place, (text) => {
      const { labels, rest } = parseMetric(text);
      if (rest.trim() !== '') throw new Error(`expected only a series, got ${JSON.stringify(rest.trim())} behind it`);
      if (labels.metric === '') throw new Error(`expected a series with a metric name, got ${JSON.stringify(text)}`);
      return labels;
    });
    const items = this.#notation(fields.get('values'), (text) => {
      const items = parseItems(text);
      const histogram = items.find((item) => item.kind === 'histogram');
      if (histogram !== undefined) {
        throw new Error(`expected numbers, got a native histogram, which are not supported: ${histogram.text}`);
      }
      return items;
    });
    return labels === undefined ? undefined : { labels, items: items ?? [], startTimestamps: false };
  }

  #alertTest(place: Place): AlertExpectation {
    const fields = this.#yaml.map(place, ['eval_time', 'alertname', 'exp_alerts']);
    const alertname = this.#yaml.text(fields.get('alertname')) ?? '';
    if (alertname === '') this.#yaml.report(fields.get('alertname') ?? place, 'expected an alertname, got none');
    return {
      line: this.#yaml.lineOf(place),
      evalTime: this.#duration(fields.get('eval_time')) ?? 0,
      alertname,
      alerts: this.#yaml.list(fields.get('exp_alerts')).map((alert) => {
        const parts = this.#yaml.map(alert, ['exp_labels', 'exp_annotations']);
        return {
          labels: this.#strings(parts.get('exp_labels')),
          annotations: this.#strings(parts.get('exp_annotations')),
        };
      }),
    };
  }

  #exprTest(place: Place): ExprExpectation {
    const fields = this.#yaml.map(place, ['expr', 'eval_time', 'exp_samples']);
    return {
      line: this.#yaml.lineOf(place),
      evalTime: this.#duration(fields.get('eval_time')) ?? 0,
      // A query without text is an error of its own when it is asked.
      expr: this.#yaml.text(fields.get('expr')) ?? '',
      samples: this.#yaml.list(fields.get('exp_samples')).flatMap((sample) => {
        const parts = this.#yaml.map(sample, ['labels', 'value', 'histogram']);
        const histogram = parts.get('histogram');
        if (histogram !== undefined && this.#yaml.text(histogram) !== '') {
          this.#yaml.report(histogram, 'expected a value, got a native histogram, which are not supported');
        }
        const labels = this.#notation(parts.get('labels'), (text) => {
          const { labels, rest } = parseMetric(text);
          if (rest.trim() !== '')
            throw new Error(`expected only labels, got ${JSON.stringify(rest.trim())} behind them`);
          return labels;
        });
        return labels === undefined ? [] : [{ labels, value: this.#number(parts.get('value')) }];
      }),
    };
  }

  #notation<T>(place: Place | undefined, parse: (text: string) => T): T | undefined {
    const text = this.#yaml.text(place);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      this.#yaml.report(place!, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #texts(place: Place | undefined): string[] {
    return this.#yaml.list(place).flatMap((item) => this.#yaml.text(item) ?? []);
  }

  #strings(place: Place | undefined): Record<string, string> {
    const strings: Record<string, string> = {};
    if (place === undefined) return strings;
    for (const [name, value] of this.#yaml.map(place)) {
      const text = this.#yaml.text(value) ?? '';
      Object.defineProperty(strings, name, { value: text, enumerable: true, configurable: true, writable: true });
    }
    return strings;
  }

  #duration(place: Place | undefined): number | undefined {
    if (place === undefined || place.node === null) return undefined;
    const text = this.#yaml.text(place);
    if (text === undefined) return undefined;
    const duration = parseDuration(text);
    if (duration === undefined) {
      this.#yaml.report(place, `expected a duration such as 30s, 5m or 1h30m, got ${JSON.stringify(text)}`);
    }
    return duration;
  }

  #boolean(place: Place | undefined): boolean {
    const text = this.#yaml.text(place);
    if (text === undefined || text === '') return false;
    const value = text.toLowerCase();
    if (['true', 'yes', 'on', 'y'].includes(value)) return true;
    if (!['false', 'no', 'off', 'n'].includes(value)) {
      this.#yaml.report(place!, `expected true or false, got ${JSON.stringify(text)}`);
    }
    return false;
  }

  #number(place: Place | undefined): number {
    if (place === undefined || place.node === null) return 0;
    const text = this.#yaml.text(place);
    if (text === undefined) return 0;
    const special = /^([+-]?)(?:\.(inf|nan)|inf|nan)$/i.exec(text);
    if (special !== null) {
      if (/nan/i.test(text)) return Number.NaN;
      return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    if (!/^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?$|^0[xX][0-9a-fA-F]+$/.test(text)) {
      this.#yaml.report(place, `expected a number, got ${JSON.stringify(text)}`);
    }
    return Number(text.replaceAll('_', ''));
  }

  #url(place: Place | undefined): string {
    const text = this.#yaml.text(place) ?? '';
    if (text !== '' && !URL.canParse(text)) {
      this.#yaml.report(place!, `expected a URL such as https://pharos.example.com, got ${JSON.stringify(text)}`);
      return '';
    }
    return text;
  }

  #time(place: Place | undefined): number {
    const text = this.#yaml.text(place) ?? '';
    if (text === '') return 0;
    if (/^[+-]?\d+(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
    const time = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(time)) {
      this.#yaml.report(place!, `expected a time in RFC 3339 or seconds since 1970, got ${JSON.stringify(text)}`);
      return 0;
    }
    return time;
  }
}
