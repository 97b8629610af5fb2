import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import { type AlertPolicy, COMPARISONS, OPERATORS, SEVERITIES, STATISTICS } from './policy.ts';
import { parsePolicyFile } from './policy-file.ts';
import { readResource } from './policy-resource.ts';
import { readPolicy } from './read-policy.ts';
import { renderPolicy } from './render-policy.ts';

const catalogue = SMALL_CATALOGUE;
const METRICS = ['k8s_pod_cpu_core_used', 'k8s_pod_status_ready', 'k8s_pod_of_my_own', 'requests:rate5m'];
const PERIODS = ['10s', '15s', '1m', '5m', '1h', '1d'];
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((given) => !given.includes('{{'));
const name = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
  .filter((given) => !/^(severity|alertname|pod|node|cluster|namespace)$/.test(given));
const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }).map((given) => given + 0);

const levels = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 3, maxLength: 3 });

/** Thresholds that rise with the severity, and recoveries below them; turned around for what falls. */
const thresholds = fc.record({
  values: levels,
  base: value,
  set: fc.subarray([...SEVERITIES], { minLength: 1 }),
  recover: fc.boolean(),
});

const NONE = { values: [1, 2, 3], base: 0, set: [...SEVERITIES], recover: false };

type Thresholds = typeof thresholds extends fc.Arbitrary<infer T> ? T : never;

function thresholdsFor(operator: string, { values, base, set, recover }: Thresholds): Record<string, unknown> {
  const direction = operator === 'lt' || operator === 'le' ? -1 : 1;
  const sorted = values.toSorted((a, b) => a - b);
  const of = (i: number, less: number) =>
    (operator === 'increase' || operator === 'decrease' ? 0 : Math.trunc(base)) + direction * (sorted[i]! - less);
  const hasRecovery = recover && operator !== 'eq' && operator !== 'ne';
  const by = (less: number) =>
    Object.fromEntries(set.map((severity) => [severity, of(SEVERITIES.indexOf(severity), less)]));
  return { thresholds: by(0), ...(hasRecovery && { recoveryThresholds: by(0.5) }) };
}

const condition = fc
  .record({
    metric: fc.constantFrom(...METRICS),
    period: fc.constantFrom(...PERIODS),
    statistic: fc.constantFrom(...STATISTICS),
    operator: fc.constantFrom(...OPERATORS),
    comparison: fc.constantFrom(...COMPARISONS),
    by: thresholds,
    counts: fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 15 })),
  })
  .map(({ by, comparison, counts: [periods, more], ...rest }) => ({
    ...rest,
    ...(rest.metric === 'k8s_pod_of_my_own' && { custom: true }),
    ...((rest.operator === 'increase' || rest.operator === 'decrease') && { comparison }),
    ...thresholdsFor(rest.operator, by),
    periods,
    outOf: periods + more,
  }));

const lists = fc.dictionary(
  fc.constantFrom('namespace', 'pod', 'workload_name', 'node_role'),
  fc.array(
    text.filter((given) => given !== ''),
    { minLength: 1, maxLength: 3 },
  ),
);
const selector = fc.record({ include: lists, exclude: lists });

const repeat = fc.oneof(
  fc.constant({ kind: 'once' }),
  fc.constantFrom('5m', '1d', '90m').map((interval) => ({ kind: 'every', interval })),
  fc.constantFrom('5m', '1h30m').map((first) => ({ kind: 'exponential', first, longest: '1d' })),
);

