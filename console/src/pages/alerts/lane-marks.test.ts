import { expect, test } from 'vitest';
import type { LaneSpan } from './alert-timeline.ts';
import { laneMarks } from './lane-marks.ts';

const range = { start: 0, end: 600_000 };
const span = (from: number, to: number, state: LaneSpan['state'], severity = 'warn'): LaneSpan => ({
  ...{ from, to, state, severity, value: 1, isOpen: false },
});

test('of spans that are too narrow to be told apart the worst is drawn', () => {
  const wide = [span(0, 1500, 'pending'), span(1500, 90_000, 'firing')];
  const narrow = [span(90_100, 90_200, 'pending'), span(90_200, 90_300, 'firing'), span(90_400, 90_500, 'pending')];
  const beside = [span(91_100, 91_200, 'firing'), span(91_300, 91_400, 'firing', 'critical')];
  expect(laneMarks([...wide, ...narrow, ...beside], range)).toEqual([...wide, narrow[1], beside[1]]);
});

test('an alert that goes to and fro all the time is at most as many marks as can be seen', () => {
  const spans = Array.from({ length: 6000 }, (_, i) => span(i * 100, i * 100 + 50, i % 2 === 0 ? 'pending' : 'firing'));
  const marks = laneMarks(spans, range);
  expect(marks).toHaveLength(600);
  expect(new Set(marks.map(({ state }) => state))).toEqual(new Set(['firing']));
});
