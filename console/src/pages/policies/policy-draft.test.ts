import { expect, test } from 'vitest';
import { draftOf, usualFor } from './policy-draft.ts';

test('a new policy is about what the address names', () => {
  const draft = draftOf(
    new URLSearchParams('level=pod&namespace=shop&pod=web-1&pod=web-2&metric=k8s_pod_restart_total'),
  );
  expect(draft.level).toBe('pod');
  expect(draft.objects.include).toEqual({ namespace: ['shop'], pod: ['web-1', 'web-2'] });
  expect(draft.conditions[0]).toMatchObject({ metric: 'k8s_pod_restart_total', statistic: 'sum', operator: 'ge' });
});

test('labels that the level does not have, and levels that are none, are left out', () => {
  expect(draftOf(new URLSearchParams('level=node&pod=a&node=n')).objects.include).toEqual({ node: ['n'] });
  expect(draftOf(new URLSearchParams('level=planet')).level).toBe('pod');
  expect(draftOf(new URLSearchParams('level=pod&pod=')).objects.include).toEqual({});
});

test('health is bad when it is low, use when it is high', () => {
  expect(usualFor('k8s_node_status_ready')).toEqual({ statistic: 'min', operator: 'lt' });
  expect(usualFor('k8s_node_cpu_usage')).toEqual({ statistic: 'avg', operator: 'gt' });
});
