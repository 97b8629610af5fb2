import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GroupState, needsUpdate, repeatAfter, type ToldGroup } from './needs-update.ts';

const HOUR = 3_600_000;
const told = (firing: string, resolved = '', more: Partial<ToldGroup> = {}): ToldGroup => ({
  ...{ firing: new Set(firing), resolved: new Set(resolved), timestamp: 0, repeats: 0 },
  ...more,
});
const state = (firing: string, resolved = '', more: Partial<GroupState> = {}): GroupState => ({
  ...{ firing: new Set(firing), resolved: new Set(resolved), inFlight: new Set(), sendResolved: true, now: HOUR },
  repeatAfter: () => HOUR,
  atOtherLevels: () => [],
  ...more,
});

describe('a group is told of', () => {
  it.each<[string, ToldGroup | undefined, GroupState, string | undefined]>([
    ['for the first time', undefined, state('a'), 'firing'],
    ['not when all of it has ended before', undefined, state('', 'a'), undefined],
    ['unless that may have been in flight', undefined, state('', 'a', { inFlight: new Set('a') }), 'resolved'],
    ['when an alert is new', told('a'), state('ab'), 'firing'],
    ['when one fires again', told('', 'a'), state('a'), 'firing'],
    ['when one ends', told('ab'), state('a', 'b'), 'resolved'],
    ['not when one ends and nobody wants to know', told('ab'), state('a', 'b', { sendResolved: false }), undefined],
    ['when all end', told('ab'), state('', 'ab'), 'resolved'],
    ['so that the log knows', told('ab'), state('', 'ab', { sendResolved: false }), 'resolved'],
    ['not when it was told that all have ended', told('', 'ab'), state('', 'ab'), undefined],
    ['not when nothing has changed', told('a', 'b'), state('a', 'b'), undefined],
    ['not when one is gone that had ended', told('a', 'b'), state('a'), undefined],
    ['not yet when exactly the interval is over', told('a'), state('a'), undefined],
    ['again after that', told('a'), state('a', '', { now: HOUR + 1 }), 'repeat'],
    ['when only levels change', told('a'), state('b', '', { atOtherLevels: () => ['a'] }), 'level'],
    [
      'when a level changes and another is new',
      told('a'),
      state('bc', '', { atOtherLevels: (f) => (f === 'b' ? ['a'] : []) }),
      'firing',
    ],
  ])('%s', (_name, before, now, expected) => {
    expect(needsUpdate(before, now)).toBe(expected);
  });

  it('never twice for the same, and always when the receiver would be wrong about what fires', () => {
    const set = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')).map((list) => list.join(''));
    fc.assert(
      fc.property(set, set, set, fc.boolean(), (before, firing, ended, sendResolved) => {
        const resolved = [...ended].filter((one) => !firing.includes(one)).join('');
        const now = state(firing, resolved, { sendResolved });
        expect(needsUpdate(told(firing, resolved, { timestamp: now.now }), now)).toBeUndefined();
        const reason = needsUpdate(told(before, '', { timestamp: now.now }), now);
        if ([...firing].some((one) => !before.includes(one))) expect(reason).toBe('firing');
        else if (firing === '' && before !== '') expect(reason).toBe('resolved');
        else if (sendResolved && firing !== '' && resolved !== '') expect(reason).toBe('resolved');
        else expect(reason).toBeUndefined();
      }),
    );
  });
});

it('repeats once, at intervals, or after times that double', () => {
  const times = (repeat: Parameters<typeof repeatAfter>[0]) => [0, 1, 2, 3, 1000].map((n) => repeatAfter(repeat, n));
  expect(times({ kind: 'once' })).toEqual(Array(5).fill(Number.POSITIVE_INFINITY));
  expect(times({ kind: 'every', interval: 5 })).toEqual([5, 5, 5, 5, 5]);
  expect(times({ kind: 'exponential', first: 5, longest: 30 })).toEqual([5, 10, 20, 30, 30]);
});
