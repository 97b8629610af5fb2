import { expect, it } from 'vitest';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import type { AlertPolicy } from './policy.ts';
import { PolicySet } from './policy-set.ts';
import { ResourcePolicies } from './resource-policies.ts';

function object(name: string, more: object = {}, namespace = 'shop') {
  const conditions = [{ metric: 'k8s_pod_cpu_core_used', operator: 'gt', threshold: 1 }];
  const apiVersion = 'alerting.pharos.dev/v1';
  return {
    apiVersion,
    kind: 'AlertPolicy',
    metadata: { namespace, name },
    spec: { level: 'pod', conditions, ...more },
  };
}

it('judges each resource by itself, and keeps the last good version of one that is wrong', () => {
  let inForce: readonly AlertPolicy[] = [];
  const set = new PolicySet({ onChange: (policies) => (inForce = policies) });
  let receivers: readonly string[] = ['ops'];
  const context = () => ({ catalogue: SMALL_CATALOGUE, receivers });
  const resources = new ResourcePolicies<ReturnType<typeof object>>({ cluster: 'east', set, context });
  const told = () =>
    resources
      .outcomes((id) => id.length)
      .map(({ object: { metadata }, ...rest }) => ({ name: metadata.name, ...rest }));

  const good = object('good', { notice: { receivers: ['ops'] } });
  resources.take([good, object('bad', { level: 'node', foo: 1 }), object('off', { enabled: false })]);
  expect(inForce.map(({ name }) => name)).toEqual(['good', 'off']);
  const firing = inForce[0]!.id.length;
  expect(told()).toEqual([
    { name: 'good', isAccepted: true, message: 'it is evaluated', firing },
    {
      name: 'bad',
      isAccepted: false,
      message:
        'spec.foo: unknown key "foo"; expected one of name, description, enabled, level, objects, conditions, union, noData, overrides, notice, labels, annotations; ' +
        'spec.conditions[0].metric: expected a metric of the level node, got "k8s_pod_cpu_core_used" of the level pod; set the level to pod; ' +
        'spec.level: expected one of namespace, workload, pod, container, service in a resource of a namespace, got "node"; a ClusterAlertPolicy can have it; ' +
        'it is not evaluated',
      firing: undefined,
    },
    { name: 'off', isAccepted: true, message: 'it is not enabled', firing: inForce[1]!.id.length },
  ]);

  const [before] = inForce;
  resources.take([object('good', { union: 'some' })]);
  expect(inForce).toEqual([before]);
  expect(told()).toEqual([
    {
      name: 'good',
      isAccepted: false,
      message: 'spec.union: expected one of any, all, got "some"; its last good version stays in force',
      firing,
    },
  ]);

  resources.take([good]);
  receivers = [];
  resources.refresh();
  expect(told()[0]!.message).toBe(
    'spec.notice.receivers[0]: expected the name of a receiver, got "ops"; there are none; its last good version stays in force',
  );

  set.set('files', [{ ...before!, source: 'f:1' }]);
  receivers = ['ops'];
  resources.refresh();
  expect(told()).toEqual([
    {
      name: 'good',
      isAccepted: false,
      message: `expected an id that no other policy has, got "${before!.id}", which is that of f:1`,
      firing: undefined,
    },
  ]);
  set.set('files', []);
  resources.close();
  expect(inForce).toEqual([]);
});

it('lets no namespace use up what there is for all', () => {
  let inForce: readonly AlertPolicy[] = [];
  const set = new PolicySet({ onChange: (policies) => (inForce = policies) });
  const context = () => ({ catalogue: SMALL_CATALOGUE });
  const resources = new ResourcePolicies({ cluster: '', set, context, namespaceLimit: 2 });
  const all = [object('a'), object('b'), object('c'), object('d', {}, 'other')];
  resources.take(all);
  expect(inForce.map(({ name }) => name)).toEqual(['a', 'b', 'd']);
  expect(resources.outcomes(() => 0)[2]).toMatchObject({
    isAccepted: false,
    message: 'metadata.namespace: expected at most 2 AlertPolicies in a namespace, got more; it is not evaluated',
  });
  resources.take(all.slice(1));
  expect(inForce.map(({ name }) => name)).toEqual(['b', 'c', 'd']);
});
