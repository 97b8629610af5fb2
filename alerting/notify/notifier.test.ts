import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import type { Notice } from '../notice.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { KeptNotifications } from './kept-notifications.case.ts';
import { firing, resolved, setupNotifier } from './notifier-setup.case.ts';
import { Recorder } from './recorder.case.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const PLAIN = `
route: {receiver: r, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers: [{name: r, webhook_configs: [{url: http://x}]}]
`;
const key = (name: string) => `{}:{alertname="${name}"}`;

describe('a group', () => {
  it('waits, then is told of at its intervals when something has changed', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(PLAIN);
    const a = alert('A', { instance: '1' });
    notifier.notify([a]);
    await clock.advance(29 * SECOND);
    expect(recorder.take()).toEqual([]);
    notifier.notify([alert('A', { instance: '0' }), alert('B')]);
    await clock.advance(SECOND);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A0, firing A1`]);
    await clock.advance(29 * SECOND);
    expect(recorder.take()).toEqual([`r ${key('B')} firing: firing B`]);
    notifier.notify([resolved(a, clock.now()), alert('A', { instance: '2' })]);
    await clock.advance(4 * MINUTE + 30 * SECOND);
    expect(recorder.take()).toEqual([]);
    await clock.advance(SECOND);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A0, resolved A1, firing A2`]);
    await clock.advance(3 * HOUR);
    expect(recorder.take()).toEqual([]);
  });

  it('that began and ended while nobody could be told is told when it has ended, also after a restart', async () => {
    for (const isRestarted of [false, true]) {
      const first = setupNotifier(PLAIN);
      const { clock, log, recorder, alert } = first;
      recorder.answer = () => ({ kind: 'failed', reason: 'down', retryAfter: 0 });
      const a = alert('A');
      first.notifier.notify([a]);
      await clock.advance(2 * MINUTE);
      const ended = resolved(a, clock.now());
      first.notifier.notify([ended]);
      await clock.advance(20 * MINUTE);
      expect(recorder.take().length).toBeGreaterThan(5);
      let { notifier } = first;
      if (isRestarted) {
        const stopped = notifier.stop();
        await clock.advance(MINUTE);
        await stopped;
        notifier = setupNotifier(PLAIN, { clock, log, recorder }).notifier;
        notifier.notify([ended]);
      }
      recorder.answer = () => ({ kind: 'delivered' });
      await clock.advance(6 * MINUTE);
      expect(recorder.take()).toEqual([`r ${key('A')} resolved: resolved A`]);
      notifier.notify([ended]);
      await clock.advance(HOUR);
      expect(recorder.take()).toEqual([]);
    }
  });

  it('is known by what was told last after a restart, though the time of day was set back meanwhile', async () => {
    const { notifier, clock, log, recorder, alert } = setupNotifier(PLAIN);
    const a = alert('A', { instance: '1' });
    const b = alert('A', { instance: '2' });
    notifier.notify([a]);
    await clock.advance(MINUTE);
    clock.jump(-HOUR);
    notifier.notify([a, b]);
    await clock.advance(6 * MINUTE);
    expect(recorder.take()).toHaveLength(2);
    const stopped = notifier.stop();
    await clock.advance(MINUTE);
    await stopped;
    const next = setupNotifier(PLAIN, { clock, log, recorder }).notifier;
    next.notify([a, b]);
    await clock.advance(30 * MINUTE);
    expect(recorder.take()).toEqual([]);
    next.notify([a, resolved(b, clock.now())]);
    await clock.advance(6 * MINUTE);
    expect(recorder.take()).toEqual([`r ${key('A')} resolved: firing A1, resolved A2`]);
  });

  it('is told of at once when an alert is older than the wait', async () => {
    const { notifier, clock, recorder } = setupNotifier(PLAIN);
    notifier.notify([firing('A', {}, clock.now() - 31 * SECOND)]);
    await clock.advance(2 * SECOND);
    expect(recorder.take()).toHaveLength(1);
  });

  it('is repeated at the first interval after the repeat interval is over', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(PLAIN);
    notifier.notify([alert('A')]);
    await clock.advance(30 * SECOND);
    expect(recorder.take()).toHaveLength(1);
    await clock.advance(4 * HOUR + 4 * MINUTE);
    expect(recorder.take()).toEqual([]);
    await clock.advance(MINUTE);
    expect(recorder.all[0]!.notification).toMatchObject({ reason: 'repeat', repeats: 1 });
  });

  it('is not repeated when nobody has said for long that it fires', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(PLAIN);
    const a = { ...alert('A'), validUntil: clock.now() + MINUTE };
    notifier.notify([a]);
    await clock.advance(9 * HOUR);
    expect(recorder.take()).toHaveLength(1);
    notifier.notify([{ ...a, validUntil: clock.now() + HOUR }]);
    await clock.advance(5 * MINUTE);
    expect(recorder.take()).toHaveLength(1);
  });

  it('ends with its last alert, and waits anew when there is one again', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(PLAIN);
    const a = alert('A');
    notifier.notify([a]);
    await clock.advance(MINUTE);
    notifier.notify([resolved(a, clock.now())]);
    await clock.advance(5 * MINUTE);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A`, `r ${key('A')} resolved: resolved A`]);
    expect(notifier.groups()).toEqual([]);
    notifier.notify([{ ...a, startsAt: clock.now() }]);
    await clock.advance(30 * SECOND);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A`]);
  });

  it('says nothing of an alert that came and went between two looks', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(PLAIN);
    const a = alert('A');
    notifier.notify([a]);
    notifier.notify([resolved(a, clock.now())]);
    await clock.advance(HOUR);
    expect(recorder.take()).toEqual([]);
    expect(notifier.alerts()).toEqual([]);
  });

  it('takes alerts of different rules with the same labels for one', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(PLAIN);
    const one = alert('A');
    const two = { ...one, rule: 'other' };
    notifier.notify([one, two]);
    await clock.advance(MINUTE);
    notifier.notify([resolved(one, clock.now())]);
    await clock.advance(HOUR);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A`]);
    notifier.notify([resolved(two, clock.now())]);
    await clock.advance(HOUR);
    expect(recorder.take()).toEqual([`r ${key('A')} resolved: resolved A`]);
  });
});

