import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { Matcher } from './matcher.ts';

describe('Matcher', () => {
  it('accepts with =~ what RE2 accepts', () => {
    const patterns = [
      ...[
        '',
        'a',
        'ab',
        'a|b',
        'ab|',
        'a|b.',
        'ab.*',
        'ab+',
        'ab*',
        'ab?',
        'a{0}b',
        'ab{0,1}',
        'ab{2}',
        'a\\.b',
        '\\Qa.b\\E',
      ],
      ...[
        '(ab)?',
        'a(b|c)',
        'ab(?i)c',
        '(?i)ab',
        '^ab$',
        'ab$',
        '[ab]c',
        '.*',
        '.+',
        '🙂*',
        'a🙂?',
        '🙂+x',
        'ab\n.',
        'a{b',
        'a}b',
      ],
    ];
    const values = [
      ...[
        '',
        'a',
        'b',
        'ab',
        'abb',
        'abc',
        'aB',
        'aBC',
        'abC',
        'ac',
        'bc',
        'a.b',
        'axb',
        'abx',
        '🙂',
        '🙂x',
        '🙂🙂x',
        'a🙂',
        'ab\nx',
      ],
      ...['a{b', 'a}b', 'b.', 'bx', 'aab', '\ud83d'],
    ];
    let accepted = 0;
    for (const pattern of patterns) {
      const regexp = RE2JS.compile(pattern, RE2JS.DOTALL);
      for (const value of values) {
        const expected = regexp.matches(value);
        accepted += Number(expected);
        expect([pattern, value, new Matcher('l', '=~', pattern).matches(value)]).toEqual([pattern, value, expected]);
        expect(new Matcher('l', '!~', pattern).matches(value)).toBe(!expected);
      }
    }
    expect(accepted).toBeGreaterThan(50);
  });

  it('names the pattern that is no regular expression, as it was written', () => {
    expect(() => new Matcher('l', '=~', 'a(')).toThrow(
      'invalid regular expression "a(": error parsing regexp: missing closing ): `a(`',
    );
  });
});
