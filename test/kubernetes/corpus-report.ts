/**
 * What the rules that most clusters run find on a running server, to be run by hand after a build:
 *
 *     node dist/test/kubernetes/corpus-report.js --url http://127.0.0.1:9090 [--rules FOLDER] [--write-rules FILE]
 *
 * Asks every alert's and record's expression, and of each that has no answer tells why: which selector has no series, or that
 * all have some and only the condition does not hold. `--write-rules` writes the rules as one file for `rule_files`, so that
 * what is built on recorded series has an answer too. Exits 1 when an expression does not parse or fails.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { formatTable } from '../../cli/table.ts';
import type { Expr, VectorSelector } from '../../query/promql/ast.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { print } from '../../query/promql/printer.ts';

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

/** Components that a cluster may not have, by what their metrics' names or labels begin with. */
const ABSENT: readonly (readonly [RegExp, string])[] = [
  [/^windows_|kubernetes-windows-exporter/, 'there are no Windows nodes'],
  [/^alertmanager_|alertmanager-main/, 'no Alertmanager runs in the cluster'],
  [/^prometheus_operator_|prometheus-operator/, 'no Prometheus Operator runs in the cluster'],
  [/^prometheus_|^net_conntrack_|prometheus-k8s/, 'no Prometheus runs in the cluster'],
  [/^grafana_/, 'no Grafana runs in the cluster'],
  [/^node_md_/, 'the nodes have no software RAID'],
  [/^node_bonding_/, 'the nodes have no bonded interfaces'],
  [/^node_systemd_/, "node_exporter's systemd collector is off"],
  [/^node_timex_/, "the nodes' kernels tell nothing of clock discipline"],
];

function rulesFolder(): string {
  if (values.rules !== '') return values.rules;
  const below = path.join('shared', 'corpus', 'kube-prometheus', 'rules');
  for (let at = path.dirname(fileURLToPath(import.meta.url)); at !== path.dirname(at); at = path.dirname(at)) {
    const found = path.join(path.dirname(at), below);
    if (existsSync(found)) return found;
  }
  throw new Error(`no folder ${below} above this program; name one with --rules`);
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

/** All selectors of an expression, in the order in which they stand there. */
function selectorsOf(expr: Expr): VectorSelector[] {
  switch (expr.kind) {
    case 'vector-selector':
      return [expr];
    case 'matrix-selector':
      return [expr.selector];
    case 'subquery':
    case 'unary':
    case 'paren':
      return selectorsOf(expr.expr);
    case 'call':
      return expr.args.flatMap(selectorsOf);
    case 'aggregate':
      return selectorsOf(expr.expr);
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)];
    case 'number':
    case 'string':
      return [];
    default:
      return expr satisfies never;
  }
}

async function countSeries(url: string, selector: VectorSelector): Promise<number> {
  const plain = print({ ...selector, offset: undefined, at: undefined });
  const [found] = await instantQuery(url, `count(last_over_time(${plain}[10m]))`);
  return found?.value ?? 0;
}

/** Why an expression has no answer. */
async function reasonOf(url: string, expr: Expr): Promise<string> {
  for (const selector of selectorsOf(expr)) {
    if ((await countSeries(url, selector)) > 0) continue;
    const text = print({ ...selector, offset: undefined, at: undefined });
    const absent = ABSENT.find(([pattern]) => pattern.test(selector.metric) || pattern.test(text))?.[1];
    if (absent !== undefined) return absent;
    const [any] = await instantQuery(url, `count(last_over_time(${selector.metric}[10m]))`);
    return any === undefined ? `no series ${selector.metric}` : `nothing is in the state that ${text} asks for`;
  }
  return 'its condition does not hold';
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
      rows.push({ name, kind, series: found.length, reason: found.length > 0 ? '' : await reasonOf(url, rule.ast) });
    } catch (error) {
      broken++;
      rows.push({ name, kind, series: 0, reason: `FAILED: ${error instanceof Error ? error.message : String(error)}` });
    }
  }
  for (const kind of ['record', 'alert'] as const) {
    const of = rows.filter((row) => row.kind === kind);
    const quiet = of.filter(({ reason }) => reason === 'its condition does not hold').length;
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
