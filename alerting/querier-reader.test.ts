import { expect, it } from 'vitest';
import { createMemoryStorage } from '../storage/memory.ts';
import { RecentSamples } from '../storage/recent/recent-samples.ts';
import { METRIC, NONE, PolicyBed, policy, recordingStorage, START, series } from './policies/policy-bed.case.ts';
import { createQuerierReader } from './querier-reader.ts';
import type { SampleReader, SeriesRows } from './sample-reader.ts';
import { SteppedClock } from './stepped-clock.case.ts';

/** What a reader gives, in plain words. */
async function all(read: SampleReader, requests: Parameters<SampleReader>[0]): Promise<unknown[]> {
  const answers: unknown[] = [];
  await read(
    requests,
    (request, answer) => {
      if (answer instanceof Error) {
        answers[request] = answer.message;
        return;
      }
      const rows = {} as SeriesRows;
      answers[request] = answer.series.map((labels, i) => {
        answer.locate(i, rows);
        const { timestamps, values, stale, from, to } = rows;
        return [
          labels.get('pod'),
          Array.from({ length: to - from }, (_, k) => [
            timestamps[from + k]! - START,
            stale[from + k] ? 'stale' : values[from + k],
          ]),
        ];
      });
    },
    NONE,
  );
  return answers;
}

it('reads from < time <= to of each metric, and says what could not be read', async () => {
  const bed = new PolicyBed([]);
  await bed.put(series({ pod: 'a' }), [
    [START, 1],
    [START + 1, 2],
    [START + 10, 3],
    [START + 11, NaN],
  ]);
  await bed.put(series({ pod: 'b' }), [[START + 5, 5]]);
  const { select } = bed.storage.querier;
  const read = createQuerierReader({
    select: (selection, signal) =>
      selection.matchers[0]!.value === 'broken'
        ? Promise.reject(new Error('broken'))
        : select.call(bed.storage.querier, selection, signal),
  });
  const requests = [
    { metric: METRIC, from: START, to: START + 10 },
    { metric: 'broken', from: START, to: START + 10 },
    { metric: METRIC, from: START + 10, to: START + 20 },
  ];
  expect(await all(read, requests)).toEqual([
    [
      [
        'a',
        [
          [1, 2],
          [10, 3],
        ],
      ],
      ['b', [[5, 5]]],
    ],
    'broken',
    [['a', [[11, 'stale']]]],
  ]);
  await expect(read(requests, () => {}, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});

it('evaluates in a window of recent samples as in the store', async () => {
  const run = async (inMemory: boolean): Promise<{ steps: unknown; fromMemory: number }> => {
    const clock = new SteppedClock(START);
    const recent = new RecentSamples({ storage: createMemoryStorage(), now: () => clock.now() });
    let fromMemory = 0;
    const storage = recordingStorage(inMemory ? recent.storage : createMemoryStorage());
    const policies = [policy({ conditions: [{ periods: 2, thresholds: { warn: 90, serious: 98 } }] })];
    const bed = new PolicyBed(policies, {
      storage,
      clock,
      read: () =>
        createQuerierReader({
          async select(selection, signal) {
            const set = await storage.querier.select(selection, signal);
            if (set.locate !== undefined) fromMemory++;
            return set;
          },
        }),
    });
    recent.want('policies', new Map(bed.engine.reads().map(({ metric, back }) => [metric, back])));
    bed.engine.start();
    await bed.minutes([95, 95, 99, 99, undefined, 99, 10]);
    const steps = await bed.transitions();
    await bed.stop();
    await recent.storage.close(1000);
    return { steps, fromMemory };
  };
  const plain = await run(false);
  const recent = await run(true);
  expect(plain.steps).toEqual([
    [2, 'firing warn'],
    [4, 'firing serious'],
    [7, 'inactive serious'],
  ]);
  expect(recent.steps).toEqual(plain.steps);
  expect(plain.fromMemory).toBe(0);
  expect(recent.fromMemory).toBeGreaterThan(5);
});
