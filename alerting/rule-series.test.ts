import { expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { Matcher } from '../storage/matcher.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import { readSamples } from '../storage/read-samples.ts';
import { RoundOfSamples, type RuleSample, RuleSeries } from './rule-series.ts';

const sample = (i: string, value: number): RuleSample => ({ labels: Labels.from({ __name__: 'x', i }), value });

function setup() {
  const storage = createMemoryStorage();
  const written = async (): Promise<string[]> => {
    const matchers = [new Matcher('__name__', '=', 'x')];
    const set = await storage.querier.select({ matchers, start: 0, end: 1e6 }, new AbortController().signal);
    return (await readSamples(set)).flatMap((samples, at) =>
      samples.map(
        ({ timestamp, value, stale }) => `${timestamp} ${set.series[at]!.get('i')} ${stale ? 'stale' : value}`,
      ),
    );
  };
  return { first: new RuleSeries(storage.appender), second: new RuleSeries(storage.appender), written };
}

it('a series that moves from one rule of a group to another goes on', async () => {
  const { first, second, written } = setup();
  for (const [time, ofFirst] of [
    [1000, true],
    [2000, false],
    [3000, true],
  ] as const) {
    const round = new RoundOfSamples();
    await first.write(ofFirst ? [sample('a', 1)] : [], time, round);
    await second.write(ofFirst ? [] : [sample('a', 2)], time, round);
  }
  expect(await written()).toEqual(['1000 a 1', '2000 a 2', '3000 a 1']);
});

it('of two rules that give a series different values the first counts, and the second fails', async () => {
  const { first, second, written } = setup();
  const round = new RoundOfSamples();
  await first.write([sample('a', 1), sample('nan', Number.NaN)], 1000, round);
  await second.write([sample('nan', Number.NaN)], 1000, round);
  await expect(second.write([sample('a', 2), sample('b', 3)], 1000, round)).rejects.toThrow(
    'a rule before this one has given x{i="a"} another value at the same time',
  );
  expect(await written()).toEqual(['1000 a 1', '1000 b 3', '1000 nan NaN']);
  await second.write([], 2000, new RoundOfSamples());
  expect(await written()).toEqual(['1000 a 1', '1000 b 3', '2000 b stale', '1000 nan NaN']);
});

it('goes on with the series of another', async () => {
  const { first, second, written } = setup();
  await first.write([sample('a', 1), sample('b', 1)], 1000);
  second.adopt(first);
  await second.write([sample('a', 2)], 2000);
  expect(await written()).toEqual(['1000 a 1', '2000 a 2', '1000 b 1', '2000 b stale']);
});
