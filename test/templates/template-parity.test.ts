import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseRuleFile } from '../../alerting/rules/rule-file.ts';
import { alertTemplateError } from '../../alerting/template/alert-template-error.ts';
import { Template, type TemplateData, type TemplateQuery } from '../../alerting/template/template.ts';
import { Labels } from '../../storage/labels.ts';
import { findPrometheus } from '../find-prometheus.ts';
import { findPromtools } from '../find-promtool.ts';
import { prometheusRenders } from './prometheus-renders.ts';
import { KNOWN_DIFFERENCES, NO_TEMPLATES, TEMPLATES } from './template-cases.ts';

const prometheus = findPrometheus(process.env);
const [promtool] = findPromtools(process.env);
const corpus = fileURLToPath(new URL('../../../shared/corpus/kube-prometheus/rules/', import.meta.url));

const about = (labels: Readonly<Record<string, string>>, value: number): TemplateData => ({
  labels: Labels.from(labels),
  value,
  externalLabels: Labels.from({ cluster: 'c1' }),
  externalUrl: 'http://ext:9090/p',
  now: 1_700_000_000_000,
});
/** What the templates of TEMPLATES, and those of the corpus, are about. */
const DATA = {
  m: about({ __name__: 'm', instance: 'h1:9100', job: 'node', path: '/a b' }, 1_234_567.5),
  n: about({ __name__: 'n', instance: 'h1:9100', namespace: 'ns', pod: 'p', device: 'sda', cluster: 'k' }, 0.25),
};
const q1 = { labels: Labels.from({ __name__: 'q', a: '1', host: 'web-9' }), value: 2 };
const q2 = { labels: Labels.from({ __name__: 'q', a: '2', host: 'web-10' }), value: 1 };
const query: TemplateQuery = async (expr) => {
  if (expr === 'q') return [q1, q2];
  if (expr === "q{a='1'}") return [q1];
  if (expr === 'sum(') throw new Error('1:5: parse error: unclosed left parenthesis');
  return [];
};

interface Case {
  readonly template: string;
  readonly expr: keyof typeof DATA;
}

const cases: readonly Case[] = Object.values(TEMPLATES)
  .flatMap((group) => Object.keys(group))
  .map((template) => ({ template, expr: 'm' }));

/** What stands in the alert in the end. */
async function shown({ template, expr }: Case, alert: string): Promise<string> {
  try {
    return await new Template(template).expand(DATA[expr], query);
  } catch (error) {
    return alertTemplateError(error, { alert, source: template });
  }
}

/** A rule that gives the sample. */
function ruleOf({ labels, value }: { readonly labels: Labels; readonly value: number }) {
  let expr = `vector(${value})`;
  for (const [name, text] of labels) {
    if (name !== '__name__') expr = `label_replace(${expr}, "${name}", "${text}", "", "")`;
  }
  return { record: labels.metric, expr };
}

describe.each(Object.entries(TEMPLATES))('templates of %s', (_, group) => {
  test.each(Object.entries(group))('%j', async (template, text) => {
    const is = await shown({ template, expr: 'm' }, 'A');
    if (KNOWN_DIFFERENCES.has(template)) expect(is).not.toBe(text);
    else expect(is).toBe(text);
  });
});

test('there are enough of them', () => expect(cases.length).toBeGreaterThan(100));

describe('texts that are no templates', () => {
  test.each(NO_TEMPLATES)('%j', (text) => expect(() => new Template(text)).toThrow());

  test.skipIf(promtool === undefined)(
    'are none for promtool either (skipped without it: PHAROS_PROMTOOL)',
    async () => {
      const directory = await mkdtemp(path.join(os.tmpdir(), 'pharos-templates-'));
      const file = path.join(directory, 'rules.yml');
      const rules = NO_TEMPLATES.map((t, i) => ({ alert: `N${i}`, expr: 'm', annotations: { t } }));
      await writeFile(file, JSON.stringify({ groups: [{ name: 'g', rules }] }));
      const output = await new Promise<string>((resolve) => {
        execFile(promtool!, ['check', 'rules', file], { timeout: 20_000 }, (_, stdout, stderr) =>
          resolve(stdout + stderr),
        );
      });
      await rm(directory, { recursive: true });
      expect(NO_TEMPLATES.filter((_, i) => !output.includes(`template: __alert_N${i}:`))).toEqual([]);
    },
  );
});

test.skipIf(prometheus === undefined)(
  'Prometheus shows the same, of the templates of kube-prometheus too (skipped without it: PHAROS_TEST_PROMETHEUS)',
  { timeout: 90_000 },
  async () => {
    const all = [...cases, ...corpusCases()];
    const expected = await prometheusRenders(prometheus!, {
      cases: all,
      samples: [DATA.m, DATA.n, q1, q2].map(ruleOf),
    });
    const differing: { template: string; prometheus: string; pharos: string }[] = [];
    for (const [i, one] of all.entries()) {
      const text = await shown(one, `T${i}`);
      if (text !== expected[i]) differing.push({ template: one.template, prometheus: expected[i]!, pharos: text });
    }
    expect(differing.filter(({ template }) => !KNOWN_DIFFERENCES.has(template))).toEqual([]);
    // One that is none any more must not stay listed.
    expect(differing.map(({ template }) => template).sort()).toEqual([...KNOWN_DIFFERENCES.keys()].sort());
  },
);

/** Every template in the labels and annotations of the rules that users bring along. */
function corpusCases(): Case[] {
  const templates = new Set<string>();
  for (const name of existsSync(corpus) ? readdirSync(corpus) : []) {
    const { spec } = parse(readFileSync(corpus + name, 'utf8'));
    for (const rule of parseRuleFile(name, JSON.stringify(spec)).groups.flatMap(({ rules }) => rules)) {
      if (rule.kind !== 'alerting') continue;
      for (const text of [...Object.values(rule.labels), ...Object.values(rule.annotations)]) {
        if (text.includes('{{')) templates.add(text);
      }
    }
  }
  return [...templates].map((template) => ({ template, expr: 'n' }));
}
