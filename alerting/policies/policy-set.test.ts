import { expect, it } from 'vitest';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import type { AlertPolicy } from './policy.ts';
import { PolicySet } from './policy-set.ts';
import { readPolicy } from './read-policy.ts';

function policy(id: string, source: string): AlertPolicy {
  const conditions = [{ metric: 'k8s_pod_cpu_core_used', operator: 'gt', threshold: 1 }];
  return readPolicy({ id, name: id, level: 'pod', conditions }, { form: 'snake', source, catalogue: SMALL_CATALOGUE })
    .policy!;
}

it('gives what is in force whenever it differs, and lets the first source have an id', () => {
  const given: string[] = [];
  const set = new PolicySet({
    onChange: (policies) => given.push(policies.map(({ id, source }) => `${id} ${source}`).join(', ')),
  });
  const [a, b] = [policy('a', 'api'), policy('b', 'api')];
  set.set('kubernetes/west', [policy('k', 'west')]);
  set.set('api', [a, b]);
  set.set('api', [a, b]);
  expect(given).toEqual(['k west', 'a api, b api, k west']);
  set.set('files', [policy('b', 'f:1'), policy('c', 'f:2')]);
  expect(given.slice(2)).toEqual(['b f:1, c f:2, a api, k west']);
  expect(set.clashes('api')).toEqual([
    { policy: b, message: 'expected an id that no other policy has, got "b", which is that of f:1' },
  ]);
  expect([set.originOf('b'), set.originOf('a'), set.originOf('x'), set.get('a')]).toEqual([
    'files',
    'api',
    undefined,
    a,
  ]);
  set.set('kubernetes/east', [policy('k', 'east')]);
  expect(set.clashes('kubernetes/west')).toHaveLength(1);
  set.set('files', []);
  set.set('kubernetes/east', []);
  expect(given.at(-1)).toBe('a api, b api, k west');
  expect([set.clashes('api'), set.clashes('kubernetes/west')]).toEqual([[], []]);
});

it('has a limit', () => {
  let count = 0;
  const set = new PolicySet({ limit: 2, onChange: (policies) => (count = policies.length) });
  set.set(
    'api',
    ['a', 'b', 'c'].map((id) => policy(id, 'api')),
  );
  expect(count).toBe(2);
  expect(set.clashes('api')).toMatchObject([
    { policy: { id: 'c' }, message: 'expected at most 2 policies in all, got more' },
  ]);
});
