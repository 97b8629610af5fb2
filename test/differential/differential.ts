/**
 * Random queries to Pharos and to Prometheus over the same data: `npm run differential -- --queries 5000 --seed 1`.
 * Prints the agreement by kind of query and every disagreement; exits 1 when there is one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from '../../bench/children.ts';
import { formatTable } from '../../cli/table.ts';
import { findPrometheus } from '../find-prometheus.ts';
import type { Answer } from './answer.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import { type Disagreement, runDifferential, UNDECIDED } from './run-differential.ts';

const { values } = parseArgs({
  options: { queries: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' } },
});
const queries = Number(values.queries);
const seed = Number(values.seed);
const program = findPrometheus(process.env);
if (!Number.isSafeInteger(queries) || queries < 1 || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run differential -- [--queries N] [--seed N]');
  process.exit(2);
}
if (program === undefined) {
  console.error('differential: no prometheus in PATH, and PHAROS_TEST_PROMETHEUS does not name one');
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'pharos-differential-'));
const children = new Children(directory);
try {
  const started = Date.now();
  const report = await runDifferential({ program, children, directory, queries, seed, onDisagreement: show });
  const rows = [...report.kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => {
      const agreed = count.asked - count.disagreed - count.known;
      return [kind, count.asked, agreed, count.errors, count.empty, count.known, count.disagreed].map(String);
    });
  const sums = [1, 2, 3, 4, 5, 6].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
  const header = ['kind', 'asked', 'agreed', 'of them errors', 'of them empty', 'known difference', 'disagreed'];
  console.log(formatTable(header, [...rows, ['all', ...sums.map(String)]]));
  for (const { name, reason } of [...KNOWN_DIFFERENCES, UNDECIDED]) {
    if (report.known.has(name)) console.log(`known: ${name} (${report.known.get(name)}): ${reason}`);
  }
  console.log(`seed ${seed}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  process.exitCode = report.disagreements.length === 0 ? 0 : 1;
} finally {
  await children.stopAll();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

function show({ query, number, features, why, shrunk, pharos, peer }: Disagreement): void {
  const { at } = query;
  const when = at.kind === 'instant' ? `time=${at.time}` : `start=${at.start} end=${at.end} step=${at.step}`;
  console.log(
    `seed ${seed}, query ${number}, ${query.kind}, ${features.includes('promql-delayed-name-removal') ? 'delayed' : 'plain'}`,
  );
  console.log(`  ${query.expr}\n  ${when}\n  shrunk: ${shrunk}\n  ${why}`);
  console.log(`  Pharos:     ${brief(pharos)}\n  Prometheus: ${brief(peer)}\n`);
}

function brief(answer: Answer): string {
  if (answer.error !== undefined) return `${answer.error.type}: ${answer.error.message}`;
  if (answer.string !== undefined) return answer.string;
  const shown = answer.series.slice(0, 4).map(({ key, values }) => `${key} ${values.slice(0, 4).join(' ')}`);
  const notes = [...answer.warnings, ...answer.infos].map((text) => ` [${text}]`).join('');
  return `${answer.series.length} series: ${shown.join('; ')}`.slice(0, 600) + notes;
}
