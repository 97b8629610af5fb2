import { describe, expect, it } from 'vitest';
import { createExpressionMetric } from '../../alerting/autoscaling/expressions/expression-metric.ts';
import { readMetric } from '../../alerting/autoscaling/expressions/read-metric.ts';
import { EVERYTHING, type LabelSelector } from '../../alerting/autoscaling/label-selector.ts';
import type { ServedMetric } from '../../alerting/autoscaling/served-metric.ts';
import type { QueryFunc } from '../../alerting/query-func.ts';
import { Labels } from '../../storage/labels.ts';
import { engineOver, every, type WrittenSeries } from './engine-bed.case.ts';

const never = new AbortController().signal;
/** Seconds. */
const NOW = 10_000;

interface Setup {
  readonly query: QueryFunc;
  readonly cluster?: string;
  readonly boundTo?: string;
  readonly maxRows?: number;
}

function metricOf(written: Record<string, unknown>, { query, cluster = '', boundTo, maxRows }: Setup): ServedMetric {
  const given = { name: 'm', type: 'Pods', ...written };
  const { definition, problems } = readMetric(given, { form: 'camel', origin: 'here', boundTo });
  if (definition === undefined) throw new Error(JSON.stringify(problems));
  return createExpressionMetric(definition, { query, cluster, ...(maxRows !== undefined && { maxRows }) });
}

async function rowsOf(metric: ServedMetric, selector: LabelSelector = EVERYTHING) {
  const { labels, values, timestamps, doubts } = await metric.evaluate({ at: NOW * 1000, selector }, never);
  return labels
    .map((one, i) => ({
      labels: one.toString(),
      value: Math.round(values[i]! * 1e6) / 1e6,
      ...(timestamps[i] !== NOW * 1000 && { age: NOW - timestamps[i]! / 1000 }),
      ...(doubts.has(i) && { doubt: doubts.get(i) }),
    }))
    .sort((a, b) => (a.labels < b.labels ? -1 : 1));
}

function requests(labels: Readonly<Record<string, string>>, last = NOW): WrittenSeries {
  const all = { __name__: 'requests_total', job: 'web', namespace: 'shop', ...labels };
  return { labels: all, samples: every(15, { from: last - 600, to: last }) };
}

const RATE = { expr: 'sum by (namespace, pod) (rate(requests_total{$selector}[2m]))' };

