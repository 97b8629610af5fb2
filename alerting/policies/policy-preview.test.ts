import { describe, expect, it } from 'vitest';
import { METRIC, MINUTE, NONE, POD, PolicyBed, policy, START, series } from './policy-bed.case.ts';

async function recorded(values: readonly (number | undefined)[]): Promise<PolicyBed> {
  const bed = new PolicyBed([]);
  await bed.minutes(values);
  return bed;
}

describe('a dry run', () => {
  it('finds what would have fired, and what would fire now', async () => {
    const bed = await recorded([95, 95, 96, 99, 20, 95, 95, 97]);
    const parts = policy({ conditions: [{ periods: 3, thresholds: { warn: 90, serious: 98 } }] });
    const seen: number[] = [];
    const options = { from: START, to: bed.clock.now(), progress: (end: number) => seen.push((end - START) / MINUTE) };
    const preview = await bed.engine.preview(parts, options, NONE);
    expect(preview).toEqual({
      objects: 1,
      periods: 8,
      now: [
        { object: POD, state: 'firing', severity: 'warn', value: 97, breachedPeriods: 3, since: START + 8 * MINUTE },
      ],
      episodes: [
        {
          object: POD,
          startsAt: START + 3 * MINUTE,
          endsAt: START + 5 * MINUTE,
          severity: 'warn',
          value: 96,
          endValue: 20,
          condition: 0,
          isNoData: false,
        },
        {
          object: POD,
          startsAt: START + 8 * MINUTE,
          endsAt: 0,
          severity: 'warn',
          value: 97,
          endValue: Number.NaN,
          condition: 0,
          isNoData: false,
        },
      ],
      isTruncated: false,
    });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await bed.transitions()).toEqual([]);
    expect(bed.rounds).toEqual([]);
  });

  it('says what the engine did', async () => {
    const values = Array.from(
      { length: 200 },
      (_, i) => [95, 95, 85, undefined, 99, 10, 20, 30][(i * 7 + (i >> 2)) % 8],
    );
    const parts = policy({
      conditions: [{ periods: 2, outOf: 3, thresholds: { warn: 80, serious: 94 }, recovery: { warn: 50 } }],
    });
    const bed = new PolicyBed([parts]);
    bed.engine.start();
    await bed.clock.advance(0);
    await bed.minutes(values);
    const { episodes } = await bed.engine.preview(parts, { from: START, to: bed.clock.now() }, NONE);
    const steps = await bed.transitions();
    const starts = steps.filter(
      ([, what], i) => what.startsWith('firing') && !(steps[i - 1]?.[1] ?? '').startsWith('firing'),
    );
    expect(episodes.length).toBeGreaterThan(3);
    expect(episodes.map(({ startsAt }) => (startsAt - START) / MINUTE)).toEqual(starts.map(([minute]) => minute));
    const ends = steps.filter(([, what]) => what.startsWith('inactive'));
    expect(episodes.flatMap(({ endsAt }) => (endsAt > 0 ? [(endsAt - START) / MINUTE] : []))).toEqual(
      ends.map(([minute]) => minute),
    );
  });

  it('has its limits, ends when it is told to, and says what could not be read', async () => {
    const bed = await recorded([95]);
    const far = { from: START - 50_001 * MINUTE, to: START };
    await expect(bed.engine.preview(policy(), far, NONE)).rejects.toThrow('at most 50000 periods, got 50001');
    await expect(bed.engine.preview(policy(), { from: START, to: START }, NONE)).rejects.toThrow('at least one period');
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(bed.engine.preview(policy(), { from: START, to: bed.clock.now() }, stopped)).rejects.toThrow('enough');
    const broken = new PolicyBed([], {
      read: () => async (requests, take) => {
        for (const i of requests.keys()) take(i, new Error(`${requests[i]!.metric} is away`));
      },
    });
    await expect(broken.engine.preview(policy(), { from: START, to: START + MINUTE }, NONE)).rejects.toThrow(
      `${METRIC} is away`,
    );
  });

  it('reads a long past in parts', async () => {
    const bed = new PolicyBed([]);
    await bed.put(
      series(),
      Array.from({ length: 2000 }, (_, i) => [START + i * MINUTE, i % 100] as const),
    );
    const parts = policy({ conditions: [{ period: 360 * MINUTE, statistic: 'max', thresholds: { warn: 98 } }] });
    const { episodes } = await bed.engine.preview(parts, { from: START, to: START + 1999 * MINUTE }, NONE);
    expect(episodes).toMatchObject([{ startsAt: START + 360 * MINUTE, value: 99 }]);
    expect(bed.requests.length).toBeGreaterThan(5);
  });
});
