import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../storage/errors.ts';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import type { Querier, Selection } from '../storage/querier.ts';
import type { SeriesSet } from '../storage/series.ts';
import { createEngine, type EngineOptions } from './engine.ts';
import { ALL_FEATURES } from './promql/features.ts';
import type { QueryEngine, QueryResult } from './query-result.ts';

const never = new AbortController().signal;
const MINUTE = 60_000;

/** foo{i="0"} … with one sample a minute from 0 on, value = minute + series. */
async function storageWith(series: number, samples: number): Promise<Querier> {
  const storage = createMemoryStorage({ blockRows: 50 });
  for (let i = 0; i < series; i++) {
    const ref = storage.appender.acquire(Labels.from({ __name__: 'foo', i: String(i) }));
    await storage.appender.append({
      length: samples,
      refs: new Uint32Array(samples).fill(ref),
      timestamps: Float64Array.from({ length: samples }, (_, k) => k * MINUTE),
      values: Float64Array.from({ length: samples }, (_, k) => k + i),
      stale: new Uint8Array(samples),
    });
  }
  return storage.querier;
}

/** Sees every selection; `select` may be replaced. */
class Watched {
  readonly selections: Selection[] = [];
  readonly querier: Querier;

  constructor(inner: Querier, select?: (selection: Selection, signal: AbortSignal) => Promise<SeriesSet>) {
    this.querier = {
      select: (selection, signal) => {
        this.selections.push(selection);
        return (select ?? ((s, sig) => inner.select(s, sig)))(selection, signal);
      },
      series: (filter, signal) => inner.series(filter, signal),
      labelNames: (filter, signal) => inner.labelNames(filter, signal),
      labelValues: (name, filter, signal) => inner.labelValues(name, filter, signal),
      metadata: (metric, limit, signal) => inner.metadata(metric, limit, signal),
    };
  }
}

async function engineWith(series: number, options: Partial<EngineOptions> = {}): Promise<QueryEngine> {
  return createEngine({ querier: await storageWith(series, 200), ...options });
}

function range(engine: QueryEngine, expr: string, signal = never): Promise<QueryResult> {
  return engine.range({ expr, start: 0, end: 180 * MINUTE, step: MINUTE }, signal);
}

describe('results', () => {
  it('answers an instant query with the step as timestamp', async () => {
    const engine = await engineWith(2);
    const result = await engine.instant({ expr: 'foo', time: 10 * MINUTE + 5 }, never);
    expect(result.value).toEqual({
      type: 'vector',
      samples: [
        { labels: Labels.from({ __name__: 'foo', i: '0' }), timestamp: 10 * MINUTE + 5, value: 10 },
        { labels: Labels.from({ __name__: 'foo', i: '1' }), timestamp: 10 * MINUTE + 5, value: 11 },
      ],
    });
    expect(result.stats).toMatchObject({ samplesRead: 10, seriesRead: 2, peakSamples: 10 });
  });

  it('answers strings, scalars and range vectors at one time only', async () => {
    const engine = await engineWith(1);
    expect((await engine.instant({ expr: '"a"', time: 7 }, never)).value).toEqual({
      type: 'string',
      timestamp: 7,
      value: 'a',
    });
    expect((await engine.instant({ expr: '1 + 1', time: 7 }, never)).value).toEqual({
      type: 'scalar',
      timestamp: 7,
      value: 2,
    });
    const { value } = await engine.instant({ expr: 'foo[2m]', time: 2 * MINUTE }, never);
    expect(value).toEqual({
      type: 'matrix',
      series: [
        {
          labels: Labels.from({ __name__: 'foo', i: '0' }),
          timestamps: Float64Array.of(MINUTE, 2 * MINUTE),
          values: Float64Array.of(1, 2),
        },
      ],
    });
    await expect(range(engine, 'foo[2m]')).rejects.toMatchObject({ type: 'bad_data' });
    await expect(range(engine, '"a"')).rejects.toMatchObject({ type: 'bad_data' });
  });

  it('has a scalar over a range as one series without labels', async () => {
    const engine = await engineWith(0);
    const { value } = await engine.range({ expr: 'time()', start: 0, end: 2000, step: 1000 }, never);
    expect(value).toEqual({
      type: 'matrix',
      series: [{ labels: Labels.EMPTY, timestamps: Float64Array.of(0, 1000, 2000), values: Float64Array.of(0, 1, 2) }],
    });
  });

  it('takes the lookback of the request before that of the engine', async () => {
    const engine = await engineWith(1, { lookback: MINUTE });
    const at = 200 * MINUTE;
    expect((await engine.instant({ expr: 'foo', time: at }, never)).value).toMatchObject({ samples: [] });
    const { value } = await engine.instant({ expr: 'foo', time: at, lookback: 2 * MINUTE }, never);
    expect(value).toMatchObject({ samples: [{ value: 199 }] });
  });
});

