import { describe, expect, it } from 'vitest';
import { Labels } from '../../../storage/labels.ts';
import { Recorder } from '../recorder.case.ts';
import { matchingRoutes } from '../route.ts';
import { parseNotifyConfiguration, parseSimpleConfiguration } from './parse-configuration.ts';

const source = (text: string) => ({ file: 'am.yml', directory: '/etc/am', text });
const parse = (text: string) => parseNotifyConfiguration(source(text), new Recorder().registry);
const problems = (text: string): string[] =>
  parse(text).problems.map(({ line, field, message }) => `${line} ${field}: ${message}`);

const FULL = `
global:
  resolve_timeout: 2m
  http_config: {}
route:
  receiver: default
  group_by: [cluster, alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  routes:
  - receiver: db
    matchers: ['team = db', '"svc.name"=~"a|b, c"']
    continue: true
    group_by: ['...']
    mute_time_intervals: [nights]
    routes:
    - match: {severity: page}
      match_re: {zone: 'eu-.*'}
      group_wait: 0s
      group_by: [zone]
  - matchers: [ '{a!="b",c!~"d"}' ]
    group_interval: 5m
inhibit_rules:
- source_matchers: [severity="critical"]
  target_match: {severity: warning}
  equal: [cluster, alertname]
time_intervals:
- name: nights
  time_intervals:
  - times: [{start_time: '22:00', end_time: '24:00'}, {start_time: 00:00, end_time: '06:30'}]
    weekdays: ['monday:friday', Sunday]
    days_of_month: ['1:5', '-3:-1']
    months: ['january:3', december]
    years: ['2025:2026', 2030]
    location: Europe/Paris
mute_time_intervals:
- name: old
  time_intervals: []
receivers:
- name: default
- name: db
  webhook_configs:
  - {url: 'http://user:secret@host/x', send_resolved: false}
  - {url: 'http://b', max_alerts: 3}
templates: [ '*.tmpl', /abs/x.tmpl ]
`;

describe('a configuration of Alertmanager', () => {
  const { configuration, problems: none } = parse(FULL);

  it('is read whole, with what routes inherit', () => {
    expect(none).toEqual([]);
    const { route, resolveTimeout, receivers, templates, inhibitRules, timeIntervals } = configuration!;
    expect(resolveTimeout).toBe(120_000);
    expect(templates).toEqual(['/etc/am/*.tmpl', '/abs/x.tmpl']);
    expect(receivers.map(({ name, integrations }) => [name, integrations.map((one) => one.name)])).toEqual([
      ['default', []],
      ['db', ['webhook/0', 'webhook/1']],
    ]);
    expect(receivers[1]!.integrations.map(({ settings }) => [settings.sendResolved, settings.maxAlerts])).toEqual([
      [false, 0],
      [true, 3],
    ]);
    const [db, other] = route.routes;
    expect(db).toMatchObject({
      ...{ receiver: 'db', groupByAll: true, groupWait: 10_000, repeatInterval: 3_600_000, continue: true },
      ...{ muteTimeIntervals: ['nights'], key: '{}/{svc.name=~"a|b, c",team="db"}' },
    });
    expect(db!.routes[0]).toMatchObject({
      ...{ receiver: 'db', groupByAll: false, groupBy: ['zone'], groupWait: 0, muteTimeIntervals: [] },
      key: '{}/{svc.name=~"a|b, c",team="db"}/{severity="page",zone=~"eu-.*"}',
    });
    expect(other).toMatchObject({ receiver: 'default', groupInterval: 300_000, key: '{}/{a!="b",c!~"d"}' });
    expect(inhibitRules[0]!.targetMatchers.map(String)).toEqual(['severity="warning"']);
    expect([...timeIntervals.keys()]).toEqual(['old', 'nights']);
    expect(timeIntervals.get('nights')![0]).toEqual({
      times: [
        { begin: 1320, end: 1440 },
        { begin: 0, end: 390 },
      ],
      weekdays: [
        { begin: 1, end: 5 },
        { begin: 0, end: 0 },
      ],
      daysOfMonth: [
        { begin: 1, end: 5 },
        { begin: -3, end: -1 },
      ],
      months: [
        { begin: 1, end: 3 },
        { begin: 12, end: 12 },
      ],
      years: [
        { begin: 2025, end: 2026 },
        { begin: 2030, end: 2030 },
      ],
      location: 'Europe/Paris',
    });
  });

  it('shows itself without secrets', () => {
    expect(configuration!.text).not.toContain('secret@');
    expect(configuration!.text).toContain('url: <secret>');
    expect(configuration!.text).toContain('max_alerts: 3');
  });

  it('may be a part of another file, and its lines are that file’s', () => {
    const inline = `scrape_configs: []\nalertmanager:\n${FULL.replaceAll('\n', '\n  ')}`;
    const read = (text: string) =>
      parseNotifyConfiguration({ ...source(text), under: 'alertmanager' }, new Recorder().registry);
    expect(read(inline).configuration?.route.key).toBe('{}');
    const wrong = read(inline.replace('group_wait: 10s', 'group_wait: 10'));
    expect(wrong.configuration).toBeUndefined();
    expect(wrong.problems).toMatchObject([{ file: 'am.yml', line: 10, field: 'alertmanager.route.group_wait' }]);
  });
});