describe('receivers', () => {
  it('that fail are tried again, with pauses that grow, until the interval is over', async () => {
    const { notifier, clock, recorder, log, alert } = setupNotifier(PLAIN);
    recorder.answer = () => ({ kind: 'failed', reason: 'status 503', retryAfter: 0 });
    notifier.notify([alert('A')]);
    const start = clock.now() + 30 * SECOND;
    const times: number[] = [];
    recorder.answer = () => {
      times.push((clock.now() - start) / SECOND);
      return { kind: 'failed', reason: 'status 503', retryAfter: 0 };
    };
    await clock.advance(5 * MINUTE + 29 * SECOND);
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect(log.events).toMatchObject([{ outcome: 'failed', reason: 'status 503', attempts: 10, duration: 243_000 }]);
    recorder.take();
    recorder.answer = () => ({ kind: 'delivered' });
    await clock.advance(SECOND);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A`]);
    expect(log.events[1]).toMatchObject({ outcome: 'delivered', status: 'firing', attempts: 1, repeats: 0 });
  });

  it('that refuse are told again at the next interval, and ends are not lost meanwhile', async () => {
    const { notifier, clock, recorder, log, alert } = setupNotifier(PLAIN);
    const a = alert('A');
    notifier.notify([a]);
    await clock.advance(30 * SECOND);
    recorder.answer = () => ({ kind: 'refused', reason: 'status 400' });
    notifier.notify([resolved(a, clock.now())]);
    await clock.advance(10 * MINUTE);
    recorder.answer = () => ({ kind: 'delivered' });
    await clock.advance(5 * MINUTE);
    expect(log.events.map(({ outcome, status }) => `${outcome} ${status}`)).toEqual([
      'delivered firing',
      'refused resolved',
      'refused resolved',
      'delivered resolved',
    ]);
    expect(recorder.take().at(-1)).toBe(`r ${key('A')} resolved: resolved A`);
    await clock.advance(HOUR);
    expect(recorder.take()).toEqual([]);
  });

  it('are told each by itself: what one has is not sent to it again because another fails', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(`
route: {receiver: r, group_by: [alertname]}
receivers: [{name: r, webhook_configs: [{url: http://x}, {url: http://y, max_alerts: 1}]}]`);
    recorder.answer = ({ integration }) =>
      integration === 'webhook/0' ? { kind: 'failed', reason: 'x', retryAfter: 0 } : { kind: 'delivered' };
    notifier.notify([alert('A', { instance: '1' }), alert('A', { instance: '2' })]);
    await clock.advance(20 * MINUTE);
    const ofTwo = recorder.all.filter(({ integration }) => integration === 'webhook/1');
    expect(ofTwo).toHaveLength(1);
    expect(ofTwo[0]!.notification).toMatchObject({
      truncatedAlerts: 1,
      alerts: [{ labels: alert('A', { instance: '1' }).labels }],
    });
  });

  it('that want no ends are sent none', async () => {
    const { notifier, clock, recorder, log, alert } = setupNotifier(`
route: {receiver: r, group_by: [alertname], repeat_interval: 1h}
receivers: [{name: r, webhook_configs: [{url: http://x, send_resolved: false}]}]`);
    const [a, b] = [alert('A', { instance: '1' }), alert('A', { instance: '2' })];
    notifier.notify([a, b]);
    await clock.advance(MINUTE);
    notifier.notify([resolved(a, clock.now())]);
    await clock.advance(30 * MINUTE);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A1, firing A2`]);
    notifier.notify([resolved(b, clock.now())]);
    await clock.advance(30 * MINUTE);
    expect(recorder.take()).toEqual([]);
    expect(log.events.at(-1)).toMatchObject({ status: 'resolved', attempts: 0, firing: [] });
    notifier.notify([{ ...a, startsAt: clock.now() }]);
    await clock.advance(MINUTE);
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A1`]);
  });

  it('that ask for a pause get one, in all groups', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(PLAIN);
    let asked = false;
    recorder.answer = () => {
      if (asked) return { kind: 'delivered' };
      asked = true;
      return { kind: 'failed', reason: 'status 429', retryAfter: 2 * MINUTE };
    };
    notifier.notify([alert('A')]);
    await clock.advance(SECOND);
    notifier.notify([alert('B')]);
    await clock.advance(MINUTE + 29 * SECOND);
    expect(recorder.take()).toHaveLength(1);
    await clock.advance(MINUTE);
    expect(recorder.take()).toHaveLength(2);
  });

  it('that ask for a pause are told afterwards of what began and ended in it, also after a restart', async () => {
    for (const isRestarted of [false, true]) {
      const first = setupNotifier(PLAIN);
      const { clock, log, recorder, alert } = first;
      let { notifier } = first;
      const until = clock.now() + 20 * MINUTE;
      recorder.answer = () => {
        const rest = until - clock.now();
        return rest > 0 ? { kind: 'failed', reason: 'status 429', retryAfter: rest } : { kind: 'delivered' };
      };
      notifier.notify([alert('A')]);
      await clock.advance(MINUTE);
      const b = alert('B');
      notifier.notify([b]);
      await clock.advance(2 * MINUTE);
      const ended = resolved(b, clock.now());
      notifier.notify([ended]);
      await clock.advance(7 * MINUTE);
      expect(recorder.take()).toHaveLength(1);
      if (isRestarted) {
        const stopped = notifier.stop();
        await clock.advance(MINUTE);
        await stopped;
        notifier = setupNotifier(PLAIN, { clock, log, recorder }).notifier;
        notifier.notify([ended]);
        await clock.advance(2 * MINUTE);
        recorder.take();
      }
      await clock.advance(20 * MINUTE);
      expect(recorder.take()).toContainEqual(`r ${key('B')} resolved: resolved B`);
    }
  });

  it('that hang hold up nobody else', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(`
route: {receiver: r, group_by: ['...']}
receivers: [{name: r, webhook_configs: [{url: http://x}, {url: http://y}]}]`);
    recorder.answer = ({ integration }) =>
      integration === 'webhook/0' ? new Promise(() => {}) : { kind: 'delivered' };
    notifier.notify(Array.from({ length: 50 }, (_, i) => alert('A', { instance: String(i) })));
    await clock.advance(MINUTE);
    const count = (name: string) => recorder.all.filter(({ integration }) => integration === name).length;
    expect([count('webhook/0'), count('webhook/1')]).toEqual([16, 50]);
    const stopped = notifier.stop();
    await clock.advance(2 * SECOND);
    await stopped;
    expect(recorder.closed).toBe(2);
  });
});

