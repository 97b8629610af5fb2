import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Labels } from '../../storage/labels.ts';
import { Template } from '../template/template.ts';
import { parseRuleFile } from './rule-file.ts';

const folder = fileURLToPath(new URL('../../../shared/corpus/kube-prometheus/rules/', import.meta.url));
const present = existsSync(folder);
const files = present ? readdirSync(folder).filter((name) => name.endsWith('.yaml')) : [];

describe.skipIf(!present)('the rules of kube-prometheus (skipped without ../shared/corpus)', () => {
  test('are there', () => expect(files.length).toBeGreaterThan(0));

  for (const file of files) {
    test(`${file} parses and its templates expand`, async () => {
      const { spec } = parse(readFileSync(folder + file, 'utf8'));
      const { groups, problems } = parseRuleFile(file, JSON.stringify(spec));
      expect(problems).toEqual([]);
      const labels = Labels.from({ instance: 'a:9100', namespace: 'n', pod: 'p', device: 'sda' });
      const data = { labels, value: 0.25, externalLabels: Labels.EMPTY, externalUrl: 'http://pharos', now: 1e12 };
      for (const rule of groups.flatMap((group) => group.rules)) {
        if (rule.kind !== 'alerting') continue;
        for (const text of [...Object.values(rule.labels), ...Object.values(rule.annotations)]) {
          const expanded = await new Template(text).expand(data, async () => [{ labels, value: 1 }]);
          expect(expanded).not.toMatch(/\{\{|<no value>/);
        }
      }
    });
  }
});
