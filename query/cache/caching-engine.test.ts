import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { createEngine } from '../engine.ts';
import type { QueryEngine, QueryValue, RangeRequest } from '../query-result.ts';
import { createCachingEngine } from './caching-engine.ts';

const never = new AbortController().signal;
const MINUTE = 60_000;
/** Minutes of samples in the store. */
const MINUTES = 400;

/** foo{i="0"} … with one sample a minute, value = minute * (series + 1); the second series begins late and has gaps. */
async function setUp(options: { now?: number; maxBytes?: number } = {}) {
  const storage = createMemoryStorage();
  const put = async (i: string, minute: number, value: number) => {
    const ref = storage.appender.acquire(Labels.from({ __name__: 'foo', i }));
    await storage.appender.append({
      length: 1,
      refs: Uint32Array.of(ref),
      timestamps: Float64Array.of(minute * MINUTE),
      values: Float64Array.of(value),
      stale: new Uint8Array(1),
    });
  };
  for (let minute = 0; minute <= MINUTES; minute++) {
    await put('0', minute, minute);
    if (minute > 90 && minute % 40 < 30) await put('1', minute, 2 * minute);
  }
  const engine = createEngine({ querier: storage.querier });
  const ranges: [number, number][] = [];
  const watched = {
    plan: engine.plan,
    instant: engine.instant,
    range: (request: RangeRequest, signal: AbortSignal) => {
      ranges.push([request.start / MINUTE, request.end / MINUTE]);
      return engine.range(request, signal);
    },
  };
  const state = { token: 'a', now: (options.now ?? MINUTES) * MINUTE };
  const asked: (readonly string[] | undefined)[] = [];
  const cached = createCachingEngine({
    engine: watched,
    changes: {
      token(metrics) {
        asked.push(metrics);
        return state.token;
      },
    },
    now: () => state.now,
    settled: 5 * MINUTE,
    sliceSteps: 10,
    maxBytes: options.maxBytes ?? 2 ** 20,
  });
  const take = () => ranges.splice(0);
  return { engine, cached, put, state, asked, take };
}

function range(engine: QueryEngine, expr: string, [start, end]: [number, number], more: Partial<RangeRequest> = {}) {
  return engine.range({ expr, start: start * MINUTE, end: end * MINUTE, step: MINUTE, ...more }, never);
}

function largest(value: QueryValue): number {
  return value.type === 'matrix' ? Math.max(...value.series.flatMap(({ values }) => [...values])) : Number.NaN;
}

describe('a cache of slices', () => {
  it('computes what is new, and the edges, and nothing else', async () => {
    const { engine, cached, take } = await setUp();
    await range(cached, 'sum(foo)', [100, 200]);
    expect(take()).toEqual([[100, 200]]);
    const again = await range(cached, 'sum(foo)', [100, 200]);
    expect(take()).toEqual([[200, 200]]);
    expect(again.value).toEqual((await range(engine, 'sum(foo)', [100, 200])).value);
    await range(cached, 'sum(foo)', [103, 205]);
    expect(take()).toEqual([
      [103, 109],
      [200, 205],
    ]);
    // Written in another way, and with another step or look-back: not the same values.
    await range(cached, 'sum( foo )', [100, 200], { step: 2 * MINUTE });
    await range(cached, 'sum(foo)', [100, 200], { lookback: MINUTE });
    expect(take()).toHaveLength(2);
  });

  it('never keeps what may still change', async () => {
    const { cached, put, take } = await setUp();
    await range(cached, 'sum(foo)', [300, 400]);
    take();
    await put('0', 397, 1e6);
    const { value } = await range(cached, 'sum(foo)', [300, 400]);
    expect(take()).toEqual([[390, 400]]);
    expect(largest(value)).toBeGreaterThanOrEqual(1e6);
    // A negative offset reads later than its step.
    await range(cached, 'foo offset -60m', [300, 400]);
    await range(cached, 'foo offset -60m', [300, 400]);
    expect(take()).toEqual([
      [300, 400],
      [330, 400],
    ]);
  });

  it('forgets slices when late samples come, and asks by the metrics that are read', async () => {
    const { cached, put, state, asked, take } = await setUp();
    await range(cached, 'sum(foo) / sum(bar)', [100, 199]);
    take();
    await put('0', 150, 1e6);
    state.token = 'b';
    const { value } = await range(cached, 'sum(foo)', [100, 199]);
    expect(take()).toEqual([[100, 199]]);
    expect(largest(value)).toBeGreaterThanOrEqual(1e6);
    await range(cached, '{i="0"}', [100, 199]);
    expect(asked).toEqual([['foo', 'bar'], ['foo'], undefined]);
  });

  it.each(['foo @ end()', 'foo - foo @ start()', 'time()', 'foo @ 24000'])('lets %s pass', async (expr) => {
    const { cached, take } = await setUp();
    await range(cached, expr, [100, 199]);
    await range(cached, expr, [100, 199]);
    expect(take()).toEqual([
      [100, 199],
      [100, 199],
    ]);
  });

  it('computes all when that is asked for, or when the cost is to be told', async () => {
    const { cached, take } = await setUp();
    for (const more of [{}, { noCache: true }, { explain: true }, { countSamples: true }]) {
      await range(cached, 'foo', [100, 199], more);
    }
    expect(take()).toEqual(Array.from({ length: 4 }, () => [100, 199]));
  });

  it('keeps annotations, and is bounded', async () => {
    const { cached, take } = await setUp();
    const first = await range(cached, 'rate(foo[5m])', [100, 199]);
    const second = await range(cached, 'rate(foo[5m])', [100, 199]);
    expect(take()).toHaveLength(1);
    expect(second.infos).toEqual(first.infos);
    expect(first.infos).toHaveLength(1);

    const small = await setUp({ maxBytes: 4000 });
    await range(small.cached, 'foo', [100, 199]);
    await range(small.cached, 'foo', [100, 199]);
    expect(small.take()).toHaveLength(2);
  });

  it('gives what the engine gives, whatever was asked before', async () => {
    const { engine, cached } = await setUp();
    const expr = fc.constantFrom(
      'foo',
      'sum by (i) (rate(foo[7m]))',
      'foo > 200',
      'topk(1, foo)',
      'absent(foo{i="1"})',
      'max_over_time(foo[3m:1m] offset 10m)',
      'foo offset -20m',
      'foo{i="1"} or on () vector(7)',
    );
    const window = fc.tuple(fc.nat(MINUTES), fc.nat(120), fc.constantFrom(1, 2, 7));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(expr, window), { maxLength: 8 }), async (queries) => {
        for (const [text, [start, length, step]] of queries) {
          const more = { step: step * MINUTE };
          const got = await range(cached, text, [start, start + length], more);
          expect(got.value).toEqual((await range(engine, text, [start, start + length], more)).value);
        }
      }),
      { numRuns: 40 },
    );
  });
});