describe('mistakes', () => {
  it.each([
    ['', '1 : expected a configuration, got nothing'],
    ['receivers: []', '1 : expected a route'],
    ['route: {}\nreceivers: []', '1 route: expected a receiver for the root route'],
    [
      'route: {receiver: a, matchers: [x=y], continue: true, mute_time_intervals: [z]}\nreceivers: [{name: a}]',
      '1 route.matchers: expected no matchers in the root route, which every alert comes to',
      '1 route.continue: expected no continue in the root route, which every alert comes to',
      '1 route.mute_time_intervals: expected no mute_time_intervals in the root route, which every alert comes to',
      '1 route.mute_time_intervals[0]: expected the name of a time interval that is defined, got "z"',
    ],
    [
      'route:\n  receiver: b\nreceivers: [{name: a}, {name: a}, {}]',
      '2 route.receiver: expected the name of a receiver that is defined, got "b"',
      '3 receivers[1].name: expected a unique name, got "a" again',
      '3 receivers[2]: expected a name',
    ],
    [
      'route: {receiver: a, group_by: [x, "...", x], group_interval: 0s, repeat_interval: soon}\nreceivers: [{name: a}]',
      '1 route.group_by: expected "..." alone or names of labels, got both',
      '1 route.group_by[2]: expected each label once, got "x" twice',
      '1 route.group_interval: expected a positive duration such as 5m or 1h30m, got "0s"',
      '1 route.repeat_interval: expected a positive duration such as 5m or 1h30m, got "soon"',
    ],
    [
      'route:\n  receiver: a\n  routes:\n  - match: {a-b: c}\n  - match_re: {a: "("}\n  - matchers: [nonsense]\n  - routed: 1\nreceivers: [{name: a}]',
      '4 route.routes[0].match.a-b: expected the name of a label, got "a-b"; matchers take any name',
      expect.stringMatching(/^5 route.routes\[1\].match_re.a: invalid regular expression "\("/),
      expect.stringMatching(/^6 route.routes\[2\].matchers\[0\]: bad matcher format/),
      expect.stringMatching(/^7 route.routes\[3\].routed: unknown key/),
    ],
    [
      'route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{}]}]\nglobal: {slack: 1}\nsurprise: 1',
      '2 receivers[0].webhook_configs[0]: expected url',
      expect.stringMatching(/^3 global.slack: unknown key/),
      expect.stringMatching(/^4 surprise: unknown key/),
    ],
    [
      `route: {receiver: a}
receivers: [{name: a}]
time_intervals:
- name: t
  time_intervals:
  - times: [{start_time: '10:00', end_time: '09:00'}]
  - times: [{start_time: '10:00'}]
  - weekdays: ['friday:monday', fryday]
  - days_of_month: ['0', '-1:1', '32', '5:3', '1:2:3']
  - months: ['march:january', '1:13']
  - years: ['2026:2025']
  - location: Atlantis/Capital`,
      '6 time_intervals[0].time_intervals[0].times[0]: expected a start_time before the end_time',
      '7 time_intervals[0].time_intervals[1].times[0]: expected start_time and end_time as HH:MM from 00:00 to 24:00 in quotes, got ""',
      '8 time_intervals[0].time_intervals[2].weekdays[0]: expected a beginning that is not after the end, got "friday:monday"',
      '8 time_intervals[0].time_intervals[2].weekdays[1]: expected a weekday such as monday or a range such as monday:friday, got "fryday"',
      '9 time_intervals[0].time_intervals[3].days_of_month[0]: expected days from 1 to 31 or from -31 to -1, got "0"',
      '9 time_intervals[0].time_intervals[3].days_of_month[1]: expected a negative end after a negative beginning, got "-1:1"',
      '9 time_intervals[0].time_intervals[3].days_of_month[2]: expected days from 1 to 31 or from -31 to -1, got "32"',
      '9 time_intervals[0].time_intervals[3].days_of_month[3]: expected a beginning that is not after the end, got "5:3"',
      expect.stringMatching(/^9 .*days_of_month\[4\]: expected a day such as 1/),
      '10 time_intervals[0].time_intervals[4].months[0]: expected a beginning that is not after the end, got "march:january"',
      '10 time_intervals[0].time_intervals[4].months[1]: expected months from 1 to 12, got "1:13"',
      '11 time_intervals[0].time_intervals[5].years[0]: expected a beginning that is not after the end, got "2026:2025"',
      '12 time_intervals[0].time_intervals[6].location: expected a time zone such as Europe/Paris, UTC or Local, got "Atlantis/Capital"',
    ],
  ])('%j', (text, ...expected) => {
    expect(problems(text)).toEqual(expected);
  });
});

describe('a plain list of receivers', () => {
  const simple = (text: string) =>
    parseSimpleConfiguration({ ...source(text), under: 'notification' }, new Recorder().registry, ['external_url']);

  it('gives each of them every alert, with what it says about groups', () => {
    const { configuration, problems: none } = simple(`
notification:
  external_url: http://x
  group_by: [alertname]
  group_wait: 1s
  receivers:
  - name: a
    webhook_configs: [{url: http://a}]
  - name: nobody
    group_by: ['...']
    repeat_interval: 5m
`);
    expect(none).toEqual([]);
    const taken = matchingRoutes(configuration!.route, Labels.from({ alertname: 'A' }));
    expect(taken).toMatchObject([
      { receiver: 'a', groupBy: ['alertname'], groupByAll: false, groupWait: 1000, repeatInterval: 14_400_000 },
      { receiver: 'nobody', groupByAll: true, groupWait: 1000, groupInterval: 300_000, repeatInterval: 300_000 },
    ]);
    expect(configuration!.receivers.map(({ name, integrations }) => [name, integrations.length])).toEqual([
      ['nobody_', 0],
      ['a', 1],
      ['nobody', 0],
    ]);
  });

  it('may be empty, and says what is wrong', () => {
    expect(simple('scrape_configs: []').configuration?.route.routes).toEqual([]);
    expect(simple('notification: {receivers: [{name: a, group_interval: 0s, x: 1}]}').problems).toHaveLength(2);
  });
});
