import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asBounds, breachMask, changeInPercent, highest, holdingValues, severityValues } from './breach.ts';
import { OPERATORS } from './policy.ts';

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 90, 0.1, Number.MIN_VALUE, Infinity, -Infinity, NaN),
  fc.double(),
);

it('compares once with what the mask says in full', () => {
  const threshold = fc.oneof(
    fc.constantFrom(0, -0, 1, -1, 90, 0.1),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
  );
  const values = fc.record({ warn: threshold, serious: fc.option(threshold, { nil: undefined }) });
  fc.assert(
    fc.property(
      fc.constantFrom(...OPERATORS),
      number,
      values,
      fc.boolean(),
      (operator, any, { warn, serious }, same) => {
        const thresholds = severityValues({ warn, ...(serious !== undefined && { serious }) });
        const value = same ? warn : any;
        const mask = breachMask(operator, value, thresholds);
        const found = asBounds(operator, thresholds);
        if (found === undefined) expect(['eq', 'ne']).toContain(operator);
        else {
          const reached = found.bounds.map((bound) => found.direction * value > bound);
          expect(reached).toEqual([(mask & 1) !== 0, (mask & 2) !== 0, (mask & 4) !== 0]);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

it.each([
  ['gt', [0, 2, 0]],
  ['ge', [2, 2, 0]],
  ['lt', [0, 0, 2]],
  ['le', [2, 0, 2]],
  ['eq', [2, 0, 0]],
  ['ne', [0, 2, 2]],
  ['increase', [2, 2, 0]],
] as const)('%s', (operator, expected) => {
  expect([50, 51, 49].map((value) => breachMask(operator, value, severityValues({ warn: 50 })))).toEqual(expected);
  expect(breachMask(operator, NaN, severityValues({ warn: 50 }))).toBe(0);
});

it('decrease is a change to the negative', () => {
  expect([-50, -51, -49, 60].map((value) => breachMask('decrease', value, severityValues({ warn: 50 })))).toEqual([
    2, 2, 0, 0,
  ]);
});

it('holds by the recovery, or else by the threshold', () => {
  expect(holdingValues({ warn: 80, serious: 90 }, { serious: 85 })).toEqual([NaN, 80, 85]);
});

it('knows the highest of several', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(highest)).toEqual([0, 1, 2, 2, 3, 3, 3, 3]);
});

it('has no change against nothing or zero, and none that is infinite', () => {
  expect(changeInPercent(150, 100)).toBe(50);
  expect(changeInPercent(-50, -100)).toBe(50);
  expect(changeInPercent(-150, -100)).toBe(-50);
  expect(changeInPercent(0, 100)).toBe(-100);
  for (const [value, before] of [
    [1, 0],
    [0, 0],
    [1, NaN],
    [NaN, 1],
    [Infinity, 1],
    [1e300, 1e-300],
  ] as const) {
    expect(changeInPercent(value, before)).toBe(NaN);
  }
});
