import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QueryError } from '../query-result.ts';
import type { Expr } from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import { parseExpr, parseSelector } from './parser.ts';
import { print } from './printer.ts';

const features = new Set([
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
]);
const parse = (text: string): Expr => parseExpr(text, { features });

/** Without spans, and with a selector's matchers in a fixed order. */
function shape(expr: Expr): unknown {
  return JSON.parse(
    JSON.stringify(expr, (key, value) => {
      if (key === 'span') return undefined;
      if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
      if (Object.is(value, -0)) return '-0';
      return value;
    }),
  );
}

function problem(text: string, enabled: ReadonlySet<string> = features): string {
  try {
    parseExpr(text, { features: enabled });
  } catch (error) {
    expect(error).toBeInstanceOf(QueryError);
    return (error as QueryError).message;
  }
  throw new Error(`${JSON.stringify(text)} was parsed`);
}

describe('parsing', () => {
  it.each([
    // What binds stronger, and to which side.
    ['1 + 2 * 3', '1 + 2 * 3'],
    ['(1 + 2) * 3', '(1 + 2) * 3'],
    ['-1 ^ 2', '-1 ^ 2'],
    ['a   or b and c', 'a or b and c'],
    ['foo{a="b",}', 'foo{a="b"}'],
    [`{"my.metric", 'l.x'=~\`a|b\`}`, '{"my.metric","l.x"=~"a|b"}'],
    ['{__name__="foo"}', '{__name__="foo"}'],
    ['foo[5m] offset -1h30m @ 12.5', 'foo[5m] @ 12.500 offset -1h30m'],
    ['foo @ end() offset 1w', 'foo @ end() offset 1w'],
    ['rate(foo[1m])[1h:5m]', 'rate(foo[1m])[1h:5m]'],
    ['max_over_time(foo[5m:])', 'max_over_time(foo[5m:])'],
    ['sum(foo) by (a, b)', 'sum by (a, b) (foo)'],
    ['sum without () (foo)', 'sum without () (foo)'],
    ['topk(3, foo)', 'topk(3, foo)'],
    ['sum(by)', 'sum(by)'],
    ['sum + offset', 'sum + offset'],
    ['a * on (x) group_left (y) b', 'a * on (x) group_left (y) b'],
    ['a == bool b', 'a == bool b'],
    ['a + fill (0) b', 'a + fill (0) b'],
    ['0x1F + 1e3 + 1_000 + .5 + Inf', '31 + 1000 + 1000 + 0.5 + +Inf'],
    ['5m', '5m'],
    ['"a\\x41\\u00e9\\n"', '"aAé\\n"'],
    ['foo[5m+step()]', 'foo[5m + step()]'],
    ['increase(foo[5m] smoothed)', 'increase(foo[5m] smoothed)'],
    ['foo[5m] offset 1m anchored', 'foo[5m] anchored offset 1m'],
    ['foo smoothed @ 5 + smoothed', 'foo smoothed @ 5.000 + smoothed'],
    ['foo # a comment\n + bar', 'foo + bar'],
    ['COUNT(foo) BY (a) OR bar', 'count by (a) (foo) or bar'],
  ])('%s', (text, printed) => {
    expect(print(parse(text))).toBe(printed);
    expect(shape(parse(printed))).toEqual(shape(parse(text)));
  });

  it('makes powers associate to the right and the rest to the left', () => {
    expect(parse('2 ^ 3 ^ 2')).toMatchObject({ left: { value: 2 }, right: { op: '^' } });
    expect(parse('2 - 3 - 2')).toMatchObject({ left: { op: '-' }, right: { value: 2 } });
    expect(parse('-2 ^ 2')).toMatchObject({ kind: 'unary', expr: { op: '^' } });
    expect(parse('-a * b')).toMatchObject({ kind: 'binary', op: '*', left: { kind: 'unary' } });
  });

  it('says where each part stands', () => {
    const text = 'sum(rate(foo{a="b"}[5m])) / 2';
    const expr = parse(text);
    const shown = (node: Expr) => text.slice(node.span.start, node.span.end);
    expect(shown(expr)).toBe(text);
    expect(expr.kind === 'binary' && shown(expr.left)).toBe('sum(rate(foo{a="b"}[5m]))');
  });
});

