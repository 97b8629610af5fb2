import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clusterCharts } from './cluster-charts.ts';

const ALL = {
  gpu: true,
  virtualNodes: true,
  scraped: new Set(['API server', 'etcd', 'Scheduler', 'Controller manager'] as const),
};
const charts = (has: Parameters<typeof clusterCharts>[1], cluster = 'east') =>
  clusterCharts(cluster, has).flatMap((section) => section.charts);

test('every metric that the catalogue has of a cluster is drawn', () => {
  const document = readFileSync(new URL('../../../../docs/k8s-metrics.md', import.meta.url), 'utf8');
  const catalogue = new Set(document.match(/k8s_cluster_[a-z_]+(?=`)/g));
  const drawn = new Set(JSON.stringify(charts(ALL)).match(/k8s_cluster_[a-z_]+/g));
  expect(catalogue.size).toBeGreaterThan(35);
  expect([...catalogue].filter((name) => !drawn.has(name))).toEqual([]);
});

test('each chart has a title of its own, and every series is of this cluster alone', () => {
  const titles = charts(ALL).map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
  for (const { query } of charts(ALL, '').flatMap(({ lines }) => lines)) {
    const selectors = query.match(/\{[^}]*\}/g) ?? [];
    expect(selectors.length, query).toBeGreaterThan(0);
    for (const one of selectors) expect(one, query).toContain('cluster=""');
  }
});

test('what a cluster does not have, or does not tell, has no charts', () => {
  const sections = clusterCharts('east', { gpu: false, virtualNodes: false, scraped: new Set() });
  expect(sections.map(({ title }) => title)).toEqual([
    'CPU and memory',
    'Nodes and pods',
    'Network',
    'File system',
    'Control plane',
  ]);
});
