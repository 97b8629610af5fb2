import { expect, test } from 'vitest';
import { atLevel, draftOf, mergedDraft, NEW_CONDITION, usualFor, withoutCondition } from './policy-draft.ts';

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

test('overrides stay with their conditions when one is removed', () => {
  const draft = draftOf(new URLSearchParams());
  const objects = { include: { pod: ['a'] }, exclude: {} };
  const conditions = [0, 1, 2].map((condition) => ({ condition, thresholds: { warn: condition } }));
  const three = { ...draft, conditions: [1, 2, 3].map(() => NEW_CONDITION), overrides: [{ objects, conditions }] };
  const two = withoutCondition(three, 1);
  expect(two.conditions).toHaveLength(2);
  expect(two.overrides![0]!.conditions).toEqual([
    { condition: 0, thresholds: { warn: 0 } },
    { condition: 1, thresholds: { warn: 2 } },
  ]);
});

test('another level keeps the labels that it has', () => {
  const draft = draftOf(new URLSearchParams('level=pod&namespace=shop&pod=web'));
  expect(atLevel(draft, 'service').objects.include).toEqual({ namespace: ['shop'] });
});

test('changes of two people are put together, and what both changed is named', () => {
  const base = draftOf(new URLSearchParams('name=A'));
  const mine = { ...base, name: 'B', enabled: false };
  const theirs = { ...base, name: 'C', description: 'D' };
  const { draft, changed, both } = mergedDraft(base, { mine, theirs });
  expect(draft).toEqual({ ...base, name: 'B', enabled: false, description: 'D' });
  expect([changed, both]).toEqual([['name', 'description'], ['name']]);
});
