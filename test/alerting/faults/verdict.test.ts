import { describe, expect, it } from 'vitest';
import type { Episode } from './episode.ts';
import type { Call } from './fault-receiver.ts';
import { checksOf, verdict } from './verdict.ts';

const episode = (id: string, from: number, to = Number.POSITIVE_INFINITY): Episode => ({
  id: `Faulty/${id}`,
  from,
  to,
});
/** `a firing, b resolved`. */
const call = (at: number, text: string): Call => ({
  ...{ at, from: 'one', groupKey: 'g', isTaken: true },
  alerts: text.split(', ').map((one) => {
    const [id, status] = one.split(' ');
    return { id: `Faulty/${id}`, status: status as 'firing', annotations: {} };
  }),
});
const wrong = (found: ReturnType<typeof verdict>, allowed = { within: 100 }): string[] =>
  checksOf(found, allowed).flatMap(({ what, good }) => (good ? [] : [what]));

describe('what was told', () => {
  it('is right when each beginning and each end was, once', () => {
    const told = [call(5, 'a firing'), call(8, 'a firing, b firing'), call(25, 'a resolved, b firing')];
    const found = verdict([episode('a', 1, 20), episode('b', 2)], told);
    expect(found).toMatchObject({
      lost: [],
      onlyEnds: [],
      endless: [],
      falseEnds: [],
      unknown: [],
      twice: 0,
      longest: 6,
    });
    expect(wrong(found)).toEqual([]);
  });

  it.each<[string, Episode[], Call[]]>([
    ['no alert is lost', [episode('a', 1)], []],
    ['no alert is lost', [], []],
    ['every beginning and every end is told', [episode('a', 1, 20)], [call(5, 'a firing')]],
    ['every beginning and every end is told', [episode('a', 1, 20)], [call(25, 'a resolved')]],
    ['told twice at most 0', [episode('a', 1)], [call(5, 'a firing'), call(6, 'a firing')]],
    ['nothing is told as resolved that still fires', [episode('a', 1)], [call(5, 'a firing'), call(6, 'a resolved')]],
    ['nothing is told as resolved that still fires', [episode('a', 1)], [call(5, 'a firing'), call(6, 'c firing')]],
    ['told within 0.1 s', [episode('a', 1)], [call(500, 'a firing')]],
  ])('is wrong: %s', (what, episodes, told) => {
    expect(wrong(verdict(episodes, told))).toEqual([what]);
  });

  it('is told in time when it was soon after nothing hindered it any more', () => {
    expect(verdict([episode('a', 1)], [call(500, 'a firing')], { healed: 480 }).longest).toBe(20);
    // That it came before is no excuse for what was late already.
    expect(verdict([episode('a', 1)], [call(400, 'a firing')], { healed: 480 }).longest).toBe(399);
  });

  it('may be the end alone where that is allowed', () => {
    const found = verdict([episode('a', 1, 20)], [call(25, 'a resolved')]);
    expect(checksOf(found, { within: 100, onlyEnds: true }).every(({ good }) => good)).toBe(true);
  });
});
