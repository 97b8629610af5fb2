import type { Repeat } from '../notice.ts';

/** The objects that the catalogue has metrics of. */
export const OBJECT_LEVELS = ['cluster', 'node', 'namespace', 'workload', 'pod', 'container', 'service'] as const;
export type ObjectLevel = (typeof OBJECT_LEVELS)[number];

/** How bad it is, from least to worst. */
export const SEVERITIES = ['remind', 'warn', 'serious'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A value for each severity that has one. */
export type BySeverity = Readonly<Partial<Record<Severity, number>>>;

export const STATISTICS = ['avg', 'min', 'max', 'sum', 'last'] as const;
export type Statistic = (typeof STATISTICS)[number];

export const OPERATORS = ['gt', 'ge', 'lt', 'le', 'eq', 'ne', 'increase', 'decrease'] as const;
export type Operator = (typeof OPERATORS)[number];

/** What `increase` and `decrease`, in percent, compare a period with: the one before, or the same a day or a week ago. */
export const COMPARISONS = ['period', 'day', 'week'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/**
 * Which objects of a level: those whose labels are in all of the lists. Values may have `*` for any number of characters; a label
 * without a list may have any value.
 */
export interface ObjectSelector {
  readonly include: Readonly<Record<string, readonly string[]>>;
  /** Objects whose labels are in one of these lists are left out. */
  readonly exclude: Readonly<Record<string, readonly string[]>>;
}

/** Durations are milliseconds. */
export interface Condition {
  /** A metric of the catalogue at the policy's level, or any other metric that has the level's labels. */
  readonly metric: string;
  /** The statistic is over (end - period, end]; periods end at multiples of their length since 1970. */
  readonly period: number;
  readonly statistic: Statistic;
  readonly operator: Operator;
  readonly comparison: Comparison;
  /** At least one. */
  readonly thresholds: BySeverity;
  /** A severity that was reached holds until the value is on the good side of this; without one, of its threshold. */
  readonly recovery: BySeverity;
  /** It is met when breached in `periods` of the last `outOf` periods; the same number means consecutive. */
  readonly periods: number;
  readonly outOf: number;
}

/** An object without a value for a whole period: `ok` counts as not breached, `keep` changes nothing, `alert` is an alert of its own. */
export interface NoData {
  readonly mode: 'ok' | 'alert' | 'keep';
  /** Of `alert`: after how many milliseconds without a value. */
  readonly after: number;
  readonly severity: Severity;
}

/** What is different for some objects. The first override that an object is selected by counts. */
export interface Override {
  readonly objects: ObjectSelector;
  /** These objects have no alerts. */
  readonly disabled: boolean;
  /** By the index of the condition: thresholds and recoveries that replace the policy's. */
  readonly conditions: Readonly<
    Record<number, { readonly thresholds: BySeverity; readonly recovery: BySeverity | undefined }>
  >;
}

export interface PolicyNotice {
  /** Names of receivers; none: those that the routes of the labels lead to. */
  readonly receivers: readonly string[];
  /** Undefined: as the routes say. */
  readonly groupBy: readonly string[] | undefined;
  readonly repeat: Repeat | undefined;
}

/**
 * What people want to be told of: a level of objects, which of them, conditions, and what happens. Each object is an alert of its own.
 * Immutable, complete (defaults filled in) and checked. Where it is written, names are in snake case in files of the configuration
 * and in camel case in the Kubernetes resource and the JSON API.
 */
export interface AlertPolicy {
  /** Stays for the policy's life: [a-z0-9-]+, unique among all sources. */
  readonly id: string;
  /** The label `alertname` of its alerts. */
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly level: ObjectLevel;
  readonly objects: ObjectSelector;
  /** At least one. */
  readonly conditions: readonly Condition[];
  /** Whether any of the conditions makes an alert, or only all of them together. */
  readonly union: 'any' | 'all';
  readonly noData: NoData;
  readonly overrides: readonly Override[];
  readonly notice: PolicyNotice;
  /** Added to the alerts; values are templates. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where it is written: `file:line` of a file, `cluster/namespace/name` of a resource, `api`. */
  readonly source: string;
}
