import { describe, expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { type AlertCandidate, type AlertInstance, advance, restored } from './alert-instance.ts';
import type { AlertingRule } from './rules/rule.ts';

const MINUTE = 60_000;
const START = 1_700_000_000_000;
const labels = Labels.from({ alertname: 'A', instance: 'a' });
const seen = (value = 1): Map<string, AlertCandidate> =>
  new Map([[labels.key, { labels, annotations: Labels.EMPTY, value }]]);
const unseen = new Map<string, AlertCandidate>();

/** The alert after each step: whether the condition held, one step a minute. */
function run(rule: { for: number; keepFiringFor: number }, holds: readonly boolean[]): (AlertInstance | undefined)[] {
  let alerts = new Map<string, AlertInstance>();
  return holds.map((held, i) => {
    alerts = advance(alerts, held ? seen(i) : unseen, { rule, now: START + i * MINUTE });
    return alerts.get(labels.key);
  });
}

const states = (rule: { for: number; keepFiringFor: number }, holds: string): string =>
  run(
    rule,
    [...holds].map((c) => c === '1'),
  )
    .map((alert) => (alert === undefined ? '-' : alert.state[0]))
    .join('');

describe('advance', () => {
  it.each([
    // for, keep_firing_for (minutes), condition per minute, state per minute
    [0, 0, '0110', '-ffi'],
    [2, 0, '11110', 'ppffi'],
    [2, 0, '110110', 'ppippi'],
    [0, 2, '10001', 'fffif'],
    [0, 2, '100101', 'ffffff'],
    [2, 2, '1100', 'ppii'],
    [0, 0, '101', 'fif'],
  ])('for %im, kept %im: %s gives %s', (hold, keep, holds, expected) => {
    expect(states({ for: hold * MINUTE, keepFiringFor: keep * MINUTE }, holds)).toBe(expected);
  });

  it('keeps when it began, and takes the newest value', () => {
    const [, , third] = run({ for: 2 * MINUTE, keepFiringFor: 0 }, [true, true, true]);
    expect(third).toMatchObject({ activeAt: START, firedAt: START + 2 * MINUTE, resolvedAt: 0, value: 2 });
  });

  it('says since when it is only kept firing, and forgets that when the condition is back', () => {
    const alerts = run({ for: 0, keepFiringFor: 5 * MINUTE }, [true, false, false, true]);
    expect(alerts.map((alert) => alert!.keepFiringSince)).toEqual([0, START + MINUTE, START + MINUTE, 0]);
  });

  it('keeps an ended alert for 15 minutes', () => {
    const rule = { for: 0, keepFiringFor: 0 };
    const alert: AlertInstance = {
      ...{ labels, annotations: Labels.EMPTY, state: 'inactive', value: 1 },
      ...{ activeAt: START, firedAt: START, resolvedAt: START, keepFiringSince: 0, valueIsCurrent: true },
    };
    const left = (minutes: number): number =>
      advance(new Map([[labels.key, alert]]), unseen, { rule, now: START + minutes * MINUTE }).size;
    expect([left(14), left(15)]).toEqual([1, 0]);
  });

  it('holds what is active, if told so', () => {
    const rule = { for: MINUTE, keepFiringFor: 0 };
    const pending = advance(new Map(), seen(), { rule, now: START });
    const held = advance(pending, unseen, { rule, now: START + 5 * MINUTE, held: new Set([labels.key]) });
    expect(held).toEqual(pending);
    expect(advance(held, unseen, { rule, now: START + 5 * MINUTE }).get(labels.key)!.state).toBe('inactive');
  });

  it('begins a new episode when the condition is back', () => {
    const rule = { for: 5 * MINUTE, keepFiringFor: 0 };
    const fired = run({ for: 0, keepFiringFor: 0 }, [true])[0]!;
    const over = advance(new Map([[labels.key, fired]]), unseen, { rule, now: START + MINUTE });
    const again = advance(over, seen(), { rule, now: START + 2 * MINUTE }).get(labels.key)!;
    expect(again).toMatchObject({ state: 'pending', activeAt: START + 2 * MINUTE, firedAt: 0, resolvedAt: 0 });
  });
});

describe('restored', () => {
  const rule = { kind: 'alerting', for: 5 * MINUTE } as AlertingRule;
  const event = {
    ...{ timestamp: START, rule: '[]', labels, annotations: Labels.EMPTY, value: 1, activeAt: START, firedAt: 0 },
    ...{ resolvedAt: 0, keepFiringSince: 0, lastSentAt: 0, lastSentStatus: '' as const },
  };

  it('counts of a pending alert the time in which it was watched', () => {
    const pending = { ...event, state: 'pending' as const };
    const at = (now: number, more: { lastSeen?: number; holdUntil?: number } = {}) =>
      (restored(pending, { rule, now, ...more })!.activeAt - START) / MINUTE;
    // Two minutes were watched; then nobody looked for six, or an hour.
    expect(at(START + 8 * MINUTE, { lastSeen: START + 2 * MINUTE })).toBe(6);
    expect(at(START + 62 * MINUTE, { lastSeen: START + 2 * MINUTE })).toBe(60);
    // Nobody knows of a time.
    expect(at(START + 8 * MINUTE)).toBe(8);
    // It has been watched for long enough, but must not fire before something new may have arrived.
    expect(at(START + 8 * MINUTE, { lastSeen: START + 4.9 * MINUTE, holdUntil: START + 9 * MINUTE })).toBe(4);
    // The clock stepped back.
    expect(at(START - 8 * MINUTE, { lastSeen: START - 9 * MINUTE })).toBe(-8);
  });

  it('continues no alert that has ended', () => {
    expect(restored({ ...event, state: 'inactive', resolvedAt: START }, { rule, now: START })).toBeUndefined();
  });
});
