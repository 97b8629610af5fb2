/** A part of a manifest. */
export type Schema = { [key: string]: unknown };

export interface CustomResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Namespaced or Cluster. */
  readonly scope: string;
  readonly shortName: string;
  /** What it is, for people. */
  readonly what: string;
  readonly columns: readonly Schema[];
  /** A structural schema. */
  readonly spec: Schema;
  /** What its status says beside whether it is accepted. */
  readonly status?: Schema;
}

/** The path of what a status says of whether a resource is accepted. */
export const ACCEPTED_CONDITION = '.status.conditions[?(@.type=="Accepted")]';

/**
 * The definition of a resource of Pharos' own. Keys that its schema does not have are refused by the API server. What the schema
 * cannot say is checked by Pharos, which writes what is wrong to the status.
 */
export function customResourceDefinition(resource: CustomResource): Schema {
  const { group, version, kind, plural, scope, shortName, what, columns, spec, status = {} } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: {
        ...{ kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames: [shortName] },
        categories: ['pharos'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              description: what,
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec,
                status: statusSchema(status),
              },
            },
          },
        },
      ],
    },
  };
}

function statusSchema(more: Schema): Schema {
  return {
    description: 'What Pharos says of it.',
    type: 'object',
    properties: {
      observedGeneration: { description: 'Of the spec that was read.', type: 'integer', format: 'int64' },
      ...more,
      conditions: {
        description: 'Whether it is accepted, and why not.',
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        items: {
          type: 'object',
          required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
          properties: {
            type: { type: 'string' },
            status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
            reason: { type: 'string' },
            message: { type: 'string' },
            observedGeneration: { type: 'integer', format: 'int64' },
            lastTransitionTime: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  };
}

/** What Kubernetes takes of a schema: no defaults, which it would write into the objects, and no bounds that say nothing. */
export function structural(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(
    ([key]) => key !== 'default' && key !== '$schema' && key !== 'additionalProperties',
  );
  const result: Schema = Object.fromEntries(kept);
  const { properties, items, additionalProperties } = schema as {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly additionalProperties?: Schema | boolean;
  };
  if (properties !== undefined) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, structural(inner)]),
    );
  } else if (typeof additionalProperties === 'object') {
    result.additionalProperties = structural(additionalProperties);
  }
  if (items !== undefined) result.items = structural(items);
  return result;
}