describe('errors name the place and the reason', () => {
  it.each([
    ['', '1:1: parse error: no expression found in input'],
    ['foo +', '1:6: parse error: unexpected end of input'],
    ['foo\n + }', "2:4: parse error: unexpected character: '}'"],
    ['foo{a}', '1:6: parse error: unexpected "}" in label matching, expected label matching operator'],
    ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['{a=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['foo{__name__="bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"'],
    ['foo{a=~"("}', '1:5: parse error: error parsing regexp: missing closing ): `(`'],
    ['nope(foo)', '1:1: parse error: unknown function with name "nope"'],
    ['rate(foo)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
    ['rate(foo[5m], 1)', '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
    ['sum(1)', '1:5: parse error: expected type instant vector in aggregation expression, got scalar'],
    ['sum()', '1:1: parse error: no arguments for aggregate expression provided'],
    ['topk(foo)', /wrong number of arguments for aggregate expression provided, expected 2, got 1/],
    ['1 == 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
    ['1 and 2', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ['foo and on(a) group_left bar', /no grouping allowed for "and" operation/],
    ['1 + on(a) foo', /vector matching only allowed between instant vectors/],
    ['foo + bool bar', /bool modifier can only be used on comparison operators/],
    ['foo[5m] + 1', '1:1: parse error: binary expression must contain only scalar and instant vector types'],
    ['-"a"', /unary expression only allowed on expressions of type scalar or instant vector, got "string"/],
    ['1[5m]', '1:2: parse error: ranges only allowed for vector selectors'],
    ['foo offset 1m [5m]', /no offset modifiers allowed before range/],
    ['1 offset 5m', /offset modifier must be preceded by an instant vector selector/],
    ['foo offset 1m offset 1m', /offset may not be set multiple times/],
    ['foo[5m] anchored smoothed', /^1:1: parse error: anchored and smoothed modifiers cannot be used together$/],
    ['foo[5m:1m] anchored', '1:1: parse error: anchored modifier is not supported for subqueries'],
    ['(foo) smoothed', '1:1: parse error: smoothed modifier not implemented'],
    ['foo[0s]', /duration must be greater than 0/],
    ['foo[5x]', /bad number or duration syntax/],
    ['"abc', '1:1: parse error: unterminated quoted string'],
    ['"\\q"', /unknown escape sequence/],
    ['foo ~ bar', "1:5: parse error: unexpected character: '~'"],
    ['foo bar', '1:5: parse error: unexpected identifier "bar"'],
    [`${'('.repeat(1000)}1${')'.repeat(1000)}`, /nests deeper than/],
    [Array(5000).fill('1').join('+'), /more than \d+ operators/],
  ])('%.40s', (text, message) => {
    if (typeof message === 'string') expect(problem(text)).toBe(message);
    else expect(problem(text)).toMatch(message);
  });

  it('names the feature that is missing', () => {
    const none = new Set<string>();
    expect(problem('limitk(1, foo)', none)).toContain('--enable-feature=promql-experimental-functions');
    expect(problem('mad_over_time(foo[5m])', none)).toContain('is not enabled');
    expect(problem('foo[5m + 1m]', none)).toBe('1:5: parse error: experimental duration expression is not enabled');
    expect(problem('foo offset (5m)', none)).toBe('1:13: parse error: experimental duration expression is not enabled');
    expect(problem('rate(foo[5m] anchored)', none)).toBe(
      '1:6: parse error: anchored modifier is experimental and not enabled',
    );
    expect(problem('foo + fill(1) bar', none)).toContain('binop fill modifiers are experimental and not enabled');
  });

  it('takes only a selector where one is wanted', () => {
    expect(parseSelector('up{job="a"}').matchers).toHaveLength(2);
    expect(() => parseSelector('sum(up)')).toThrow(QueryError);
    expect(() => parseSelector('up offset 5m')).toThrow(QueryError);
  });
});

/** Expressions as users write them, from pieces, with names that need quotes and values that need escapes. */
const name = fc.constantFrom('foo', 'job:rate:sum', 'sum', 'my.metric', 'größe', 'on', 'inf');
const labelName = fc.constantFrom('a', 'le', 'by', 'l.x', 'ü');
const range = fc.constantFrom('5m', '1h30m', '90s', '1y', '15ms');
const { expr: anyExpr } = fc.letrec<{ expr: string; leaf: string; vector: string }>((tie) => ({
  leaf: fc
    .tuple(
      name,
      fc.array(fc.tuple(labelName, fc.constantFrom('=', '!='), fc.string({ unit: 'grapheme' })), { maxLength: 2 }),
    )
    .map(([metric, matchers]) => {
      const inner = matchers.map(([label, op, value]) => `${JSON.stringify(label)}${op}${JSON.stringify(value)}`);
      return `{${[JSON.stringify(metric), ...inner].join(',')}}`;
    }),
  vector: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc
      .tuple(fc.constantFrom('sum', 'max', 'count'), fc.array(labelName, { maxLength: 2 }), tie('vector'))
      .map(([op, labels, inner]) => `${op} by (${labels.map((label) => JSON.stringify(label)).join(',')}) (${inner})`),
    fc
      .tuple(fc.constantFrom('rate', 'max_over_time'), tie('leaf'), range)
      .map(([func, leaf, over]) => `${func}(${leaf}[${over}])`),
    fc.tuple(tie('vector'), range).map(([inner, over]) => `max_over_time((${inner})[${over}:1m] offset -5m)`),
    fc
      .tuple(
        tie('vector'),
        fc.constantFrom('+', '/', '^', '== bool', '>', 'and', 'unless', '* on (a) group_left (le)'),
        tie('vector'),
      )
      .map(([left, op, right]) => `${left} ${op} ${right}`),
    fc.tuple(fc.constantFrom('-', 'abs', ''), tie('vector')).map(([func, inner]) => `${func}(${inner})`),
  ),
  expr: fc.oneof(
    tie('vector'),
    fc.double({ noNaN: true }).map((value) => `(${value > 0 ? value : `-${-value}`})`.replace('Infinity', 'Inf')),
  ),
}));

describe('printing', () => {
  it('gives a text that means the same', () => {
    fc.assert(
      fc.property(anyExpr, (text) => {
        const expr = parse(text);
        const printed = print(expr);
        expect(shape(parse(printed))).toEqual(shape(expr));
        expect(print(parse(printed))).toBe(printed);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('any input', () => {
  it('is parsed or refused', () => {
    const words = [
      'sum',
      'by',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '5m',
      ':',
      ',',
      '=',
      '=~',
      '"a"',
      '@',
      'offset',
      'on',
      '-',
      '^',
      '1',
      'foo',
      ' ',
      '\n',
      '#',
      "'",
      '\\',
      'start',
    ];
    const pieces = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 3 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parse(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError);
          expect((error as QueryError).type).toBe('bad_data');
        }
      }),
      { numRuns: 3000 },
    );
  });
});

const shared = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../shared');
const corpus = path.join(shared, 'promqltest');

describe.skipIf(!existsSync(corpus))("Prometheus' own tests (../shared/promqltest)", () => {
  it('are parsed, and what is printed of them means the same', () => {
    let count = 0;
    for (const file of readdirSync(corpus).filter((each) => each.endsWith('.test'))) {
      const lines = readFileSync(path.join(corpus, file), 'utf8').split('\n');
      lines.forEach((line, index) => {
        const text = /^\s*eval(?:_warn|_info|_ordered)? (?:instant at \S+|range from \S+ to \S+ step \S+) (.+)$/.exec(
          line,
        )?.[1];
        // Expressions that are meant to fail, or that use what is not in the table of functions, are the runner's.
        if (text === undefined || /fail/.test(lines.slice(index, index + 6).join('\n'))) return;
        if (
          [...text.matchAll(/([a-z_]+)\(/g)].some(([, word]) => /start_timestamp/.test(word!) && !FUNCTIONS.has(word!))
        )
          return;
        const expr = parse(text);
        expect(shape(parse(print(expr))), `${file}:${index + 1}`).toEqual(shape(expr));
        count++;
      });
    }
    expect(count).toBeGreaterThan(1500);
  });
});
