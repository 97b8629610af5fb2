import { expect, test } from 'vitest';
import type { StorageError } from './errors.ts';
import { Labels } from './labels.ts';
import { Matcher } from './matcher.ts';
import { createMemoryStorage } from './memory.ts';
import { readSamples } from './read-samples.ts';
import type { SampleBatch } from './series.ts';
import type { Storage } from './storage.ts';
import { TeeAppender } from './tee-appender.ts';

const NEVER = new AbortController().signal;
const row = (ref: number, timestamp: number, value: number): SampleBatch => ({
  length: 1,
  refs: Uint32Array.of(ref),
  timestamps: Float64Array.of(timestamp),
  values: Float64Array.of(value),
  stale: Uint8Array.of(0),
});

async function valuesOf(storage: Storage, metric: string): Promise<number[]> {
  const matchers = [new Matcher('__name__', '=', metric)];
  const set = await storage.querier.select({ matchers, start: 0, end: 10_000 }, NEVER);
  return (await readSamples(set)).flat().map((sample) => sample.value);
}

function tee(copyLimit = Number.POSITIVE_INFINITY, mainLimit = Number.POSITIVE_INFINITY) {
  const main = createMemoryStorage({ maxSamples: mainLimit });
  const copy = createMemoryStorage({ maxSamples: copyLimit });
  const refused: [kind: string, samples: number][] = [];
  const onRefused = (error: StorageError, samples: number) => refused.push([error.kind, samples]);
  // The refs of the two must not be the same numbers by chance.
  copy.appender.acquire(Labels.from({ __name__: 'other' }));
  return { main, copy, refused, appender: new TeeAppender(main.appender, [{ appender: copy.appender, onRefused }]) };
}

test('both get every sample of their series, also of refs beyond the first thousand', async () => {
  const { main, copy, appender } = tee();
  for (let i = 0; i < 2500; i++) {
    const ref = appender.acquire(Labels.from({ __name__: `m${i}` }));
    await appender.append(row(ref, 1000, i));
  }
  for (const metric of [0, 1023, 1024, 2499]) {
    expect(await valuesOf(main, `m${metric}`)).toEqual([metric]);
    expect(await valuesOf(copy, `m${metric}`)).toEqual([metric]);
  }
});

test('holders are counted, and a released ref reaches no series of the copy', async () => {
  const { main, copy, refused, appender } = tee();
  const labels = Labels.from({ __name__: 'a' });
  const ref = appender.acquire(labels);
  expect(appender.acquire(labels)).toBe(ref);
  appender.release([ref]);
  await appender.append(row(ref, 1000, 1));
  appender.release([ref]);
  await expect(appender.append(row(ref, 2000, 2))).rejects.toMatchObject({ kind: 'bad_data' });
  expect(refused).toEqual([['bad_data', 1]]);
  expect(await valuesOf(main, 'a')).toEqual([1]);
  expect(await valuesOf(copy, 'a')).toEqual([1]);
});

test('a copy that is full does not fail the append, and is told', async () => {
  const { main, refused, appender } = tee(1);
  const ref = appender.acquire(Labels.from({ __name__: 'a' }));
  await appender.append(row(ref, 1000, 1));
  await appender.append(row(ref, 2000, 2));
  expect(refused).toEqual([['full', 1]]);
  expect(await valuesOf(main, 'a')).toEqual([1, 2]);
});

test('when the one that counts is full, the append fails', async () => {
  const { appender } = tee(Number.POSITIVE_INFINITY, 1);
  const ref = appender.acquire(Labels.from({ __name__: 'a' }));
  await appender.append(row(ref, 1000, 1));
  await expect(appender.append(row(ref, 2000, 2))).rejects.toMatchObject({ kind: 'full' });
});
