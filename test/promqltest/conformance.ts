/**
 * Prometheus' own scripts against the engine, on the in-memory store and on embedded ClickHouse:
 *
 *     npm run conformance -- [--store memory|clickhouse] [DIRECTORY]
 *
 * Prints what passed and what was skipped, by file and reason, and every failure. Exits 1 when an eval fails that is no known
 * gap, or a known gap is closed.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/table.ts';
import { openClickHouseTargets } from './clickhouse-target.ts';
import { CORPUS, corpusEngine, runFile, scriptsIn } from './corpus.ts';
import { memoryTarget } from './memory-target.ts';
import type { TargetFactory } from './run-script.ts';
import type { Unstored } from './unstored-data.ts';

const STORES = ['memory', 'clickhouse'] as const;
const REASONS: readonly Unstored[] = ['native histograms', 'start timestamps'];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { store: { type: 'string' } } });
const directory = path.resolve(positionals[0] ?? CORPUS);
const stores = STORES.filter((store) => values.store === undefined || values.store === store);
const files = scriptsIn(directory);
if (stores.length === 0 || positionals.length > 1) {
  console.error('usage: npm run conformance -- [--store memory|clickhouse] [DIRECTORY]');
  process.exit(2);
}
if (files.length === 0) {
  console.error(`conformance: there are no scripts in ${directory}`);
  process.exit(2);
}

for (const store of stores) {
  const { newTarget, close } = await openStore(store);
  try {
    if (!(await runAll(store, newTarget))) process.exitCode = 1;
  } finally {
    await close();
  }
}

async function openStore(
  store: (typeof STORES)[number],
): Promise<{ newTarget: TargetFactory; close: () => Promise<void> }> {
  if (store === 'clickhouse') return openClickHouseTargets(corpusEngine);
  return { newTarget: memoryTarget(corpusEngine), close: async () => {} };
}

/** True when everything is as it should be. */
async function runAll(store: string, newTarget: TargetFactory): Promise<boolean> {
  const rows: (readonly [string, ...number[]])[] = [];
  const failures: string[] = [];
  const started = performance.now();
  for (const file of files) {
    const before = performance.now();
    const found = await runFile(directory, file, newTarget);
    failures.push(...found.failures);
    const skipped = REASONS.map((reason) => found.skipped.get(reason) ?? 0);
    rows.push([file, found.passed, found.failures.length, ...skipped, Math.round(performance.now() - before)]);
  }
  const columns = ['passed', 'failed', ...REASONS.map((reason) => `skipped: ${reason}`)];
  const sums = columns.map((_, i) => rows.reduce((sum, row) => sum + (row[i + 1] as number), 0));
  rows.push(['all', ...sums, Math.round(performance.now() - started)]);
  console.log(
    formatTable(
      [store, ...columns, 'ms'],
      rows.map((row) => row.map(String)),
    ),
  );
  for (const failure of failures) console.log(failure);
  console.log('');
  return failures.length === 0;
}
