import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { POLICY_EXAMPLES } from '../alerting/policies/policy-examples.ts';
import { parsePolicyFile } from '../alerting/policies/policy-file.ts';
import { checkPolicies } from './check-policies.ts';
import { loadPolicies } from './load-policies.ts';
import { policyCatalogue } from './policy-catalogue.ts';

const catalogue = policyCatalogue();

describe('the examples of the reference', () => {
  it.each(POLICY_EXAMPLES)('$title', ({ yaml }) => {
    const { policies, problems } = parsePolicyFile('example.yml', `policies:${yaml}`, { catalogue });
    expect(problems).toEqual([]);
    expect(policies).toHaveLength(1);
    const [policy] = policies;
    for (const { metric } of policy!.conditions) expect(catalogue.has(policy!.level, metric)).toBe(true);
  });

  it('are good as they stand in the reference, the manifest too', async () => {
    const page = await readFile(path.join(import.meta.dirname, '..', 'docs', 'policies.md'), 'utf8');
    const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block!);
    expect(blocks).toHaveLength(11);
    for (const block of blocks) {
      const { policies, problems } = parsePolicyFile('policies.md', block, { catalogue });
      expect(problems).toEqual([]);
      expect(policies).toHaveLength(1);
    }
  });

  it('are ten, with ids of their own', () => {
    const all = parsePolicyFile('all.yml', `policies:${POLICY_EXAMPLES.map(({ yaml }) => yaml).join('')}`, {
      catalogue,
    });
    expect(all.problems).toEqual([]);
    expect(all.policies.length).toBe(10);
  });
});

describe('files of policies', () => {
  let directory = '';
  const write = async (texts: Readonly<Record<string, string>>): Promise<string[]> => {
    directory = await mkdtemp(path.join(tmpdir(), 'pharos-policies-'));
    const names = Object.keys(texts).map((name) => path.join(directory, name));
    await Promise.all(names.map((name) => writeFile(name, texts[path.basename(name)]!)));
    return names;
  };
  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(directory, { recursive: true, force: true });
  });
  const [first, second] = POLICY_EXAMPLES.map(({ yaml }) => `policies:${yaml}`) as [string, string];

  it('are checked, all of them', async () => {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line.replaceAll(`${directory}/`, ''));
    vi.spyOn(console, 'log').mockImplementation(print);
    vi.spyOn(console, 'error').mockImplementation(print);
    const files = await write({
      'a.yml': first,
      'b.yml': second.replace('statistic: sum', 'statistic: total'),
      'c.yml': first,
    });
    expect(await checkPolicies(files.slice(0, 1))).toBe(0);
    expect(await checkPolicies(files)).toBe(1);
    expect(lines).toEqual([
      'a.yml: good: 1 policy',
      'a.yml: good: 1 policy',
      'b.yml:8:7: policies[0].conditions[0].statistic: expected one of avg, min, max, sum, last, got "total"',
      'b.yml: 1 error',
      'c.yml:2: expected an id that no other policy has, got "pod-cpu-over-request", which is that of a.yml:2',
      'c.yml: 1 error',
    ]);
  });

  it('are loaded with those of the configuration, or not at all', async () => {
    await write({ 'a.yml': first, 'b.yml': second });
    const config = { name: 'pharos.yml', text: `global: {}\n${POLICY_EXAMPLES[2]!.yaml.replace('\n', 'policies:\n')}` };
    const patterns = [path.join(directory, '*.yml')];
    const policies = await loadPolicies({ config, patterns }, { catalogue, receivers: ['on-call', 'platform'] });
    expect(policies.map(({ id }) => id)).toEqual(['node-not-ready', 'pod-cpu-over-request', 'pod-restarts']);
    expect(policies[0]!.source).toBe('pharos.yml:3');
    await expect(loadPolicies({ config, patterns }, { catalogue, receivers: ['on-call'] })).rejects.toThrow(
      /^\S+b\.yml:12:17: policies\[0\]\.notice\.receivers\[0\]: expected the name of a receiver, got "platform"$/,
    );
    await expect(loadPolicies({ config: { ...config, text: first }, patterns }, { catalogue })).rejects.toThrow(
      /a\.yml:2: expected an id that no other policy has, got "pod-cpu-over-request", which is that of pharos\.yml:2/,
    );
  });
});
