/**
 * The CustomResourceDefinitions of alert policies, made from the definition of their keys. The schema is what Kubernetes calls
 * structural: a type at every place, no alternatives; keys that it does not have are refused by the API server. What the schema
 * cannot say is checked by Pharos, which writes what is wrong to the status.
 */
import { stringify } from 'yaml';
import { z } from 'zod';
import { POLICY_DEFINITION } from './policy-definition.ts';
import { POLICY_GROUP, POLICY_VERSION, type PolicyKind } from './policy-resource.ts';
import { NAMESPACED_LEVELS } from './resource-scope.ts';

type Schema = { [key: string]: unknown };

const NAMES: Readonly<
  Record<PolicyKind, { readonly scope: string; readonly shortName: string; readonly what: string }>
> = {
  AlertPolicy: {
    scope: 'Namespaced',
    shortName: 'apol',
    what: 'What people want to be told of, about objects of its own namespace.',
  },
  ClusterAlertPolicy: {
    scope: 'Cluster',
    shortName: 'capol',
    what: 'What people want to be told of, about any objects of the cluster.',
  },
};

const HEADER = `# Alert policies as Kubernetes resources. An AlertPolicy is about objects of its own namespace, so that teams can be given the
# right to write it (rbac-policies.yaml); a ClusterAlertPolicy is about anything in the cluster, nodes included. Made from the
# definition of the keys that also reads them: docs/policies.md says what they mean.
`;

/** The manifest \`deploy/crd-alertpolicy.yaml\`. */
export function policyCrdManifest(): string {
  const documents = (['AlertPolicy', 'ClusterAlertPolicy'] as const).map((kind) =>
    stringify(policyCrd(kind), { lineWidth: 130, aliasDuplicateObjects: false }),
  );
  return HEADER + documents.join('---\n');
}

/** The CustomResourceDefinition of one kind. */
export function policyCrd(kind: PolicyKind): Schema {
  const { scope, shortName, what } = NAMES[kind];
  const singular = kind.toLowerCase();
  const plural = `${singular.slice(0, -1)}ies`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${POLICY_GROUP}` },
    spec: {
      group: POLICY_GROUP,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName], categories: ['pharos'] },
      versions: [
        {
          name: POLICY_VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS,
          schema: {
            openAPIV3Schema: {
              description: what,
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: specSchema(kind),
                status: STATUS,
              },
            },
          },
        },
      ],
    },
  };
}

const ACCEPTED = '.status.conditions[?(@.type=="Accepted")]';

const COLUMNS = [
  { name: 'Level', type: 'string', jsonPath: '.spec.level' },
  { name: 'Accepted', type: 'string', jsonPath: `${ACCEPTED}.status` },
  { name: 'Firing', type: 'integer', jsonPath: '.status.firing', description: 'How many of its alerts fire.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Message', type: 'string', jsonPath: `${ACCEPTED}.message`, priority: 1 },
];

const STATUS = {
  description: 'What Pharos says of it.',
  type: 'object',
  properties: {
    observedGeneration: { description: 'Of the spec that was read.', type: 'integer', format: 'int64' },
    firing: { description: 'How many of its alerts fire.', type: 'integer', format: 'int32' },
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

/** Of what is written in `spec`: the id comes from the resource's name, and so does the name by default. */
function specSchema(kind: PolicyKind): Schema {
  const { id: _, name, level, ...rest } = POLICY_DEFINITION.shape;
  const definition = z.object({
    name: name.optional().describe("The label `alertname` of its alerts. Default: the resource's own name."),
    level: kind === 'AlertPolicy' ? level.extract(NAMESPACED_LEVELS).describe(level.description!) : level,
    ...rest,
  });
  const schema = z.toJSONSchema(definition, { io: 'input', target: 'openapi-3.0' }) as Schema;
  return structural({ description: 'As docs/policies.md says.', ...schema });
}

/** What Kubernetes takes of a schema: no defaults, which it would write into the objects, and no bounds that say nothing. */
function structural(schema: Schema): Schema {
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
