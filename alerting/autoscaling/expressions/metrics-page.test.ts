import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { metricCrd, metricCrdManifest } from './metric-crd.ts';
import { METRIC_DEFINITION } from './metric-definition.ts';
import { parseMetricDefinitions } from './metric-file.ts';
import { METRIC_KINDS, readMetricResource } from './metric-resource.ts';
import { missingScrapes } from './missing-scrapes.ts';
import { readMetric } from './read-metric.ts';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const PAGE = readFileSync(path.join(ROOT, 'docs', 'autoscaling-metrics.md'), 'utf8');

const blocks = (text: string): string[] => [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
const [before, examples] = PAGE.split('## Examples\n') as [string, string];
const EXAMPLES = blocks(examples).map((yaml) => ({ yaml, title: String((parse(yaml) as { name: string }).name) }));

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
}

function schemaOf(kind: (typeof METRIC_KINDS)[number]): Schema {
  const { versions } = metricCrd(kind).spec as { versions: { schema: { openAPIV3Schema: Schema } }[] };
  return versions[0]!.schema.openAPIV3Schema;
}

/** What Kubernetes would not take of a schema: a place without a type, or with alternatives or defaults. */
function* unstructural(schema: Schema, place: string): Generator<string> {
  if (schema.type === undefined) yield `${place} has no type`;
  for (const key of ['anyOf', 'oneOf', 'allOf', 'not', 'default', '$ref']) {
    if (Object.hasOwn(schema, key)) yield `${place} has ${key}`;
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {})) yield* unstructural(inner, `${place}.${name}`);
  if (schema.items !== undefined) yield* unstructural(schema.items, `${place}[]`);
  if (schema.additionalProperties !== undefined) yield* unstructural(schema.additionalProperties, `${place}.*`);
}

describe('the page about named metrics', () => {
  it('explains every key', () => {
    const explained = [...before.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(explained.sort()).toEqual(Object.keys(METRIC_DEFINITION.shape).sort());
  });

  it('has ten examples', () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(10);
  });

  it.each(EXAMPLES)('has an example that is read, in a configuration and as a resource: $title', ({ yaml }) => {
    const inConfig = `autoscaling:\n  metrics:\n    - ${yaml.trim().replaceAll('\n', '\n      ')}\n`;
    const { definitions, problems } = parseMetricDefinitions('pharos.yml', inConfig);
    expect(problems).toEqual([]);
    expect(definitions).toHaveLength(1);
    expect(missingScrapes(definitions[0]!.expr.expr, { isSummed: true })).toBeDefined();
    const { name, namespace: _, ...spec } = parse(yaml) as Record<string, unknown>;
    const object = {
      apiVersion: 'alerting.pharos.dev/v1',
      metadata: { name: 'm', namespace: 'shop' },
      spec: { ...spec, name },
    };
    expect(readMetricResource({ ...object, kind: 'AutoscalingMetric' }).definition).toMatchObject({
      name,
      namespace: 'shop',
      isBound: true,
    });
    const { properties } = schemaOf('AutoscalingMetric').properties!.spec!;
    expect(Object.keys(properties!)).toEqual(expect.arrayContaining(Object.keys(spec)));
  });

  it('has a configuration and a resource that are read', () => {
    const [config, resource] = blocks(before);
    expect(parseMetricDefinitions('pharos.yml', config!)).toMatchObject({
      definitions: [{ type: 'Pods' }],
      problems: [],
    });
    expect(readMetricResource(parse(resource!) as object).definition).toMatchObject({
      ...{ name: 'orders-waiting', namespace: 'shop', origin: 'AutoscalingMetric shop/orders-waiting' },
    });
    // What the page says cannot be derived.
    expect(
      readMetric({ name: 'm', type: 'External', expr: 'a offset 1d' }, { form: 'snake', origin: '' }).problems,
    ).toHaveLength(1);
  });
});

describe('the resources of named metrics', () => {
  it('are what deploy/crd-autoscaling-metrics.yaml says', async () => {
    await expect(metricCrdManifest()).toMatchFileSnapshot(path.join(ROOT, 'deploy', 'crd-autoscaling-metrics.yaml'));
  });

  it.each(METRIC_KINDS)('have a schema that Kubernetes takes: %s', (kind) => {
    expect([...unstructural(schemaOf(kind), '')]).toEqual([]);
    const { spec } = schemaOf(kind).properties!;
    expect(spec!.required?.toSorted()).toEqual(['expr', 'type']);
    expect(Object.hasOwn(spec!.properties!, 'namespace')).toBe(kind === 'ClusterAutoscalingMetric');
  });

  it('have the rights in the manifest that they need, and no more', () => {
    const text = readFileSync(path.join(ROOT, 'deploy', 'rbac-autoscaling-metrics.yaml'), 'utf8');
    const [role, , edit] = parseAllDocuments(text).map((document) => document.toJS() as { rules: object[] });
    const apiGroups = ['alerting.pharos.dev'];
    const kinds = ['autoscalingmetrics', 'clusterautoscalingmetrics'];
    expect(role!.rules).toEqual([
      { apiGroups, resources: kinds, verbs: ['list', 'watch'] },
      { apiGroups, resources: kinds.map((kind) => `${kind}/status`), verbs: ['patch'] },
    ]);
    expect(edit!.rules).toMatchObject([{ apiGroups, resources: ['autoscalingmetrics'] }]);
  });
});
