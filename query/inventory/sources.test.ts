import { expect, test } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import type { CurrentAlert } from './alerts.ts';
import { createInventory } from './inventory.ts';
import type { InventoryQuery } from './reading.ts';
import type { Resource } from './resources.ts';
import type { ScrapedTarget } from './targets.ts';

const NOW = Date.parse('2026-01-15T12:00:00Z');

const target = (labels: Record<string, string>, change: Partial<ScrapedTarget> = {}): ScrapedTarget => ({
  labels,
  scrapePool: 'pool',
  scrapeUrl: `http://${labels.instance}/metrics`,
  lastError: '',
  lastScrape: '2026-01-15T11:59:50Z',
  lastScrapeDuration: 0.1,
  health: 'up',
  scrapeInterval: '15s',
  scrapeTimeout: '10s',
  ...change,
});

const alert = (fingerprint: string, labels: Record<string, string>, state: CurrentAlert['state'] = 'firing') => ({
  ...{ fingerprint, state, labels, annotations: { summary: `it is ${fingerprint}` } },
  ...{ activeAt: NOW - 1000, value: '1e+00', silencedBy: [], inhibitedBy: [] },
});

const COSTS: Readonly<Record<string, number>> = {
  scrape_samples_scraped: 100,
  scrape_samples_post_metric_relabeling: 90,
  'sum_over_time(scrape_series_added[1h])': 7,
};
const query: InventoryQuery = async (expr) => ({
  samples: [{ labels: Labels.from({ job: 'node', instance: 'a:1' }), value: COSTS[expr]! }],
});

let counted = 0;
const inventory = createInventory({
  query,
  now: () => NOW,
  sources: {
    targets: async () => [
      target({ job: 'node', instance: 'b:1', cluster: 'x' }, { health: 'down', lastError: 'connection refused' }),
      target({ job: 'node', instance: 'a:1' }),
      target({ job: 'web', instance: 'c:1', cluster: 'y' }, { health: 'unknown', lastScrape: '0001-01-01T00:00:00Z' }),
    ],
    alerts: async () => [
      alert('1', { alertname: 'Slow', severity: 'warning', cluster: 'x', namespace: 'shop', pod: 'web-1' }),
      alert('2', { alertname: 'Down', severity: 'critical', cluster: 'y', node: 'n1' }),
      alert('3', { alertname: 'Slow', severity: 'critical', namespace: 'shop', deployment: 'web' }, 'pending'),
      alert('4', { alertname: 'Odd' }),
    ],
    silences: async () => [
      {
        ...{ id: 's1', status: { state: 'active' }, createdBy: 'ann', comment: 'planned' },
        matchers: [{ name: 'namespace', value: 'shop', isRegex: true, isEqual: false }],
        ...{ startsAt: '2026-01-15T11:00:00Z', endsAt: '2026-01-15T13:00:00Z', updatedAt: '2026-01-15T11:00:00Z' },
      },
    ],
    async cardinality() {
      counted++;
      const labels = [{ name: 'pod', series: 30, values: 20, newValues: 2 }];
      const metrics = ['up', 'down'].map((name, i) => ({ name, series: 20 - i, newSeries: i }));
      return { series: 39, newSeries: 1, metrics, labels };
    },
  },
});
const ask = (resource: Resource, parameters = '') => inventory(resource, new URLSearchParams(parameters));

test('targets have their health as status, and what their scrapes cost', async () => {
  const { items, statuses, counts } = await ask('targets', 'sort=status&count=job');
  expect(items.map(({ instance, status, abnormal }) => [instance, status, abnormal])).toEqual([
    ['b:1', 'down', true],
    ['c:1', 'unknown', false],
    ['a:1', 'up', false],
  ]);
  expect(items[2]).toMatchObject({ samples: 100, kept: 90, added: 7, lastScraped: NOW - 10_000, scrapePool: 'pool' });
  expect([items[1]!.lastScraped, items[1]!.samples]).toEqual([undefined, undefined]);
  expect([statuses, counts]).toEqual([{ down: 1, unknown: 1, up: 1 }, { job: { node: 2, web: 1 } }]);
});

test.each([
  ['cluster=x', ['a:1', 'b:1']],
  ['job=node&status=up', ['a:1']],
  ['filter=refused', ['b:1']],
  ['filter=cluster%3Dy+web', ['c:1']],
  ['sort=-samples,instance&limit=2', ['a:1', 'b:1']],
])('targets are chosen by %s', async (parameters, instances) => {
  expect((await ask('targets', parameters)).items.map(({ instance }) => instance)).toEqual(instances);
});

test('alerts are the worst first, with the object that they are about', async () => {
  const { items, statuses, counts } = await ask('alerts', 'count=level&count=object');
  expect(
    items.map(({ fingerprint, level, status, objectKind, object }) => [fingerprint, level, status, objectKind, object]),
  ).toEqual([
    ['2', 'serious', 'firing', 'node', 'n1'],
    ['3', 'serious', 'pending', 'Deployment', 'shop/web'],
    ['1', 'warn', 'firing', 'pod', 'shop/web-1'],
    ['4', 'other', 'firing', '', 'everything'],
  ]);
  expect(items[0]).toMatchObject({ activeAt: NOW - 1000, value: '1e+00', annotations: { summary: 'it is 2' } });
  expect(statuses).toEqual({ firing: 3, pending: 1 });
  expect(counts.level).toEqual({ serious: 2, warn: 1, other: 1 });
});

test.each([
  ['cluster=x', ['3', '1', '4']],
  ['level=serious&status=firing', ['2']],
  ['name=Slow&sort=-rank', ['1', '3']],
  ['filter=shop%2Fweb-1', ['1']],
  ['filter=severity%3Dcritical', ['2', '3']],
  ['fingerprint=4', ['4']],
])('alerts are chosen by %s', async (parameters, fingerprints) => {
  expect((await ask('alerts', parameters)).items.map(({ fingerprint }) => fingerprint)).toEqual(fingerprints);
});

test('silences are found by their matchers', async () => {
  const { items } = await ask('silences', 'filter=namespace!~');
  expect(items).toMatchObject([{ id: 's1', status: 'active', selector: '{namespace!~"shop"}', startsAt: NOW - 3.6e6 }]);
  expect((await ask('silences', 'filter=other')).items).toEqual([]);
});

test('metrics and labels are counted once for both, and told with the figures of the whole', async () => {
  const [metrics, labels] = await Promise.all([ask('metrics', 'sort=name&filter=o&limit=1'), ask('labels')]);
  expect(metrics).toMatchObject({
    items: [{ name: 'down', series: 19 }],
    total: 1,
    totals: { series: 39 },
    statuses: {},
  });
  expect(labels.items).toEqual([{ name: 'pod', series: 30, values: 20, newValues: 2 }]);
  expect(counted).toBe(1);
});
