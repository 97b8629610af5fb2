import { describe, expect, it } from 'vitest';
import { fieldOf, type WrittenForm } from '../written-form.ts';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import { readPolicy } from './read-policy.ts';

const CONDITION = { metric: 'k8s_pod_cpu_core_used', operator: 'gt', threshold: 2 };
const GOOD = { id: 'a', name: 'A', level: 'pod', conditions: [CONDITION] };

/** `field: message` of all problems. */
function problemsOf(given: unknown, form: WrittenForm = 'snake', receivers?: readonly string[]): string[] {
  const { problems } = readPolicy(given, { form, source: 'test', catalogue: SMALL_CATALOGUE, receivers });
  return problems.map(({ path, message }) => `${fieldOf(path)}: ${message}`);
}

const policy = (more: object): object => ({ ...GOOD, ...more });
const condition = (more: object): object => policy({ conditions: [{ ...CONDITION, ...more }] });

describe('a policy', () => {
  it('has defaults for all that is not said', () => {
    expect(readPolicy(GOOD, { form: 'snake', source: 'f:1', catalogue: SMALL_CATALOGUE })).toEqual({
      problems: [],
      policy: {
        id: 'a',
        name: 'A',
        description: '',
        enabled: true,
        level: 'pod',
        objects: { include: {}, exclude: {} },
        conditions: [
          {
            metric: 'k8s_pod_cpu_core_used',
            period: 60_000,
            statistic: 'avg',
            operator: 'gt',
            comparison: 'period',
            thresholds: { warn: 2 },
            recovery: {},
            periods: 1,
            outOf: 1,
          },
        ],
        union: 'any',
        noData: { mode: 'keep', after: 600_000, severity: 'warn' },
        overrides: [],
        notice: { receivers: [], groupBy: undefined, repeat: undefined },
        labels: {},
        annotations: {},
        source: 'f:1',
      },
    });
  });

  it.each<readonly [string, object, object]>([
    ['once', { kind: 'once' }, { kind: 'once' }],
    ...['5m', '10m', '15m', '30m', '1h', '2h', '3h', '6h', '12h', '24h'].map((interval): [string, object, object] => [
      `every ${interval}`,
      { kind: 'every', interval },
      { kind: 'every', interval: Number.parseInt(interval, 10) * (interval.endsWith('m') ? 60_000 : 3_600_000) },
    ]),
    ['exponential', { kind: 'exponential' }, { kind: 'exponential', first: 300_000, longest: 86_400_000 }],
    [
      'exponential within bounds',
      { kind: 'exponential', first: '1m', longest: '2m' },
      { kind: 'exponential', first: 60_000, longest: 120_000 },
    ],
    [
      'exponential, seldom',
      { kind: 'exponential', first: '2d' },
      { kind: 'exponential', first: 172_800_000, longest: 172_800_000 },
    ],
    [
      'exponential, often',
      { kind: 'exponential', longest: '2m' },
      { kind: 'exponential', first: 120_000, longest: 120_000 },
    ],
  ])('repeats %s', (_, repeat, wanted) => {
    const { policy: read } = readPolicy(policy({ notice: { repeat } }), {
      form: 'camel',
      source: '',
      catalogue: SMALL_CATALOGUE,
    });
    expect(read?.notice.repeat).toEqual(wanted);
  });

  it('takes what is null for not given', () => {
    expect(
      problemsOf(policy({ description: null, no_data: null, overrides: null, objects: { include: null } })),
    ).toEqual([]);
  });

  it('may be about a metric that is none of the catalogue', () => {
    expect(problemsOf(condition({ metric: 'requests_per_second' }))).toEqual([]);
    expect(problemsOf(condition({ metric: 'k8s_pod_of_my_own', custom: true }))).toEqual([]);
  });

  it('says all that is wrong at once, in the names of its form', () => {
    const conditions = [{ metric: 'k8s_pod_cpu', period: '7m', operator: 'gt', threshold: 1, out_off: 3 }];
    expect(problemsOf({ ...GOOD, id: 'A', noData: {}, conditions, notice: { group_by: 'x' } })).toEqual([
      'conditions[0].out_off: unknown key "out_off"; did you mean "out_of"?',
      'noData: unknown key "noData"; did you mean "no_data"?',
      'id: expected an id of a-z, 0-9 and -, with - not at an end, got "A"',
      'notice.group_by: expected a list of labels, got "x"',
      'conditions[0].metric: expected a metric of the catalogue at the level pod, got "k8s_pod_cpu"; mark what is none of the catalogue with "custom"',
      'conditions[0].period: expected a period that a day is a whole number of, got 7m',
    ]);
    expect(problemsOf({ ...GOOD, no_data: {}, noData: { mode: 'nothing' } }, 'camel')).toEqual([
      'no_data: unknown key "no_data"; did you mean "noData"?',
      'noData.mode: expected one of ok, alert, keep, got "nothing"',
    ]);
  });
});