describe('muting', () => {
  it('keeps the targets of an inhibition untold while its source fires', async () => {
    const { notifier, clock, recorder, alert } = setupNotifier(`${PLAIN}
inhibit_rules: [{source_matchers: [alertname=Node], target_matchers: [alertname=Pod], equal: [node]}]`);
    const node = alert('Node', { node: 'a' });
    const pods = ['a', 'b'].map((name) => alert('Pod', { node: name, instance: name }));
    notifier.notify([node, ...pods]);
    await clock.advance(MINUTE);
    expect(recorder.take()).toEqual([`r ${key('Node')} firing: firing Node`, `r ${key('Pod')} firing: firing Podb`]);
    expect(notifier.alerts().map(({ state, inhibitedBy }) => [state, inhibitedBy.length])).toEqual([
      ['suppressed', 1],
      ['active', 0],
      ['active', 0],
    ]);
    notifier.notify([resolved(node, clock.now())]);
    await clock.advance(5 * MINUTE);
    expect(recorder.take()).toEqual([
      `r ${key('Node')} resolved: resolved Node`,
      `r ${key('Pod')} firing: firing Poda, firing Podb`,
    ]);
  });

  it('by silences and time intervals ends with them', async () => {
    const { notifier, clock, recorder, alert, silenced } = setupNotifier(`
route:
  receiver: r
  group_by: [alertname]
  routes: [{mute_time_intervals: [noon], active_time_intervals: [march]}]
receivers: [{name: r, webhook_configs: [{url: http://x}]}]
time_intervals:
- {name: noon, time_intervals: [{times: [{start_time: '12:00', end_time: '13:00'}]}]}
- {name: march, time_intervals: [{months: [march]}]}`);
    silenced.add('A');
    notifier.notify([alert('A'), alert('B')]);
    await clock.advance(59 * MINUTE);
    expect(recorder.take()).toEqual([]);
    expect(notifier.alerts()).toMatchObject([
      { state: 'suppressed', silencedBy: ['silence'], mutedBy: ['noon'] },
      { state: 'suppressed', silencedBy: [], mutedBy: ['noon'] },
    ]);
    await clock.advance(6 * MINUTE);
    expect(recorder.take()).toEqual([`r {}/{}:{alertname="B"} firing: firing B`]);
    silenced.clear();
    await clock.advance(5 * MINUTE);
    expect(recorder.take()).toEqual([`r {}/{}:{alertname="A"} firing: firing A`]);
    clock.jump(31 * 24 * HOUR);
    await clock.advance(5 * HOUR);
    expect(recorder.take()).toEqual([]);
    expect(notifier.alerts()).toMatchObject([{ mutedBy: ['march'] }, { mutedBy: ['march'] }]);
  });
});

