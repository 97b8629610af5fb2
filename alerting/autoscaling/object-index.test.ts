import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EVERYTHING, isSelected, type LabelSelector, type Requirement } from './label-selector.ts';
import { type IndexedObject, ObjectIndex } from './object-index.ts';

const object = (namespace: string, name: string, labels?: Record<string, string>): IndexedObject => ({
  metadata: { namespace, name, ...(labels && { labels }) },
});
const names = (objects: readonly IndexedObject[]): string[] =>
  objects.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`);

const requirement = (key: string, operator: Requirement['operator'], ...values: string[]): Requirement => ({
  key,
  operator,
  values,
});

it('selects by all four operators, in order of namespace and name', () => {
  const index = new ObjectIndex();
  index.put(object('b', 'two', { app: 'web', tier: 'db' }));
  index.put(object('b', 'one', { app: 'web' }));
  index.put(object('a', 'three', { app: 'api', tier: '' }));
  index.put(object('a', 'bare'));
  const select = (namespace: string, ...selector: LabelSelector) => names(index.select(namespace, selector));
  expect(select('')).toEqual(['a/bare', 'a/three', 'b/one', 'b/two']);
  expect(select('b', requirement('app', 'In', 'web'))).toEqual(['b/one', 'b/two']);
  expect(select('', requirement('app', 'In', 'api', 'web'))).toEqual(['a/three', 'b/one', 'b/two']);
  expect(select('', requirement('tier', 'NotIn', 'db'))).toEqual(['a/bare', 'a/three', 'b/one']);
  expect(select('', requirement('tier', 'Exists'))).toEqual(['a/three', 'b/two']);
  expect(select('', requirement('tier', 'DoesNotExist'))).toEqual(['a/bare', 'b/one']);
  expect(select('', requirement('constructor', 'Exists'))).toEqual([]);
  expect(select('c')).toEqual([]);
  expect(index.get('a', 'bare')).toBeDefined();
  expect(index.get('b', 'bare')).toBeUndefined();
});

it('finds what a search of all objects would, whatever came, changed and went', () => {
  const word = fc.constantFrom('a', 'b', 'c', 'constructor');
  const labels = fc.option(fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true }), { nil: undefined });
  const step = fc.record({ namespace: word, name: word, labels, isGone: fc.boolean() });
  const operator = fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist');
  const selector = fc.array(
    fc.record({ key: word, operator, values: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }) }),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(selector), (steps, selectors) => {
      const index = new ObjectIndex();
      const all = new Map<string, IndexedObject>();
      for (const { namespace, name, labels, isGone } of steps) {
        const one = object(namespace, name, labels);
        if (isGone) {
          index.remove(one);
          all.delete(`${namespace}/${name}`);
        } else {
          index.put(one);
          all.set(`${namespace}/${name}`, one);
        }
      }
      const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
      for (const wanted of [EVERYTHING, ...selectors]) {
        const expected = sorted.filter(({ metadata: { labels = {} } }) =>
          isSelected(wanted, (key) => (Object.hasOwn(labels, key) ? labels[key] : undefined)),
        );
        expect(index.select('', wanted)).toEqual(expected);
        expect(index.select('a', wanted)).toEqual(expected.filter(({ metadata }) => metadata.namespace === 'a'));
      }
    }),
    { numRuns: 200 },
  );
});

it('looks at the objects of the rarest label only', () => {
  const index = new ObjectIndex();
  let looked = 0;
  for (let i = 0; i < 2_000; i++) {
    const labels = { app: `app-${i % 100}`, team: 'all' };
    index.put({
      metadata: {
        namespace: 'n',
        name: `pod-${i}`,
        get labels() {
          looked++;
          return labels;
        },
      },
    });
  }
  looked = 0;
  const found = index.select('n', [requirement('app', 'In', 'app-7'), requirement('team', 'In', 'all')]);
  expect(found).toHaveLength(20);
  expect(looked).toBe(20);
});
