import { expect, test } from 'vitest';
import { Exposition } from './exposition.ts';

test('one HELP and TYPE line per family, in the order of the first mention', () => {
  const out = new Exposition();
  out.counter('b_total', 'second').add(1, { x: '1' });
  out.gauge('a', 'first').add(0.5);
  out.counter('b_total', 'second').add(2, { x: '2', y: 'z' });
  out.gauge('empty', 'has no sample');
  expect(out.toString()).toBe(
    '# HELP b_total second\n# TYPE b_total counter\nb_total{x="1"} 1\nb_total{x="2",y="z"} 2\n' +
      '# HELP a first\n# TYPE a gauge\na 0.5\n',
  );
});

test('escapes label values and help, and writes the special numbers', () => {
  const out = new Exposition();
  const family = out.untyped('m', 'a \\ and\nb');
  family.add(Number.NaN, { l: 'back\\slash "quoted"\nnext' });
  family.add(Number.POSITIVE_INFINITY);
  family.add(Number.NEGATIVE_INFINITY);
  family.add(1.5e300);
  expect(out.toString()).toBe(
    '# HELP m a \\\\ and\\nb\n# TYPE m untyped\nm{l="back\\\\slash \\"quoted\\"\\nnext"} NaN\nm +Inf\nm -Inf\nm 1.5e+300\n',
  );
});

test('encode joins several as UTF-8', () => {
  const [a, b] = [new Exposition(), new Exposition()];
  a.gauge('a', 'h').add(1, { l: 'é' });
  b.gauge('b', 'h').add(2);
  expect(new TextDecoder().decode(Exposition.encode([a, b]))).toBe(`${a}${b}`);
});
