import { expect, test } from 'vitest';
import { comparisonSeconds, NEW_PANEL, panelsOf, withFixedTime, withPanels } from './explore-state.ts';

test('there is always one query to fill in', () => {
  expect(panelsOf(new URLSearchParams())).toEqual([NEW_PANEL]);
});

test('queries go to the URL and come back, and what else is there stays', () => {
  const panels = [
    { expr: 'rate(a{b="c&d"}[5m])', tab: 'graph', compare: '1d' },
    { expr: '', tab: 'table', compare: '' },
    { expr: 'up', tab: 'explain', compare: '' },
  ] as const;
  const after = withPanels(new URLSearchParams('from=now-6h&g0.expr=old&g7.expr=older&g0.tab=table'), panels);
  expect(panelsOf(after)).toEqual(panels);
  expect(after.get('from')).toBe('now-6h');
  expect(after.has('g7.expr')).toBe(false);
});

test('links of Prometheus are understood', () => {
  const [graph, table] = panelsOf(new URLSearchParams('g0.expr=up&g0.tab=0&g1.expr=up&g1.tab=1&g1.compare=nonsense'));
  expect(graph).toEqual({ expr: 'up', tab: 'graph', compare: '' });
  expect(table).toEqual({ expr: 'up', tab: 'table', compare: '' });
});

test('a query is compared with any length of time earlier', () => {
  expect(['2m', '1d', '4w', '0m', 'm', '1y', '-1h'].map(comparisonSeconds)).toEqual([
    120,
    86_400,
    2_419_200,
    ...new Array(4).fill(undefined),
  ]);
});

test('a link to share says which moments it shows', () => {
  const fixed = withFixedTime(new URLSearchParams('from=now-1h&to=now&g0.expr=up'), { start: 10.5, end: 20.5 });
  expect(fixed.toString()).toBe('from=10&to=21&g0.expr=up');
});
