/** Levels, severities, statistics and operators as policies are written (docs/policies.md). */
export const LEVELS = ['cluster', 'node', 'namespace', 'workload', 'pod', 'container', 'service'] as const;
export type Level = (typeof LEVELS)[number];
export const SEVERITIES = ['remind', 'warn', 'serious'] as const;
export type Severity = (typeof SEVERITIES)[number];
export type BySeverity = Readonly<Partial<Record<Severity, number>>>;

export interface Selector {
  readonly include: Readonly<Record<string, readonly string[]>>;
  readonly exclude: Readonly<Record<string, readonly string[]>>;
}

export interface DraftCondition {
  readonly metric: string;
  readonly custom?: boolean;
  /** A duration: `5m`. */
  readonly period: string;
  readonly statistic: 'avg' | 'min' | 'max' | 'sum' | 'last';
  readonly operator: 'gt' | 'ge' | 'lt' | 'le' | 'eq' | 'ne' | 'increase' | 'decrease';
  readonly comparison?: 'period' | 'day' | 'week';
  readonly thresholds: BySeverity;
  readonly recoveryThresholds?: BySeverity;
  readonly periods: number;
  readonly outOf?: number;
}

export interface Repeat {
  readonly kind: 'once' | 'every' | 'exponential';
  readonly interval?: string;
  readonly first?: string;
  readonly longest?: string;
}

/** What is different for some objects. */
export interface DraftOverride {
  readonly objects: Selector;
  readonly disabled?: boolean;
  readonly conditions?: readonly {
    /** Its position; 0 when it is left out. */
    readonly condition?: number;
    readonly thresholds: BySeverity;
    readonly recoveryThresholds?: BySeverity;
  }[];
}

/** A policy as the JSON API has it, which a form changes. What the form does not know stays as it is. */
export interface PolicyDraft {
  readonly id?: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly level: Level;
  readonly objects: Selector;
  readonly conditions: readonly DraftCondition[];
  readonly union: 'any' | 'all';
  readonly noData: { readonly mode: 'ok' | 'alert' | 'keep'; readonly after: string; readonly severity: Severity };
  readonly overrides?: readonly DraftOverride[];
  readonly notice: {
    readonly receivers: readonly string[];
    readonly groupBy?: readonly string[];
    readonly repeat?: Repeat;
  };
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The labels by which objects of a level can be chosen, the most usual first. */
export const LEVEL_LABELS: Readonly<Record<Level, readonly string[]>> = {
  cluster: ['cluster'],
  node: ['node', 'node_role', 'cluster'],
  namespace: ['namespace', 'cluster'],
  workload: ['namespace', 'workload_name', 'workload_kind', 'cluster'],
  pod: ['namespace', 'pod', 'workload_name', 'workload_kind', 'node', 'node_role', 'cluster'],
  container: ['namespace', 'pod', 'container', 'workload_name', 'workload_kind', 'node', 'node_role', 'cluster'],
  service: ['namespace', 'service', 'cluster'],
};

export const NEW_CONDITION: DraftCondition = {
  metric: '',
  period: '1m',
  statistic: 'avg',
  operator: 'gt',
  thresholds: {},
  periods: 1,
};

/** A new policy, about what the URL's query names: `level`, labels of that level, `metric`, `name`. */
export function draftOf(params: URLSearchParams): PolicyDraft {
  const level = LEVELS.find((one) => one === params.get('level')) ?? 'pod';
  const include: Record<string, readonly string[]> = {};
  for (const label of LEVEL_LABELS[level]) {
    const values = params.getAll(label).filter((value) => value !== '');
    if (values.length > 0) include[label] = values;
  }
  const metric = params.get('metric') ?? '';
  return {
    name: params.get('name') ?? '',
    description: '',
    enabled: true,
    level,
    objects: { include, exclude: {} },
    conditions: [{ ...NEW_CONDITION, metric, ...usualFor(metric) }],
    union: 'any',
    noData: { mode: 'keep', after: '10m', severity: 'warn' },
    notice: { receivers: [] },
    labels: {},
    annotations: {},
  };
}

/** How a metric is usually looked at: what counts events is summed, and what is 1 or 0 is bad when it is 0. */
export function usualFor(metric: string): Partial<DraftCondition> {
  if (/restart_total$/.test(metric)) return { statistic: 'sum', operator: 'ge' };
  if (/(_healthy|status_ready)$/.test(metric)) return { statistic: 'min', operator: 'lt' };
  return { statistic: 'avg', operator: 'gt' };
}

/** A draft without one of its conditions; overrides of the others stay with them. */
export function withoutCondition(draft: PolicyDraft, index: number): PolicyDraft {
  const overrides = draft.overrides?.map((override) => ({
    ...override,
    conditions: (override.conditions ?? []).flatMap(({ condition = 0, ...change }) =>
      condition === index ? [] : [{ ...change, condition: condition > index ? condition - 1 : condition }],
    ),
  }));
  return {
    ...draft,
    conditions: draft.conditions.toSpliced(index, 1),
    ...(overrides !== undefined && { overrides }),
  };
}

/** A draft at another level: what chooses its objects stays as far as the level has such labels. */
export function atLevel(draft: PolicyDraft, level: Level): PolicyDraft {
  const kept = (lists: Selector['include']) =>
    Object.fromEntries(Object.entries(lists).filter(([label]) => LEVEL_LABELS[level].includes(label)));
  const { include, exclude } = draft.objects;
  return { ...draft, level, objects: { include: kept(include), exclude: kept(exclude) } };
}

/**
 * What somebody made of `base`, on top of what another made of it: key by key, and where both changed the same, mine; `both` names
 * those keys.
 */
export function mergedDraft(
  base: PolicyDraft,
  { mine, theirs }: { readonly mine: PolicyDraft; readonly theirs: PolicyDraft },
): { readonly draft: PolicyDraft; readonly changed: readonly string[]; readonly both: readonly string[] } {
  type Keys = Readonly<Record<string, unknown>>;
  const [b, m, t] = [base, mine, theirs] as unknown as readonly [Keys, Keys, Keys];
  const differs = (x: Keys, key: string): boolean => JSON.stringify(x[key]) !== JSON.stringify(b[key]);
  const keys = [...new Set([...Object.keys(b), ...Object.keys(m), ...Object.keys(t)])];
  const changed = keys.filter((key) => differs(t, key));
  const own = keys.filter((key) => differs(m, key));
  const draft = Object.fromEntries(keys.map((key) => [key, own.includes(key) ? m[key] : t[key]]));
  const both = changed.filter((key) => own.includes(key) && JSON.stringify(m[key]) !== JSON.stringify(t[key]));
  return { draft: draft as unknown as PolicyDraft, changed, both };
}
