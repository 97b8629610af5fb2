/**
 * The CustomResourceDefinitions of alert policies, made from the definition of their keys. The schema is what Kubernetes calls
 * structural: a type at every place, no alternatives; keys that it does not have are refused by the API server. What the schema
 * cannot say is checked by Pharos, which writes what is wrong to the status.
 */
import { stringify } from 'yaml';
import { z } from 'zod';
import {
  ACCEPTED_CONDITION,
  customResourceDefinition,
  type Schema,
  structural,
} from '../custom-resource-definition.ts';
import { POLICY_DEFINITION } from './policy-definition.ts';
import { POLICY_GROUP, POLICY_VERSION, type PolicyKind } from './policy-resource.ts';
import { NAMESPACED_LEVELS } from './resource-scope.ts';

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
  const singular = kind.toLowerCase();
  return customResourceDefinition({
    ...NAMES[kind],
    group: POLICY_GROUP,
    version: POLICY_VERSION,
    kind,
    plural: `${singular.slice(0, -1)}ies`,
    columns: COLUMNS,
    spec: specSchema(kind),
    status: { firing: { description: 'How many of its alerts fire.', type: 'integer', format: 'int32' } },
  });
}

const COLUMNS = [
  { name: 'Level', type: 'string', jsonPath: '.spec.level' },
  { name: 'Accepted', type: 'string', jsonPath: `${ACCEPTED_CONDITION}.status` },
  { name: 'Firing', type: 'integer', jsonPath: '.status.firing', description: 'How many of its alerts fire.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Message', type: 'string', jsonPath: `${ACCEPTED_CONDITION}.message`, priority: 1 },
];

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
