import { expect, test } from 'vitest';
import { instantRows, labelNames, partedNames, sortedRows, VALUE } from './instant-rows.ts';

const rows = instantRows({
  resultType: 'vector',
  result: [
    { metric: { pod: 'web-10', __name__: 'up' }, value: [0, '2'] },
    { metric: { pod: 'web-9', __name__: 'up' }, value: [0, '-Inf'] },
    { metric: { job: 'x' }, histogram: [0, { count: '4', sum: '12' }] },
  ],
});

test('each type of answer has rows', () => {
  expect(rows.map(({ value }) => value)).toEqual(['2', '-Inf', 'count 4, sum 12']);
  expect(instantRows({ resultType: 'scalar', result: [0, '1.5'] })).toMatchObject([{ key: '{}', value: '1.5' }]);
  const matrix = instantRows({
    resultType: 'matrix',
    result: [
      {
        metric: { a: 'b' },
        values: [
          [0, '1'],
          [1, '3'],
        ],
      },
    ],
  });
  expect(matrix).toMatchObject([{ value: '3 (the last of 2)', number: 3 }]);
});

test('labels are columns, the name first', () => {
  expect(labelNames(rows)).toEqual(['__name__', 'job', 'pod']);
});

test('what is the same in all rows is no column', () => {
  expect(partedNames(rows.slice(0, 2))).toEqual({ differing: ['pod'], same: ['__name__'] });
  expect(partedNames(rows)).toEqual({ differing: ['__name__', 'job', 'pod'], same: [] });
  expect(partedNames(rows.slice(0, 1))).toEqual({ differing: ['__name__', 'pod'], same: [] });
});

test('values sort as numbers, labels as people count', () => {
  expect(sortedRows(rows.slice(0, 2), VALUE).map(({ number }) => number)).toEqual([Number.NEGATIVE_INFINITY, 2]);
  expect(sortedRows(rows.slice(0, 2), '-pod').map(({ labels }) => labels.pod)).toEqual(['web-10', 'web-9']);
  expect(sortedRows(rows, '')).toBe(rows);
});
