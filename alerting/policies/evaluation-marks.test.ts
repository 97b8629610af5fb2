import { expect, it } from 'vitest';
import { createMemoryStorage } from '../../storage/memory.ts';
import { createQuerierReader } from '../querier-reader.ts';
import { EvaluationMarks, readMarks } from './evaluation-marks.ts';
import { MINUTE, NONE, START } from './policy-bed.case.ts';

it('finds up to when policies were evaluated, however long ago that was, but for those that went', async () => {
  const { appender, querier } = createMemoryStorage();
  const marks = new EvaluationMarks(appender);
  await marks.write(['a', 'b', 'c', 'd'], START);
  await marks.write(['a', 'b'], START + 5 * MINUTE);
  await marks.end('b', START + 6 * MINUTE);
  await marks.write(['late'], START + 200 * MINUTE);
  marks.release();
  const found = (ids: string[], since: number) =>
    readMarks(new Set(ids), { since, now: START + 210 * MINUTE, read: createQuerierReader(querier), signal: NONE });
  const all = await found(['a', 'c', 'unknown'], START - MINUTE);
  expect(all.get('late')).toBe(START + 200 * MINUTE);
  expect(all.get('a')).toBe(START + 5 * MINUTE);
  expect(all.get('c')).toBe(START);
  expect(all.has('b')).toBe(false);
  expect([...(await found([], START)).keys()]).toEqual(['late']);
  expect((await found(['c', 'unknown'], START + MINUTE)).has('c')).toBe(false);
});

it('does not go on with a policy that went, however long before that it was evaluated', async () => {
  const { appender, querier } = createMemoryStorage();
  const marks = new EvaluationMarks(appender);
  await marks.write(['a'], START);
  await marks.end('a', START + 200 * MINUTE);
  const read = createQuerierReader(querier);
  const options = { since: START - MINUTE, now: START + 210 * MINUTE, read, signal: NONE };
  expect((await readMarks(new Set(['a', 'unknown']), options)).has('a')).toBe(false);
});