describe('a restart or takeover', () => {
  it('neither repeats what was told nor forgets an end', async () => {
    const first = setupNotifier(PLAIN);
    const { clock, log, recorder } = first;
    const [a, b] = [first.alert('A', { instance: '1' }), first.alert('A', { instance: '2' })];
    first.notifier.notify([a, b, first.alert('B')]);
    await clock.advance(10 * MINUTE);
    expect(recorder.take()).toHaveLength(2);
    await first.notifier.stop();
    expect(recorder.closed).toBe(1);
    const { notifier } = setupNotifier(PLAIN, { clock, log, recorder });
    notifier.notify([resolved(a, clock.now()), b, resolved(first.alert('Unknown'), clock.now())]);
    await clock.advance(20 * MINUTE);
    expect(recorder.take()).toEqual([`r ${key('A')} resolved: resolved A1, firing A2`]);
    expect(notifier.alerts()).toHaveLength(1);
  });

  it('says nothing again of ends that were told, whenever they are heard of', async () => {
    const first = setupNotifier(PLAIN);
    const { clock, log, recorder } = first;
    const [a, b, c] = ['1', '2', '3'].map((instance) => first.alert('A', { instance }));
    first.notifier.notify([a!, b!]);
    await clock.advance(MINUTE);
    first.notifier.notify([resolved(a!, clock.now())]);
    await clock.advance(10 * MINUTE);
    first.notifier.notify([c!, resolved(a!, clock.now())]);
    await clock.advance(10 * MINUTE);
    expect(recorder.take().at(-1)).toBe(`r ${key('A')} firing: firing A2, firing A3`);
    await first.notifier.stop();
    const { notifier } = setupNotifier(PLAIN, { clock, log, recorder });
    notifier.notify([resolved(a!, clock.now()), b!, c!]);
    await clock.advance(20 * MINUTE);
    expect(recorder.take()).toEqual([]);
  });

  it('waits for the notification log, and tells while it cannot be written', async () => {
    const log = new KeptNotifications();
    log.isAway = true;
    const { notifier, clock, recorder, alert, registry } = setupNotifier(PLAIN, { log });
    const a = alert('A');
    notifier.notify([a]);
    await clock.advance(20 * MINUTE);
    expect(recorder.take()).toEqual([]);
    log.isAway = false;
    await clock.advance(MINUTE);
    expect(recorder.take()).toHaveLength(1);
    log.isAway = true;
    notifier.notify([resolved(a, clock.now())]);
    await clock.advance(10 * MINUTE);
    expect(recorder.take()).toEqual([`r ${key('A')} resolved: resolved A`]);
    expect(await registry.getSingleMetricAsString('pharos_notification_log_pending')).toContain('pending 1');
    expect(log.events).toHaveLength(1);
    log.isAway = false;
    await clock.advance(MINUTE);
    expect(log.events.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });

  it('by one who stood by comes at once, and knows what the other has told', async () => {
    const first = setupNotifier(PLAIN);
    const { clock, log, recorder } = first;
    let leads = false;
    const second = setupNotifier(PLAIN, { clock, log, recorder, isLeader: () => leads });
    const alerts = [first.alert('A'), first.alert('B'), first.alert('C')];
    for (const { notifier } of [first, second]) notifier.notify(alerts);
    await clock.advance(MINUTE);
    expect(recorder.take()).toHaveLength(3);
    const ends = [resolved(alerts[0]!, clock.now())];
    for (const { notifier } of [first, second]) notifier.notify(ends);
    await clock.advance(5 * MINUTE);
    expect(recorder.take()).toEqual([`r ${key('A')} resolved: resolved A`]);
    await first.notifier.stop();
    const now = [alerts[2]!, resolved(alerts[1]!, clock.now()), second.alert('D')];
    second.notifier.notify(now);
    await clock.advance(2 * MINUTE);
    expect(recorder.take()).toEqual([]);
    expect(second.notifier.alerts()).toHaveLength(2);
    leads = true;
    second.notifier.notify(now);
    await clock.advance(2 * SECOND);
    expect(recorder.take().sort()).toEqual([`r ${key('B')} resolved: resolved B`, `r ${key('D')} firing: firing D`]);
    leads = false;
    second.notifier.notify([second.alert('E')]);
    await clock.advance(HOUR);
    expect(recorder.take()).toEqual([]);
  });

  it('by one who led before does not tell again what was told meanwhile', async () => {
    let leads = true;
    const first = setupNotifier(PLAIN, { isLeader: () => leads });
    const { clock, log, recorder } = first;
    const [a, b] = [first.alert('A', { instance: '1' }), first.alert('A', { instance: '2' })];
    first.notifier.notify([a, b]);
    await clock.advance(MINUTE);
    leads = false;
    await clock.advance(2 * SECOND);
    expect(first.notifier.alerts()).toEqual([]);
    // The last evaluation before it has stopped.
    first.notifier.notify([a, b]);
    const second = setupNotifier(PLAIN, { clock, log, recorder });
    second.notifier.notify([resolved(a, clock.now()), b]);
    await clock.advance(10 * MINUTE);
    second.notifier.notify([first.alert('A', { instance: '3' })]);
    await clock.advance(5 * MINUTE);
    await second.notifier.stop();
    expect(recorder.take().slice(1)).toEqual([
      `r ${key('A')} resolved: resolved A1, firing A2`,
      `r ${key('A')} firing: firing A2, firing A3`,
    ]);
    leads = true;
    await clock.advance(2 * SECOND);
    first.notifier.notify([resolved(a, clock.now()), b, first.alert('A', { instance: '3' })]);
    await clock.advance(20 * MINUTE);
    expect(recorder.take()).toEqual([]);
    expect(first.notifier.alerts()).toHaveLength(2);
  });

  it('does not try again what another one has told in a pause between two attempts', async () => {
    let leads = true;
    const first = setupNotifier(PLAIN, { isLeader: () => leads });
    const { clock, log, recorder } = first;
    recorder.answer = () => ({ kind: 'failed', reason: 'status 503', retryAfter: 60 * SECOND });
    const a = first.alert('A');
    first.notifier.notify([a]);
    await clock.advance(31 * SECOND);
    expect(recorder.take()).toHaveLength(1);
    leads = false;
    recorder.answer = () => ({ kind: 'delivered' });
    const second = setupNotifier(PLAIN, { clock, log, recorder });
    second.notifier.notify([a]);
    await clock.advance(10 * SECOND);
    await second.notifier.stop();
    expect(recorder.take()).toEqual([`r ${key('A')} firing: firing A`]);
    leads = true;
    await clock.advance(2 * SECOND);
    first.notifier.notify([a]);
    await clock.advance(10 * MINUTE);
    expect(recorder.take()).toEqual([]);
  });

  it('with another configuration keeps alerts, and tells new receivers', async () => {
    const { notifier, clock, recorder, alert, configuration } = setupNotifier(PLAIN);
    const a = alert('A');
    notifier.notify([a]);
    await clock.advance(MINUTE);
    expect(recorder.take()).toHaveLength(1);
    await notifier.apply(configuration(PLAIN.replace('alertname]', 'alertname, job]')), {
      text: () => '',
      html: () => '',
    });
    await clock.advance(HOUR);
    expect(recorder.take()).toEqual([]);
    await notifier.apply(configuration(PLAIN.replace('receiver: r', 'receiver: s').replace('name: r', 'name: s')), {
      text: () => '',
      html: () => '',
    });
    await clock.advance(6 * MINUTE);
    expect(recorder.take()).toEqual([`s ${key('A')} firing: firing A`]);
    expect(notifier.receivers()).toEqual(['s']);
  });
});

describe('alerts of policies', () => {
  const notice = (more: Partial<Notice> = {}): Notice => ({
    key: 'p1',
    receivers: [],
    ...{ groupBy: undefined, groupWait: 0, groupInterval: undefined, repeat: undefined },
    ...more,
  });
  const ofPolicy = (severity: string, startsAt: number, more: Partial<Notice> = {}): NotifiableAlert => ({
    ...firing('Cpu', { pod: 'x', severity }, startsAt),
    rule: 'policy/p1',
    key: 'x',
    notice: notice(more),
  });
  const TWO = `
route: {receiver: r, group_by: ['...'], routes: [{matchers: [severity=serious], receiver: s, continue: true}, {receiver: r}]}
receivers: [{name: r, webhook_configs: [{url: http://x}]}, {name: s, webhook_configs: [{url: http://x}]}]`;
  const group = 'policy/"p1":{alertname="Cpu", pod="x"}';

  it('change their level at once, in one group, and other receivers hear of a beginning and an end', async () => {
    const { notifier, clock, recorder } = setupNotifier(TWO);
    notifier.notify([ofPolicy('warn', clock.now())]);
    await clock.advance(SECOND);
    expect(recorder.take()).toEqual([`r ${group} firing: firing Cpu`]);
    notifier.notify([ofPolicy('serious', clock.now())]);
    await clock.advance(SECOND);
    expect(recorder.take().sort()).toEqual([`r ${group} level: firing Cpu`, `s ${group} firing: firing Cpu`]);
    notifier.notify([ofPolicy('warn', clock.now())]);
    await clock.advance(SECOND);
    expect(recorder.take().sort()).toEqual([`r ${group} level: firing Cpu`, `s ${group} resolved: resolved Cpu`]);
    notifier.notify([resolved(ofPolicy('warn', 0), clock.now())]);
    await clock.advance(5 * MINUTE);
    expect(recorder.take()).toEqual([`r ${group} resolved: resolved Cpu`]);
    expect(notifier.alerts()).toEqual([]);
  });

  it('are known after a restart whatever their level was', async () => {
    const first = setupNotifier(TWO);
    const { clock, recorder, log } = first;
    first.notifier.notify([
      ofPolicy('warn', clock.now()),
      { ...ofPolicy('warn', clock.now(), { key: 'p2' }), rule: 'p2' },
    ]);
    await clock.advance(SECOND);
    expect(recorder.take()).toHaveLength(2);
    await first.notifier.stop();
    const second = setupNotifier(TWO, { clock, recorder, log });
    await clock.advance(11 * MINUTE);
    second.notifier.notify([
      ofPolicy('remind', clock.now()),
      resolved({ ...ofPolicy('remind', 0, { key: 'p2' }), rule: 'p2' }, clock.now()),
    ]);
    await clock.advance(SECOND);
    expect(recorder.take().sort()).toEqual([
      `r ${group} level: firing Cpu`,
      `r ${group.replace('p1', 'p2')} resolved: resolved Cpu`,
    ]);
  });

  it('go to the receivers that the policy names', async () => {
    const { notifier, clock, recorder } = setupNotifier(TWO);
    notifier.notify([ofPolicy('warn', clock.now(), { receivers: ['s'], groupBy: [] })]);
    await clock.advance(SECOND);
    expect(recorder.take()).toEqual(['s policy/"p1":{} firing: firing Cpu']);
  });

  it.each<[string, Notice['repeat'], number[]]>([
    ['once', { kind: 'once' }, []],
    ['every 7 min', { kind: 'every', interval: 7 * MINUTE }, [7, 14, 21, 28, 35, 42, 49, 56]],
    ['exponentially', { kind: 'exponential', first: 5 * MINUTE, longest: 20 * MINUTE }, [5, 15, 35, 55]],
  ])('are repeated %s, after a restart too', async (_name, repeat, expected) => {
    const first = setupNotifier(TWO);
    const { clock, recorder, log } = first;
    const start = clock.now();
    const times: number[] = [];
    recorder.answer = ({ notification }) => {
      if (notification.reason === 'repeat') times.push(Math.round((clock.now() - start) / MINUTE));
      return { kind: 'delivered' };
    };
    first.notifier.notify([ofPolicy('warn', start, { repeat })]);
    await clock.advance(18 * MINUTE);
    await first.notifier.stop();
    const second = setupNotifier(TWO, { clock, recorder, log });
    second.notifier.notify([ofPolicy('warn', start, { repeat })]);
    await clock.advance(42 * MINUTE);
    expect(times).toEqual(expected);
    expect(log.events.at(-1)!.repeats).toBe(expected.length);
  });
});

describe('posted alerts', () => {
  it('end by themselves when they are not posted again, and say when they began', async () => {
    const { notifier, clock, recorder } = setupNotifier(`global: {resolve_timeout: 3m}\n${PLAIN}`);
    const posted = {
      labels: { alertname: 'A' },
      annotations: {},
      generatorUrl: '',
      startsAt: undefined,
      endsAt: undefined,
    };
    const start = clock.now();
    notifier.post([posted]);
    await clock.advance(MINUTE);
    notifier.post([posted]);
    await clock.advance(2 * MINUTE + 30 * SECOND);
    expect(recorder.all[0]!.notification.alerts[0]).toMatchObject({ status: 'firing', startsAt: start, endsAt: 0 });
    expect(notifier.alerts()).toHaveLength(1);
    await clock.advance(2 * MINUTE);
    expect(recorder.all[1]!.notification.alerts[0]).toMatchObject({
      ...{ status: 'resolved', startsAt: start, endsAt: start + 4 * MINUTE },
    });
    expect(notifier.alerts()).toEqual([]);
  });

  it('end when they are posted with an end', async () => {
    const { notifier, clock, recorder } = setupNotifier(PLAIN);
    const posted = {
      labels: { alertname: 'A' },
      annotations: {},
      generatorUrl: '',
      startsAt: clock.now(),
      endsAt: undefined,
    };
    notifier.post([posted]);
    await clock.advance(MINUTE);
    const endsAt = clock.now() - SECOND;
    notifier.post([{ ...posted, endsAt }]);
    await clock.advance(5 * MINUTE);
    expect(recorder.all[1]!.notification.alerts[0]).toMatchObject({ status: 'resolved', endsAt });
  });
});

describe('limits', () => {
  it('hold, and are seen in the metrics', async () => {
    const { notifier, clock, recorder, alert, registry } = setupNotifier(PLAIN, {
      limits: { alerts: 3, groups: 2, bytes: 1e6 },
    });
    const old = alert('A');
    notifier.notify([old, alert('B'), alert('C'), alert('A', { i: '2' }), alert('A', { i: '3' })]);
    await clock.advance(MINUTE);
    expect(recorder.take()).toHaveLength(2);
    const metrics = await registry.metrics();
    expect(metrics).toContain('pharos_notify_dropped_alerts_total{limit="groups"} 1');
    expect(metrics).toContain('pharos_notify_dropped_alerts_total{limit="alerts"} 1');
    expect(metrics).toContain('pharos_notify_alerts 3');
    expect(metrics).toContain('pharos_notify_groups 2');
    notifier.notify([resolved(old, clock.now())]);
    await clock.advance(5 * MINUTE);
    notifier.notify([alert('A', { i: '3' })]);
    expect(notifier.alerts()).toHaveLength(3);
  });

  it('of bytes', async () => {
    const { notifier, alert, registry } = setupNotifier(PLAIN, { limits: { alerts: 9, groups: 9, bytes: 5_000 } });
    notifier.notify([alert('A'), { ...alert('B'), annotations: Labels.from({ text: 'x'.repeat(3_000) }) }]);
    expect(notifier.alerts()).toHaveLength(1);
    expect(await registry.metrics()).toContain('pharos_notify_dropped_alerts_total{limit="bytes"} 1');
  });

  it('10,000 alerts at once are grouped and handed over within seconds', async () => {
    const { notifier, clock, recorder } = setupNotifier(PLAIN.replace('[alertname]', "['...']"));
    const alerts = Array.from({ length: 10_000 }, (_, i) =>
      firing('A', { instance: String(i), namespace: 'n', pod: `pod-${i}`, severity: 'warn' }, clock.now()),
    );
    // Of this process: other tests may have the processors meanwhile.
    const cpu = (since?: NodeJS.CpuUsage): number => process.cpuUsage(since).user / 1000;
    const begun = process.cpuUsage();
    notifier.notify(alerts);
    await clock.advance(30 * SECOND);
    expect(recorder.all).toHaveLength(10_000);
    expect(cpu(begun)).toBeLessThan(5_000);
    const again = process.cpuUsage();
    notifier.notify(alerts);
    expect(cpu(again)).toBeLessThan(500);
  });
});

it('stops without waiting for its clock', async () => {
  const { notifier, clock, recorder, alert } = setupNotifier(PLAIN, { recorder: new Recorder() });
  notifier.notify([alert('A')]);
  await clock.advance(MINUTE);
  await notifier.stop();
  await notifier.stop();
  notifier.notify([alert('B')]);
  await clock.advance(HOUR);
  expect(recorder.take()).toHaveLength(1);
  expect(clock.pending).toBe(0);
});
