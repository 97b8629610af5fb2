import { expect, test } from 'vitest';
import { seriesLabels, seriesText } from './series-labels.ts';

test('a legend is filled with labels', () => {
  expect(seriesLabels([{ pod: 'web-1' }, { pod: 'web-2' }], '{{pod}} {{ none }}used')).toEqual([
    'web-1 used',
    'web-2 used',
  ]);
});

test('without a legend, names are what tells series apart', () => {
  const common = { __name__: 'up', job: 'node' };
  expect(
    seriesLabels([
      { ...common, pod: 'a' },
      { ...common, pod: 'b' },
    ]),
  ).toEqual(['a', 'b']);
  expect(
    seriesLabels([
      { ...common, pod: 'a', zone: 'x' },
      { ...common, pod: 'b' },
    ]),
  ).toEqual(['{pod="a", zone="x"}', '{pod="b"}']);
  expect(seriesLabels([common])).toEqual(['up{job="node"}']);
});

test('no two names are alike', () => {
  expect(seriesLabels([{ pod: 'a' }, { pod: 'b' }, { pod: 'c' }], 'same')).toEqual(['same', 'same (2)', 'same (3)']);
});

test('a series as PromQL', () => {
  expect(seriesText({ __name__: 'up' })).toBe('up');
  expect(seriesText({})).toBe('{}');
  expect(seriesText({ path: 'a"b' })).toBe('{path="a\\"b"}');
});
