import { expect, it } from 'vitest';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import { policyYaml, readPolicyYaml } from './policy-yaml.ts';
import { readPolicy } from './read-policy.ts';

const CONTEXT = { catalogue: SMALL_CATALOGUE, receivers: ['ops'] };
const CONDITION = { metric: 'k8s_pod_cpu_core_used', operator: 'gt', threshold: 2 };

function policyOf(more: object) {
  const given = { id: 'cpu', name: 'Cpu', level: 'pod', conditions: [CONDITION], ...more };
  const { policy, problems } = readPolicy(given, { ...CONTEXT, form: 'camel', source: 'api' });
  expect(problems).toEqual([]);
  return policy!;
}

const FULL = {
  description: 'D',
  enabled: false,
  objects: { include: { namespace: ['shop'] }, exclude: { pod: ['a*'] } },
  conditions: [
    { ...CONDITION, threshold: undefined, thresholds: { warn: 2, serious: 3 }, period: '5m', periods: 2, outOf: 3 },
    { ...CONDITION, operator: 'increase', comparison: 'week', recoveryThreshold: 1 },
  ],
  union: 'all',
  noData: { mode: 'alert', after: '20m', severity: 'serious' },
  overrides: [
    { objects: { include: { pod: ['b'] } }, conditions: [{ condition: 1, threshold: 9 }] },
    { objects: { include: { pod: ['c'] } }, disabled: true },
  ],
  notice: { receivers: ['ops'], groupBy: [], repeat: { kind: 'exponential', first: '5m', longest: '2h' } },
  labels: { team: 'shop' },
  annotations: { summary: '{{ $value }}' },
};

it('leaves out what is as by default', () => {
  expect(policyYaml(policyOf({}), CONTEXT)).toEqual({
    file: `policies:
  - id: cpu
    name: Cpu
    level: pod
    conditions:
      - metric: k8s_pod_cpu_core_used
        operator: gt
        thresholds:
          warn: 2
`,
    resource: `apiVersion: alerting.pharos.dev/v1
kind: ClusterAlertPolicy
metadata:
  name: cpu
spec:
  name: Cpu
  level: pod
  conditions:
    - metric: k8s_pod_cpu_core_used
      operator: gt
      thresholds:
        warn: 2
`,
  });
});

it.each([{}, FULL])('both documents are read as the same policy', (more) => {
  const policy = policyOf(more);
  const { file, resource } = policyYaml(policy, CONTEXT);
  expect(readPolicyYaml(file, CONTEXT)).toMatchObject({ policy: { ...policy, source: 'policy.yaml:2' }, problems: [] });
  const { id: _, source: __, ...rest } = policy;
  expect(readPolicyYaml(resource, CONTEXT)).toMatchObject({ policy: rest, problems: [] });
});

it('is a resource of the namespace that it is about, when that may have it', () => {
  const { resource } = policyYaml(policyOf(FULL), CONTEXT);
  expect(resource).toMatch(/kind: AlertPolicy\nmetadata:\n {2}name: cpu\n {2}namespace: shop\n/);
  expect(resource).not.toContain('include:\n      namespace');
  const asking = policyOf({ ...FULL, annotations: { a: '{{ query "up" }}' } });
  expect(policyYaml(asking, CONTEXT).resource).toMatch(/kind: ClusterAlertPolicy\nmetadata:\n {2}name: cpu\nspec/);
});

it('says by line what is wrong with a document', () => {
  const wrong =
    'policies:\n  - id: a\n    name: A\n    level: pod\n    conditions:\n      - {metric: k8s_pod_cpu_core_used}\n';
  expect(readPolicyYaml(wrong, CONTEXT).problems[0]).toMatchObject({ field: 'conditions[0].operator' });
  expect(readPolicyYaml(wrong, CONTEXT).problems[0]!.message).toMatch(/^line 6: /);
  expect(readPolicyYaml('policies: []', CONTEXT).problems).toEqual([
    { field: '', message: 'expected one policy, got 0' },
  ]);
  expect(readPolicyYaml('a: [', CONTEXT).problems[0]!.message).toMatch(/^line 1: invalid YAML/);
});