describe('slices', () => {
  it('do not change a result', async () => {
    const querier = await storageWith(3, 200);
    const features = ALL_FEATURES;
    const whole = createEngine({ querier, features });
    const exprs = [
      'foo',
      'rate(foo[7m])',
      'sum(foo) / count(foo)',
      'topk(1, foo)',
      'max_over_time(rate(foo[3m])[10m:2m])',
      'foo offset 5m - foo',
      'foo @ end()',
      'absent(foo > 100)',
      'count_values("v", foo % 3)',
      'foo smoothed offset 30s',
      'delta(foo[7m] smoothed)',
      'increase(foo[90s] anchored)',
      'info(foo offset 3m, {__name__="foo"})',
    ];
    const inputs = fc.tuple(
      fc.constantFrom(...exprs),
      fc.integer({ min: 1, max: 60 * MINUTE }),
      fc.integer({ min: -10, max: 100 }),
      fc.integer({ min: 1, max: 120 }),
    );
    await fc.assert(
      fc.asyncProperty(inputs, async ([expr, sliceLength, first, steps]) => {
        const request = { expr, start: first * MINUTE, end: (first + steps) * MINUTE, step: MINUTE };
        const sliced = createEngine({ querier, sliceLength, features });
        expect((await sliced.range(request, never)).value).toEqual((await whole.range(request, never)).value);
      }),
      { numRuns: 60 },
    );
  });

  it('read each their own lookback, of series that are looked up once', async () => {
    const inner = await storageWith(1, 200);
    const parts: unknown[] = [];
    const watched = new Watched(inner, async (selection, signal) => {
      const { series, blocks } = await inner.select(selection, signal);
      return {
        series,
        blocks(part) {
          parts.push(part && [part.start, part.end]);
          return blocks(part);
        },
      };
    });
    const engine = createEngine({ querier: watched.querier, sliceLength: 60 * MINUTE });
    await engine.range({ expr: 'foo', start: 0, end: 119 * MINUTE, step: MINUTE }, never);
    expect(watched.selections.map(({ start, end }) => [start, end])).toEqual([[-5 * MINUTE + 1, 119 * MINUTE]]);
    expect(parts).toEqual([
      [-5 * MINUTE + 1, 59 * MINUTE],
      [55 * MINUTE + 1, 119 * MINUTE],
    ]);
  });
});

describe('reading', () => {
  it('reads the samples that selectors share once', async () => {
    const watched = new Watched(await storageWith(1, 200));
    const engine = createEngine({ querier: watched.querier });
    await range(engine, 'rate(foo[30m]) / avg_over_time(foo[30m]) + foo');
    expect(watched.selections).toHaveLength(1);
  });
});

