import pino from 'pino';
import { expect, it } from 'vitest';
import type { OperatorObject } from '../objects.ts';
import { FakeCluster } from './fake-cluster.case.ts';
import { ManualClock } from './manual-clock.case.ts';
import { type RuleObject, ruleObjects } from './rule-objects.ts';

it('gives all rule objects, whole, when they were listed and whenever one differs', async () => {
  const cluster = new FakeCluster();
  const clock = new ManualClock();
  const cache = cluster.cache('prometheusrules');
  const given: (readonly RuleObject[])[] = [];
  const groups = [{ name: 'g', rules: [{ record: 'a', expr: 'b' }] }];
  let version = 0;
  const put = (name: string, spec: unknown): void => {
    const metadata = { name, namespace: 'team', uid: '', resourceVersion: String(++version), creationTimestamp: '' };
    cache.put({ metadata, spec } as OperatorObject);
  };
  const rules = ruleObjects({
    cluster,
    clock,
    logger: pino({ level: 'silent' }),
    onRules: (all) => given.push(all),
    selection: { ruleSelector: { matchLabels: { role: 'alerts' } } },
  });
  expect(cluster.scopes.get('prometheusrules')).toMatchObject({ labelSelector: 'role=alerts' });
  put('b', { groups });
  put('a', null);
  await clock.advance(5_000);
  expect(given).toEqual([]);
  cache.replace(cache.values(), 1);
  await clock.advance(1_000);
  expect(given).toEqual([
    [
      { namespace: 'team', name: 'a', groups: undefined },
      { namespace: 'team', name: 'b', groups },
    ],
  ]);
  put('a', { groups: [] });
  cache.replace(cache.values(), 2);
  await clock.advance(1_000);
  expect(given[1]![0]).toEqual({ namespace: 'team', name: 'a', groups: [] });
  expect(given[1]![1]).toBe(given[0]![1]);
  cache.remove('team', 'b');
  await clock.advance(1_000);
  expect(given).toHaveLength(3);
  rules.close();
  cache.remove('team', 'a');
  await clock.advance(40_000);
  expect(given).toHaveLength(3);
  expect([cluster.open, clock.pending]).toEqual([0, 0]);
});
