import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dashboardFiles } from '../../dashboards/dashboard-files.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { typecheck } from '../../query/promql/typecheck.ts';
import { selectorsOf } from '../kubernetes/why-silent.ts';
import { askedRange, builtInVariables } from './asked-range.ts';
import { readDashboard } from './dashboard-panels.ts';
import { PANEL_EXCEPTIONS } from './panel-exceptions.ts';
import { interpolate, resolveVariables } from './template-variables.ts';

/** Names of the k8s_* catalogue, from the page that is made of its definitions. */
const CATALOGUE = new Set(readFileSync('docs/k8s-metrics.md', 'utf8').match(/(?<=^\| `)k8s_\w+/gm));
const texts = [...dashboardFiles().values()];
const dashboards = texts.map(readDashboard);

describe.each(dashboards)('$uid', ({ from, variables, panels }) => {
  it('asks only PromQL that parses and typechecks, of metrics that the catalogue has', async () => {
    const builtIn = builtInVariables(askedRange(from));
    const values = await resolveVariables(variables, { builtIn, labelValues: async (label) => [`some-${label}`] });
    const wrong: string[] = [];
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const query = interpolate(expr, values);
        try {
          typecheck(parseExpr(query), query);
        } catch (error) {
          wrong.push(`${title}: ${query}: ${(error as Error).message}`);
        }
        const unknown = (query.match(/\bk8s_\w+/g) ?? []).filter((name) => !CATALOGUE.has(name));
        wrong.push(...unknown.map((name) => `${title}: ${name} is not in the catalogue`));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('asks of one cluster alone where one is chosen, but for what Pharos tells of itself', async () => {
    if (!variables.some(({ name }) => name === 'cluster')) return;
    const values = await resolveVariables(variables, {
      builtIn: builtInVariables(askedRange(from)),
      labelValues: async (label) => [`some-${label}`],
    });
    const ofAll = panels.flatMap(({ title, targets }) =>
      targets
        .flatMap(({ expr }) => selectorsOf(parseExpr(interpolate(expr, values))))
        .filter(({ metric, matchers }) => {
          return !metric.startsWith('pharos_') && !matchers.some(({ name }) => name === 'cluster');
        })
        .map(({ metric }) => `${title}: ${metric}`),
    );
    expect(ofAll).toEqual([]);
  });
});

it('links only to dashboards that there are', () => {
  const uids = new Set(dashboards.map(({ uid }) => uid));
  const linked = texts.flatMap((text) => text.match(/(?<="\/d\/)[\w-]+/g) ?? []);
  expect(linked.length).toBeGreaterThan(50);
  expect(linked.filter((uid) => !uids.has(uid))).toEqual([]);
});

it('excepts only panels that there are', () => {
  const names = new Set(dashboards.flatMap(({ uid, panels }) => panels.map(({ title }) => `${uid}: ${title}`)));
  expect(Object.keys(PANEL_EXCEPTIONS).filter((name) => !names.has(name))).toEqual([]);
});
