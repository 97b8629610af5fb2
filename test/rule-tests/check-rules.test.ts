import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRuleFile } from '../../alerting/rules/rule-file.ts';
import { findPromtools } from '../find-promtool.ts';

const [promtool] = findPromtools(process.env);

const group = (more: string): string => `groups: [{ name: g, rules: [{ record: a, expr: b }], ${more} }]`;
const alert = (more: string): string => `groups: [{ name: g, rules: [{ alert: A, expr: b, ${more} }] }]`;
const record = (more: string): string => `groups: [{ name: g, rules: [{ record: a, expr: b, ${more} }] }]`;

/** Rule files, and whether they are good for Prometheus 3.5. */
const FILES: readonly (readonly [what: string, file: string, good: boolean])[] = [
  ['nothing', '', true],
  ['no groups', 'groups: []', true],
  ['a group without rules', 'groups: [{ name: g }]', true],
  ['a group without a name', 'groups: [{ rules: [] }]', false],
  ['two groups of one name', 'groups: [{ name: g }, { name: g }]', false],
  ['an unknown key', 'grops: []', false],
  ['an unknown key of a group', group('intervall: 1m'), false],
  ['an unknown key of a rule', alert('fro: 1m'), false],
  ['an interval', group('interval: 1m30s'), true],
  ['an interval without a unit', group('interval: 90'), false],
  ['a negative interval', group('interval: -1m'), false],
  ['a limit', group('limit: 5'), true],
  ['a limit that is no number', group('limit: many'), false],
  ['an offset', group('query_offset: 30s'), true],
  ['labels of a group', group('labels: { team: x }'), true],
  ['a rule that is neither', 'groups: [{ name: g, rules: [{ expr: b }] }]', false],
  ['a rule that is both', 'groups: [{ name: g, rules: [{ record: a, alert: A, expr: b }] }]', false],
  ['a rule without an expression', 'groups: [{ name: g, rules: [{ alert: A }] }]', false],
  ['an expression that is a number', 'groups: [{ name: g, rules: [{ record: a, expr: 1 }] }]', true],
  ['an expression that is none', 'groups: [{ name: g, rules: [{ record: a, expr: "sum(" }] }]', false],
  ['an expression of a wrong type', 'groups: [{ name: g, rules: [{ record: a, expr: "sum(1)" }] }]', false],
  ['a range vector', 'groups: [{ name: g, rules: [{ record: a, expr: "b[5m]" }] }]', true],
  ['a recording rule with for', record('for: 1m'), false],
  ['a recording rule with keep_firing_for', record('keep_firing_for: 1m'), false],
  ['a recording rule with annotations', record('annotations: { a: b }'), false],
  ['a recording rule with what says nothing', record('for: 0s, keep_firing_for: , annotations: {}'), true],
  ['a record with braces', 'groups: [{ name: g, rules: [{ record: "a{b=\\"c\\"}", expr: b }] }]', false],
  ['a record with other characters', 'groups: [{ name: g, rules: [{ record: "a.b c", expr: b }] }]', true],
  ['for and keep_firing_for', alert('for: 1m, keep_firing_for: 1h'), true],
  ['a for without a unit', alert('for: 5'), false],
  ['a label named __name__', alert('labels: { __name__: x }'), false],
  ['a label with other characters', alert('labels: { "a.b": x }'), true],
  ['a label without a name', alert('labels: { "": x }'), false],
  ['a label that is a number', alert('labels: { a: 1 }'), true],
  ['a label that is null', alert('labels: { a: }'), true],
  ['a label that is a list', alert('labels: { a: [1] }'), false],
  ['a template that is none', alert('annotations: { a: "{{ $nope }}" }'), false],
  ['a template with an unknown function', alert('labels: { a: "{{ nope 1 }}" }'), false],
  ['a template in a recording rule, which is text', record('labels: { a: "{{ nope" }'), true],
  ['an annotation with other characters', alert('annotations: { "a.b": x }'), true],
  ['a repeated key', 'groups: [{ name: g, name: h }]', false],
  ['no mapping', 'just text', false],
  ['groups that are text', 'groups: text', false],
  ['no YAML', 'groups: [', false],
  ['several rules wrong', 'groups: [{ name: g, rules: [{ alert: A, expr: "(" }, { record: a, expr: ")" }] }]', false],
];

describe('checking rules', () => {
  test.each(FILES)('%s', (_, file, good) => {
    expect(parseRuleFile('f.yml', file).problems.length === 0).toBe(good);
  });

  test.skipIf(promtool === undefined)(
    'promtool 3 says the same (skipped without it: PHAROS_PROMTOOL)',
    async ({ skip }) => {
      const version = await outputOf('--version');
      // Older ones do not know labels and offsets of groups.
      skip(!/version 3\./.test(version), version.split('\n')[0]);
      const directory = await mkdtemp(path.join(os.tmpdir(), 'pharos-check-rules-'));
      const differing: string[] = [];
      for (const [what, text, good] of FILES) {
        const file = path.join(directory, 'rules.yml');
        await writeFile(file, text);
        const code = await new Promise((resolve) => {
          execFile(promtool!, ['check', 'rules', '--lint=none', file], { timeout: 20_000 }, (error) => {
            resolve(error === null ? 0 : error.code);
          });
        });
        if ((code === 0) !== good) differing.push(what);
      }
      await rm(directory, { recursive: true });
      expect(differing).toEqual([]);
    },
    60_000,
  );
});

function outputOf(...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(promtool!, args, { timeout: 20_000 }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}