describe('a named expression', () => {
  it('has values with the time of their oldest sample', async () => {
    const query = await engineOver([
      requests({ pod: 'a', path: '/' }),
      requests({ pod: 'b', path: '/' }),
      requests({ pod: 'b', path: '/x' }, NOW - 45),
    ]);
    expect(await rowsOf(metricOf(RATE, { query }))).toEqual([
      { labels: '{namespace="shop", pod="a"}', value: 1 },
      { labels: '{namespace="shop", pod="b"}', value: 1.6875, age: 45 },
    ]);
  });

  it('takes what is selected inside, and its own cluster', async () => {
    const query = await engineOver([
      requests({ pod: 'a', cluster: 'east', 'app.kubernetes.io/name': 'web"}' }),
      requests({ pod: 'b', cluster: 'east' }),
      requests({ pod: 'a', cluster: 'west', 'app.kubernetes.io/name': 'web"}' }),
    ]);
    const metric = metricOf(RATE, { query, cluster: 'east' });
    expect(metric.selectsInside).toBe(true);
    const key = 'app.kubernetes.io/name';
    expect(await rowsOf(metric, [{ key, operator: 'In', values: ['web"}'] }])).toEqual([
      { labels: '{namespace="shop", pod="a"}', value: 1 },
    ]);
    expect(await rowsOf(metric, [{ key, operator: 'DoesNotExist', values: [] }])).toEqual([
      { labels: '{namespace="shop", pod="b"}', value: 1 },
    ]);
    // Without a place for it rows of another cluster are none of this one.
    const plain = metricOf({ expr: 'rate(requests_total[2m])' }, { query, cluster: 'east' });
    expect(plain.selectsInside).toBe(false);
    expect(await rowsOf(plain)).toHaveLength(2);
  });

  it('reads nothing of other namespaces when it is bound to one', async () => {
    const query = await engineOver([requests({ pod: 'a' }), requests({ pod: 'b', namespace: 'bank' })]);
    const bound = metricOf(
      {
        expr: 'sum by (pod) (rate(requests_total[2m])) or sum by (pod) (rate({__name__="requests_total",namespace="bank"}[2m]))',
      },
      { query, boundTo: 'shop' },
    );
    expect(await rowsOf(bound)).toEqual([{ labels: '{pod="a"}', value: 1 }]);
    expect(bound.objectOf(Labels.from({ pod: 'a' }), 'pods')).toEqual({ namespace: 'shop', name: 'a' });
    expect(bound.objectOf(Labels.from({ pod: 'a', namespace: 'bank' }), 'pods')).toBeUndefined();
    expect(() => metricOf({ expr: 'info(a)', timestamp: 'a' }, { query, boundTo: 'shop' })).toThrow('without info()');
    expect(() => metricOf({ expr: 'a', namespace: 'bank' }, { query, boundTo: 'shop' })).toThrow(
      'only its own namespace',
    );
  });

  it('names objects by labels', async () => {
    const query = await engineOver([]);
    const metric = metricOf(
      {
        type: 'Object',
        resources: ['services', 'ingresses.networking.k8s.io', 'nodes'],
        labels: { service: 'svc' },
        expr: 'a',
      },
      { query },
    );
    const labels = Labels.from({ namespace: 'shop', svc: 's', service: 'wrong', ingress: 'i', node: 'n' });
    expect(metric.objectOf(labels, 'services')).toEqual({ namespace: 'shop', name: 's' });
    expect(metric.objectOf(labels, 'ingresses.networking.k8s.io')).toEqual({ namespace: 'shop', name: 'i' });
    expect(metric.objectOf(labels, 'nodes')).toEqual({ namespace: '', name: 'n' });
    expect(metric.objectOf(Labels.from({ svc: 's' }), 'services')).toBeUndefined();
    expect(metric.objectOf(Labels.from({ namespace: 'shop' }), 'services')).toBeUndefined();
    const ours = metricOf({ type: 'Object', resources: ['namespaces'], namespace: 'shop', expr: 'a' }, { query });
    expect(ours.objectOf(Labels.from({ namespace: 'shop' }), 'namespaces')).toEqual({ namespace: '', name: 'shop' });
    expect(ours.objectOf(Labels.from({ namespace: 'bank' }), 'namespaces')).toBeUndefined();
  });

  it('keeps what is no number, and gives what has ended no time', async () => {
    const query = await engineOver([
      requests({ pod: 'a' }),
      { ...requests({ pod: 'b' }), samples: [...every(15, { from: NOW - 600, to: NOW - 30 }), [NOW - 15, undefined]] },
      { labels: { __name__: 'n', pod: 'c' }, samples: [[NOW, Number.NaN]] },
    ]);
    const metric = metricOf({ expr: 'sum by (pod) (rate(requests_total[2m])) or sum by (pod) (n)' }, { query });
    const { labels, values, timestamps } = await metric.evaluate({ at: NOW * 1000, selector: EVERYTHING }, never);
    const rows = labels.map((one, i) => [one.get('pod'), Number.isNaN(values[i]), Number.isNaN(timestamps[i])]);
    expect(rows.sort()).toEqual([
      ['a', false, false],
      ['b', false, true],
      ['c', true, false],
    ]);
  });

  it('takes the times from an expression of its own', async () => {
    const query = await engineOver([requests({ pod: 'a' }, NOW - 30), requests({ pod: 'b' })]);
    const expr = 'sum by (pod) (rate(requests_total[2m])) / sum by (pod) (rate(requests_total[2m] offset 5m))';
    const own = metricOf({ expr, timestamp: 'timestamp(requests_total)' }, { query });
    // The labels must be those of the rows.
    expect((await rowsOf(own)).map(({ age }) => age)).toEqual([Number.NaN, Number.NaN]);
    const grouped = metricOf({ expr, timestamp: 'min by (pod) (timestamp(requests_total))' }, { query });
    expect((await rowsOf(grouped)).map(({ age }) => age)).toEqual([30, undefined]);
    const forAll = metricOf({ expr, timestamp: 'min(timestamp(requests_total))' }, { query });
    expect((await rowsOf(forAll)).map(({ age }) => age)).toEqual([30, 30]);
  });

  it('gives the same labels as before where nothing has come or gone', async () => {
    const metric = metricOf(RATE, { query: await engineOver([requests({ pod: 'a' })]) });
    const first = await metric.evaluate({ at: NOW * 1000, selector: EVERYTHING }, never);
    const second = await metric.evaluate({ at: NOW * 1000 - 15_000, selector: EVERYTHING }, never);
    expect(second.labels).toBe(first.labels);
    expect(second.values).not.toBe(first.values);
  });

  it('rejects rather than have fewer rows, and ends the questions that are left', async () => {
    const query = await engineOver([requests({ pod: 'a' }), requests({ pod: 'b' })]);
    const narrow = metricOf(RATE, { query, maxRows: 1 });
    await expect(rowsOf(narrow)).rejects.toThrow('of m are 2 rows, expected at most 1');
    let ended = 0;
    const failing = metricOf(RATE, {
      query: (expr, _, signal) => {
        if (!expr.startsWith('min')) return Promise.reject(new Error('the store is away'));
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            ended++;
            reject(signal.reason as Error);
          }),
        );
      },
    });
    await expect(rowsOf(failing)).rejects.toThrow(/of m cannot be evaluated: the store is away/);
    expect(ended).toBe(1);
    const twice = metricOf(
      { expr: 'a or b', timestamp: 'a' },
      {
        query: () =>
          Promise.resolve({
            samples: ['a', 'b'].map((name) => ({ labels: Labels.from({ __name__: name }), value: 1 })),
          }),
      },
    );
    await expect(rowsOf(twice)).rejects.toThrow('two rows of m have the labels {}');
  });
});
