import { readResourceHead } from '../../resource-head.ts';
import type { FieldProblem } from '../../written-form.ts';
import { type MetricDefaults, type MetricReading, readMetric } from './read-metric.ts';

export const METRIC_GROUP = 'alerting.pharos.dev';
export const METRIC_VERSION = 'v1';

/** The kinds of resources that are named metrics: those of a namespace, which teams write, and those of the whole cluster. */
export const METRIC_KINDS = ['AutoscalingMetric', 'ClusterAutoscalingMetric'] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];

/**
 * Reads a named metric from a Kubernetes resource: its name is the resource's own by default. An AutoscalingMetric is about its
 * namespace alone, and reads no other: whoever may write one gets to know nothing that is elsewhere.
 */
export function readMetricResource(
  object: object,
  { defaults }: { readonly defaults?: MetricDefaults | undefined } = {},
): MetricReading {
  const { head, problems } = readResourceHead(object, {
    apiVersion: `${METRIC_GROUP}/${METRIC_VERSION}`,
    kinds: METRIC_KINDS,
  });
  if (head === undefined) return { definition: undefined, problems };
  const { kind, name, spec } = head;
  // kubectl puts it into `default`.
  const namespace = kind === 'AutoscalingMetric' ? head.namespace || 'default' : undefined;
  const origin = namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
  const reading = readMetric(
    { ...spec, name: spec.name ?? name },
    { form: 'camel', origin, defaults, boundTo: namespace },
  );
  if (reading.definition !== undefined) return reading;
  const inSpec = ({ path, message }: FieldProblem): FieldProblem => ({ path: ['spec', ...path], message });
  return { definition: undefined, problems: reading.problems.map(inSpec) };
}
