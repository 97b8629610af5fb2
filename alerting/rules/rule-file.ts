/**
 * Prometheus' rule files. Reading is strict and complete: every problem is reported with its place, and a file with a
 * problem gives no groups at all. A Kubernetes PrometheusRule object is read as well: its `spec` is such a file.
 */
import { isMap } from 'yaml';
import { parseExpr } from '../../query/promql/parser.ts';
import { QueryError } from '../../query/query-result.ts';
import { METRIC_NAME } from '../../storage/labels.ts';
import { parseDuration } from '../duration.ts';
import { Template } from '../template/template.ts';
import { TemplateError } from '../template/template-error.ts';
import { type Place, type FileProblem as RuleProblem, YamlReader } from '../yaml-reader.ts';
import type { AlertingRule, RecordingRule, Rule, RuleGroup } from './rule.ts';

export type { FileProblem as RuleProblem } from '../yaml-reader.ts';

const GROUP_KEYS = ['name', 'interval', 'limit', 'query_offset', 'labels', 'rules'];
/** A PrometheusRule may have more, for who evaluates it over several servers; here it says nothing. */
const OBJECT_GROUP_KEYS = [...GROUP_KEYS, 'partial_response_strategy'];
const RULE_KEYS = ['alert', 'record', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations'];
const MAX_CHARACTERS = 16 * 1024 * 1024;

export interface RuleFileOptions {
  /** PromQL's feature flags; an expression that needs another one is a problem. Default: none. */
  readonly features?: ReadonlySet<string>;
}

/** The groups of a file, or all of its problems: one of the two lists is empty. `file` is only a name. */
export function parseRuleFile(
  file: string,
  text: string,
  options: RuleFileOptions = {},
): { groups: RuleGroup[]; problems: RuleProblem[] } {
  if (text.length > MAX_CHARACTERS) {
    const message = `expected a rule file of at most ${MAX_CHARACTERS} characters, got ${text.length}`;
    return { groups: [], problems: [{ file, line: 1, column: 1, field: '', message }] };
  }
  const reader = new RuleFileReader(file, text, options);
  const groups = reader.groups();
  const problems = reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { groups: problems.length === 0 ? groups : [], problems };
}

class RuleFileReader {
  readonly #file: string;
  readonly #yaml: YamlReader;
  readonly #options: RuleFileOptions;

  constructor(file: string, text: string, options: RuleFileOptions) {
    this.#file = file;
    this.#options = options;
    this.#yaml = new YamlReader(file, text);
  }

  get problems(): readonly RuleProblem[] {
    return this.#yaml.problems;
  }

  groups(): RuleGroup[] {
    const root = this.#yaml.root;
    if (root === undefined) return [];
    const isObject = isMap(root.node) && root.node.has('kind') && root.node.has('apiVersion');
    const file = isObject ? this.#spec(root) : root;
    if (file === undefined) return [];
    const keys = isObject ? OBJECT_GROUP_KEYS : GROUP_KEYS;
    const groups: RuleGroup[] = [];
    const names = new Set<string>();
    for (const place of this.#yaml.list(this.#yaml.map(file, ['groups']).get('groups'))) {
      const group = this.#group(place, keys);
      if (group.name !== '' && names.has(group.name)) {
        const name = this.#yaml.map(place).get('name') ?? place;
        this.#yaml.report(
          name,
          `expected a group name that is unique in the file, got ${JSON.stringify(group.name)} again`,
        );
      }
      names.add(group.name);
      groups.push(group);
    }
    return groups;
  }

  #spec(root: Place): Place | undefined {
    const fields = this.#yaml.map(root, ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    const kind = this.#yaml.text(fields.get('kind'));
    if (kind !== 'PrometheusRule') {
      this.#yaml.report(fields.get('kind')!, `expected kind PrometheusRule, got ${JSON.stringify(kind)}`);
      return undefined;
    }
    const spec = fields.get('spec');
    if (spec === undefined) this.#yaml.report(root, 'expected a spec');
    return spec;
  }

  #group(place: Place, keys: readonly string[]): RuleGroup {
    const fields = this.#yaml.map(place, keys);
    return {
      name: this.#required(place, fields, 'name'),
      file: this.#file,
      interval: this.#duration(fields.get('interval')) ?? 0,
      limit: this.#limit(fields.get('limit')),
      queryOffset: this.#duration(fields.get('query_offset')),
      labels: this.#labels(fields.get('labels')),
      rules: this.#yaml
        .list(fields.get('rules'))
        .map((rule) => this.#rule(rule))
        .filter((rule) => rule !== undefined),
    };
  }

  #rule(place: Place): Rule | undefined {
    const fields = this.#yaml.map(place, RULE_KEYS);
    const alert = fields.get('alert');
    const record = fields.get('record');
    if (!isMap(place.node)) {
      if (place.node === null) this.#yaml.report(place, 'expected a rule, got nothing');
      return undefined;
    }
    if ((alert === undefined) === (record === undefined)) {
      this.#yaml.report(
        place,
        `expected exactly one of alert and record, got ${alert === undefined ? 'neither' : 'both'}`,
      );
    }
    const expr = this.#expression(place, fields);
    const labels = this.#labels(fields.get('labels'), { templates: alert !== undefined });
    if (record !== undefined) {
      for (const key of ['for', 'keep_firing_for', 'annotations']) {
        const extra = fields.get(key);
        if (extra === undefined || (key === 'annotations' ? isEmpty(extra) : (this.#duration(extra) ?? 0) === 0))
          continue;
        this.#yaml.report(extra, 'expected only in an alerting rule, got it in a recording rule');
      }
      return { kind: 'recording', record: this.#recordName(place, fields), expr, labels } satisfies RecordingRule;
    }
    return {
      kind: 'alerting',
      alert: alert === undefined ? '' : this.#required(place, fields, 'alert'),
      expr,
      for: this.#duration(fields.get('for')) ?? 0,
      keepFiringFor: this.#duration(fields.get('keep_firing_for')) ?? 0,
      labels,
      annotations: this.#labels(fields.get('annotations'), { templates: true, annotations: true }),
    } satisfies AlertingRule;
  }

  /** A text that must be there and not be empty; '' after a problem. */
  #required(parent: Place, fields: ReadonlyMap<string, Place>, key: string): string {
    const place = fields.get(key);
    const text = this.#yaml.text(place);
    if (text === '') {
      const path = parent.path === '' ? key : `${parent.path}.${key}`;
      this.#yaml.report(place ?? { ...parent, path }, `expected a text that is not empty, got nothing`);
    }
    return text ?? '';
  }

  #recordName(place: Place, fields: ReadonlyMap<string, Place>): string {
    const name = this.#required(place, fields, 'record');
    if (/[{}]/.test(name) || !isWellFormed(name)) {
      this.#yaml.report(fields.get('record')!, `expected a metric name, without braces, got ${JSON.stringify(name)}`);
    }
    return name;
  }

  #expression(rule: Place, fields: ReadonlyMap<string, Place>): string {
    const text = this.#required(rule, fields, 'expr');
    if (text === '') return text;
    const place = fields.get('expr')!;
    try {
      parseExpr(text, this.#options);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      this.#yaml.report(place, `expected a PromQL expression, got one with an error at ${error.message}`);
    }
    return text;
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

  #limit(place: Place | undefined): number {
    if (place === undefined || place.node === null) return 0;
    const text = this.#yaml.text(place);
    if (text === undefined) return 0;
    if (!/^\d{1,9}$/.test(text)) {
      this.#yaml.report(place, `expected a whole number, 0 for no limit, got ${JSON.stringify(text)}`);
    }
    return Number(text);
  }

  #labels(
    place: Place | undefined,
    { templates = false, annotations = false }: { templates?: boolean; annotations?: boolean } = {},
  ): Record<string, string> {
    const labels: Record<string, string> = {};
    if (place === undefined) return labels;
    for (const [name, value] of this.#yaml.map(place)) {
      const wrong = name === '' || !isWellFormed(name) || (!annotations && name === METRIC_NAME);
      if (wrong)
        this.#yaml.report(
          value,
          `expected ${annotations ? 'an annotation' : 'a label'} name, got ${JSON.stringify(name)}`,
        );
      const text = this.#yaml.text(value) ?? '';
      if (templates) this.#checkTemplate(value, text);
      Object.defineProperty(labels, name, { value: text, enumerable: true, configurable: true, writable: true });
    }
    return labels;
  }

  #checkTemplate(place: Place, text: string): void {
    try {
      new Template(text);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#yaml.report(place, `expected a template, got one with an error at ${error.message}`);
    }
  }
}

function isEmpty({ node }: Place): boolean {
  return node === null || (isMap(node) && node.items.length === 0);
}

function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}
