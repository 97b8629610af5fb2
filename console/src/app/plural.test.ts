import { expect, test } from 'vitest';
import { plural } from './plural.ts';

test('one is no plural', () => {
  expect([0, 1, 2, 1200].map((count) => plural(count, 'pod'))).toEqual(['0 pods', '1 pod', '2 pods', '1,200 pods']);
  expect(plural(2, 'policy', 'policies')).toBe('2 policies');
});
