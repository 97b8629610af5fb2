import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkConfig, checkRules } from './check-command.ts';

const directory = await mkdtemp(path.join(os.tmpdir(), 'pharos-check-'));
const file = path.join(directory, 'rules.yml');
const printed: string[] = [];
const print = (line: unknown) => void printed.push(String(line).replaceAll(file, 'rules.yml'));
vi.spyOn(console, 'log').mockImplementation(print);
vi.spyOn(console, 'error').mockImplementation(print);
afterEach(async () => {
  printed.length = 0;
  await rm(file, { force: true });
});

async function check(
  text: string,
  options?: Parameters<typeof checkRules>[2],
): Promise<{ code: number; text: string[] }> {
  printed.length = 0;
  await writeFile(file, text);
  return { code: await checkRules([file], new Set(), options), text: [...printed] };
}

const TWICE = 'groups: [{ name: g, rules: [{ record: x, expr: up }, { record: x, expr: up }] }]';
const WARNING = 'rules.yml: warning: record x of group g: group g has it twice with the same labels';
const GOOD = 'rules.yml: good: 1 group, 2 rules';

test('rules with the same name and labels are warned of, and fatal only when asked for', async () => {
  expect(await check(TWICE)).toEqual({ code: 0, text: [WARNING, GOOD] });
  expect(await check(TWICE, { lintFatal: true })).toEqual({ code: 3, text: [WARNING, GOOD] });
  expect(await check(TWICE, { lint: 'none', lintFatal: true })).toEqual({ code: 0, text: [GOOD] });
});

test('a mistake is named by line', async () => {
  const { code, text } = await check('groups:\n  - name: g\n    rules:\n      - record: x\n        expr: sum(\n');
  expect(code).toBe(1);
  expect(text).toEqual([
    expect.stringMatching(/^rules\.yml:5:15: groups\[0\]\.rules\[0\]\.expr: expected a PromQL expression/),
    'rules.yml: 1 error',
  ]);
});

test('a file that is not there is named, and the others are checked', async () => {
  await writeFile(file, TWICE);
  expect(await checkRules([`${file}.not`, file], new Set(), { lint: 'none' })).toBe(1);
  expect(printed).toEqual(['rules.yml.not: cannot read it: no such file or directory', GOOD]);
});

describe('a configuration', () => {
  const POLICY = 'level: node, conditions: [{ metric: k8s_node_mem_usage, operator: gt, threshold: 90 }]';
  const config = (receiver: string) => `
policies: [{ id: a, name: A, ${POLICY}, notice: { receivers: [${receiver}] } }]
notification: { receivers: [{ name: ops, webhook_configs: [{ url: 'http://127.0.0.1:1/' }] }] }
`;
  const checked = async (text: string) => {
    await writeFile(file, text);
    return { code: await checkConfig(file, new Set()), text: [...printed] };
  };

  test('is good with its policies and receivers', async () => {
    const text = ['rules.yml: good: 0 scrape jobs, 1 receiver, 1 policy'];
    expect(await checked(config('ops'))).toEqual({ code: 0, text });
  });

  test('is not good when its policies are not', async () => {
    const { code, text } = await checked(config('opps'));
    expect(code).toBe(1);
    expect(text).toEqual([
      expect.stringMatching(
        /^rules\.yml:2:\d+: policies\[0\]\.notice\.receivers\[0\]: .* got "opps"; did you mean "ops"\?$/,
      ),
      'rules.yml: its policies or whom it tells are wrong',
    ]);
  });

  const metric = (expr: string) => `autoscaling: {metrics: [{name: depth, type: External, expr: '${expr}'}]}\n`;

  test('is good with its metrics for autoscalers', async () => {
    const text = ['rules.yml: good: 0 scrape jobs, 1 metric for autoscalers'];
    expect(await checked(metric('sum(queue_depth{$selector})'))).toEqual({ code: 0, text });
  });

  test('is not good when a metric for autoscalers is not', async () => {
    const { code, text } = await checked(metric('sum(queue_depth{$selector'));
    expect(code).toBe(1);
    expect(text).toEqual([
      expect.stringMatching(/^rules\.yml:1:\d+: autoscaling\.metrics\[0\]\.expr: /),
      'rules.yml: its metrics for autoscalers are wrong',
    ]);
  });
});
