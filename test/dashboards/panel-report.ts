/**
 * Asks every query of every panel of our dashboards of a running server, to be run by hand after a build, beside `npm start -- --demo`
 * that has run for five minutes:
 *
 *     node dist/test/dashboards/panel-report.js --url http://127.0.0.1:9090 [--from now-6h]
 *
 * Variables are resolved as Grafana does when a dashboard is opened, and panels and rows that repeat are asked for each value.
 * Dashboards of one object are asked of the first object of the list, then of those that have all they show (whole-objects.ts): each
 * query must have data for one of these. Lists panel by panel, then the slowest ten; exits 1 when a query fails, when one has no
 * data and panel-exceptions.ts does not say why, when a panel named there has data in every query, and when two rows of a table
 * are about the same object.
 */
import { parseArgs } from 'node:util';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { formatTable } from '../../cli/table.ts';
import { dashboardFiles } from '../../dashboards/dashboard-files.ts';
import { type AskedRange, askedRange, builtInVariables } from './asked-range.ts';
import { type DashboardModel, type DashboardPanel, readDashboard } from './dashboard-panels.ts';
import { askTarget, labelValuesOf } from './grafana-source.ts';
import { PANEL_EXCEPTIONS } from './panel-exceptions.ts';
import {
  interpolate,
  repeatedFor,
  resolveVariables,
  type VariableValue,
  type VariableValues,
} from './template-variables.ts';
import { WHOLE_OBJECTS } from './whole-objects.ts';

/** What became of a panel's queries. */
interface PanelOutcome {
  readonly dashboard: string;
  readonly panel: string;
  readonly queries: number;
  /** Queries without data, as they were sent. */
  readonly silent: readonly string[];
  /** Queries of a table with several series for one row, as they were sent. */
  readonly ambiguous: readonly string[];
  /** Series of all queries. */
  readonly series: number;
  /** Of all queries one after the other; milliseconds. */
  readonly time: number;
}

const { values } = parseArgs({
  options: { url: { type: 'string', default: 'http://127.0.0.1:9090' }, from: { type: 'string' } },
});
const { url } = values;

async function askPanel(
  { uid, range }: { readonly uid: string; readonly range: AskedRange },
  panel: DashboardPanel,
  objects: readonly VariableValues[],
): Promise<PanelOutcome> {
  const [silent, ambiguous]: [string[], string[]] = [[], []];
  let [series, time] = [0, 0];
  for (const target of panel.targets) {
    let [found, expr] = [0, ''];
    for (const resolved of objects) {
      expr = interpolate(target.expr, resolved);
      const began = performance.now();
      const answer = await askTarget(url, { ...target, expr }, range).catch((error: unknown) => {
        throw new Error(`${uid}: ${panel.title}: ${expr}: ${error instanceof Error ? error.message : String(error)}`);
      });
      time += performance.now() - began;
      found = answer.length;
      const rows = new Set(answer.map((labels) => JSON.stringify(panel.rowLabels?.map((name) => labels[name] ?? ''))));
      if (panel.rowLabels !== undefined && rows.size < found) ambiguous.push(expr);
      if (found > 0) break;
    }
    series += found;
    if (found === 0) silent.push(expr);
  }
  return { dashboard: uid, panel: panel.title, queries: panel.targets.length, silent, ambiguous, series, time };
}

/** The values that a dashboard's variables have: as it is opened, then as links to objects that have everything set them. */
async function objectsOf({ uid, variables }: DashboardModel, range: AskedRange): Promise<VariableValues[]> {
  const labelValues = labelValuesOf(url, range);
  const objects = [await resolveVariables(variables, { labelValues, builtIn: builtInVariables(range) })];
  for (const expr of WHOLE_OBJECTS[uid] ?? []) {
    const [whole] = await instantQuery(url, expr);
    const chosen = variables.flatMap(({ name }): [string, VariableValue][] => {
      const value = whole?.labels[name];
      return value === undefined ? [] : [[name, { values: [value], isPattern: false }]];
    });
    if (whole !== undefined) objects.push(new Map([...objects[0]!, ...chosen]));
  }
  return objects;
}

/** The panels that one becomes by repeats, each with the values that its variables have then. */
function repeated(panel: DashboardPanel, objects: readonly VariableValues[]): readonly (readonly VariableValues[])[] {
  if (panel.repeats.length === 0) return [objects];
  return panel.repeats
    .reduce((all, repeat) => all.flatMap((resolved) => repeatedFor(repeat, resolved)), objects.slice(0, 1))
    .map((resolved) => [resolved]);
}

const reasonOf = ({ dashboard, panel }: PanelOutcome): string | undefined => PANEL_EXCEPTIONS[`${dashboard}: ${panel}`];

/** What is wrong with an outcome; undefined when nothing is. */
function faultOf(outcome: PanelOutcome): string | undefined {
  const { silent, ambiguous } = outcome;
  if (ambiguous.length > 0) return `SEVERAL VALUES FOR ONE ROW: ${ambiguous.join('; ')}`;
  if (silent.length === 0)
    return reasonOf(outcome) === undefined ? undefined : 'HAS DATA, BUT IS NAMED AS AN EXCEPTION';
  return reasonOf(outcome) === undefined ? `NO DATA: ${silent.join('; ')}` : undefined;
}

const verdict = (outcome: PanelOutcome): string =>
  faultOf(outcome) ?? (outcome.silent.length === 0 ? 'data' : `excepted: ${reasonOf(outcome)}`);

const outcomes: PanelOutcome[] = [];
for (const text of dashboardFiles().values()) {
  const dashboard = readDashboard(text);
  const { uid } = dashboard;
  const range = askedRange(values.from ?? dashboard.from);
  const objects = await objectsOf(dashboard, range);
  const asked: PanelOutcome[] = [];
  for (const panel of dashboard.panels) {
    for (const shown of repeated(panel, objects)) asked.push(await askPanel({ uid, range }, panel, shown));
  }
  outcomes.push(...asked);
  const rows = asked.map((outcome) => {
    const { panel, queries, silent, series } = outcome;
    return [panel, ...[queries, queries - silent.length, series].map(String), verdict(outcome)];
  });
  console.log(`${formatTable([uid, 'queries', 'with data', 'series', 'outcome'], rows)}\n`);
}
const slowest = [...outcomes].sort((a, b) => b.time - a.time).slice(0, 10);
console.log(
  `${formatTable(
    ['slowest panels', 'queries', 'ms'],
    slowest.map(({ dashboard, panel, queries, time }) => [`${dashboard}: ${panel}`, String(queries), time.toFixed(0)]),
  )}`,
);
const count = (pass: (outcome: PanelOutcome) => boolean): number => outcomes.filter(pass).length;
const faults = count((outcome) => faultOf(outcome) !== undefined);
console.log(
  `\n${count(({ silent }) => silent.length === 0)} of ${outcomes.length} panels with ` +
    `${outcomes.reduce((sum, { queries }) => sum + queries, 0)} queries have data in every query, ` +
    `${count((outcome) => outcome.silent.length > 0 && reasonOf(outcome) !== undefined)} are excepted by name, ${faults} are at fault`,
);
process.exitCode = faults > 0 ? 1 : 0;
