import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import type { Silence } from './silence.ts';
import { SilenceIndex } from './silence-index.ts';

/** Numbers below `end`, the same in every run. */
function random(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

function silence(id: string, matchers: readonly Matcher[]): Silence {
  return { id, matchers, startsAt: 0, endsAt: 1, createdBy: '', comment: '', annotations: {}, updatedAt: 0 };
}

describe('SilenceIndex', () => {
  it('finds what a look at every silence finds, while the set changes', () => {
    const next = random(7);
    const names = ['a', 'b', 'c'];
    const values = ['', 'x', 'y', 'z'];
    const pick = <T>(list: readonly T[]): T => list[next(list.length)]!;
    const matcher = () => {
      const op = pick(['=', '!=', '=~', '!~'] as const);
      return new Matcher(
        pick(names),
        op,
        op.length === 2 && op !== '!=' ? pick(['x|y', '', 'x|', '.+', 'z.*']) : pick(values),
      );
    };
    const index = new SilenceIndex(20);
    const all = new Map<string, Silence>();
    const alerts = Array.from({ length: 30 }, () => Labels.from(names.map((name) => [name, pick(values)] as const)));
    let found = 0;
    for (let step = 0; step < 6000; step++) {
      const id = String(next(40));
      if (next(3) === 0) {
        all.delete(id);
        index.delete(id);
      } else if (next(4) === 0) {
        const added = silence(id, Array.from({ length: 1 + next(3) }, matcher));
        all.set(id, added);
        index.set(added);
      }
      const labels = pick(alerts);
      const expected = [...all.values()].filter(({ matchers }) => matchers.every((m) => m.matches(labels.get(m.name))));
      const ids = (silences: readonly Silence[]) => silences.map((each) => each.id).sort();
      expect(ids(index.matching(labels))).toEqual(ids(expected));
      found += expected.length;
    }
    expect(found).toBeGreaterThan(1000);
  });

  it('looks only at the silences that changed, for an alert that it remembers', () => {
    const index = new SilenceIndex(10);
    let looks = 0;
    const counting = (value: string) => {
      const matcher = new Matcher('pod', '=~', value);
      const matches = matcher.matches.bind(matcher);
      matcher.matches = (text) => {
        looks++;
        return matches(text);
      };
      return matcher;
    };
    for (let i = 0; i < 100; i++) index.set(silence(String(i), [counting(`web-${i}.*`)]));
    const labels = Labels.from({ pod: 'web-7x' });
    expect(index.matching(labels).map(({ id }) => id)).toEqual(['7']);
    expect(looks).toBe(100);
    index.set(silence('new', [counting('web.*')]));
    expect(index.matching(labels).map(({ id }) => id)).toEqual(['7', 'new']);
    expect(looks).toBe(101);
    index.delete('7');
    expect(index.matching(labels).map(({ id }) => id)).toEqual(['new']);
    expect(index.matching(labels)).toBe(index.matching(labels));
    expect(looks).toBe(101);
  });

  it('looks only at the silences of an alert with the value that they ask for', () => {
    const index = new SilenceIndex(0);
    for (let i = 0; i < 1000; i++) {
      index.set(silence(String(i), [new Matcher('cluster', '=', 'a'), new Matcher('pod', '=~', `p${i}|q${i}`)]));
    }
    let looks = 0;
    const matches = Matcher.prototype.matches;
    Matcher.prototype.matches = function (value) {
      looks++;
      return matches.call(this, value);
    };
    try {
      for (let i = 0; i < 100; i++) {
        expect(index.matching(Labels.from({ cluster: 'a', pod: `q${i}` })).map(({ id }) => id)).toEqual([String(i)]);
      }
    } finally {
      Matcher.prototype.matches = matches;
    }
    // Of three silences two matchers: the first two that came are among those that ask for the cluster.
    expect(looks).toBeLessThanOrEqual(100 * 6);
  });

  it('goes on after more changes than it remembers', () => {
    const index = new SilenceIndex(10);
    const labels = Labels.from({ pod: 'x' });
    expect(index.matching(labels)).toEqual([]);
    for (let i = 0; i < 10_000; i++) index.set(silence('one', [new Matcher('pod', '=', i === 9_999 ? 'x' : 'y')]));
    expect(index.matching(labels).map(({ id }) => id)).toEqual(['one']);
  });
});