const twoConditions = { conditions: [CONDITION, CONDITION] };
const many = (count: number, value: unknown) => Array.from({ length: count }, () => value);
const numbered = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']));

describe('a rule for policies', () => {
  it.each<[rule: string, given: unknown, ...wanted: string[]]>([
    ['a map', 5, ': expected a map of keys and values, got 5'],
    ['nothing', undefined, ': the key is missing; expected a map of keys and values'],
    [
      'required keys',
      {},
      'id: the key is missing; expected an id of a-z, 0-9 and -, with - not at an end',
      'name: the key is missing; expected a name',
      'level: the key is missing; expected one of cluster, node, namespace, workload, pod, container, service',
      'conditions: the key is missing; expected a list of conditions',
    ],
    ['ids', policy({ id: '-a' }), 'id: expected an id of a-z, 0-9 and -, with - not at an end, got "-a"'],
    [
      'the length of ids',
      policy({ id: 'a'.repeat(101) }),
      'id: expected an id of a-z, 0-9 and -, with - not at an end of at most 100 characters, got 101',
    ],
    [
      'reserved ids',
      policy({ id: 'k8s-a' }),
      'id: expected an id that does not begin with k8s-, got "k8s-a"; such ids are those of Kubernetes resources',
    ],
    ['ids that are text', policy({ id: 5 }), 'id: expected an id of a-z, 0-9 and -, with - not at an end, got 5'],
    ['names', policy({ name: '' }), 'name: expected a name, got ""'],
    [
      'the length of names',
      policy({ name: 'a'.repeat(201) }),
      'name: expected a name of at most 200 characters, got 201',
    ],
    ['descriptions', policy({ description: ['x'] }), 'description: expected a text, got a list'],
    [
      'the length of descriptions',
      policy({ description: 'a'.repeat(4_097) }),
      'description: expected a text of at most 4096 characters, got 4097',
    ],
    ['enabled', policy({ enabled: 'yes' }), 'enabled: expected true or false, got "yes"'],
    [
      'levels',
      policy({ level: 'pods' }),
      'level: expected one of cluster, node, namespace, workload, pod, container, service, got "pods"; did you mean "pod"?',
    ],
    ['union', policy({ union: 'some' }), 'union: expected one of any, all, got "some"'],
    ['lists', policy({ conditions: {} }), 'conditions: expected a list of conditions, got a map'],
    ['at least one condition', policy({ conditions: [] }), 'conditions: expected a list of 1 to 50 conditions, got 0'],
    [
      'at most 50 conditions',
      policy({ conditions: many(51, CONDITION) }),
      'conditions: expected a list of 1 to 50 conditions, got 51',
    ],
    ['unknown keys', policy({ lables: {} }), 'lables: unknown key "lables"; did you mean "labels"?'],
    [
      'unknown keys that are near to none',
      condition({ xyzzy: 1 }),
      `conditions[0].xyzzy: unknown key "xyzzy"; expected one of metric, custom, period, statistic, operator, comparison, threshold, thresholds, recovery_threshold, recovery_thresholds, periods, out_of`,
    ],
    ['keys of maps', policy({ labels: JSON.parse('{"__proto__": "x"}') }), 'labels.__proto__: expected another name'],

    ['metrics', condition({ metric: 'a b' }), 'conditions[0].metric: expected the name of a metric, got "a b"'],
    [
      'metrics of another level',
      condition({ metric: 'k8s_node_cpu_usage' }),
      'conditions[0].metric: expected a metric of the level pod, got "k8s_node_cpu_usage" of the level node; set the level to node',
    ],
    [
      'metrics of another level that this one has too',
      condition({ metric: 'k8s_workload_cpu_core_used', custom: true }),
      'conditions[0].metric: expected a metric of the level pod, got "k8s_workload_cpu_core_used" of the level workload; did you mean "k8s_pod_cpu_core_used"?',
    ],
    [
      'metrics with a slip',
      condition({ metric: 'k8s_pod_cpu_core_usde' }),
      'conditions[0].metric: expected a metric of the catalogue at the level pod, got "k8s_pod_cpu_core_usde"; did you mean "k8s_pod_cpu_core_used"?',
    ],
    ['durations', condition({ period: 60 }), 'conditions[0].period: expected a duration such as 5m or 1h30m, got 60'],
    [
      'durations in order',
      condition({ period: '5m1h' }),
      'conditions[0].period: expected a duration such as 5m or 1h30m, got "5m1h"',
    ],
    [
      'short periods',
      condition({ period: '9s' }),
      'conditions[0].period: expected a duration from 10s to 1d, got "9s"',
    ],
    [
      'long periods',
      condition({ period: '25h' }),
      'conditions[0].period: expected a duration from 10s to 1d, got "25h"',
    ],
    [
      'even periods',
      condition({ period: '7m' }),
      'conditions[0].period: expected a period that a day is a whole number of, got 7m',
    ],
    [
      'periods of whole seconds',
      condition({ period: '10s500ms' }),
      'conditions[0].period: expected a period that a day is a whole number of, got 10s500ms',
    ],
    [
      'statistics',
      condition({ statistic: 'median' }),
      'conditions[0].statistic: expected one of avg, min, max, sum, last, got "median"',
    ],
    [
      'operators',
      condition({ operator: '>' }),
      'conditions[0].operator: expected one of gt, ge, lt, le, eq, ne, increase, decrease, got ">"',
    ],
    [
      'comparisons',
      condition({ operator: 'decrease', comparison: 'month' }),
      'conditions[0].comparison: expected one of period, day, week, got "month"',
    ],
    [
      'comparisons of changes only',
      condition({ comparison: 'day' }),
      'conditions[0].comparison: expected only with the operators increase and decrease, got it with gt',
    ],
    [
      'the number of periods',
      condition({ periods: 0 }),
      'conditions[0].periods: expected the number of periods, a whole number from 1 to 1000, got 0',
    ],
    [
      'at most 1000 periods',
      condition({ periods: 1_001 }),
      'conditions[0].periods: expected the number of periods, a whole number from 1 to 1000, got 1001',
    ],
    [
      'whole numbers',
      condition({ periods: 1.5 }),
      'conditions[0].periods: expected the number of periods, a whole number from 1 to 1000, got 1.5',
    ],
    [
      'M of N',
      condition({ periods: 3, out_of: 2 }),
      'conditions[0].out_of: expected at least periods, which is 3, got 2',
    ],
    [
      'how far back',
      condition({ period: '1h', periods: 721 }),
      'conditions[0].periods: expected periods of at most 30d in all, got 721 of 1h',
    ],
    [
      'how far back, of N',
      condition({ period: '1d', periods: 1, out_of: 31 }),
      'conditions[0].out_of: expected periods of at most 30d in all, got 31 of 1d',
    ],

    ['numbers', condition({ threshold: '2' }), 'conditions[0].threshold: expected a finite number, got "2"'],
    [
      'finite numbers',
      condition({ threshold: Number.POSITIVE_INFINITY }),
      'conditions[0].threshold: expected a finite number, got Infinity',
    ],
    [
      'a threshold',
      condition({ threshold: undefined }),
      'conditions[0].thresholds: expected threshold, or thresholds with at least one of remind, warn, serious, got none',
    ],
    [
      'one form of thresholds',
      condition({ thresholds: { warn: 1 } }),
      'conditions[0].threshold: expected only one of threshold and thresholds, got both',
    ],
    [
      'severities',
      condition({ threshold: undefined, thresholds: { warning: 1 } }),
      'conditions[0].thresholds.warning: unknown key "warning"; expected one of remind, warn, serious',
      'conditions[0].thresholds: expected threshold, or thresholds with at least one of remind, warn, serious, got none',
    ],
    [
      'rising thresholds',
      condition({ threshold: undefined, thresholds: { warn: 9, serious: 9 } }),
      'conditions[0].thresholds.serious: expected more than that of warn, 9, with the operator gt, got 9',
    ],
    [
      'falling thresholds',
      condition({ operator: 'lt', threshold: undefined, thresholds: { remind: 1, serious: 2 } }),
      'conditions[0].thresholds.serious: expected less than that of remind, 1, with the operator lt, got 2',
    ],
    [
      'different thresholds',
      condition({ operator: 'eq', threshold: undefined, thresholds: { remind: 1, serious: 1 } }),
      'conditions[0].thresholds.serious: expected another value than that of remind, 1, with the operator eq, got 1',
    ],
    [
      'changes',
      condition({ operator: 'decrease', threshold: -5 }),
      'conditions[0].threshold: expected a change of more than 0 percent, got -5',
    ],
    [
      'recoveries below',
      condition({ recovery_threshold: 2 }),
      'conditions[0].recovery_threshold: expected less than the threshold of warn, 2, with the operator gt, got 2',
    ],
    [
      'recoveries above',
      condition({ operator: 'le', recovery_thresholds: { warn: 1 } }),
      'conditions[0].recovery_thresholds.warn: expected more than the threshold of warn, 2, with the operator le, got 1',
    ],
    [
      'recoveries of thresholds',
      condition({ recovery_thresholds: { serious: 1 } }),
      'conditions[0].recovery_thresholds.serious: expected none without a threshold of serious, got 1',
    ],
    [
      'recoveries of equality',
      condition({ operator: 'ne', recovery_threshold: 1 }),
      'conditions[0].recovery_threshold: expected none with the operator ne, got 1',
    ],
    [
      'one form of recoveries',
      condition({ recovery_threshold: 1, recovery_thresholds: { warn: 1 } }),
      'conditions[0].recovery_threshold: expected only one of recovery_threshold and recovery_thresholds, got both',
    ],

    [
      'labels of objects',
      policy({ objects: { include: { namspace: ['x'] } } }),
      'objects.include.namspace: expected a label of the level pod (cluster, namespace, pod, workload_kind, workload_name, node, node_role), got "namspace"; did you mean "namespace"?',
    ],
    [
      'labels of a level',
      policy({ objects: { exclude: { container: ['x'] } } }),
      'objects.exclude.container: expected a label of the level pod (cluster, namespace, pod, workload_kind, workload_name, node, node_role), got "container"',
    ],
    [
      'values of objects',
      policy({ objects: { include: { pod: 'x' } } }),
      'objects.include.pod: expected a list of values, got "x"',
    ],
    [
      'some values of objects',
      policy({ objects: { include: { pod: [] } } }),
      'objects.include.pod: expected a list of 1 to 1000 values, got 0',
    ],
    [
      'at most 1000 values',
      policy({ objects: { include: { pod: many(1_001, 'x') } } }),
      'objects.include.pod: expected a list of 1 to 1000 values, got 1001',
    ],
    [
      'values that are text',
      policy({ objects: { include: { pod: [5] } } }),
      'objects.include.pod[0]: expected a value of a label, maybe with *, got 5',
    ],
    [
      'lists of labels',
      policy({ objects: { include: ['pod'] } }),
      'objects.include: expected a map of labels with lists of values, got a list',
    ],

    [
      'what happens without data',
      policy({ no_data: { mode: 'fine' } }),
      'no_data.mode: expected one of ok, alert, keep, got "fine"',
    ],
    [
      'how long without data',
      policy({ no_data: { mode: 'alert', after: '8d' } }),
      'no_data.after: expected a duration from 0s to 1w, got "8d"',
    ],
    [
      'at least a period without data',
      policy({ no_data: { mode: 'alert', after: '30s' } }),
      'no_data.after: expected at least a period of a condition (1m), or 0, got 30s',
    ],
    [
      'how bad no data is',
      policy({ no_data: { severity: 'bad' } }),
      'no_data.severity: expected one of remind, warn, serious, got "bad"',
    ],

    [
      'overrides of some objects',
      policy({ overrides: [{ objects: {}, disabled: true }] }),
      'overrides[0].objects: expected some objects and not all, got neither include nor exclude',
    ],
    [
      'overrides with objects',
      policy({ overrides: [{ disabled: true }] }),
      'overrides[0].objects: the key is missing; expected a map of keys and values',
    ],
    [
      'at most 100 overrides',
      policy({ overrides: many(101, { objects: { include: { pod: ['x'] } }, disabled: true }) }),
      'overrides: expected a list of at most 100 overrides, got 101',
    ],
    [
      'overrides that say something',
      policy({ overrides: [{ objects: { include: { pod: ['x'] } } }] }),
      'overrides[0].conditions: expected at least one, or that the objects are disabled, got neither',
    ],
    [
      'overrides of nothing',
      policy({ overrides: [{ objects: { include: { pod: ['x'] } }, disabled: true, conditions: [{ threshold: 3 }] }] }),
      'overrides[0].conditions: expected none for objects that have no alerts, got some',
    ],
    [
      'labels of overrides',
      policy({ overrides: [{ objects: { include: { pot: ['x'] } }, disabled: true }] }),
      'overrides[0].objects.include.pot: expected a label of the level pod (cluster, namespace, pod, workload_kind, workload_name, node, node_role), got "pot"; did you mean "pod"?',
    ],
    [
      'which condition is overridden',
      policy({
        ...twoConditions,
        overrides: [{ objects: { include: { pod: ['x'] } }, conditions: [{ threshold: 3 }] }],
      }),
      'overrides[0].conditions[0].condition: the key is missing; expected one of 0 to 1',
    ],
    [
      'conditions that there are',
      policy({ overrides: [{ objects: { include: { pod: ['x'] } }, conditions: [{ condition: 1, threshold: 3 }] }] }),
      'overrides[0].conditions[0].condition: expected one of 0 to 0, got 1',
    ],
    [
      'each condition once',
      policy({
        overrides: [{ objects: { include: { pod: ['x'] } }, conditions: [{ threshold: 3 }, { threshold: 4 }] }],
      }),
      'overrides[0].conditions[1].condition: expected each condition once, got 0 again',
    ],
    [
      'thresholds of overrides',
      policy({ overrides: [{ objects: { include: { pod: ['x'] } }, conditions: [{}] }] }),
      'overrides[0].conditions[0].thresholds: expected threshold, or thresholds with at least one of remind, warn, serious, got none',
    ],
    [
      'recoveries that no longer fit',
      policy({
        conditions: [{ ...CONDITION, recovery_threshold: 1 }],
        overrides: [{ objects: { include: { pod: ['x'] } }, conditions: [{ threshold: 0.5 }] }],
      }),
      'overrides[0].conditions[0].recovery_thresholds.warn: expected less than the threshold of warn, 0.5, with the operator gt, got 1 of the policy; give recovery_thresholds too',
    ],

    [
      'receivers once',
      policy({ notice: { receivers: ['ops', 'ops'] } }),
      'notice.receivers[1]: expected each receiver once, got "ops" again',
    ],
    [
      'receivers that there are',
      policy({ notice: { receivers: ['op'] } }),
      'notice.receivers[0]: expected the name of a receiver, got "op"; did you mean "ops"?',
    ],
    [
      'names of receivers',
      policy({ notice: { receivers: [{ url: 'http://evil' }] } }),
      'notice.receivers[0]: expected the name of a receiver, got a map',
    ],
    [
      'at most 50 receivers',
      policy({ notice: { receivers: many(51, 'ops') } }),
      'notice.receivers: expected a list of at most 50 receivers, got 51',
    ],
    [
      'groups',
      policy({ notice: { group_by: ['a-b'] } }),
      'notice.group_by[0]: expected the name of a label, or "...", got "a-b"',
    ],
    [
      'groups of one',
      policy({ notice: { group_by: ['...', 'a'] } }),
      'notice.group_by[0]: expected "..." alone, got it among others',
    ],
    [
      'groups once',
      policy({ notice: { group_by: ['a', 'a'] } }),
      'notice.group_by[1]: expected each label once, got "a" again',
    ],
    [
      'repeats',
      policy({ notice: { repeat: { kind: 'often' } } }),
      'notice.repeat.kind: expected one of once, every, exponential, got "often"',
    ],
    [
      'repeats with an interval',
      policy({ notice: { repeat: { kind: 'every' } } }),
      'notice.repeat.interval: the key is missing; expected a duration such as 30m for kind every',
    ],
    [
      'repeats that are seldom enough',
      policy({ notice: { repeat: { kind: 'every', interval: '30s' } } }),
      'notice.repeat.interval: expected a duration from 1m to 30d, got "30s"',
    ],
    [
      'intervals where they count',
      policy({ notice: { repeat: { kind: 'once', interval: '5m' } } }),
      'notice.repeat.interval: expected only with kind every, got it with once',
    ],
    [
      'first repeats where they count',
      policy({ notice: { repeat: { kind: 'every', interval: '5m', first: '5m' } } }),
      'notice.repeat.first: expected only with kind exponential, got it with every',
    ],
    [
      'growing repeats',
      policy({ notice: { repeat: { kind: 'exponential', first: '1h', longest: '5m' } } }),
      'notice.repeat.longest: expected at least first, which is 1h, got 5m',
    ],

    [
      'labels',
      policy({ labels: { '1a': 'x' } }),
      'labels.1a: expected a name of letters, digits and _ that begins with no digit and not with __, got "1a"',
    ],
    [
      'hidden labels',
      policy({ labels: { __a: 'x' } }),
      'labels.__a: expected a name of letters, digits and _ that begins with no digit and not with __, got "__a"',
    ],
    [
      'its own labels',
      policy({ labels: { severity: 'x' } }),
      'labels.severity: expected another name: Pharos sets the label severity itself',
    ],
    [
      'the label with its id',
      policy({ labels: { policy: 'x' } }),
      'labels.policy: expected another name: Pharos sets the label policy itself',
    ],
    [
      'labels of the object',
      policy({ labels: { namespace: 'other' } }),
      'labels.namespace: expected another name: Pharos sets the label namespace itself',
    ],
    ['at most 64 labels', policy({ labels: numbered(65) }), 'labels: expected at most 64, got 65'],
    ['texts of labels', policy({ labels: { a: 5 } }), 'labels.a: expected a text, which may be a template, got 5'],
    [
      'templates',
      policy({ annotations: { a: '{{ $x }}' } }),
      'annotations.a: expected a template, got one with an error at 1:4: undefined variable "$x"',
    ],
    [
      'the length of annotations',
      policy({ annotations: { a: 'x'.repeat(4_097) } }),
      'annotations.a: expected a text, which may be a template of at most 4096 characters, got 4097',
    ],
  ])('holds for %s', (_, given, ...wanted) => {
    expect(problemsOf(given, 'snake', ['ops'])).toEqual(wanted);
  });
});
