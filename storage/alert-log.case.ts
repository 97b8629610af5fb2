import { beforeAll, describe, expect, test } from 'vitest';
import type { AlertEvent, AlertEventFilter, AlertStateFilter } from './alert-log.ts';
import { allOf } from './all-of.case.ts';
import { Labels } from './labels.ts';
import { Matcher, type MatchOp } from './matcher.ts';
import type { Storage } from './storage.ts';

const NEVER = new AbortController().signal;

/** What the alert log of every Storage must do. The storage is there when tests run; `T0` is when its events are, about. */
export function alertLogCases(given: { readonly storage: Storage }, T0: number): void {
  describe('the alert log', () => {
    const event = (part: Partial<AlertEvent>): AlertEvent => ({
      timestamp: T0,
      rule: 'rules.yml;group;Alert',
      labels: Labels.from({ alertname: 'Alert', pod: 'a' }),
      annotations: Labels.from({ summary: 'it\'s "down"\n' }),
      state: 'firing',
      activeAt: T0 - 60_000,
      firedAt: T0,
      resolvedAt: 0,
      keepFiringSince: 0,
      value: 0.1,
      lastSentAt: T0 + 1,
      lastSentStatus: 'firing',
      ...part,
    });
    const other = Labels.from({ alertname: 'Alert', pod: 'b' });

    test('gives the newest event of each alert', async () => {
      await given.storage.alertLog.append([event({ state: 'pending' }), event({ timestamp: T0 + 1000 })]);
      await given.storage.alertLog.append([event({ timestamp: T0 + 500, state: 'inactive' })]);
      await given.storage.alertLog.append([
        event({ labels: other, value: Number.NaN, lastSentStatus: '', lastSentAt: 0 }),
      ]);
      const latest = await given.storage.alertLog.latest(T0, NEVER);
      const byPod = new Map(latest.map((one) => [one.labels.get('pod'), one]));
      expect(latest).toHaveLength(2);
      expect(plain(byPod.get('a')!)).toEqual(plain(event({ timestamp: T0 + 1000 })));
      expect(plain(byPod.get('b')!)).toEqual(
        plain(event({ labels: other, value: Number.NaN, lastSentStatus: '', lastSentAt: 0 })),
      );
      expect(await given.storage.alertLog.latest(T0 + 1, NEVER)).toHaveLength(1);
      expect(await given.storage.alertLog.latest(T0 + 2000, NEVER)).toEqual([]);
    });

    test('of one millisecond gives the event appended last', async () => {
      const rule = 'same millisecond';
      await given.storage.alertLog.append([
        event({ rule, timestamp: T0 + 5000 }),
        event({ rule, timestamp: T0 + 5000, state: 'inactive' }),
      ]);
      expect((await given.storage.alertLog.latest(T0 + 5000, NEVER)).map((one) => one.state)).toEqual(['inactive']);
      await given.storage.alertLog.append([event({ rule, timestamp: T0 + 5000, state: 'pending' })]);
      expect((await given.storage.alertLog.latest(T0 + 5000, NEVER)).map((one) => one.state)).toEqual(['pending']);
    });
  });

  describe('the alert history', () => {
    const DAY = 86_400_000;
    const then = T0 - 20 * DAY;
    const around = { start: then, end: then + DAY, limit: 100 };
    const event = (number: number, part: Partial<AlertEvent> = {}): AlertEvent => ({
      timestamp: then + number * 1000,
      rule: '["f","g","A"]',
      labels: Labels.from({ alertname: 'A', pod: 'a' }),
      annotations: Labels.from({ number: String(number) }),
      state: 'firing',
      activeAt: then,
      firedAt: then + 1,
      resolvedAt: 0,
      keepFiringSince: 0,
      value: number / 8,
      lastSentAt: 0,
      lastSentStatus: '',
      ...part,
    });
    const found = async (filter: Partial<AlertEventFilter>) =>
      (await given.storage.alertLog.find({ ...around, ...filter }, NEVER)).map((one) => one.annotations.get('number'));
    const rule = '["f","g","A"]';
    const A = Labels.from({ alertname: 'A', pod: 'a' });
    const B = Labels.from({ alertname: 'A', pod: 'b', "odd'name": 'x' });

    beforeAll(async () => {
      await given.storage.alertLog.append([event(1), event(2, { labels: B, state: 'pending' }), event(5)]);
      await given.storage.alertLog.append([
        event(3, { rule: '["f","g","A"]"mail"' }),
        event(4, { labels: B, state: 'inactive', resolvedAt: then + 4000, value: Number.NaN }),
        event(6, { timestamp: then + 5000 }),
        event(7, { timestamp: then - 1 }),
      ]);
      await given.storage.flush(NEVER);
    });

    test('is found the newest first, those appended later first, with everything that was written', async () => {
      expect(await found({})).toEqual(['6', '5', '4', '3', '2', '1']);
      const [resolved] = await given.storage.alertLog.find(
        { ...around, alerts: [{ rule, labels: B }], limit: 1 },
        NEVER,
      );
      const { sequence, ...rest } = resolved!;
      expect(sequence).toBeGreaterThan(0);
      const written = event(4, { labels: B, state: 'inactive', resolvedAt: then + 4000, value: Number.NaN });
      expect(plain(rest)).toEqual(plain(written));
    });

    test('is selected by labels, state, rule and time', async () => {
      expect(await found({ matcherSets: [[is('pod', '=~', 'b|c')]] })).toEqual(['4', '2']);
      expect(await found({ matcherSets: [[is('pod', '!=', 'b'), is('missing', '=', '')]] })).toEqual([
        '6',
        '5',
        '3',
        '1',
      ]);
      expect(await found({ matcherSets: [[is("odd'name", '=~', '[x-z]')], [is('pod', '=', 'no such pod')]] })).toEqual([
        '4',
        '2',
      ]);
      expect(await found({ matcherSets: [[is('number', '=~', '[1-3]'), is('pod', '=', 'a')]] })).toEqual(['3', '1']);
      expect(await found({ matcherSets: [[is('__name__', '=~', '.+')]] })).toEqual([]);
      expect(await found({ alerts: [{ rule, labels: Labels.from({ alertname: 'A' }) }] })).toEqual([]);
      expect(await found({ alerts: [{ rule: 'another', labels: A }] })).toEqual([]);
      const [a, b] = [A, B].map((labels) => ({ rule, labels }));
      expect(await found({ alerts: [b!, a!], limit: 3 })).toEqual(['6', '5', '4']);
      expect(await found({ alerts: [a!] })).toEqual(['6', '5', '1']);
      expect(await found({ state: ['pending', 'inactive'] })).toEqual(['4', '2']);
      expect(await found({ ruleNotEnding: '"' })).toEqual(['6', '5', '4', '2', '1']);
      expect(await found({ start: then + 2000, end: then + 3999 })).toEqual(['3', '2']);
      expect(await found({ start: then - 1 })).toHaveLength(7);
      expect(await found({ start: -1000, end: -1 })).toEqual([]);
    });

    test('is read page by page without a gap', async () => {
      const numbers: string[] = [];
      let before: AlertEventFilter['before'];
      for (;;) {
        const [one] = await given.storage.alertLog.find({ ...around, before, limit: 1 }, NEVER);
        if (one === undefined) break;
        numbers.push(one.annotations.get('number'));
        before = one;
      }
      expect(numbers).toEqual(['6', '5', '4', '3', '2', '1']);
    });

    test('knows which alerts there are', async () => {
      const identities = async (range: { start: number; end: number; ruleNotEnding?: string }) => {
        const names: string[] = [];
        for await (const one of given.storage.alertLog.alerts(range, NEVER)) names.push(`${one.rule} ${one.labels}`);
        return names.sort();
      };
      const [a, b] = [`${rule} ${A}`, `${rule} ${B}`];
      expect(await identities(around)).toEqual([b, a, `${rule}"mail" ${A}`].sort());
      expect(await identities({ ...around, ruleNotEnding: '"' })).toEqual([b, a].sort());
      expect(await identities({ start: then + 2000, end: then + 2000 })).toEqual([b]);
      expect(await identities({ start: 0, end: 1 })).toEqual([]);
    });
  });

  describe('the states of alerts', () => {
    const then = T0 - 40 * 86_400_000;
    const [one, two] = ['["f","g","One"]', '["f","g","Two"]'] as const;
    const pod = (name: string) => Labels.from({ alertname: 'A', pod: name });
    const event = (second: number, part: Partial<AlertEvent>): AlertEvent => ({
      timestamp: then + second * 1000,
      rule: one,
      labels: pod('a'),
      annotations: Labels.from({ severity: 'warn', summary: 'long', pod: 'no label' }),
      state: 'firing',
      activeAt: then,
      firedAt: then + 1,
      resolvedAt: 0,
      keepFiringSince: 0,
      value: second / 8,
      lastSentAt: 0,
      lastSentStatus: '',
      ...part,
    });
    const around = { start: then, end: then + 3_600_000, annotations: ['severity'], ruleNotEnding: '"' };
    const read = async (method: 'states' | 'standing', filter: Partial<AlertStateFilter> = {}) => {
      const found = await allOf(given.storage.alertLog[method]({ ...around, ...filter }, NEVER));
      return found.map(
        ({ rule, labels, state, value }) => `${JSON.parse(rule)[2]} ${labels.get('pod')} ${value * 8} ${state}`,
      );
    };

    beforeAll(async () => {
      await given.storage.alertLog.append([
        event(1, { state: 'pending' }),
        event(5, {}),
        event(6, { rule: `${one}"mail"` }),
      ]);
      await given.storage.alertLog.append([
        event(2, { rule: two, labels: pod('b') }),
        event(7, { timestamp: then + 5000, state: 'inactive' }),
        event(3, { labels: pod('c'), state: 'pending' }),
        event(9, {
          rule: two,
          labels: Labels.from({ alertname: 'A' }),
          annotations: Labels.EMPTY,
          value: Number.NaN,
        }),
      ]);
      await given.storage.flush(NEVER);
    });

    test('come by rule and time, those appended later last', async () => {
      const ofOne = ['One a 1 pending', 'One c 3 pending', 'One a 5 firing', 'One a 7 inactive'];
      expect(await read('states')).toEqual([...ofOne, 'Two b 2 firing', 'Two  NaN firing']);
      expect(await read('states', { start: then + 2000, end: then + 3999 })).toEqual([ofOne[1], 'Two b 2 firing']);
      expect(await read('states', { start: -5, end: -1 })).toEqual([]);
    });

    test('have only the annotations that are asked for', async () => {
      const [first] = await allOf(given.storage.alertLog.states(around, NEVER));
      expect({ ...first, labels: String(first!.labels), annotations: first!.annotations.toObject() }).toEqual({
        timestamp: then + 1000,
        rule: one,
        labels: String(pod('a')),
        annotations: { severity: 'warn' },
        state: 'pending',
        activeAt: then,
        firedAt: then + 1,
        value: 0.125,
      });
    });

    test('are selected by labels alone', async () => {
      expect(await read('states', { labelSets: [[is('pod', '=', 'b')], [is('pod', '=~', 'c|d')]] })).toEqual([
        'One c 3 pending',
        'Two b 2 firing',
      ]);
      expect(await read('states', { labelSets: [[is('pod', '=', '')]] })).toEqual(['Two  NaN firing']);
      expect(await read('states', { alerts: [{ rule: two, labels: pod('b') }] })).toEqual(['Two b 2 firing']);
    });

    test('that stand at the end are those of alerts that have not ended', async () => {
      const standing = async (filter: Partial<AlertStateFilter>) => (await read('standing', filter)).sort();
      expect(await standing({})).toEqual(['One c 3 pending', 'Two  NaN firing', 'Two b 2 firing']);
      expect(await standing({ end: then + 4999 })).toEqual(['One a 1 pending', 'One c 3 pending', 'Two b 2 firing']);
      expect(await standing({ start: then + 4000 })).toEqual(['Two  NaN firing']);
      expect(await standing({ labelSets: [[is('pod', '=', 'b')]] })).toEqual(['Two b 2 firing']);
    });

    test('are counted from the newest', async () => {
      const from = async (limit: number) =>
        ((await given.storage.alertLog.newestFrom(around, limit, NEVER)) - then) / 1000;
      // At 9, 5, 5, 3, 2 and 1 s.
      expect(await Promise.all([6, 5, 4, 2, 1, 0].map(from))).toEqual([0, 1.001, 2.001, 5.001, 5.001, 9.001]);
    });
  });
}

function is(name: string, op: MatchOp, value: string): Matcher {
  return new Matcher(name, op, value);
}

/** An event with its labels as text, for a comparison that shows the difference. */
function plain(event: AlertEvent): Record<string, unknown> {
  return { ...event, labels: event.labels.toString(), annotations: event.annotations.toString() };
}
