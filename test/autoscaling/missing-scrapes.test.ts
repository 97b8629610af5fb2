import { describe, expect, it } from 'vitest';
import { createExpressionMetric } from '../../alerting/autoscaling/expressions/expression-metric.ts';
import { readMetric } from '../../alerting/autoscaling/expressions/read-metric.ts';
import { EVERYTHING } from '../../alerting/autoscaling/label-selector.ts';
import { engineOver, every, type WrittenSeries } from './engine-bed.case.ts';

const never = new AbortController().signal;
const NOW = 9_000;
const FAILED = NOW - 15;

type State = 'scraped' | 'failed' | 'gone' | 'long failed';

/** A target with its `up` and some series, of which the last scrapes failed, or which is there no more. */
function target(
  instance: string,
  state: State,
  ...series: readonly Readonly<Record<string, string>>[]
): WrittenSeries[] {
  const last = state === 'scraped' ? NOW : state === 'long failed' ? NOW - 3_630 : FAILED - 15;
  const from = NOW - (state === 'long failed' ? 4_200 : 600);
  const ended = state === 'scraped' ? [] : [[last + 15, undefined] as const];
  const failures = state === 'gone' ? ended : every(15, { from: last + 15, to: NOW, value: () => 0 });
  return [
    {
      labels: { __name__: 'up', job: 'web', instance },
      samples: [...every(15, { from, to: last, value: () => 1 }), ...failures],
    },
    ...series.map((labels) => ({
      labels: { job: 'web', instance, ...labels },
      samples: [...every(15, { from, to: last }), ...ended],
    })),
  ];
}

const a = (pod: string, shop = 's') => ({ __name__: 'a', namespace: shop, pod });

async function doubts(
  expr: string,
  series: readonly WrittenSeries[],
  options: { readonly type?: string; readonly boundTo?: string } = {},
): Promise<Record<string, string>> {
  const { type = 'Pods', boundTo } = options;
  const { definition, problems } = readMetric({ name: 'm', type, expr }, { form: 'camel', origin: '', boundTo });
  if (definition === undefined) throw new Error(JSON.stringify(problems));
  const metric = createExpressionMetric(definition, { query: await engineOver(series), cluster: '' });
  const found = await metric.evaluate({ at: NOW * 1000, selector: EVERYTHING }, never);
  return Object.fromEntries([...found.doubts].map(([row, why]) => [found.labels[row]!.toString(), why]));
}

const FLEET = [
  ...target('web-1', 'scraped', a('x'), a('y')),
  ...target('web-2', 'failed', a('x')),
  ...target('web-3', 'gone', a('y')),
  ...target('web-4', 'long failed', a('y')),
];
const SAID = 'the scrape of web-2 (job web) failed; its series are missing in the result';
const X = { '{pod="x"}': SAID };
const ALL = { '{pod="x"}': SAID, '{pod="y"}': SAID };

describe('what failed scrapes take out of a result', () => {
  it.each([
    ['sum by (pod) (a)', X],
    ['sum by (pod) (rate(a[2m]))', X],
    ['sum without (job, instance, namespace) (a)', X],
    ['sum by (pod) (a) * 2 > 1', X],
    ['sum by (pod) (a) / on (pod) count by (pod) (a)', X],
    ['sum by (pod) (a) / ignoring () count by (pod) (a)', X],
    ['sum by (pod) (a) / on () group_left () sum(a)', ALL],
    ['sum by (pod) (a{pod="y"}) / on () group_left () sum(a)', { '{pod="y"}': SAID }],
    ['sum by (pod) (a) / scalar(count(a))', ALL],
    ['sum by (pod) (a) or sum by (pod) (b)', X],
    ['sum by (pod) (a) unless on () sum(b) > 0', X],
    ['max_over_time(sum by (pod) (a)[1m:15s])', X],
    ['label_replace(sum by (pod) (a), "q", "$1", "pod", "(.*)")', { '{pod="x", q="x"}': SAID }],
    ['count by (q) (label_replace(a, "q", "$1", "pod", "(.*)"))', { '{q="x"}': SAID }],
    ['topk(2, sum by (pod) (a))', X],
    // As a row it is missing itself.
    ['max by (pod) (b) or a', {}],
    ['topk by (pod) (1, a)', {}],
    ['sum by (pod) (a{pod="y"})', {}],
    ['sum by (pod) (a{instance="web-1"})', {}],
  ])('is told of the rows that it is missing in: %s', async (expr, wanted) => {
    expect(await doubts(expr, FLEET)).toEqual(wanted);
  });

  it('is about histograms too', async () => {
    const bucket = (le: string) => ({ __name__: 'h_bucket', le, pod: 'x' });
    const fleet = [
      ...target('web-1', 'scraped', bucket('1'), bucket('+Inf')),
      ...target('web-2', 'failed', bucket('1'), bucket('+Inf')),
    ];
    expect(await doubts('histogram_quantile(0.9, sum by (pod, le) (rate(h_bucket[2m])))', fleet)).toEqual(X);
  });

  it('makes the whole of an external metric doubtful, whose rows are summed', async () => {
    expect(await doubts('a', FLEET, { type: 'External' })).toEqual({
      '{instance="web-1", job="web", namespace="s", pod="x"}': SAID,
      '{instance="web-1", job="web", namespace="s", pod="y"}': SAID,
    });
  });

  it('says how many targets it is about', async () => {
    const fleet = ['1', '2', '3', '4', '5'].flatMap((i) => target(i, i === '5' ? 'scraped' : 'failed', a('x')));
    expect(await doubts('sum by (pod) (a)', fleet)).toEqual({
      '{pod="x"}':
        'the scrapes of 1 (job web), 2 (job web), 3 (job web) and 1 more failed; their series are missing in the result',
    });
  });

  it('is nothing to what has neither job nor instance, or another cluster', async () => {
    const recorded = { labels: a('x'), samples: every(15, { from: NOW - 600, to: NOW }) };
    const elsewhere = {
      labels: { ...a('x'), cluster: 'west', job: 'web', instance: 'web-2' },
      samples: recorded.samples,
    };
    expect(await doubts('sum by (pod) (a)', [recorded, elsewhere, ...target('web-2', 'failed')])).toEqual({});
  });

  it('reads targets of the own namespace only, when it is bound to one', async () => {
    const up = (namespace: string) =>
      target('web-2', 'failed', a('x', namespace)).map(({ labels, samples }) => ({
        labels: { ...labels, namespace },
        samples,
      }));
    const live = target('web-1', 'scraped', a('x', 'shop')).map(({ labels, samples }) => ({
      labels: { ...labels, namespace: 'shop' },
      samples,
    }));
    const expr = 'sum by (pod) (a)';
    expect(await doubts(expr, [...live, ...up('shop')], { boundTo: 'shop' })).toEqual(X);
    expect(await doubts(expr, [...live, ...up('bank')], { boundTo: 'shop' })).toEqual({});
  });
});
