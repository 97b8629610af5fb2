import { CUSTOM_GROUP } from './custom-metrics.ts';
import { EXTERNAL_GROUP, EXTERNAL_VERSION } from './external-metrics.ts';
import { USAGE_GROUP, USAGE_VERSION } from './usage-metrics.ts';

/** The schema of a kind, or of a part of one. */
export interface SchemaDefinition {
  /** Undefined for what all groups share. */
  readonly group: string | undefined;
  readonly version: string | undefined;
  readonly kind: string;
  /** Whether it is a kind that is answered with. */
  readonly isTop: boolean;
  /** With references that begin so. */
  readonly schema: (prefix: string) => object;
}

/** `io.k8s.metrics.v1beta1.PodMetrics`, by the reversed group. */
export function definitionName({ group, version, kind }: Pick<SchemaDefinition, 'group' | 'version' | 'kind'>): string {
  if (group === undefined) return `io.k8s.meta.v1.${kind}`;
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

/** What references begin with in OpenAPI 2. */
export const V2_PREFIX = '#/definitions/';

type Property = (prefix: string) => object;

const text =
  (description: string): Property =>
  () => ({ type: 'string', description });
const time =
  (description: string): Property =>
  () => ({ type: 'string', format: 'date-time', description });
const seconds =
  (description: string): Property =>
  () => ({ type: 'integer', format: 'int64', description });
const texts =
  (description: string): Property =>
  () => ({
    type: 'object',
    additionalProperties: { type: 'string' },
    description,
  });
const list =
  (items: Property, description: string): Property =>
  (prefix) => ({
    type: 'array',
    items: items(prefix),
    description,
  });
const reference =
  (name: string, description: string): Property =>
  (prefix) =>
    // Only in version 3 clients look for what is beside a reference, and only there they understand `allOf`.
    prefix === V2_PREFIX ? { description, $ref: prefix + name } : { description, allOf: [{ $ref: prefix + name }] };
const bare =
  (name: string): Property =>
  (prefix) => ({ $ref: prefix + name });

const API_VERSION = text('The group and version of this object.');
const KIND = text('The kind of this object.');
const TIMESTAMP = time('When the oldest sample that the value was computed from was taken.');
const USAGE = texts('The use by resource: cpu in cores and memory, the working set, in bytes, both as quantities.');
const WINDOW = text('The time that the use of CPU is an average of, as a duration such as 15s.');
const VALUE = text('The value as a quantity, such as 1500m.');
const WINDOW_SECONDS = seconds('The seconds that the value is about.');

const META = definitionName({ group: undefined, version: undefined, kind: 'ObjectMeta' });
const LIST_META = definitionName({ group: undefined, version: undefined, kind: 'ListMeta' });
const SELECTOR = definitionName({ group: undefined, version: undefined, kind: 'LabelSelector' });
const OBJECT = definitionName({ group: undefined, version: undefined, kind: 'ObjectReference' });

/** All schemas there are. */
export const DEFINITIONS: readonly SchemaDefinition[] = [
  shared('ObjectMeta', 'The name, the namespace and the labels of an object.', {
    name: text('The name of the object.'),
    namespace: text('Its namespace, if it is in one.'),
    labels: texts('Its labels.'),
    creationTimestamp: time('When it was created.'),
  }),
  shared('ListMeta', 'Nothing: a list of metrics is always whole.', {}),
  shared('LabelSelector', 'A selector over labels; all its conditions must hold.', {
    matchLabels: texts('Labels with the value that they must have.'),
    matchExpressions: list(
      () => ({
        type: 'object',
        properties: {
          key: { type: 'string' },
          operator: { type: 'string' },
          values: { type: 'array', items: { type: 'string' } },
        },
        required: ['key', 'operator'],
      }),
      'Conditions with the operators In, NotIn, Exists and DoesNotExist.',
    ),
  }),
  shared('ObjectReference', 'The object that a value is about.', {
    kind: text('Its kind.'),
    namespace: text('Its namespace, if it is in one.'),
    name: text('Its name.'),
    apiVersion: text('The group and version of its kind.'),
  }),
  ...usageDefinitions(),
  ...customDefinitions('v1beta1'),
  ...customDefinitions('v1beta2'),
  ...listAndItem(EXTERNAL_GROUP, EXTERNAL_VERSION, 'ExternalMetricValue', {
    description: 'The value of a metric that is of no object of the cluster.',
    properties: {
      metricName: text('The name of the metric.'),
      metricLabels: texts('The labels by which values of the metric differ.'),
      timestamp: TIMESTAMP,
      window: WINDOW_SECONDS,
      value: VALUE,
    },
    required: ['metricName', 'metricLabels', 'timestamp', 'value'],
  }),
];

function usageDefinitions(): readonly SchemaDefinition[] {
  const container = { group: USAGE_GROUP, version: USAGE_VERSION, kind: 'ContainerMetrics', isTop: false };
  const properties = { metadata: reference(META, 'The pod or node.'), timestamp: TIMESTAMP, window: WINDOW };
  return [
    {
      ...container,
      schema: objectSchema({
        description: 'The use of resources by a container.',
        properties: { name: text('The name of the container.'), usage: USAGE },
        required: ['name', 'usage'],
      }),
    },
    ...listAndItem(USAGE_GROUP, USAGE_VERSION, 'PodMetrics', {
      description: 'The use of CPU and memory by the containers of a pod.',
      properties: {
        ...properties,
        containers: list(bare(definitionName(container)), 'All containers that run.'),
      },
      required: ['timestamp', 'window', 'containers'],
    }),
    ...listAndItem(USAGE_GROUP, USAGE_VERSION, 'NodeMetrics', {
      description: 'The use of CPU and memory by a node.',
      properties: { ...properties, usage: USAGE },
      required: ['timestamp', 'window', 'usage'],
    }),
  ];
}

function customDefinitions(version: 'v1beta1' | 'v1beta2'): readonly SchemaDefinition[] {
  const describedObject = reference(OBJECT, 'The object that the value is about.');
  const selector = reference(SELECTOR, 'The selector over the labels of the metric, if one was given.');
  const identifier = { group: CUSTOM_GROUP, version, kind: 'MetricIdentifier', isTop: false };
  const description = 'The value of a metric of an object of the cluster.';
  if (version === 'v1beta1') {
    return listAndItem(CUSTOM_GROUP, version, 'MetricValue', {
      description,
      properties: {
        describedObject,
        metricName: text('The name of the metric.'),
        timestamp: TIMESTAMP,
        window: WINDOW_SECONDS,
        value: VALUE,
        selector,
      },
      required: ['describedObject', 'metricName', 'timestamp', 'value', 'selector'],
    });
  }
  return [
    {
      ...identifier,
      schema: objectSchema({
        description: 'A metric by its name and a selector over its labels.',
        properties: { name: text('The name of the metric.'), selector },
        required: ['name', 'selector'],
      }),
    },
    ...listAndItem(CUSTOM_GROUP, version, 'MetricValue', {
      description,
      properties: {
        describedObject,
        metric: reference(definitionName(identifier), 'The metric.'),
        timestamp: TIMESTAMP,
        windowSeconds: WINDOW_SECONDS,
        value: VALUE,
      },
      required: ['describedObject', 'metric', 'timestamp', 'value'],
    }),
  ];
}

interface ObjectSchema {
  readonly description: string;
  readonly properties: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

function objectSchema({ description, properties, required = [] }: ObjectSchema): (prefix: string) => object {
  return (prefix) => ({
    type: 'object',
    description,
    ...(Object.keys(properties).length > 0 && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, property(prefix)])),
    }),
    ...(required.length > 0 && { required }),
  });
}

function shared(kind: string, description: string, properties: ObjectSchema['properties']): SchemaDefinition {
  return {
    group: undefined,
    version: undefined,
    kind,
    isTop: false,
    schema: objectSchema({ description, properties }),
  };
}

/** A kind and its list. */
function listAndItem(group: string, version: string, kind: string, item: ObjectSchema): readonly SchemaDefinition[] {
  const about = { group, version, isTop: true };
  const common = { apiVersion: API_VERSION, kind: KIND };
  const items = list(bare(definitionName({ group, version, kind })), 'The items of the list.');
  const metadata = reference(LIST_META, 'Of the list.');
  return [
    { ...about, kind, schema: objectSchema({ ...item, properties: { ...common, ...item.properties } }) },
    {
      ...about,
      kind: `${kind}List`,
      schema: objectSchema({
        description: `A list. ${item.description}`,
        properties: { ...common, metadata, items },
        required: ['items'],
      }),
    },
  ];
}
