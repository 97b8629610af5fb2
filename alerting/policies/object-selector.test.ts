import { expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { compileSelector } from './object-selector.ts';

const selects = (
  include: Record<string, string[]>,
  exclude: Record<string, string[]>,
  labels: Record<string, string>,
): boolean => compileSelector({ include, exclude })(Labels.from(labels));

it('takes objects whose labels are in all lists, and in none of those to leave out', () => {
  expect(selects({}, {}, {})).toBe(true);
  expect(selects({ namespace: ['a', 'b'], pod: ['x'] }, {}, { namespace: 'b', pod: 'x' })).toBe(true);
  expect(selects({ namespace: ['a', 'b'], pod: ['x'] }, {}, { namespace: 'b', pod: 'y' })).toBe(false);
  expect(selects({ namespace: ['a'] }, { pod: ['x'] }, { namespace: 'a', pod: 'x' })).toBe(false);
  expect(selects({ namespace: ['a'] }, {}, {})).toBe(false);
});

it.each([
  ['*', '', true],
  ['*', 'anything', true],
  ['a*', 'ab', true],
  ['a*', 'ba', false],
  ['*b', 'ab', true],
  ['a*b', 'ab', true],
  ['a*b', 'a', false],
  ['a*a', 'a', false],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['a*bc*c', 'abc', false],
  ['a.c', 'abc', false],
  ['a**c', 'abc', true],
])('%s of %s: %s', (pattern, value, expected) => {
  expect(selects({ pod: [pattern] }, {}, { pod: value })).toBe(expected);
});
