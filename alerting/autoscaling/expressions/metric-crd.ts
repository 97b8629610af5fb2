import { stringify } from 'yaml';
import { z } from 'zod';
import {
  ACCEPTED_CONDITION,
  customResourceDefinition,
  type Schema,
  structural,
} from '../../custom-resource-definition.ts';
import { METRIC_DEFINITION } from './metric-definition.ts';
import { METRIC_GROUP, METRIC_KINDS, METRIC_VERSION, type MetricKind } from './metric-resource.ts';

const NAMES: Readonly<
  Record<MetricKind, { readonly scope: string; readonly shortName: string; readonly what: string }>
> = {
  AutoscalingMetric: {
    scope: 'Namespaced',
    shortName: 'asm',
    what: 'A metric that autoscalers of its own namespace can ask for, made of series of that namespace.',
  },
  ClusterAutoscalingMetric: {
    scope: 'Cluster',
    shortName: 'casm',
    what: 'A metric that autoscalers of all namespaces can ask for.',
  },
};

const HEADER = `# Named metrics for autoscalers as Kubernetes resources. An AutoscalingMetric reads series of its own namespace and is served there, so
# that teams can be given the right to write it (rbac-autoscaling-metrics.yaml); a ClusterAutoscalingMetric reads anything. Made from
# the definition of the keys that also reads them: docs/autoscaling-metrics.md says what they mean.
`;

/** The manifest \`deploy/crd-autoscaling-metrics.yaml\`. */
export function metricCrdManifest(): string {
  const documents = METRIC_KINDS.map((kind) =>
    stringify(metricCrd(kind), { lineWidth: 130, aliasDuplicateObjects: false }),
  );
  return HEADER + documents.join('---\n');
}

/** The CustomResourceDefinition of one kind. */
export function metricCrd(kind: MetricKind): Schema {
  return customResourceDefinition({
    ...NAMES[kind],
    group: METRIC_GROUP,
    version: METRIC_VERSION,
    kind,
    plural: `${kind.toLowerCase()}s`,
    columns: COLUMNS,
    spec: specSchema(kind),
  });
}

const COLUMNS: readonly Schema[] = [
  { name: 'Metric', type: 'string', jsonPath: '.spec.name', description: "Where it is not the resource's own name." },
  { name: 'Type', type: 'string', jsonPath: '.spec.type' },
  { name: 'Accepted', type: 'string', jsonPath: `${ACCEPTED_CONDITION}.status` },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Message', type: 'string', jsonPath: `${ACCEPTED_CONDITION}.message`, priority: 1 },
];

/** Of what is written in `spec`: the name is the resource's by default, and the namespace of one that is in one is its own. */
function specSchema(kind: MetricKind): Schema {
  const { name, namespace, ...rest } = METRIC_DEFINITION.shape;
  const definition = z.object({
    name: name.optional().describe("By which autoscalers ask for it. Default: the resource's own name."),
    ...rest,
    ...(kind === 'ClusterAutoscalingMetric' && { namespace }),
  });
  const schema = z.toJSONSchema(definition, { io: 'input', target: 'openapi-3.0' }) as Schema;
  return structural({ description: 'As docs/autoscaling-metrics.md says.', ...schema });
}
