/**
 * Asks every query of every panel of our dashboards of a running server, to be run by hand after a build, beside `npm start -- --demo`
 * that has run for some minutes:
 *
 *     node dist/test/dashboards/panel-report.js --url http://127.0.0.1:9090
 *
 * Variables are resolved as Grafana does when a dashboard is opened. Dashboards of one object are asked of the first object of the
 * list, then of one that has all they show (whole-objects.ts): each query must have data for one of the two. Lists panel by panel,
 * then the slowest ten; exits 1 when a query fails or has no data and panel-exceptions.ts does not say why.
 */
import { parseArgs } from 'node:util';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { formatTable } from '../../cli/table.ts';
import { dashboardFiles } from '../../dashboards/dashboard-files.ts';
import { type DashboardModel, type DashboardPanel, readDashboard } from './dashboard-panels.ts';
import { countAnswers, labelValuesOf } from './grafana-source.ts';
import { PANEL_EXCEPTIONS } from './panel-exceptions.ts';
import { interpolate, resolveVariables, type VariableTexts } from './template-variables.ts';
import { WHOLE_OBJECTS } from './whole-objects.ts';

/** What became of a panel's queries. */
interface PanelOutcome {
  readonly dashboard: string;
  readonly panel: string;
  readonly queries: number;
  /** Queries without data, as they were sent. */
  readonly silent: readonly string[];
  /** Series of all queries. */
  readonly series: number;
  /** Of all queries one after the other; milliseconds. */
  readonly time: number;
}

const { values } = parseArgs({ options: { url: { type: 'string', default: 'http://127.0.0.1:9090' } } });
const { url } = values;

async function askPanel(
  { uid }: DashboardModel,
  panel: DashboardPanel,
  objects: readonly VariableTexts[],
): Promise<PanelOutcome> {
  const silent: string[] = [];
  let [series, time] = [0, 0];
  for (const target of panel.targets) {
    let [found, expr] = [0, ''];
    for (const texts of objects) {
      expr = interpolate(target.expr, texts);
      const began = performance.now();
      found = await countAnswers(url, { ...target, expr }).catch((error: unknown) => {
        throw new Error(`${uid}: ${panel.title}: ${expr}: ${error instanceof Error ? error.message : String(error)}`);
      });
      time += performance.now() - began;
      if (found > 0) break;
    }
    series += found;
    if (found === 0) silent.push(expr);
  }
  return { dashboard: uid, panel: panel.title, queries: panel.targets.length, silent, series, time };
}

/** The values that a dashboard's variables have: as it is opened, then as a link to an object that has everything sets them. */
async function objectsOf({ uid, variables }: DashboardModel): Promise<VariableTexts[]> {
  const opened = await resolveVariables(variables, labelValuesOf(url));
  const expr = WHOLE_OBJECTS[uid];
  const [whole] = expr === undefined ? [] : await instantQuery(url, expr);
  if (whole === undefined) return [opened];
  const chosen = variables.map(({ name }): [string, string] => [name, whole.labels[name] ?? '']);
  return [opened, new Map([...opened, ...chosen.filter(([, value]) => value !== '')])];
}

const verdict = ({ dashboard, panel, silent }: PanelOutcome): string => {
  if (silent.length === 0) return 'data';
  const reason = PANEL_EXCEPTIONS[`${dashboard}: ${panel}`];
  return reason === undefined ? `NO DATA: ${silent.join('; ')}` : `excepted: ${reason}`;
};

const outcomes: PanelOutcome[] = [];
for (const text of dashboardFiles().values()) {
  const dashboard = readDashboard(text);
  const objects = await objectsOf(dashboard);
  const asked: PanelOutcome[] = [];
  for (const panel of dashboard.panels) asked.push(await askPanel(dashboard, panel, objects));
  outcomes.push(...asked);
  const rows = asked.map((outcome) => {
    const { panel, queries, silent, series } = outcome;
    return [panel, ...[queries, queries - silent.length, series].map(String), verdict(outcome)];
  });
  console.log(`${formatTable([dashboard.uid, 'queries', 'with data', 'series', 'outcome'], rows)}\n`);
}
const slowest = [...outcomes].sort((a, b) => b.time - a.time).slice(0, 10);
console.log(
  `${formatTable(
    ['slowest panels', 'queries', 'ms'],
    slowest.map(({ dashboard, panel, queries, time }) => [`${dashboard}: ${panel}`, String(queries), time.toFixed(0)]),
  )}`,
);
const queries = outcomes.reduce((sum, outcome) => sum + outcome.queries, 0);
const silent = outcomes.filter((outcome) => outcome.silent.length > 0);
const bad = silent.filter(({ dashboard, panel }) => PANEL_EXCEPTIONS[`${dashboard}: ${panel}`] === undefined);
console.log(
  `\n${outcomes.length - silent.length} of ${outcomes.length} panels with ${queries} queries have data in every query, ` +
    `${silent.length - bad.length} are excepted by name, ${bad.length} lack data`,
);
process.exitCode = bad.length > 0 ? 1 : 0;
