import { expect, test } from 'vitest';
import { type AlertSpan, AlertTrack, firingTime, type StateChange, worstSpans } from './alert-spans.ts';

const change = (timestamp: number, state: StateChange['state'], more: Partial<StateChange> = {}): StateChange => ({
  ...{ timestamp, state, severity: 'warn', activeAt: 0, firedAt: 0, value: timestamp },
  ...more,
});
const spansOf = (changes: readonly StateChange[], range = { start: 0, end: 100 }) => {
  const track = new AlertTrack();
  for (const one of changes) track.add(one);
  return track.spans(range);
};
const told = (spans: readonly AlertSpan[]) =>
  spans.map(({ state, severity, from, to = '' }) => `${from}-${to} ${state} ${severity}`);

test('an alert goes from state to state and from severity to severity', () => {
  const changes = [change(5, 'pending'), change(10, 'firing'), change(20, 'firing', { severity: 'serious' })];
  expect(told(spansOf([...changes, change(30, 'inactive'), change(40, 'firing')]))).toEqual([
    '5-10 pending warn',
    '10-20 firing warn',
    '20-30 firing serious',
    '40- firing warn',
  ]);
});

test('what is said again of a state changes nothing', () => {
  const spans = spansOf([change(5, 'firing'), change(10, 'firing'), change(20, 'inactive'), change(30, 'inactive')]);
  expect(told(spans)).toEqual(['5-20 firing warn']);
  expect(spans[0]!.value).toBe(5);
});

test('what was before the first change is in its times', () => {
  const ended = change(50, 'inactive', { activeAt: 10, firedAt: 20 });
  expect(told(spansOf([ended]))).toEqual(['10-20 pending warn', '20-50 firing warn']);
  // It was written a moment after it was found.
  const [fired] = spansOf([change(50, 'firing', { activeAt: 45, firedAt: 45, value: 3 })]);
  expect(fired).toEqual({ state: 'firing', severity: 'warn', from: 45, to: undefined, value: 3 });
  expect(told(spansOf([change(50, 'pending', { activeAt: 45 })]))).toEqual(['45- pending warn']);
});

test('only what overlaps the range is told, with its whole times', () => {
  const changes = [change(5, 'pending'), change(10, 'firing'), change(30, 'inactive'), change(60, 'firing')];
  expect(told(spansOf(changes, { start: 10, end: 60 }))).toEqual(['10-30 firing warn', '60- firing warn']);
  expect(told(spansOf(changes, { start: 20, end: 25 }))).toEqual(['10-30 firing warn']);
  expect(told(spansOf(changes, { start: 30, end: 59 }))).toEqual([]);
  expect(firingTime(spansOf(changes), { start: 20, end: 70 })).toBe(20);
});

/** Numbers that are the same at each run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SEVERITIES = ['serious', 'warn', ''];
const rankOf = (severity: string) => SEVERITIES.indexOf(severity);
const STATES = ['pending', 'firing', 'inactive'] as const;
/** What spans say of a time between two changes. */
const at = (spans: readonly AlertSpan[], time: number) =>
  told(spans.filter(({ from, to = 1000 }) => from < time && time < to)).map((text) => text.replace(/^\S+ /, ''));

test('at each time the spans say what the last change before it said, of several alerts the worst', () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 150; round++) {
    const alerts = Array.from({ length: 1 + random(3) }, () => {
      const times = Array.from({ length: random(8) }, () => random(30)).sort((a, b) => a - b);
      return times.map((time) => change(time, STATES[random(3)]!, { severity: SEVERITIES[random(3)]! }));
    });
    const start = random(20);
    const range = { start, end: start + 1 + random(20) };
    const each = alerts.map((changes) =>
      spansOf(
        changes.filter(({ timestamp }) => timestamp <= range.end),
        range,
      ),
    );
    const worst = worstSpans(each, rankOf);
    for (let time = range.start + 0.5; time < range.end; time++) {
      const last = alerts.flatMap((changes) => changes.findLast(({ timestamp }) => timestamp < time) ?? []);
      const active = last.filter(({ state }) => state !== 'inactive');
      for (const [i, changes] of alerts.entries()) {
        const own = changes.findLast(({ timestamp }) => timestamp < time);
        const isActive = own !== undefined && own.state !== 'inactive';
        expect(at(each[i]!, time)).toEqual(isActive ? [`${own.state} ${own.severity}`] : []);
      }
      active.sort((a, b) =>
        a.state === b.state ? rankOf(a.severity) - rankOf(b.severity) : a.state === 'firing' ? -1 : 1,
      );
      expect(at(worst, time)).toEqual(active.slice(0, 1).map(({ state, severity }) => `${state} ${severity}`));
    }
    // None that could be told as one, and none that is empty.
    for (const [i, { state, severity, from, to }] of worst.entries()) {
      const next = worst[i + 1];
      expect((to ?? 1000) > from).toBe(true);
      if (alerts.length > 1)
        expect(next?.from === to && next?.state === state && next?.severity === severity).toBe(false);
    }
  }
});
