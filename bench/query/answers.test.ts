import { expect, test } from 'vitest';
import { agree, compareAnswers, readAnswer, roughlyAgree } from './answers.ts';

type Series = readonly [labels: Record<string, string>, ...points: (readonly [number, string])[]];

const matrix = (...series: readonly Series[]) =>
  readAnswer(
    Buffer.from(
      JSON.stringify({
        status: 'success',
        data: { resultType: 'matrix', result: series.map(([metric, ...values]) => ({ metric, values })) },
      }),
    ),
  );

test('answers are the same whatever the order of series and labels', () => {
  const a = matrix([{ a: '1', b: '2' }, [1, '5'], [2, 'NaN']], [{ a: '2' }, [1, '+Inf']]);
  const b = matrix([{ a: '2' }, [1, '+Inf']], [{ b: '2', a: '1' }, [1, '5.000000001'], [2, 'NaN']]);
  const difference = compareAnswers(a, b);
  expect(difference).toMatchObject({ series: 0, points: 0, shared: 1 });
  expect(difference.worst).toBeCloseTo(2e-10);
  expect(agree(difference)).toBe(true);
});

test.each([
  ['a value', matrix([{}, [1, '5.00000001'], [2, '6']])],
  ['a NaN', matrix([{}, [1, 'NaN'], [2, '6']])],
  ['a missing point', matrix([{}, [1, '5']])],
  ['a point more', matrix([{}, [1, '5'], [2, '6'], [3, '6']])],
  ['a series more', matrix([{}, [1, '5'], [2, '6']], [{ a: '1' }, [1, '1']])],
  ['another series', matrix([{ a: '1' }, [1, '5'], [2, '6']])],
])('%s makes answers differ', (_, other) => {
  const one = matrix([{}, [1, '5'], [2, '6']]);
  expect(agree(compareAnswers(one, other))).toBe(false);
  expect(agree(compareAnswers(other, one))).toBe(false);
});

test('roughly the same: some percent, and at least half of the points', () => {
  const one = matrix([{}, [1, '100'], [2, '100'], [3, '100']]);
  expect(roughlyAgree(compareAnswers(one, matrix([{}, [1, '101'], [2, '99'], [4, '7']])))).toBe(true);
  expect(roughlyAgree(compareAnswers(one, matrix([{}, [1, '120'], [2, '80'], [3, '100']])))).toBe(false);
  expect(roughlyAgree(compareAnswers(one, matrix([{}, [1, '100']])))).toBe(false);
  expect(roughlyAgree(compareAnswers(one, matrix()))).toBe(false);
});

test('a vector is read like a matrix of single points, a scalar not at all', () => {
  const body = (data: unknown) => Buffer.from(JSON.stringify({ status: 'success', data }));
  const vector = readAnswer(body({ resultType: 'vector', result: [{ metric: { a: '1' }, value: [1, '2'] }] }));
  expect([...vector]).toEqual([['[["a","1"]]', new Map([[1, 2]])]]);
  expect(() => readAnswer(body({ resultType: 'scalar', result: [1, '2'] }))).toThrow(/wanted a vector or a matrix/);
});
