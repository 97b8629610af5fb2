import { describe, expect, it } from 'vitest';
import { parseMatcher, parseMatchers } from './matcher-text.ts';

/** The matchers in a notation of their own, or the complaint. */
function shown(parse: () => ReturnType<typeof parseMatchers>): string {
  try {
    return parse()
      .map(({ name, op, value }) => `${name} ${op} ${JSON.stringify(value)}`)
      .join('; ');
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

describe('parseMatchers', () => {
  const cases: readonly (readonly [text: string, expected: string])[] = [
    ['', ''],
    ['{}', ''],
    ['{ }', ''],
    ['severity="warn"', 'severity = "warn"'],
    ['{severity="warn",}', 'severity = "warn"'],
    ['a=b, c!=d , e=~"f.*",g!~h+', 'a = "b"; c != "d"; e =~ "f.*"; g !~ "h+"'],
    ['a = b c', 'a = "b c"'],
    ['a=', 'a = ""'],
    ['a=""', 'a = ""'],
    ['a="b,c"', 'a = "b,c"'],
    ['a="say \\"hi, you\\"", b=c', 'a = "say \\"hi, you\\""; b = "c"'],
    ['a="\\d+\\n\\\\"', 'a = "\\\\d+\\n\\\\"'],
    ['a=~"\\d+"', 'a =~ "\\\\d+"'],
    ['job:rate="x"', 'job:rate = "x"'],
    // Only the UTF-8 notation has these.
    ['"my label"="x"', 'my label = "x"'],
    ['温度="高"', '温度 = "高"'],
    ['"a"="\\u00e9\\U0001f642\\xc3\\xa9\\101"', 'a = "é🙂éA"'],
    ['{"a-b"!~"x", c=d}', 'a-b !~ "x"; c = "d"'],
    // Both have these, and differ.
    ['a="\\t"', 'a = "\\\\t"'],
    ['a=b=c', 'a = "b=c"'],
    ['a={b}', 'a = "{b"'],
    // None has these.
    ['a', 'SyntaxError: bad matcher format: a'],
    ['a=b,,c=d', 'SyntaxError: bad matcher format: '],
    [',', 'SyntaxError: bad matcher format: '],
    ['{', ''],
    ['a="b', 'SyntaxError: matcher value contains unescaped double quote: "b'],
    ['a=b"c', 'SyntaxError: matcher value contains unescaped double quote: b"c'],
    ['a="b"c', 'SyntaxError: matcher value contains unescaped double quote: "b"c'],
    ['"a b"="\\xff"', 'SyntaxError: bad matcher format: "a b"="\\xff"'],
    ['a=~"("', 'SyntaxError: error parsing regexp: missing closing ): `^(?:()$`'],
  ];
  it.each(cases)('reads %j', (text, expected) => {
    expect(shown(() => parseMatchers(text))).toBe(expected);
  });

  it('refuses endless text', () => {
    expect(() => parseMatchers('a="' + 'x'.repeat(70_000) + '"')).toThrow('at most 65536 characters, got 70004');
  });

  it('takes linear time for white space', () => {
    const start = performance.now();
    expect(shown(() => parseMatchers('a=b' + ' '.repeat(60_000) + 'c'))).toContain('a = "b ');
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('parseMatcher', () => {
  const cases: readonly (readonly [text: string, expected: string])[] = [
    ['a=b', 'a = "b"'],
    ['a=b,c=d', 'a = "b,c=d"'],
    ['"a b"=c,', 'a b = "c"'],
    ['"a b"=c,d=e', 'SyntaxError: bad matcher format: "a b"=c,d=e'],
    ['{a=b}', 'SyntaxError: unexpected open or close brace: {a=b}'],
    ['', 'SyntaxError: bad matcher format: '],
  ];
  it.each(cases)('reads %j', (text, expected) => {
    expect(shown(() => [parseMatcher(text)])).toBe(expected);
  });
});
