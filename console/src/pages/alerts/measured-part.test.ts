import { expect, test } from 'vitest';
import { measuredPart } from './measured-part.ts';

test('a comparison at the end is a threshold', () => {
  expect(measuredPart('up == 0')).toEqual({ query: 'up', threshold: 0 });
  expect(measuredPart('1 - avg by (job) (rate(a{mode="idle"}[5m])) > 0.9')).toEqual({
    query: '1 - avg by (job) (rate(a{mode="idle"}[5m]))',
    threshold: 0.9,
  });
});

test('what is not one comparison with a number stays as it is', () => {
  for (const text of ['a > b', 'a > 1 and b > 2', 'sum(a > 1)', 'absent(up)', 'sum(a) > bool 1']) {
    expect(measuredPart(text)).toEqual({ query: text, threshold: undefined });
  }
});
