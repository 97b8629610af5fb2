import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSelected, selectorText } from './label-selector.ts';
import { MetricsError } from './metrics-error.ts';
import { parseLabelSelector } from './parse-label-selector.ts';

/** As `key operator values`. */
const read = (text: string): readonly string[] =>
  parseLabelSelector(text).map(({ key, operator, values }) =>
    [key, operator, ...values.map((v) => `<${v}>`)].join(' '),
  );

describe('parseLabelSelector', () => {
  it.each([
    ['', []],
    [' \t ', []],
    ['a=b', ['a In <b>']],
    ['a==b', ['a In <b>']],
    ['a != b', ['a NotIn <b>']],
    ['a=', ['a In <>']],
    ['a=,b', ['a In <>', 'b Exists']],
    ['a', ['a Exists']],
    ['!a', ['a DoesNotExist']],
    ['! a', ['a DoesNotExist']],
    ['a in (x)', ['a In <x>']],
    ['a in(x,y)', ['a In <x> <y>']],
    ['a notin ( y , x , y )', ['a NotIn <x> <y>']],
    ['a in ()', ['a In <>']],
    ['a in (,x)', ['a In <> <x>']],
    ['a in (x,)', ['a In <> <x>']],
    ['a in (x,,y)', ['a In <> <x> <y>']],
    ['in in (in,notin)', ['in In <in> <notin>']],
    ['notin', ['notin Exists']],
    ['in=notin', ['in In <notin>']],
    ['b=1,a=2', ['a In <2>', 'b In <1>']],
    ['a=1,a=1', ['a In <1>']],
    ['a=1,a=2', ['a In <1>', 'a In <2>']],
    ['x in (foo,,baz),y,z notin ()', ['x In <> <baz> <foo>', 'y Exists', 'z NotIn <>']],
    ['app.kubernetes.io/name=web', ['app.kubernetes.io/name In <web>']],
    ['a\n=\r\nb', ['a In <b>']],
    [`a=${'x'.repeat(63)}`, [`a In <${'x'.repeat(63)}>`]],
  ])('reads %j', (text, requirements) => expect(read(text)).toEqual(requirements));

  it.each([
    [',', `found ',', expected: !, identifier, or 'end of string'`],
    ['a,', `found '', expected: identifier after ','`],
    ['a b', `found 'b', expected: in, notin, =, ==, !=, gt, lt`],
    ['a=b c', `found 'c', expected: ',' or 'end of string'`],
    ['!a=b', `found '=', expected: ',' or 'end of string'`],
    ['!', `found '', expected: identifier`],
    ['=b', `found '=', expected: !, identifier, or 'end of string'`],
    ['a in x', `found 'x' expected: '('`],
    ['a in (x', `found '', expected: ',' or ')'`],
    ['a in (x y)', `found 'y', expected: ',' or ')'`],
    ['a in ((x)', `found '(', expected: ',' or ')'`],
    ['a===b', `found '=', expected: identifier`],
    ['a=!b', `found '!', expected: identifier`],
    ['a>1', "the operator '>' is not supported"],
    ['a<1', "the operator '<' is not supported"],
    ['a="b"', `must start and end with an alphanumeric character`],
    ['a=b\\', `must start and end with an alphanumeric character`],
    ['a=b{', `must start and end with an alphanumeric character`],
    ['-a', `name part must consist of alphanumeric characters`],
    ['a/b/c', `a qualified name must consist of`],
    ['/b', `prefix part must be non-empty`],
    ['a/', `name part must be non-empty`],
    ['A/b', `prefix part a lowercase RFC 1123 subdomain must consist of`],
    ['a\u00a0=b', `name part must consist of alphanumeric characters`],
    ['ä=b', `name part must consist of alphanumeric characters`],
    ['a=b\0,c=d', `must not contain the character U+0000`],
    [`${'x'.repeat(64)}`, `name part must be no more than 63 characters`],
    [`a=${'x'.repeat(64)}`, `must be no more than 63 characters`],
    [`${'x'.repeat(254)}/a`, `prefix part must be no more than 253 characters`],
  ])('refuses %j', (text, message) => {
    let error: unknown;
    try {
      parseLabelSelector(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(MetricsError);
    expect((error as MetricsError).reason).toBe('invalid');
    expect((error as MetricsError).message).toContain(message);
  });

  it('repeats only so much of what it was given', () => {
    const error = (): unknown => parseLabelSelector(`a=${'"'.repeat(10_000)}`);
    expect(error).toThrow(MetricsError);
    try {
      error();
    } catch (caught) {
      expect((caught as Error).message.length).toBeLessThan(600);
    }
  });

  it('reads back what is written of it, and any text in bounded time', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,6}[a-z0-9]$/);
    const value = fc.oneof(word, fc.constant(''));
    const requirement = fc.oneof(
      fc.tuple(word, value).map(([key, v]) => `${key}=${v}`),
      fc.tuple(word, value).map(([key, v]) => `${key} != ${v}`),
      fc
        .tuple(word, fc.array(value, { minLength: 1, maxLength: 3 }))
        .map(([key, vs]) => `${key} in (${vs.join(', ')})`),
      fc.tuple(word, fc.array(value, { minLength: 1, maxLength: 3 })).map(([key, vs]) => `${key} notin (${vs.join()})`),
      word,
      word.map((key) => `!${key}`),
    );
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), (requirements) => {
        const selector = parseLabelSelector(requirements.join(','));
        expect(parseLabelSelector(selectorText(selector))).toEqual(selector);
        expect(parseLabelSelector([...requirements].reverse().join(' , '))).toEqual(selector);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          for (const { key, values } of parseLabelSelector(text)) {
            for (const part of [key, ...values]) expect(part).toMatch(/^[-A-Za-z0-9_./]*$/);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MetricsError);
        }
      }),
    );
    expect(() => parseLabelSelector('('.repeat(64_000))).toThrow(MetricsError);
    expect(parseLabelSelector(Array(10_000).fill('a=b').join(','))).toHaveLength(1);
  });

  it('means what Kubernetes means', () => {
    const holds = (text: string, labels: Readonly<Record<string, string>>): boolean =>
      isSelected(parseLabelSelector(text), (key) => labels[key]);
    expect(holds('a!=b', {})).toBe(true);
    expect(holds('a notin (b)', { a: 'c' })).toBe(true);
    expect(holds('a notin (b,c)', { a: 'c' })).toBe(false);
    expect(holds('a=', { a: '' })).toBe(true);
    expect(holds('a=', {})).toBe(false);
    expect(holds('!a', { a: '' })).toBe(false);
  });
});
