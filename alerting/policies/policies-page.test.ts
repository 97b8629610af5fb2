import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { policiesPage } from './policies-page.ts';
import { policyCrd, policyCrdManifest } from './policy-crd.ts';
import { POLICY_DEFINITION } from './policy-definition.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

it('is what docs/policies.md says', async () => {
  await expect(policiesPage()).toMatchFileSnapshot(path.join(ROOT, 'docs', 'policies.md'));
});

type Schema = Readonly<Record<string, unknown>>;

/** What Kubernetes refuses of a schema, by the rules of structural schemas. */
function* unstructural(schema: Schema, place: string): Generator<string> {
  const { type, properties, items, additionalProperties } = schema as {
    readonly type?: string;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly additionalProperties?: Schema | boolean;
  };
  if (type === undefined) yield `${place} has no type`;
  const known = [
    ...['type', 'description', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'format', 'pattern'],
    ...['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems'],
    ...['x-kubernetes-list-type', 'x-kubernetes-list-map-keys'],
  ];
  for (const key of Object.keys(schema)) if (!known.includes(key)) yield `${place} has ${key}`;
  if (properties !== undefined && additionalProperties !== undefined) yield `${place} has both kinds of properties`;
  if (type === 'array' && items === undefined) yield `${place} has no items`;
  if (
    type === 'object' &&
    properties === undefined &&
    typeof additionalProperties !== 'object' &&
    !place.endsWith('metadata')
  ) {
    yield `${place} lets nothing be`;
  }
  for (const [name, inner] of Object.entries(properties ?? {})) yield* unstructural(inner, `${place}.${name}`);
  if (items !== undefined) yield* unstructural(items, `${place}[]`);
  if (typeof additionalProperties === 'object') yield* unstructural(additionalProperties, `${place}.*`);
}

describe('the definitions of the resources', () => {
  it('are what deploy/crd-alertpolicy.yaml says', async () => {
    await expect(policyCrdManifest()).toMatchFileSnapshot(path.join(ROOT, 'deploy', 'crd-alertpolicy.yaml'));
  });

  it.each(['AlertPolicy', 'ClusterAlertPolicy'] as const)('have a schema that Kubernetes takes: %s', (kind) => {
    const [version] = (policyCrd(kind).spec as { versions: { schema: { openAPIV3Schema: Schema } }[] }).versions;
    const { openAPIV3Schema } = version!.schema;
    expect([...unstructural(openAPIV3Schema, '')]).toEqual([]);
    const { spec } = openAPIV3Schema.properties as { spec: { properties: object; required: string[] } };
    const keys = Object.keys(POLICY_DEFINITION.shape).filter((key) => key !== 'id');
    expect(Object.keys(spec.properties)).toEqual(expect.arrayContaining(keys));
    expect(spec.required.sort()).toEqual(['conditions', 'level']);
  });

  it('have the rights in the manifest that they need, and no more', () => {
    const text = readFileSync(path.join(ROOT, 'deploy', 'rbac-policies.yaml'), 'utf8');
    const [role] = parseAllDocuments(text).map((document) => document.toJS() as { rules: object[] });
    expect(role!.rules).toEqual([
      {
        apiGroups: ['alerting.pharos.dev'],
        resources: ['alertpolicies', 'clusteralertpolicies'],
        verbs: ['list', 'watch'],
      },
      {
        apiGroups: ['alerting.pharos.dev'],
        resources: ['alertpolicies/status', 'clusteralertpolicies/status'],
        verbs: ['patch'],
      },
    ]);
  });
});
