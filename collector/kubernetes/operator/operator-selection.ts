import type { WatchScope } from '../kube-cluster.ts';
import type { LabelSelector } from '../objects.ts';
import { Fields } from './fields.ts';
import { type CheckedSelector, readSelector, selectorText } from './label-selector.ts';

/** Which objects are read; all of them by default. A selector is of the objects' labels, or of their namespaces'. */
export interface OperatorSelection {
  /** Only objects in these namespaces, each watched by itself, which needs no right to list all. */
  readonly namespaces?: readonly string[] | undefined;
  readonly serviceMonitorSelector?: LabelSelector | undefined;
  readonly serviceMonitorNamespaceSelector?: LabelSelector | undefined;
  readonly podMonitorSelector?: LabelSelector | undefined;
  readonly podMonitorNamespaceSelector?: LabelSelector | undefined;
  readonly probeSelector?: LabelSelector | undefined;
  readonly probeNamespaceSelector?: LabelSelector | undefined;
  readonly scrapeConfigSelector?: LabelSelector | undefined;
  readonly scrapeConfigNamespaceSelector?: LabelSelector | undefined;
  readonly ruleSelector?: LabelSelector | undefined;
  readonly ruleNamespaceSelector?: LabelSelector | undefined;
  readonly alertPolicySelector?: LabelSelector | undefined;
  readonly alertPolicyNamespaceSelector?: LabelSelector | undefined;
  readonly clusterAlertPolicySelector?: LabelSelector | undefined;
  readonly clusterAlertPolicyNamespaceSelector?: undefined;
  readonly autoscalingMetricSelector?: LabelSelector | undefined;
  readonly autoscalingMetricNamespaceSelector?: LabelSelector | undefined;
  readonly clusterAutoscalingMetricSelector?: LabelSelector | undefined;
  readonly clusterAutoscalingMetricNamespaceSelector?: undefined;
}

/** What to watch of a resource, and which namespaces' objects to take of it. */
export interface ResourceSelection {
  readonly scope: WatchScope;
  /** Undefined takes all. */
  readonly namespaces: CheckedSelector | undefined;
}

const PREFIXES = {
  servicemonitors: 'serviceMonitor',
  podmonitors: 'podMonitor',
  probes: 'probe',
  scrapeconfigs: 'scrapeConfig',
  prometheusrules: 'rule',
  alertpolicies: 'alertPolicy',
  clusteralertpolicies: 'clusterAlertPolicy',
  autoscalingmetrics: 'autoscalingMetric',
  clusterautoscalingmetrics: 'clusterAutoscalingMetric',
} as const;

/** Prometheus Operator's resources that are read, and Pharos' own of the same kind. */
export type OperatorResource = keyof typeof PREFIXES;

/** Throws an Error that names the selector and the field in it that is wrong. */
export function compileSelection(selection: OperatorSelection, resource: OperatorResource): ResourceSelection {
  const fields = new Fields(selection, 'operator');
  const prefix = PREFIXES[resource];
  const labels = selectorText(readSelector(fields, `${prefix}Selector`));
  const namespaceSelector = `${prefix}NamespaceSelector` as const;
  return {
    scope: { namespaces: selection.namespaces, labelSelector: labels === '' ? undefined : labels },
    namespaces: selection[namespaceSelector] === undefined ? undefined : readSelector(fields, namespaceSelector),
  };
}
