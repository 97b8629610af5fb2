import { expect, it } from 'vitest';
import { describeDuplicate, duplicateRules } from './duplicate-rules.ts';
import { parseRuleFile } from './rule-file.ts';

it('finds rules with name and labels in common, those of their group included', () => {
  const { groups } = parseRuleFile(
    'f.yml',
    `
groups:
  - name: a
    labels: { team: x }
    rules:
      - { record: 'job:up', expr: up }
      - { alert: A, expr: up, labels: { severity: page } }
      - { alert: A, expr: up, labels: { severity: info } }
      - { record: A, expr: up, labels: { severity: page } }
      - { alert: A, expr: 'up == 0', labels: { severity: info } }
  - name: b
    rules:
      - { record: 'job:up', expr: up }
      - { record: 'job:up', expr: up, labels: { team: x } }
`,
  );
  expect(duplicateRules(groups).map(describeDuplicate)).toEqual([
    'alert A of group a: group a has it twice with the same labels',
    'record job:up of group b: group a has one with the same labels',
  ]);
});
