import { describe, expect, it } from 'vitest';
import { type JudgeOptions, judge } from './judge.ts';
import type { Lifetime } from './lifetime-log.ts';

/** A presence of one series `a` from second 0 on: `.` for absent, `x` for there. */
function verdict(
  pattern: string,
  lives: readonly (readonly [from: number, until: number])[],
  options: Partial<JudgeOptions> = {},
) {
  const seen = Uint8Array.from(pattern, (mark) => (mark === 'x' ? 1 : 0));
  const presence = {
    start: 0,
    step: 1_000,
    count: pattern.length,
    seen: new Map(pattern.includes('x') ? [['a', seen]] : []),
  };
  const lifetimes = lives.map(
    ([from, until]): Lifetime => ({ key: 'a', node: 'n', from: from * 1000, until: until * 1000 }),
  );
  return judge(presence, new Map(lives.length === 0 ? [] : [['a', lifetimes]]), {
    allowed: { begin: 2_000, end: 2_000 },
    ...options,
  });
}

const { POSITIVE_INFINITY: EVER, NEGATIVE_INFINITY: BEFORE } = Number;
const all = () => true;

describe('a verdict', () => {
  it.each<
    [
      what: string,
      pattern: string,
      lives: [number, number][],
      options: Partial<JudgeOptions>,
      problem: RegExp | undefined,
    ]
  >([
    ['there all the time', 'xxxxxxxx', [[BEFORE, EVER]], {}, undefined],
    ['with a gap', 'xxx.xxxx', [[BEFORE, EVER]], {}, /has a gap at 00:00:03/],
    ['without a series', '........', [[BEFORE, EVER]], {}, /a has /],
    ['that begins in time', '..xxxxxx', [[1, EVER]], {}, undefined],
    ['that begins too late', '.....xxx', [[1, EVER]], {}, /no series 3000 ms after its beginning/],
    ['that ends in time', 'xxxxxx..', [[BEFORE, 4]], {}, undefined],
    ['that ends too late', 'xxxxxxxx', [[BEFORE, 4]], {}, /still has a series 3000 ms after its end/],
    ['that nothing is behind', '...x....', [], {}, /never was/],
    ['that comes before its thing', 'xxxxxxxx', [[5, EVER]], {}, /before it is there/],
    [
      'of two things of one name',
      'xxx..xxx',
      [
        [BEFORE, 3],
        [5, EVER],
      ],
      {},
      undefined,
    ],
    [
      'that is out when it must be',
      'xx...xxx',
      [[BEFORE, EVER]],
      { outages: [{ from: 1_000, until: 4_000, of: all }] },
      undefined,
    ],
    [
      'that is there in an outage',
      'xxxxxxxx',
      [[BEFORE, EVER]],
      { outages: [{ from: 1_000, until: 6_000, of: all }] },
      /though nothing tells of it/,
    ],
    [
      'that does not come back',
      'xx......',
      [[BEFORE, EVER]],
      { outages: [{ from: 1_000, until: 4_000, of: all }] },
      /a has /,
    ],
    [
      'with a gap after an outage',
      'xx...xx.',
      [[BEFORE, EVER]],
      { outages: [{ from: 1_000, until: 4_000, of: all }] },
      /gap at 00:00:07/,
    ],
    ['that ends when nobody sees it', 'xxxxxx..', [[BEFORE, 1]], { blind: { from: 0, until: 4_000 } }, undefined],
    ['that begins when nobody sees it', '.....xxx', [[1, EVER]], { blind: { from: 0, until: 4_000 } }, undefined],
    [
      'with a gap when nobody sees',
      'xx.xxxxx',
      [[BEFORE, EVER]],
      { blind: { from: 1_000, until: 4_000 } },
      /gap at 00:00:02/,
    ],
  ])('on a thing %s', (_what, pattern, lives, options, problem) => {
    const { problems } = verdict(pattern, lives, options);
    if (problem === undefined) expect(problems).toEqual([]);
    else expect(problems.join('; ')).toMatch(problem);
  });

  it('tells the longest delays', () => {
    const { worstBegin, worstEnd } = verdict('..xxxxx.', [[1, 5]]);
    expect([worstBegin, worstEnd]).toEqual([1_000, 1_000]);
    const outage = { from: 1_000, until: 4_000, of: all };
    expect(verdict('xx...xxx', [[BEFORE, EVER]], { outages: [outage] }).worstBack).toBe(1_000);
  });
});