/** What somebody may post. */
const written = fc
  .record({
    id: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((id) => !id.startsWith('k8s-')),
    name: text.filter((given) => given !== ''),
    description: text,
    enabled: fc.boolean(),
    level: fc.constant('pod'),
    objects: selector,
    conditions: fc.array(condition, { minLength: 1, maxLength: 3 }),
    union: fc.constantFrom('any', 'all'),
    noData: fc.record({
      mode: fc.constantFrom('ok', 'keep'),
      after: fc.constantFrom('0s', '10m', '2d'),
      severity: fc.constantFrom(...SEVERITIES),
    }),
    disabled: fc.option(
      selector.filter(({ include }) => Object.keys(include).length > 0),
      { nil: undefined },
    ),
    changed: fc.option(thresholds, { nil: undefined }),
    notice: fc.record(
      { receivers: fc.uniqueArray(name, { maxLength: 2 }), groupBy: fc.uniqueArray(name, { maxLength: 2 }), repeat },
      { requiredKeys: [] },
    ),
    labels: fc.dictionary(name, text, { maxKeys: 3 }),
    annotations: fc.dictionary(name, fc.constantFrom('{{ $value }}', 'a: "b"', '\n x', '')),
  })
  .map(({ disabled, changed, ...policy }) => {
    const change = {
      condition: 0,
      ...thresholdsFor(policy.conditions[0]!.operator, { ...(changed ?? NONE), recover: true }),
    };
    const overrides = [
      ...(disabled === undefined ? [] : [{ objects: disabled, disabled: true }]),
      // Where no recoveries are given those of the policy count, which may not fit.
      ...(changed === undefined || policy.conditions[0]!.operator === 'ne' || policy.conditions[0]!.operator === 'eq'
        ? []
        : [{ objects: { include: { pod: ['x*'] } }, conditions: [change] }]),
    ];
    return { ...policy, overrides };
  });

function readCamel(given: unknown): AlertPolicy {
  const { policy, problems } = readPolicy(given, { form: 'camel', source: 'x', catalogue });
  expect(problems).toEqual([]);
  return policy!;
}

it('is the same policy in YAML, in JSON and in a resource', () => {
  fc.assert(
    fc.property(written, (given) => {
      const policy = readCamel(JSON.parse(JSON.stringify(given)));
      expect(readCamel(JSON.parse(JSON.stringify(renderPolicy(policy, { form: 'camel', catalogue }))))).toEqual(policy);

      const yaml = stringify({ policies: [renderPolicy(policy, { form: 'snake', catalogue })] });
      const file = parsePolicyFile('x', yaml, { catalogue });
      expect(file.problems).toEqual([]);
      expect(file.policies).toEqual([{ ...policy, source: 'x:2' }]);

      const { id: _, ...spec } = renderPolicy(policy, { form: 'camel', catalogue });
      const metadata = { name: 'web' };
      const object = { apiVersion: 'alerting.pharos.dev/v1', kind: 'ClusterAlertPolicy', metadata, spec };
      const resource = readResource(object, { catalogue, cluster: '', source: 'x' });
      expect(resource.problems).toEqual([]);
      expect(resource.policy).toEqual({ ...policy, id: resource.policy!.id });
    }),
    { numRuns: 100 },
  );
});

it('is a policy or has problems, whatever is given', () => {
  const keys = [
    'id',
    'level',
    'conditions',
    'objects',
    'include',
    'noData',
    'overrides',
    'notice',
    'repeat',
    'labels',
    '__proto__',
  ];
  const values = fc.constantFrom(
    'pod',
    'gt',
    'k8s_pod_cpu_core_used',
    '5m',
    '1h',
    3,
    -1,
    null,
    true,
    '{{',
    '',
    Number.NaN,
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      values,
      fc.jsonValue(),
      fc.array(tie('tree')),
      fc.dictionary(fc.constantFrom(...keys), tie('tree')),
    ),
  }));
  const mutated = fc.tuple(
    written,
    fc.constantFrom('conditions', 'objects', 'noData', 'overrides', 'notice', 'labels'),
    tree,
  );
  const given = fc.oneof(
    tree,
    mutated.map(([policy, key, value]) => ({ ...policy, [key]: value })),
  );
  fc.assert(
    fc.property(given, fc.constantFrom('camel' as const, 'snake' as const), (value, form) => {
      const { policy, problems } = readPolicy(value, { form, source: 'x', catalogue });
      expect(policy === undefined).toBe(problems.length > 0);
      for (const { message } of problems) expect(message.length).toBeLessThan(1_000);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        tree.map((value) => stringify({ policies: [value] })),
      ),
      (text) => {
        const { policies, problems } = parsePolicyFile('x', text, { catalogue });
        if (problems.length > 0) expect(policies).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});
