import { describe, expect, it } from 'vitest';
import { formatFileProblems } from '../yaml-reader.ts';
import { parseRuleFile } from './rule-file.ts';

const problemsOf = (text: string): string => formatFileProblems(parseRuleFile('r.yml', text).problems);

const rule = (...lines: string[]): string => {
  return [
    'groups:',
    '- name: g',
    '  rules:',
    ...lines.map((line, i) => (i === 0 ? `  - ${line}` : `    ${line}`)),
  ].join('\n');
};

describe('parseRuleFile', () => {
  it('reads groups and rules with all their fields', () => {
    const { groups, problems } = parseRuleFile(
      'r.yml',
      `groups:
- name: g
  interval: 1m30s
  limit: 7
  query_offset: 10s
  labels: { team: a }
  rules:
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 1h
    labels: { severity: 1 }
    annotations:
      summary: '{{ $labels.instance }} is down'
  - record: job:up:sum
    expr: |
      sum by (job) (up)
    labels: { x: "" }
- name: empty
`,
    );
    expect(problems).toEqual([]);
    expect(groups).toEqual([
      {
        name: 'g',
        file: 'r.yml',
        interval: 90_000,
        limit: 7,
        queryOffset: 10_000,
        labels: { team: 'a' },
        rules: [
          {
            kind: 'alerting',
            alert: 'Down',
            expr: 'up == 0',
            for: 300_000,
            keepFiringFor: 3_600_000,
            labels: { severity: '1' },
            annotations: { summary: '{{ $labels.instance }} is down' },
          },
          { kind: 'recording', record: 'job:up:sum', expr: 'sum by (job) (up)\n', labels: { x: '' } },
        ],
      },
      { name: 'empty', file: 'r.yml', interval: 0, limit: 0, queryOffset: undefined, labels: {}, rules: [] },
    ]);
  });

  it.each([
    [
      rule('alert: A', 'expr: up ==', 'for: 5'),
      'r.yml:6:10: groups[0].rules[0].for: expected a duration such as 30s, 5m or 1h30m, got "5"',
    ],
    [
      rule('alert: A', 'expr: up =='),
      'r.yml:5:11: groups[0].rules[0].expr: expected a PromQL expression, got one with an error at 1:6: parse error:',
    ],
    [
      rule('alert: A', 'expr: up', 'nope: 1'),
      'r.yml:6:5: groups[0].rules[0].nope: unknown key; expected one of alert, record',
    ],
    [
      rule('alert: A', 'record: b', 'expr: up'),
      'r.yml:4:5: groups[0].rules[0]: expected exactly one of alert and record, got both',
    ],
    [rule('expr: up'), 'expected exactly one of alert and record, got neither'],
    [rule('alert: A'), 'groups[0].rules[0].expr: expected a text that is not empty, got nothing'],
    [rule('record: b', 'expr: up', 'for: 5m'), 'r.yml:6:10: groups[0].rules[0].for: expected only in an alerting rule'],
    [rule('record: b', 'expr: up', 'annotations: {a: b}'), 'expected only in an alerting rule'],
    [rule('record: b{x="y"}', 'expr: up'), 'expected a metric name, without braces, got "b{x=\\"y\\"}"'],
    [
      rule('alert: A', 'expr: up', 'labels: {__name__: x}'),
      'groups[0].rules[0].labels.__name__: expected a label name',
    ],
    [
      rule('alert: A', 'expr: up', 'labels: {a: "{{ nope }}"}'),
      'expected a template, got one with an error at 1:4: function "nope" not defined',
    ],
    [
      rule('alert: A', 'expr: up', 'annotations: {a: "{{ if }}"}'),
      'expected a template, got one with an error at 1:7: missing value for if',
    ],
    [rule('alert: A', 'expr: up', 'labels: [a]'), 'expected a mapping, got a list'],
    [rule('alert: A', 'expr: [up]'), 'expected text, got a list'],
    [rule('alert: A', 'expr: up', 'expr: up'), 'r.yml:6:5: Map keys must be unique'],
    [
      'groups:\n- name: a\n- name: a\n',
      'r.yml:3:9: groups[1].name: expected a group name that is unique in the file, got "a" again',
    ],
    ['groups:\n- rules: []\n', 'groups[0].name: expected a text that is not empty'],
    [
      'groups:\n- name: a\n  limit: -1\n',
      'r.yml:3:10: groups[0].limit: expected a whole number, 0 for no limit, got "-1"',
    ],
    ['groups: {}\n', 'groups: expected a list, got a mapping'],
    ['- a\n', 'r.yml:1:1: expected a mapping, got a list'],
    ['group: []\n', 'r.yml:1:1: group: unknown key; expected one of groups'],
    ['groups: []\n---\ngroups: []\n', 'expected one YAML document, got 2'],
    ['groups: [\n', 'r.yml:2:1:'],
  ])('refuses %j', (text, message) => {
    expect(problemsOf(text)).toContain(message);
    expect(parseRuleFile('r.yml', text).groups).toEqual([]);
  });

  it('reports all problems at once, in the order of the file', () => {
    const { problems } = parseRuleFile('r.yml', rule('alert: A', 'expr: up ==', 'for: 5', 'labels: {a: "{{"}'));
    expect(problems.map(({ field }) => field)).toEqual([
      'groups[0].rules[0].expr',
      'groups[0].rules[0].for',
      'groups[0].rules[0].labels.a',
    ]);
  });

  it('takes an empty file for no groups', () => {
    expect(parseRuleFile('r.yml', '# nothing\n')).toEqual({ groups: [], problems: [] });
  });

  it('resolves aliases, but not without end', () => {
    const text = 'groups:\n- name: a\n  rules: &r\n  - {alert: A, expr: up}\n- name: b\n  rules: *r\n';
    expect(parseRuleFile('r.yml', text).groups.map(({ rules }) => rules.length)).toEqual([1, 1]);
    const bomb = `groups:\n- &g {name: a}\n${'- *g\n'.repeat(1001)}`;
    expect(problemsOf(bomb)).toContain('expected at most 1000 aliases');
  });

  it('reads the spec of a PrometheusRule object', () => {
    const head = 'apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: x}\nspec:\n';
    const body = 'groups:\n- name: a\n  rules: [{alert: A, expr: up}]\n'.replace(/^/gm, '  ');
    expect(parseRuleFile('r.yml', head + body).groups[0]?.rules).toHaveLength(1);
    expect(problemsOf(head.replace('PrometheusRule', 'Pod') + body)).toContain(
      'expected kind PrometheusRule, got "Pod"',
    );
  });
});
