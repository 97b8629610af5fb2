import type { Expr } from '../../../query/promql/ast.ts';
import { valueType } from '../../../query/promql/typecheck.ts';
import { describeGiven } from '../../describe-given.ts';
import { type FieldProblem, readNames, type WrittenForm, writtenPath } from '../../written-form.ts';
import { isNamespaced, singularOf } from './described-resource.ts';
import { type ExpressionTemplate, parseTemplate, TemplateProblem } from './expression-template.ts';
import { longestRange } from './longest-range.ts';
import { METRIC_DEFINITION, type MetricDefinition, type WrittenMetric } from './metric-definition.ts';
import { operandsOf } from './operands-of.ts';
import { sampleTimes, UnknownTimes } from './sample-times.ts';

export interface MetricDefaults {
  /** Milliseconds that samples may be old. Default 90,000. */
  readonly freshness?: number | undefined;
  /** Milliseconds. Default 0. */
  readonly hold?: number | undefined;
}

export interface ReadMetricOptions {
  readonly form: WrittenForm;
  /** See `MetricDefinition.origin`. */
  readonly origin: string;
  readonly defaults?: MetricDefaults | undefined;
  /** Of a resource of a namespace: the one namespace that it may read, and be about. */
  readonly boundTo?: string | undefined;
}

/** A definition, or everything that is wrong with it. */
export type MetricReading =
  | { readonly definition: MetricDefinition; readonly problems: readonly [] }
  | { readonly definition: undefined; readonly problems: readonly FieldProblem[] };

/** Names that begin so are those of the catalogue. */
const CATALOGUE_PREFIX = 'k8s_';
const DEFAULT_FRESHNESS = 90_000;

/** Reads a metric from what YAML or JSON gave: fills in defaults and checks it. */
export function readMetric(given: unknown, options: ReadMetricOptions): MetricReading {
  const { form } = options;
  const names = readNames(METRIC_DEFINITION, given, form);
  const problems: FieldProblem[] = [...names.problems];
  const report: Report = (path, message) =>
    problems.push({ path: writtenPath(METRIC_DEFINITION, path, form), message });
  const parsed = METRIC_DEFINITION.safeParse(names.value, { reportInput: true });
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) report(path, message);
    return { definition: undefined, problems };
  }
  const definition = check(parsed.data, options, report);
  if (problems.length > 0 || definition === undefined) return { definition: undefined, problems };
  return { definition, problems: [] };
}

type Report = (path: readonly PropertyKey[], message: string) => void;

/** Undefined only after a problem. */
function check(written: WrittenMetric, options: ReadMetricOptions, report: Report): MetricDefinition | undefined {
  const { defaults = {}, boundTo, origin } = options;
  const { name, description, type } = written;
  if (name.startsWith(CATALOGUE_PREFIX)) {
    report(
      ['name'],
      `expected a name that does not begin with ${CATALOGUE_PREFIX}, as those of the catalogue do, got ${describeGiven(name)}`,
    );
  }
  if (boundTo !== undefined && written.namespace !== undefined && written.namespace !== boundTo) {
    report(['namespace'], `expected only its own namespace ${boundTo}, got ${describeGiven(written.namespace)}`);
  }
  const namespace = boundTo ?? written.namespace;
  const resources = resourcesOf(written, namespace, report);
  const labels = written.labels ?? {};
  checkLabels(written, resources, report);
  const freshness = written.freshness ?? defaults.freshness ?? DEFAULT_FRESHNESS;
  const expr = template(written.expr, 'expr', report);
  if (expr !== undefined && boundTo !== undefined) checkBounds(expr, 'expr', report);
  const times = expr === undefined ? undefined : timesOf(written, expr, { freshness, boundTo, report });
  if (expr === undefined || times === undefined) return undefined;
  return {
    ...{ name, description, type, resources, labels, expr, times, freshness, namespace, origin },
    window: written.window ?? longestRange(expr.expr),
    hold: written.hold ?? defaults.hold ?? 0,
    isBound: boundTo !== undefined,
  };
}

function resourcesOf(written: WrittenMetric, namespace: string | undefined, report: Report): readonly string[] {
  const { type, resources } = written;
  if (type !== 'Object') {
    if (resources !== undefined) report(['resources'], `expected none of type ${type}, got a list`);
    return type === 'Pods' ? ['pods'] : [];
  }
  if (resources === undefined) {
    report(['resources'], 'the key is missing; expected a list of resources such as services, of type Object');
    return [];
  }
  for (const [i, resource] of resources.entries()) {
    if (resources.indexOf(resource) < i) {
      report(['resources', i], `expected each resource once, got ${describeGiven(resource)} again`);
    }
    if (namespace !== undefined && !isNamespaced(resource) && resource !== 'namespaces') {
      const wanted = `expected resources that are in a namespace, as it is about ${namespace} alone`;
      report(['resources', i], `${wanted}, got ${describeGiven(resource)}`);
    }
  }
  return resources;
}

function checkLabels({ type, labels }: WrittenMetric, resources: readonly string[], report: Report): void {
  if (labels === undefined) return;
  if (type === 'External') {
    report(['labels'], 'expected none of type External, which is about no object, got a map');
    return;
  }
  const known = ['namespace', ...resources.map(singularOf)];
  for (const kind of Object.keys(labels)) {
    if (!known.includes(kind)) {
      report(
        ['labels', kind],
        `unknown key ${JSON.stringify(kind)}; expected one of ${[...new Set(known)].join(', ')}`,
      );
    }
  }
}

/** Undefined after a problem. */
function template(text: string, key: 'expr' | 'timestamp', report: Report): ExpressionTemplate | undefined {
  try {
    const read = parseTemplate(text);
    const type = valueType(read.expr);
    if (type === 'vector') return read;
    const hint = type === 'scalar' ? '; vector(…) makes one of it' : '';
    report([key], `expected an instant vector, got ${type === 'matrix' ? 'a range vector' : `a ${type}`}${hint}`);
  } catch (error) {
    if (!(error instanceof TemplateProblem)) throw error;
    report([key], error.message);
  }
  return undefined;
}

interface TimesOptions {
  readonly freshness: number;
  readonly boundTo: string | undefined;
  readonly report: Report;
}

/** Undefined after a problem. */
function timesOf(
  written: WrittenMetric,
  expr: ExpressionTemplate,
  { freshness, boundTo, report }: TimesOptions,
): ExpressionTemplate | undefined {
  if (written.timestamp !== undefined) {
    const times = template(written.timestamp, 'timestamp', report);
    if (times !== undefined && boundTo !== undefined) checkBounds(times, 'timestamp', report);
    return times;
  }
  try {
    return { expr: sampleTimes(expr.expr, { freshness }), hasPlace: expr.hasPlace };
  } catch (error) {
    if (!(error instanceof UnknownTimes)) throw error;
    report(
      ['expr'],
      `how old its samples are cannot be derived: ${error.message}; expected an expression for it under "timestamp"`,
    );
    return undefined;
  }
}

/** What reads series that no selector of the expression names would read those of others too. */
function checkBounds({ expr }: ExpressionTemplate, key: 'expr' | 'timestamp', report: Report): void {
  if (callsInfo(expr)) {
    report([key], 'expected an expression without info(), which could read what is in other namespaces');
  }
}

function callsInfo(expr: Expr): boolean {
  return (expr.kind === 'call' && expr.func === 'info') || operandsOf(expr).some(callsInfo);
}
