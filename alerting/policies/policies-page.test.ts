import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readNames } from '../written-form.ts';
import { policiesPage } from './policies-page.ts';
import { policyCrd, policyCrdManifest } from './policy-crd.ts';
import { POLICY_DEFINITION } from './policy-definition.ts';
import { POLICY_EXAMPLES } from './policy-examples.ts';

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

/** What the API server would refuse of a value. */
function* refused(schema: Schema, value: unknown, place: string): Generator<string> {
  const { type, properties, required, additionalProperties, items, pattern, minItems, minimum, maximum } = schema as {
    readonly type: string;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
    readonly additionalProperties?: Schema;
    readonly items?: Schema;
    readonly pattern?: string;
    readonly minItems?: number;
    readonly minimum?: number;
    readonly maximum?: number;
  };
  const given = Array.isArray(value) ? 'array' : typeof value;
  const isType = type === 'integer' ? Number.isInteger(value) : given === type;
  if (!isType) yield `${place} is no ${type}`;
  if (!isType) return;
  const list = (schema as { readonly enum?: readonly unknown[] }).enum;
  if (list !== undefined && !list.includes(value)) yield `${place} is not in the list`;
  if (pattern !== undefined && !new RegExp(pattern).test(value as string)) yield `${place} does not match ${pattern}`;
  if (type === 'integer' && ((value as number) < minimum! || (value as number) > maximum!))
    yield `${place} is out of bounds`;
  if (Array.isArray(value)) {
    if (value.length < (minItems ?? 0)) yield `${place} has too few items`;
    for (const [i, item] of value.entries()) yield* refused(items!, item, `${place}[${i}]`);
  } else if (given === 'object' && (properties !== undefined || additionalProperties !== undefined)) {
    for (const name of required ?? []) if (!Object.hasOwn(value as object, name)) yield `${place}.${name} is missing`;
    for (const [name, inner] of Object.entries(value as object)) {
      const known = properties === undefined ? additionalProperties : properties[name];
      if (known === undefined) yield `${place}.${name} is not known`;
      else yield* refused(known, inner, `${place}.${name}`);
    }
  }
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

  it.each(POLICY_EXAMPLES)('take the example of the reference: $title', ({ yaml }) => {
    const [given] = parse(yaml) as [Record<string, unknown>];
    const { id: _, ...spec } = readNames(POLICY_DEFINITION, given, 'snake').value as Record<string, unknown>;
    const [version] = (policyCrd('ClusterAlertPolicy').spec as { versions: { schema: { openAPIV3Schema: Schema } }[] })
      .versions;
    const object = { apiVersion: 'x', kind: 'y', metadata: {}, spec };
    expect([...refused(version!.schema.openAPIV3Schema, object, '')]).toEqual([]);
    const wrong = { ...object, spec: { ...spec, level: 'x', union: 5, conditions: [], foo: 1 } };
    expect([...refused(version!.schema.openAPIV3Schema, wrong, '')].sort()).toEqual([
      '.spec.conditions has too few items',
      '.spec.foo is not known',
      '.spec.level is not in the list',
      '.spec.union is no string',
    ]);
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
