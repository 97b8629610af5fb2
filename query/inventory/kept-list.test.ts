import { expect, test } from 'vitest';
import { KeptList } from './kept-list.ts';

const KEEP = 10_000;
const USABLE = 60_000;

/** A list that is numbered, is made when it is said so, and takes as long as is said. */
function bed({ patience = 0 } = {}) {
  const clock = { now: 1_000_000 };
  const makings: { finish: (took?: number) => Promise<void>; fail: () => Promise<void> }[] = [];
  const list = new KeptList<number>({
    make: () =>
      new Promise((resolve, reject) => {
        const number = makings.length + 1;
        makings.push({
          async finish(took = 0) {
            clock.now += took;
            resolve(number);
            await Promise.resolve();
          },
          async fail() {
            reject(new Error(`number ${number} cannot be made`));
            await Promise.resolve();
          },
        });
      }),
    now: () => clock.now,
    ...{ keep: KEEP, usable: USABLE, patience },
  });
  const made = async (took = 0): Promise<void> => {
    const first = list.fresh();
    await makings.at(-1)!.finish(took);
    await first;
  };
  return { clock, list, makings, made };
}

test('all who ask while it is made wait for the same one, and it stays fresh from then on', async () => {
  const { clock, list, makings } = bed();
  const asked = Promise.all([list.soon(), list.fresh(), list.soon()]);
  clock.now += 3 * KEEP;
  const late = list.fresh();
  await makings[0]!.finish();
  const time = 1_000_000;
  expect(await asked).toEqual([1, 1, 1].map((value) => ({ value, time })));
  expect(await late).toEqual({ value: 1, time });
  clock.now += KEEP - 1;
  expect((await list.fresh()).value).toBe(1);
  expect(makings).toHaveLength(1);
});

test('who does not want to wait gets the last one while the next is made, once', async () => {
  const { clock, list, makings, made } = bed();
  await made();
  clock.now += KEEP;
  const several = await Promise.all([list.soon(), list.soon(), list.soon()]);
  expect(several.map(({ value }) => value)).toEqual([1, 1, 1]);
  expect(makings).toHaveLength(2);
  await makings[1]!.finish();
  expect((await list.soon()).value).toBe(2);
});

test('a new one that is there soon is better than the last', async () => {
  const { clock, list, makings, made } = bed({ patience: 5_000 });
  await made();
  clock.now += KEEP;
  const asked = list.soon();
  await makings[1]!.finish();
  expect((await asked).value).toBe(2);
});

test('what is too old is not given, and neither is what a clock says comes later', async () => {
  for (const change of [USABLE, -1]) {
    const { clock, list, makings, made } = bed();
    await made();
    clock.now += change;
    const asked = list.soon();
    await makings[1]!.finish();
    expect((await asked).value).toBe(2);
  }
});

test('after a failure the last one is gone, and who asks then hears of the next', async () => {
  const { clock, list, makings, made } = bed();
  await made();
  clock.now += KEEP;
  expect((await list.soon()).value).toBe(1);
  await makings[1]!.fail();
  const asked = list.soon();
  await makings[2]!.fail();
  await expect(asked).rejects.toThrow('number 3 cannot be made');
});

test('what takes long is made the less often', async () => {
  const { clock, list, makings, made } = bed();
  await made(8_000);
  clock.now += 23_999;
  await list.soon();
  expect(makings).toHaveLength(1);
  clock.now += 1;
  await list.soon();
  expect(makings).toHaveLength(2);
});

test('an empty one is soon made again, and given to nobody while it is', async () => {
  const clock = { now: 1_000_000 };
  const values: string[][] = [[], ['a'], ['a', 'b']];
  const list = new KeptList<readonly string[]>({
    make: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return values.shift()!;
    },
    now: () => clock.now,
    isEmpty: (value) => value.length === 0,
    ...{ keep: KEEP, usable: USABLE, patience: 0 },
  });
  expect((await list.soon()).value).toEqual([]);
  clock.now += 999;
  expect((await list.soon()).value).toEqual([]);
  clock.now += 1;
  expect((await list.soon()).value).toEqual(['a']);
  clock.now += KEEP;
  expect((await list.soon()).value).toEqual(['a']);
});