describe('limits', () => {
  it('refuses to take too much memory, with its own error', async () => {
    const engine = await engineWith(5, { maxBytes: 400 });
    await expect(range(engine, 'foo')).rejects.toMatchObject({
      type: 'execution',
      message: expect.stringMatching(/^the query would need too much memory: at most 400 bytes/),
    });
    await expect(engine.instant({ expr: 'foo', time: 0 }, never)).resolves.toBeDefined();
  });

  it('refuses to hold too many samples', async () => {
    const engine = await engineWith(5, { maxSamples: 20 });
    await expect(range(engine, 'foo')).rejects.toMatchObject({
      type: 'execution',
      message: 'query processing would load too many samples into memory in query execution',
    });
    await expect(engine.instant({ expr: 'foo', time: 0 }, never)).resolves.toBeDefined();
  });

  it('cuts a slice in halves until its samples fit', async () => {
    const querier = await storageWith(5, 200);
    const expr = 'sum(rate(foo[5m]))';
    const small = await range(createEngine({ querier, maxSamples: 700 }), expr);
    const large = await range(createEngine({ querier }), expr);
    expect(small.value).toEqual(large.value);
    expect(large.stats.samplesRead).toBe(5 * 181);
    expect(small.stats.samplesRead).toBeGreaterThan(5 * 181);
    // What is read twice is counted once.
    const counts = async (maxSamples: number) => {
      const request = { expr, start: 0, end: 180 * MINUTE, step: MINUTE, countSamples: true };
      return (await createEngine({ querier, maxSamples }).range(request, never)).stats.queryable!.samples;
    };
    expect(await counts(700)).toEqual(await counts(1e6));
  });

  it('counts intermediate results as well', async () => {
    const engine = await engineWith(1, { maxSamples: 5000 });
    const request = { expr: 'vector(1) + vector(2)', start: 0, end: 20_000 * 1000, step: 1000 };
    await expect(engine.range(request, never)).rejects.toMatchObject({ type: 'execution' });
  });

  it('refuses a subquery of too many steps before it makes room for them', async () => {
    const engine = await engineWith(1);
    const expr = 'sum_over_time(foo[100y:1ms])';
    await expect(engine.instant({ expr, time: 0 }, never)).rejects.toMatchObject({ type: 'execution' });
  });

  it('refuses too many series', async () => {
    const engine = await engineWith(5, { maxSeries: 4 });
    await expect(range(engine, 'foo')).rejects.toThrow('at most 4 are allowed, it selects at least 5');
  });

  it('refuses a step that is not positive', async () => {
    const engine = await engineWith(0);
    await expect(engine.range({ expr: '1', start: 0, end: 1, step: 0 }, never)).rejects.toMatchObject({
      type: 'bad_data',
      message: 'step must be positive, got 0ms',
    });
  });
});

describe('statistics', () => {
  it('count a sample once for every step whose window it is in', async () => {
    const engine = await engineWith(2);
    const request = { expr: 'sum(rate(foo[5m])) + sum(foo)', start: 10 * MINUTE, end: 12 * MINUTE, step: MINUTE };
    const { stats } = await engine.range({ ...request, countSamples: true }, never);
    expect([...stats.queryable!.samples]).toEqual([12, 12, 12]);
    expect([...stats.queryable!.timestamps]).toEqual([10, 11, 12].map((minute) => minute * MINUTE));
    expect(stats.samplesRead).toBe(2 * 7);
    expect((await engine.range(request, never)).stats.queryable).toBeUndefined();
    const counts = async (expr: string) => {
      const { stats } = await engine.range({ ...request, expr, countSamples: true }, never);
      return [...stats.queryable!.samples];
    };
    // As Prometheus counts: the values of a subquery, and what is the same at every step at every step.
    expect(await counts('max_over_time(sum(foo)[2m:30s])')).toEqual([4, 4, 4]);
    expect(await counts('foo @ 600')).toEqual([2, 2, 2]);
    expect(await counts('sum(foo) + sum(foo @ 600)')).toEqual([4, 4, 4]);
  });

  it('explain a query as the plan that was run, with the cost of each operator', async () => {
    const engine = await engineWith(2);
    const request = { expr: 'sum(rate(foo[5m]))', start: 10 * MINUTE, end: 12 * MINUTE, step: MINUTE, explain: true };
    const { explain } = await engine.range(request, never);
    expect(explain).toMatchObject({
      operator: 'aggregate sum by()',
      series: 1,
      values: 3,
      runs: 1,
      operands: [
        {
          operator: 'range-call rate',
          series: 2,
          values: 6,
          operands: [{ operator: 'range-select {__name__="foo"}[5m]', operands: [] }],
        },
      ],
    });
    expect(explain!.milliseconds).toBeGreaterThanOrEqual(explain!.operands[0]!.milliseconds!);
  });
});

