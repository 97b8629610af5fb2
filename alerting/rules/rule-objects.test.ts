import pino from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { type RuleObject, RuleObjects } from './rule-objects.ts';

const object = (name: string, expr: unknown, more: Record<string, unknown> = {}): RuleObject => ({
  namespace: 'shop',
  name,
  groups: [{ name: 'g', rules: [{ alert: 'A', expr }], ...more }],
});

function create() {
  const registry = new Registry();
  let changes = 0;
  const logged: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const objects = new RuleObjects({ logger, registry, onChange: () => changes++ });
  return { objects, registry, logged, changes: () => changes };
}

describe('PrometheusRules', () => {
  it('become groups, each object by itself', async () => {
    const { objects, registry, logged, changes } = create();
    objects.update('c1', [object('good', 'up == 0'), object('bad', 'sum('), object('number', 1)]);
    expect(objects.groups().map(({ file, name }) => `${file} ${name}`)).toEqual(['c1/shop/good g', 'c1/shop/number g']);
    expect(objects.status()).toMatchObject([
      { cluster: 'c1', namespace: 'shop', name: 'good', state: 'active', groups: 1, problem: '' },
      { name: 'bad', state: 'refused', groups: 0 },
      { name: 'number', state: 'active' },
    ]);
    expect(objects.status()[1]!.problem).toMatch(/^spec\.groups\[0\]\.rules\[0\]\.expr: expected a PromQL expression/);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('PrometheusRule shop/bad is wrong');
    expect(await registry.metrics()).toContain('pharos_rule_objects{cluster="c1",state="refused"} 1');
    expect(changes()).toBe(1);
  });

  it('that have not changed stay the same groups, and nobody is told', () => {
    const { objects, changes } = create();
    const same = object('same', 'up');
    objects.update('c1', [same, object('other', 'up')]);
    const [before] = objects.groups();
    objects.update('c1', [same, object('other', 'down')]);
    expect(objects.groups()[0]).toBe(before);
    expect(changes()).toBe(2);
    objects.update('c1', [same]);
    objects.update('c1', [same]);
    expect(changes()).toBe(3);
  });

  it('that become wrong are evaluated as they were, until they are right or gone', () => {
    const { objects, changes } = create();
    objects.update('c1', [object('a', 'up')]);
    const before = objects.groups();
    objects.update('c1', [object('a', 'sum(')]);
    expect(objects.groups()).toEqual(before);
    expect(objects.status()).toMatchObject([{ name: 'a', state: 'kept', groups: 1 }]);
    objects.update('c1', [object('a', 'sum(up')]);
    expect(objects.status()).toMatchObject([{ state: 'kept' }]);
    expect(changes()).toBe(1);
    objects.update('c1', [object('a', 'sum(up)')]);
    expect(objects.status()).toMatchObject([{ state: 'active' }]);
    expect(objects.groups()[0]!.rules[0]!.expr).toBe('sum(up)');
    objects.update('c1', []);
    expect(objects.groups()).toEqual([]);
  });

  it('of several clusters are told apart, and forgotten with their cluster', () => {
    const { objects } = create();
    objects.update('c2', [object('a', 'up')]);
    objects.update('c1', [object('a', 'up')]);
    expect(objects.groups().map(({ file }) => file)).toEqual(['c1/shop/a', 'c2/shop/a']);
    objects.remove('c1');
    expect(objects.groups().map(({ file }) => file)).toEqual(['c2/shop/a']);
  });

  it('may have what only others understand, but nothing unknown', () => {
    const { objects } = create();
    objects.update('c1', [
      object('thanos', 'up', { partial_response_strategy: 'warn' }),
      object('typo', 'up', { intervall: '1m' }),
      { namespace: 'shop', name: 'empty', groups: undefined },
      { namespace: 'shop', name: 'no-list', groups: 'text' },
    ]);
    expect(objects.status().map(({ name, state }) => `${name} ${state}`)).toEqual([
      'thanos active',
      'typo refused',
      'empty active',
      'no-list refused',
    ]);
  });
});
