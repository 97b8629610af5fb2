import { describe, expect, it } from 'vitest';
import { formatFileProblems } from '../yaml-reader.ts';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import { parsePolicyFile } from './policy-file.ts';

const GOOD = `policies:
  - id: a
    name: A
    level: pod
    conditions:
      - {metric: k8s_pod_cpu_core_used, operator: gt, threshold: 1}
`;

function parse(text: string, isPartOf = false) {
  const { policies, problems } = parsePolicyFile('p.yml', text, { catalogue: SMALL_CATALOGUE, isPartOf });
  return {
    ids: policies.map(({ id, source }) => `${id} ${source}`),
    problems: formatFileProblems(problems).split('\n'),
  };
}

describe('a file of policies', () => {
  it('says where each of its policies is', () => {
    expect(parse(GOOD + GOOD.replace('policies:\n', '').replace('id: a', 'id: b'))).toEqual({
      ids: ['a p.yml:2', 'b p.yml:7'],
      problems: [''],
    });
  });

  it('may be empty, or have none', () => {
    for (const text of ['', '# nothing\n', 'policies:\n', 'policies: []\n']) {
      expect(parse(text)).toEqual({ ids: [], problems: [''] });
    }
  });

  it('gives all problems with their lines, and then no policies', () => {
    const text =
      GOOD.replace('level: pod', 'level: pods').replace('operator', 'oprator') +
      '    no_data:\n      mod: ok\nrules: []\n';
    expect(parse(text)).toEqual({
      ids: [],
      problems: [
        'p.yml:4:5: policies[0].level: expected one of cluster, node, namespace, workload, pod, container, service, got "pods"; did you mean "pod"?',
        'p.yml:6:9: policies[0].conditions[0].operator: the key is missing; expected one of gt, ge, lt, le, eq, ne, increase, decrease',
        'p.yml:6:41: policies[0].conditions[0].oprator: unknown key "oprator"; did you mean "operator"?',
        'p.yml:8:7: policies[0].no_data.mod: unknown key "mod"; did you mean "mode"?',
        'p.yml:9:1: rules: unknown key "rules"; expected "policies"',
      ],
    });
  });

  it('may be part of a file that has other keys', () => {
    expect(parse(`global: {}\n${GOOD}`, true).ids).toEqual(['a p.yml:3']);
  });

  it('says what is no YAML, and what is none of ours', () => {
    expect(parse('policies: [\n').problems).toEqual([
      'p.yml:2:1: invalid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ]);
    expect(parse('a: 1\na: 2\n').problems).toEqual(['p.yml:2:1: invalid YAML: Map keys must be unique']);
    expect(parse('- a\n').problems).toEqual(['p.yml:1:1: expected a map with the key "policies"']);
    expect(parse('policies: {a: 1}\n').problems).toEqual([
      'p.yml:1:1: policies: expected a list of at most 10000 policies, got something else',
    ]);
    expect(parse(`${GOOD}---\n${GOOD}`).problems).toEqual([
      'p.yml:8:1: expected one YAML document, or Kubernetes resources, got more',
    ]);
    expect(parse('policies:\n  - \n').problems[0]).toBe(
      'p.yml:2:5: policies[0]: expected a map of keys and values, got nothing',
    );
  });

  it('has every id once', () => {
    expect(parse(GOOD + GOOD.replace('policies:\n', '')).problems).toEqual([
      'p.yml:7:5: policies[1].id: expected an id that no other policy has, got "a", which is that of p.yml:2',
    ]);
  });

  it('can share what is the same', () => {
    const text = `policies:
  - &base
    id: a
    name: A
    level: pod
    conditions: &conditions
      - {metric: k8s_pod_cpu_core_used, operator: gt, threshold: 1}
  - <<: *base
    id: b
    conditions: *conditions
`;
    expect(parse(text).ids).toEqual(['a p.yml:3', 'b p.yml:8']);
    expect(parse(text.replace('threshold: 1', 'threshold: x')).problems).toEqual([
      'p.yml:7:55: policies[0].conditions[0].threshold: expected a finite number, got "x"',
      'p.yml:7:55: policies[1].conditions[0].threshold: expected a finite number, got "x"',
    ]);
  });

  it('is not taken in by aliases of aliases', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [i, name] of [...'bcdefgh'].entries()) {
      const before = 'abcdefgh'[i];
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`);
    }
    expect(parse(`${bomb.join('\n')}\npolicies: *h\n`, true).problems[0]).toMatch(
      /^p.yml:1:1: invalid YAML: Excessive alias count/,
    );
    expect(parse('policies: *nothing\n').problems[0]).toMatch(/^p.yml:\d+:\d+: invalid YAML: /);
  });

  it('may be too long', () => {
    expect(parse('#'.repeat(16 * 1024 * 1024 + 1)).problems).toEqual([
      'p.yml:1:1: expected a file of at most 16777216 characters, got 16777217',
    ]);
  });
});

describe('a manifest of resources', () => {
  const object = (kind: string, level: string, more = '') => `apiVersion: alerting.pharos.dev/v1
kind: ${kind}
metadata: {name: cpu, namespace: shop}
spec:
  level: ${level}
  ${more}
  conditions:
    - {metric: requests_per_second, operator: gt, threshold: 1, outOf: 3}
`;

  it('is read as Kubernetes would give it', () => {
    const text = object('AlertPolicy', 'pod') + '---\n' + object('ClusterAlertPolicy', 'node');
    expect(parse(text).ids).toEqual([
      expect.stringMatching(/^k8s-shop-cpu-[0-9a-f]{16} p.yml:1$/),
      expect.stringMatching(/^k8s-cpu-[0-9a-f]{16} p.yml:10$/),
    ]);
  });

  it('says what is wrong in the names of resources', () => {
    const text = object('AlertPolicy', 'node', 'no_data: {}').replace('/v1', '/v2');
    expect(parse(text).problems).toEqual([
      'p.yml:1:1: apiVersion: expected "alerting.pharos.dev/v1", got "alerting.pharos.dev/v2"',
    ]);
    expect(parse(object('AlertPolicy', 'node', 'objects: {include: {namespce: [a]}}')).problems).toEqual([
      'p.yml:5:3: spec.level: expected one of namespace, workload, pod, container, service in a resource of a namespace, got "node"; a ClusterAlertPolicy can have it',
      'p.yml:6:23: spec.objects.include.namespce: expected a label of the level node (cluster, node, node_role), got "namespce"',
    ]);
    expect(parse(object('AlertPolicy', 'pod', 'no_data: {}')).problems).toEqual([
      'p.yml:6:3: spec.no_data: unknown key "no_data"; did you mean "noData"?',
    ]);
  });
});
