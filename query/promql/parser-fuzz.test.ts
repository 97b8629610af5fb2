import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QueryError } from '../query-result.ts';
import type { Expr } from './ast.ts';
import { anyExpr } from './expr.case.ts';
import { ALL_FEATURES } from './features.ts';
import { parseExpr } from './parser.ts';
import { print } from './printer.ts';

/** How many random inputs each property is tried on; more by hand. */
const numRuns = Number(process.env.PHAROS_FUZZ_RUNS ?? 500);
/** What no input may take, in milliseconds of CPU time. */
const LONGEST = 2000;

const parse = (text: string): Expr => parseExpr(text, { features: ALL_FEATURES });

function withoutSpans(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSpans);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'span');
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutSpans(part)]));
}

/** The error that a text is refused with, undefined when it is parsed. Anything but bad_data, and any hanging, fails. */
function refusal(text: string): string | undefined {
  const started = process.cpuUsage();
  try {
    parse(text);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(QueryError);
    expect((error as QueryError).type).toBe('bad_data');
    return (error as QueryError).message;
  } finally {
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(LONGEST);
  }
}

describe('any expression', () => {
  it('is parsed as what was printed', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(anyExpr, (expr) => {
        const text = print(expr);
        expect(withoutSpans(parse(text)), text).toEqual(withoutSpans(expr));
      }),
      { numRuns },
    );
  });
});

describe('any text', () => {
  it('is parsed or refused', { timeout: 600_000 }, () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    );
    fc.assert(
      fc.property(texts, (text) => void refusal(text)),
      { numRuns },
    );
  });

  it('that is nearly an expression is parsed or refused', { timeout: 600_000 }, () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '"',
        "'",
        '`',
        '\\',
        ',',
        ':',
        '@',
        '-',
        '^',
        '=~',
        '#',
        '\n',
        '0x',
        '1e',
      ),
      fc.constantFrom(
        ' by (',
        ' on (',
        ' bool ',
        ' offset ',
        ' group_left ',
        'sum',
        '5m',
        ' anchored',
        'start()',
        '\ud800',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const edit = fc.record({
      place: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(5),
      insert: fc.option(piece),
    });
    fc.assert(
      fc.property(anyExpr.map(print), fc.array(edit, { minLength: 1, maxLength: 4 }), (whole, edits) => {
        let text = whole;
        for (const { place, cut, insert } of edits) {
          const at = Math.floor(place * text.length);
          text = text.slice(0, at) + (insert ?? '') + text.slice(at + cut);
        }
        refusal(text);
      }),
      { numRuns },
    );
  });
});

describe('what is too much', () => {
  const MANY = 100_000;
  const DEEP = /nests deeper than \d+ levels$/;
  const LONG = /has more than \d+ operators$/;
  it.each<readonly [what: string, text: string, refused: RegExp | undefined]>([
    ['parentheses', '('.repeat(MANY) + '1' + ')'.repeat(MANY), DEEP],
    ['open parentheses', '('.repeat(MANY), DEEP],
    ['signs', `${'-'.repeat(MANY)}1`, DEEP],
    ['sums', `${'1+'.repeat(MANY)}1`, LONG],
    ['powers', `${'2^'.repeat(MANY)}2`, DEEP],
    ['signed powers', `${'2^-'.repeat(MANY)}2`, DEEP],
    ['set operators', `${'a or '.repeat(MANY)}a`, LONG],
    ['calls', 'abs('.repeat(MANY) + 'a' + ')'.repeat(MANY), DEEP],
    ['aggregations', 'sum by (a) ('.repeat(MANY) + 'a' + ')'.repeat(MANY), DEEP],
    ['subqueries', 'max_over_time('.repeat(MANY) + 'a' + '[5m:1m])'.repeat(MANY), DEEP],
    ['ranges', `a${'[5m:1m]'.repeat(MANY)}`, /.+/],
    ['durations in parentheses', `a[${'('.repeat(MANY)}5m`, DEEP],
    ['sums of durations', `a[${'5m+'.repeat(MANY)}5m]`, LONG],
    ['minima of durations', `a[${'min_of('.repeat(MANY)}5m`, DEEP],
    ['offsets', `a${' offset 5m'.repeat(MANY)}`, /may not be set multiple times$/],
    ['braces', '{'.repeat(MANY), /.+/],
    ['fill modifiers', `a + ${'fill(1) '.repeat(MANY)} a`, undefined],
    ['matchers', `a{${'b="c",'.repeat(MANY)}}`, undefined],
    ['labels', `sum by (${'b,'.repeat(MANY)}) (a)`, undefined],
    ['digits', '9'.repeat(10 * MANY), undefined],
    ['digits of a duration', `${'9'.repeat(10 * MANY)}s`, /.+/],
    ['units', '1h'.repeat(MANY), /.+/],
    ['hexadecimal digits', `0x${'f'.repeat(10 * MANY)}`, undefined],
    ['dots', '1.'.repeat(MANY), /.+/],
    ['underscores', '1_'.repeat(MANY), /.+/],
    ['letters', 'a'.repeat(10 * MANY), undefined],
    ['characters of a string', `"${'ü'.repeat(10 * MANY)}"`, undefined],
    ['escapes', `"${'\\xff'.repeat(MANY)}"`, undefined],
    ['open quotes', '"a" '.repeat(MANY), /.+/],
    ['comments', '#\n'.repeat(MANY), /.+/],
    ['spaces', `${' '.repeat(10 * MANY)}1`, undefined],
  ])('%s', (_, text, refused) => {
    const message = refusal(text);
    if (refused === undefined) expect(message).toBeUndefined();
    else expect(message).toMatch(refused);
  });
});
