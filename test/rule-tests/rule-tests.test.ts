import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { testRules } from '../../cli/test-rules-command.ts';
import { findPromtools } from '../find-promtool.ts';

/**
 * The files in `files` say in their first lines what must become of them:
 *
 *     # verdict: pass | fail
 *     # says: a text that stands in what is printed of a failure, as YAML writes it
 *     # promtool: the first version that knows all that is in the file, `none` when no released one does, with `differs` behind it
 *                 when its verdict is another; default: any
 */
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, 'files');
const names = (await readdir(folder)).filter((name) => /\.(yml|broken)$/.test(name)).sort();
const promtools = findPromtools(process.env);
const corpus = path.join(here, '../../../shared/corpus/kube-prometheus/rules');
const execute = promisify(execFile);

interface Directions {
  readonly verdict: 'pass' | 'fail';
  readonly says: string | undefined;
  readonly promtool: string;
}

async function directionsOf(name: string): Promise<Directions> {
  const text = await readFile(path.join(folder, name), 'utf8');
  const lines = /^(?:# (?:verdict|says|promtool): .*\n)*/.exec(text)![0].replace(/^# /gm, '');
  const { verdict, says, promtool: version = 'any' } = parse(lines) as Record<string, unknown>;
  if (verdict !== 'pass' && verdict !== 'fail') throw new Error(`${name} does not say its verdict`);
  return { verdict, says: says === undefined ? undefined : String(says), promtool: String(version) };
}

async function run(file: string, options: Partial<Parameters<typeof testRules>[1]> = {}) {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const code = await testRules([file], { features: new Set(), out: say, err: say, ...options });
  return { code, text: lines.join('\n') };
}

describe('tests of rules', () => {
  test.each(names)('%s', async (name) => {
    const { verdict, says } = await directionsOf(name);
    const { code, text } = await run(path.join(folder, name));
    expect({ code, text }).toEqual({ code: verdict === 'pass' ? 0 : 1, text });
    if (says !== undefined) expect(text).toContain(says);
    else expect(verdict).toBe('pass');
  });
});

describe.skipIf(promtools.length === 0)('promtool (skipped without it: PHAROS_PROMTOOL)', () => {
  test.each(promtools)(
    '%s gives the same verdict on each file that it knows',
    { timeout: 60_000 },
    async (promtool) => {
      const { stdout, stderr } = await execute(promtool, ['--version'], { timeout: 10_000 });
      const version = /version (\d+\.\d+)/.exec(stdout + stderr)![1]!;
      const verdicts = await Promise.all(
        names.map(async (name) => {
          const { verdict, promtool: wanted } = await directionsOf(name);
          if (wanted === 'none' || (wanted !== 'any' && isOlder(version, wanted))) return undefined;
          const got = await verdictOf(promtool, path.join(folder, name));
          // A known difference that is none any more must not stay listed.
          return { name, wanted: wanted.endsWith('differs') ? other(verdict) : verdict, got };
        }),
      );
      const known = verdicts.filter((one) => one !== undefined);
      expect(known.length).toBeGreaterThan(30);
      expect(known.filter(({ wanted, got }) => wanted !== got)).toEqual([]);
    },
  );
});

describe.skipIf(!existsSync(corpus))(
  'tests of the rules of kube-prometheus (skipped without ../shared/corpus)',
  async () => {
    const kube = path.join(here, 'kube-prometheus');
    const files = (await readdir(kube)).sort();
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'pharos-rule-tests-'));
    afterAll(() => rm(scratch, { recursive: true }));

    test.each(files)('%s', async (name) => {
      const { code, text } = await run(path.join(kube, name));
      expect({ code, text }).toEqual({ code: 0, text });
    });

    test.skipIf(promtools.length === 0).each(files)(
      '%s under promtool (skipped without it: PHAROS_PROMTOOL)',
      async (name) => {
        const text = await readFile(path.join(kube, name), 'utf8');
        // It reads rule files only, not the objects that hold them.
        for (const [file] of text.matchAll(/\S+\.yaml/g)) {
          const { spec } = parse(await readFile(path.join(kube, file), 'utf8'));
          await writeFile(path.join(scratch, path.basename(file).replace(/\W+$/, '')), stringify(spec));
        }
        await writeFile(path.join(scratch, name), text.replace(/\S+\/(\S+\.yaml)/g, '$1'));
        for (const promtool of promtools) {
          expect(`${promtool}: ${await verdictOf(promtool, path.join(scratch, name))}`).toBe(`${promtool}: pass`);
        }
      },
    );
  },
);

describe('pharos test rules', () => {
  const file = path.join(folder, 'for.yml');

  test('runs only the tests that are asked for', async () => {
    expect(await run(file, { run: [/^fires/] })).toEqual({ code: 0, text: `${file}: good: 1 test` });
    expect(await run(path.join(folder, 'wrong-label.yml'), { run: [/nothing/] })).toMatchObject({ code: 0 });
  });

  test('writes a report', async () => {
    const junit = path.join(await mkdtemp(path.join(os.tmpdir(), 'pharos-junit-')), 'report.xml');
    await run(path.join(folder, 'fires-unexpectedly.yml'), { junit });
    const report = await readFile(junit, 'utf8');
    await rm(path.dirname(junit), { recursive: true });
    expect(report).toContain('tests="1" failures="1" errors="0"');
    expect(report).toContain('annotation summary: &quot;a is down&quot;');
  });

  test('shows with --diff what is equal too', async () => {
    const name = path.join(folder, 'wrong-annotation.yml');
    const one = (text: string) =>
      text
        .split('\n')
        .slice(3)
        .map((line) => line.slice(6))
        .join('\n');
    expect(one((await run(name)).text)).toBe(`expected 1, got 1
~ {alertname="Down", instance="a", severity="page"}
-   annotation summary: "a is up"
+   annotation summary: "a is down"`);
    const two = path.join(folder, 'not-fuzzy.yml');
    expect((await run(two)).text).not.toContain('share 1');
    expect((await run(two, { diff: true })).text).toContain('+ share 0.30000000000000004');
  });

  test('shows with --debug every sample', async () => {
    const { text } = await run(path.join(folder, 'chain.yml'), { debug: true });
    expect(text).toContain('job:requests:rate2m{job="j", level="job"} 5.5@1m 11@2m');
  });
});

function other(verdict: 'pass' | 'fail'): 'pass' | 'fail' {
  return verdict === 'pass' ? 'fail' : 'pass';
}

async function verdictOf(promtool: string, file: string): Promise<'pass' | 'fail'> {
  return execute(promtool, ['test', 'rules', file], { timeout: 30_000 }).then(
    () => 'pass',
    (error: { readonly code?: unknown; readonly message: string }) => {
      if (error.code !== 1) throw new Error(`promtool gave no verdict on ${file}: ${error.message}`);
      return 'fail';
    },
  );
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(/[. ]/).map(Number));
  return a![0]! < b![0]! || (a![0] === b![0] && a![1]! < b![1]!);
}
