import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Every folder that holds code, with the folders of ours that it may import from (itself is always allowed). */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  clock: [],
  storage: [],
  'query/promql': ['query/query-result.ts', 'storage'],
  'query/plan': ['query/promql', 'query/query-result.ts', 'storage'],
  'query/execution': ['query/plan', 'query/promql', 'query/matrix-join.ts', 'query/query-result.ts', 'storage'],
  'query/api': ['query/promql', 'query/query-result.ts', 'query/engine.ts', 'storage'],
  'query/cache': ['query/plan', 'query/matrix-join.ts', 'query/query-result.ts', 'storage'],
  'query/inventory': ['query/promql', 'query/query-result.ts', 'storage'],
  'query/workers': ['query/api', 'query/query-result.ts', 'storage'],
  query: ['storage'],
  collector: ['clock', 'storage'],
  'alerting/template': ['alerting', 'clock', 'query/promql', 'storage'],
  'alerting/rules': ['alerting', 'clock', 'query/promql', 'query/query-result.ts', 'storage'],
  'alerting/notify': ['alerting', 'clock', 'storage'],
  'alerting/policies': ['alerting', 'clock', 'storage'],
  'alerting/silences': ['alerting', 'clock', 'storage'],
  'alerting/api': ['alerting', 'clock', 'storage'],
  'alerting/autoscaling': ['alerting', 'clock', 'query/promql', 'storage'],
  alerting: ['clock', 'query/promql', 'storage'],
  simulator: [],
  dashboards: [],
  cli: ['clock', 'storage', 'collector', 'query', 'alerting', 'simulator'],
  bench: ['clock', 'storage', 'collector', 'query', 'alerting', 'simulator', 'cli', 'test'],
  test: ['clock', 'storage', 'collector', 'query', 'alerting', 'simulator', 'dashboards', 'cli', 'bench'],
};

/** Siblings below alerting/ that must not know each other. */
const STRANGERS = [
  'alerting/rules',
  'alerting/policies',
  'alerting/notify',
  'alerting/silences',
  'alerting/autoscaling',
];

/** Packages that only some files may know. */
const RESERVED: readonly { readonly what: RegExp; readonly by: RegExp }[] = [
  {
    what: /^fastify$|^@fastify\//,
    by: /^query\/api\/|^alerting\/api\/.*\.test\.ts$|\/server(\.test)?\.ts$|^test\/|^bench\//,
  },
  { what: /^chdb|^@clickhouse\//, by: /^storage\/clickhouse\/|^bench\/|^test\// },
  { what: /^commander$/, by: /^cli\/|^bench\// },
  { what: /^@grafana\//, by: /^dashboards\// },
];

const FORBIDDEN_NAMES = /^(utils?|helpers?|common|types|core)(\.ts)?$/;

interface Import {
  readonly file: string;
  readonly line: number;
  readonly target: string;
}

function sourceFiles(directory: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(path.join(root, directory), { withFileTypes: true })) {
    const relative = path.posix.join(directory, entry.name);
    if (entry.isDirectory()) found.push(...sourceFiles(relative));
    else if (entry.name.endsWith('.ts')) found.push(relative);
  }
  return found;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|(?:^|\n)\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;
  for (const match of text.matchAll(pattern)) {
    const specifier = match[1] ?? match[2] ?? match[3]!;
    const target = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
    found.push({ file, line: text.slice(0, match.index + match[0].length).split('\n').length, target });
  }
  return found;
}

const folders = Object.keys(ARROWS);
/** The deepest folder of the table that contains the file. */
const folderOf = (file: string): string | undefined =>
  folders.filter((folder) => file.startsWith(folder + '/')).sort((a, b) => b.length - a.length)[0];
const within = (file: string, place: string): boolean => file === place || file.startsWith(place + '/');
const isTest = (file: string): boolean => /\.(test|case)\.ts$/.test(file);

const topLevel = [...new Set(folders.map((folder) => folder.split('/')[0]!))];
const files = topLevel.flatMap((folder) => sourceFiles(folder));
const imports = files.flatMap(importsOf);

describe('architecture', () => {
  it('reads the whole tree', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('imports only along the arrows', () => {
    const wrong: string[] = [];
    for (const { file, line, target } of imports) {
      if (!target.includes('/') || !topLevel.includes(target.split('/')[0]!) || !target.endsWith('.ts')) continue;
      const from = folderOf(file)!;
      const strangers = STRANGERS.find((s) => within(file, s)) !== STRANGERS.find((s) => within(target, s));
      const forbiddenSibling =
        strangers && STRANGERS.some((s) => within(file, s)) && STRANGERS.some((s) => within(target, s));
      const allowed =
        folderOf(target) === from ||
        within(target, from) ||
        ARROWS[from]!.some((place) => within(target, place)) ||
        // A test may use the reference store, the simulated cluster, another part of its own box or the test's own scripts.
        (isTest(file) && (/^(storage|simulator)\//.test(target) || target.startsWith(file.split('/')[0]! + '/')));
      if (!allowed || forbiddenSibling) wrong.push(`${file}:${line} imports ${target}`);
    }
    expect(wrong).toEqual([]);
  });

  it('keeps packages where they belong', () => {
    const wrong = imports
      .filter(({ file, target }) => RESERVED.some(({ what, by }) => what.test(target) && !by.test(file)))
      .map(({ file, line, target }) => `${file}:${line} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  it('reads argv and the environment only in cli', () => {
    const wrong = files.filter(
      (file) =>
        !/^(cli|bench|test)\//.test(file) &&
        !isTest(file) &&
        /\bprocess\.(argv|env)\b/.test(readFileSync(path.join(root, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('has no catch-all folders or files', () => {
    const wrong = files.filter((file) => file.split('/').some((part) => FORBIDDEN_NAMES.test(part)));
    expect(wrong).toEqual([]);
  });
});
