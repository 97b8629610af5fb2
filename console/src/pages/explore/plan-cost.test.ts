import { expect, test } from 'vitest';
import { planLines } from './plan-cost.ts';

test('each operator has its own time, without that of its operands', () => {
  const lines = planLines({
    operator: 'aggregate sum',
    milliseconds: 10,
    operands: [{ operator: 'rate', milliseconds: 7.5, operands: [{ operator: 'select' }] }],
  });
  expect(lines.map(({ depth, node, own, share }) => [depth, node.operator, own, share])).toEqual([
    [0, 'aggregate sum', 2.5, 0.25],
    [1, 'rate', 7.5, 0.75],
    [2, 'select', undefined, 0],
  ]);
  expect(new Set(lines.map(({ key }) => key)).size).toBe(3);
});

test('operands that were shared, and took longer than what read them, make no negative time', () => {
  const lines = planLines({ operator: 'a', milliseconds: 1, operands: [{ operator: 'b', milliseconds: 4 }] });
  expect(lines.map(({ own, share }) => [own, share])).toEqual([
    [0, 0],
    [4, 1],
  ]);
  expect(planLines({ operator: 'a' })[0]).toMatchObject({ own: undefined, share: 0 });
});