describe('faults', () => {
  it('says that a query was canceled', async () => {
    const controller = new AbortController();
    controller.abort();
    const engine = await engineWith(1);
    await expect(range(engine, 'foo', controller.signal)).rejects.toMatchObject({ type: 'canceled' });
  });

  it('hears an abort while it computes', async () => {
    const engine = await engineWith(20);
    const controller = new AbortController();
    const expr = 'quantile_over_time(0.5, foo[3h])';
    const request = { expr, start: 0, end: 200 * MINUTE, step: 1000 };
    setTimeout(() => controller.abort(), 1);
    await expect(engine.range(request, controller.signal)).rejects.toMatchObject({ type: 'canceled' });
  });

  it('hears an abort while it computes a single series', async () => {
    const engine = await engineWith(1);
    const controller = new AbortController();
    const expr = 'quantile_over_time(0.5, vector(1)[1d:1s])';
    const asked = engine.range({ expr, start: 0, end: 600_000, step: 1000 }, controller.signal);
    setTimeout(() => controller.abort(), 50);
    const began = performance.now();
    await expect(asked).rejects.toMatchObject({ type: 'canceled' });
    // All of it takes some seconds.
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('computes long windows in turns with the same result', async () => {
    const engine = await engineWith(2);
    const window = '[2h:100ms]';
    const request = { start: 100 * MINUTE, end: 100 * MINUTE + 60_000, step: 1000 };
    const values = async (expr: string) => {
      const { value } = await engine.range({ expr, ...request }, never);
      return value.type === 'matrix' && value.series.map((series) => [...series.values]);
    };
    const alone = (i: number) => values(`sum_over_time(foo{i="${i}"}${window})`);
    const both = await values(`sum_over_time(foo${window}) + sum_over_time(foo${window} offset 0s)`);
    const [first, second] = [await alone(0), await alone(1)];
    expect(both).toEqual([...(first as number[][]), ...(second as number[][])].map((row) => row.map((v) => 2 * v)));
  });

  it('ends at its deadline, and ends its reads', async () => {
    let ended = false;
    const hanging = (_: Selection, signal: AbortSignal) =>
      new Promise<SeriesSet>((_, reject) => {
        signal.addEventListener('abort', () => {
          ended = true;
          reject(new StorageError('canceled', 'the request was canceled'));
        });
      });
    const watched = new Watched(await storageWith(0, 0), hanging);
    const engine = createEngine({ querier: watched.querier, timeout: 20 });
    await expect(range(engine, 'foo')).rejects.toMatchObject({
      type: 'timeout',
      message: 'query timed out in query execution',
    });
    expect(ended).toBe(true);
  });

  it.each([
    ['unavailable', 'unavailable'],
    ['canceled', 'canceled'],
    ['limit', 'execution'],
    ['internal', 'internal'],
  ] as const)('shows a storage error %s as %s', async (kind, type) => {
    const watched = new Watched(await storageWith(0, 0), () => Promise.reject(new StorageError(kind, 'why')));
    const engine = createEngine({ querier: watched.querier });
    await expect(range(engine, 'foo')).rejects.toMatchObject({ type, message: 'why' });
    const prepared = engine.prepare({ kind: 'instant', expr: 'foo', time: 0 }, never);
    await expect(prepared).rejects.toMatchObject({ type, message: 'why' });
  });

  it('fails when the blocks fail half way, and releases the other side', async () => {
    const inner = await storageWith(3, 200);
    let released = 0;
    const breaking = async (selection: Selection, signal: AbortSignal): Promise<SeriesSet> => {
      const set = await inner.select(selection, signal);
      return {
        series: set.series,
        async *blocks(part) {
          try {
            let count = 0;
            for await (const block of set.blocks(part)) {
              if (++count > 2) throw new StorageError('unavailable', 'connection lost');
              yield block;
            }
          } finally {
            released++;
          }
        },
      };
    };
    const engine = createEngine({ querier: new Watched(inner, breaking).querier });
    await expect(range(engine, 'foo + foo offset 1m')).rejects.toMatchObject({ type: 'unavailable' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(released).toBeGreaterThan(0);
  });

  it('shows no detail of a defect, but keeps it as the cause', async () => {
    const defect = new TypeError('x is not a function');
    const watched = new Watched(await storageWith(0, 0), () => Promise.reject(defect));
    await expect(range(createEngine({ querier: watched.querier }), 'foo')).rejects.toMatchObject({
      type: 'internal',
      cause: defect,
    });
  });

  it.each(['lookback', 'maxSamples', 'timeout', 'sliceLength'] as const)('wants a positive %s', async (name) => {
    const querier = await storageWith(0, 0);
    expect(() => createEngine({ querier, [name]: 0 })).toThrow(`${name} must be positive, got 0`);
  });
});
