/**
 * How many panels of the dashboards that most clusters have show data on a running server, to be run by hand after a build:
 *
 *     node dist/test/kubernetes/corpus-report.js --write-rules rules.yml       (named in rule_files: they read recorded series)
 *     node dist/test/dashboards/corpus-share.js --url http://127.0.0.1:9090 [--dashboards FOLDER]
 *
 * Resolves each dashboard's variables as Grafana does when it is opened (but for pods, of which it takes one that runs), asks every
 * query of every panel over the range that the dashboard opens with, a panel that repeats once for each value, and tells of each
 * panel without data why: which metric is not there, or what the cluster does not have. Exits 1 when a query fails.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { formatTable } from '../../cli/table.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { findCorpus } from '../kubernetes/find-corpus.ts';
import { whySilent } from '../kubernetes/why-silent.ts';
import { type AskedRange, askedRange, builtInVariables } from './asked-range.ts';
import { type DashboardModel, type DashboardPanel, readDashboard } from './dashboard-panels.ts';
import { askTarget, labelValuesOf } from './grafana-source.ts';
import {
  interpolate,
  type LabelValues,
  repeatedFor,
  resolveVariables,
  selectorOf,
  type VariableValues,
  variablesIn,
} from './template-variables.ts';

/** What became of a panel. Without data of its queries, the reason of the first of them. */
interface PanelOutcome {
  readonly dashboard: string;
  readonly panel: string;
  readonly outcome: 'all' | 'some' | 'none' | 'failed';
  readonly reason: string;
}

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:9090' },
    dashboards: { type: 'string', default: '' },
  },
});
const { url } = values;

/**
 * The values of a label, of pods first those that run, have limits and use disks: what most look at. Grafana opens on the first
 * of the alphabet, which can be a job's that ended long ago.
 */
function labelValues(range: AskedRange): LabelValues {
  const ask = labelValuesOf(url, range);
  return async (label, selector) => {
    const found = await ask(label, selector);
    if (label !== 'pod') return found;
    const whole = 'k8s_pod_rate_cpu_core_used_limit and on (cluster, namespace, pod) k8s_pod_fs_write_bytes';
    const pods = new Set((await instantQuery(url, whole)).map(({ labels }) => labels.pod));
    return [...found.filter((pod) => pods.has(pod)), ...found.filter((pod) => !pods.has(pod))];
  };
}

/** A dashboard whose variables are resolved. */
interface ResolvedDashboard {
  readonly title: string;
  readonly range: AskedRange;
  readonly resolved: VariableValues;
  /** Why variables have no value, by their names; those with one left out. */
  readonly missing: ReadonlyMap<string, string>;
}

async function resolve({ title, from, variables }: DashboardModel): Promise<ResolvedDashboard> {
  const range = askedRange(from);
  // Pods stay in the order that says which are looked at.
  const unsorted = variables.map((variable) => (variable.name === 'pod' ? { ...variable, sort: 0 } : variable));
  const resolved = await resolveVariables(unsorted, {
    labelValues: labelValues(range),
    builtIn: builtInVariables(range),
  });
  const missing = new Map<string, string>();
  for (const variable of variables) {
    const isEmpty = resolved.get(variable.name)!.values.length === 0;
    const selector = isEmpty ? selectorOf(variable, resolved) : undefined;
    if (selector !== undefined) missing.set(variable.name, await whySilent(url, parseExpr(selector)));
  }
  return { title, range, resolved, missing };
}

async function askPanel(
  { title: dashboard, range, resolved, missing }: ResolvedDashboard,
  panel: DashboardPanel,
): Promise<PanelOutcome> {
  const reasons: string[] = [];
  for (const target of panel.targets) {
    const expr = interpolate(target.expr, resolved);
    try {
      if ((await askTarget(url, { ...target, expr }, range)).length > 0) continue;
      const unset = variablesIn(target.expr).find((name) => missing.has(name));
      reasons.push(unset === undefined ? await whySilent(url, parseExpr(expr)) : missing.get(unset)!);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { dashboard, panel: panel.title, outcome: 'failed', reason: `FAILED: ${expr}: ${message}` };
    }
  }
  const outcome = reasons.length === 0 ? 'all' : reasons.length < panel.targets.length ? 'some' : 'none';
  return { dashboard, panel: panel.title, outcome, reason: [...new Set(reasons)].join('; ') };
}

async function askDashboard(dashboard: DashboardModel): Promise<PanelOutcome[]> {
  const resolved = await resolve(dashboard);
  const outcomes: PanelOutcome[] = [];
  for (const panel of dashboard.panels) {
    if (panel.targets.length === 0) continue;
    const shown = panel.repeats.reduce<readonly VariableValues[]>(
      (all, repeat) => all.flatMap((values) => repeatedFor(repeat, values)),
      [resolved.resolved],
    );
    // What repeats for no value is one panel without data.
    for (const values of shown.length > 0 ? shown : [resolved.resolved])
      outcomes.push(await askPanel({ ...resolved, resolved: values }, panel));
  }
  return outcomes;
}

function groupBy(
  outcomes: readonly PanelOutcome[],
  keyOf: (outcome: PanelOutcome) => string,
): Map<string, PanelOutcome[]> {
  const groups = new Map<string, PanelOutcome[]>();
  for (const outcome of outcomes) groups.set(keyOf(outcome), [...(groups.get(keyOf(outcome)) ?? []), outcome]);
  return groups;
}

function share(outcomes: readonly PanelOutcome[]): [shown: string, of: string] {
  const shown = outcomes.filter(({ outcome }) => outcome === 'all' || outcome === 'some').length;
  return [String(shown), String(outcomes.length)];
}

function report(outcomes: readonly PanelOutcome[]): void {
  const byDashboard = groupBy(outcomes, ({ dashboard }) => dashboard);
  console.log(
    formatTable(
      ['dashboard', 'panels with data', 'of'],
      [...byDashboard].map(([title, of]) => [title, ...share(of)]),
    ),
  );
  const silent = outcomes.filter(({ outcome }) => outcome !== 'all');
  const rows = silent.map(({ dashboard, panel, outcome, reason }) => [dashboard, panel, outcome, reason]);
  console.log(`\n${formatTable(['dashboard', 'panel', 'queries with data', 'why not the others'], rows)}`);
  const reasons = groupBy(
    silent.filter(({ outcome }) => outcome === 'none' || outcome === 'failed'),
    ({ reason }) => reason,
  );
  const counts = [...reasons].map(([reason, of]) => [String(of.length), reason] as const);
  counts.sort(([a], [b]) => Number(b) - Number(a));
  console.log(`\n${formatTable(['panels', 'without data because'], counts)}`);
  const [shown, of] = share(outcomes);
  const whole = outcomes.filter(({ outcome }) => outcome === 'all').length;
  console.log(
    `\n${shown} of ${of} panels (${((100 * Number(shown)) / Number(of)).toFixed(1)} %) have data, ${whole} of them in every query`,
  );
}

const folder = values.dashboards === '' ? findCorpus('dashboards') : values.dashboards;
if (folder === undefined) {
  console.log('skipped: there is no folder shared/corpus/kube-prometheus/dashboards above this program');
} else {
  const outcomes: PanelOutcome[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (file.endsWith('.json')) {
      outcomes.push(...(await askDashboard(readDashboard(readFileSync(path.join(folder, file), 'utf8')))));
    }
  }
  report(outcomes);
  process.exitCode = outcomes.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}
