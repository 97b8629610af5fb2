/**
 * What the rules that most clusters run find on a running server, to be run by hand after a build:
 *
 *     node dist/test/kubernetes/corpus-report.js --url http://127.0.0.1:9090 [--rules FOLDER] [--write-rules FILE]
 *
 * Asks every alert's and record's expression, and of each that has no answer tells why: which selector has no series, or that
 * all have some and only the condition does not hold. `--write-rules` writes the rules as one file for `rule_files`, so that
 * what is built on recorded series has an answer too. Exits 1 when an expression does not parse or fails.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { formatTable } from '../../cli/table.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { findCorpus } from './find-corpus.ts';
import { CONDITION_DOES_NOT_HOLD, whySilent } from './why-silent.ts';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string | number;
}

interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    rules: { type: 'string', default: '' },
    'write-rules': { type: 'string' },
  },
});

function rulesFolder(): string {
  const found = values.rules === '' ? findCorpus('rules') : values.rules;
  if (found === undefined)
    throw new Error('no folder shared/corpus/kube-prometheus/rules above this program; name one with --rules');
  return found;
}

function readGroups(folder: string): Group[] {
  return readdirSync(folder)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .flatMap((file) => {
      const { spec } = parse(readFileSync(path.join(folder, file), 'utf8')) as { spec?: { groups?: Group[] } };
      if (spec?.groups === undefined) throw new Error(`${file}: expected a PrometheusRule with spec.groups`);
      return spec.groups;
    });
}

const folder = rulesFolder();
const groups = readGroups(folder);
if (values['write-rules'] !== undefined) {
  writeFileSync(values['write-rules'], stringify({ groups }));
  console.log(`wrote ${groups.length} groups to ${values['write-rules']}`);
}
const rules = groups.flatMap(({ name, rules: list }) => list.map((rule) => ({ group: name, ...rule })));
let broken = 0;
const parsed = rules.flatMap((rule) => {
  try {
    return [{ ...rule, ast: parseExpr(String(rule.expr)) }];
  } catch (error) {
    broken++;
    console.error(`${rule.alert ?? rule.record}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
});
console.log(`${parsed.length} of ${rules.length} expressions parse`);

const { url } = values;
if (url !== undefined) {
  const rows: { name: string; kind: 'alert' | 'record'; series: number; reason: string }[] = [];
  for (const rule of parsed) {
    const kind = rule.alert === undefined ? 'record' : 'alert';
    const name = rule.alert ?? rule.record ?? '';
    try {
      const found = await instantQuery(url, String(rule.expr));
      rows.push({ name, kind, series: found.length, reason: found.length > 0 ? '' : await whySilent(url, rule.ast) });
    } catch (error) {
      broken++;
      rows.push({ name, kind, series: 0, reason: `FAILED: ${error instanceof Error ? error.message : String(error)}` });
    }
  }
  for (const kind of ['record', 'alert'] as const) {
    const of = rows.filter((row) => row.kind === kind);
    const quiet = of.filter(({ reason }) => reason === CONDITION_DOES_NOT_HOLD).length;
    const answered = of.filter(({ series }) => series > 0).length;
    console.log(
      `${kind}s: ${answered} of ${of.length} return data, ${quiet} have data but their condition does not hold`,
    );
  }
  const silent = rows.filter(({ series }) => series === 0);
  console.log(
    formatTable(
      ['expression without an answer', 'kind', 'why'],
      silent.map(({ name, kind, reason }) => [name, kind, reason]),
    ),
  );
}
process.exitCode = broken === 0 ? 0 : 1;
