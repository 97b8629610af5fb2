import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Expr, VectorSelector } from '../../../query/promql/ast.ts';
import { parseExpr } from '../../../query/promql/parser.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { isSelected, type LabelSelector, type Requirement } from '../label-selector.ts';
import { type Condition, fillTemplate, parseTemplate } from './expression-template.ts';
import { rewriteSelectors, selectorsOf } from './rewrite-selectors.ts';
import { selectorConditions } from './selector-conditions.ts';

const NONE = { selected: [], own: [], everywhere: [] };

function fill(text: string, conditions: Partial<Parameters<typeof fillTemplate>[1]> = {}): string {
  return fillTemplate(parseTemplate(text).expr, { ...NONE, ...conditions });
}

const cluster: Condition = { name: 'cluster', op: '=', value: 'east' };
const app: Condition = { name: 'app', op: '=~', value: 'a|b' };

describe('an expression with places', () => {
  it.each([
    ['up{$selector}', 'up'],
    ['rate(a{job="x", $selector}[2m])', 'rate(a{job="x"}[2m])'],
    ['a{$selector,} + b', 'a + b'],
    ['{__name__="a",$selector}', '{__name__="a"}'],
    ['a{x="$selector", $selector}', 'a{x="$selector"}'],
    [`a{x='it\\'s {', $selector} # {$selector`, `a{x="it's {"}`],
    ['a{x=`\\`, $selector}', 'a{x="\\\\"}'],
  ])('has none of them without conditions: %s', (text, filled) => {
    expect(fill(text)).toBe(filled);
    expect(parseTemplate(text).hasPlace).toBe(true);
  });

  it('has conditions in their places, and what holds everywhere in every selector', () => {
    const text = 'sum(rate(a{x="1", $selector}[2m])) / on () sum(b)';
    expect(fill(text, { selected: [app], own: [cluster] })).toBe(
      'sum(rate(a{x="1",cluster="east",app=~"a|b"}[2m])) / on () sum(b)',
    );
    expect(fill(text, { own: [cluster], everywhere: [cluster, { name: 'namespace', op: '=', value: 'shop' }] })).toBe(
      'sum(rate(a{x="1",cluster="east",namespace="shop"}[2m])) / on () sum(b{cluster="east",namespace="shop"})',
    );
    expect(parseTemplate('a + b').hasPlace).toBe(false);
    // A label that is only called so is no place.
    expect(fill('a{"$selector"!=""}', { selected: [app] })).toBe('a{"$selector"!=""}');
    expect(fill('a{__sel!=""}', { selected: [app] })).toBe('a{__sel!=""}');
  });

  it.each([
    [
      'a + $selector',
      '1:5: expected $selector in the braces of a selector, as in http_requests_total{job="web", $selector}',
    ],
    [
      '{$selector}',
      '1:1: a selector must have more than $selector: a name, or a condition that does not hold for what lacks the label',
    ],
    [
      '{x=~".*", $selector}',
      '1:1: a selector must have more than $selector: a name, or a condition that does not hold for what lacks the label',
    ],
    [
      'sum(\n  a{$selector x="1"})',
      '2:15: parse error: unexpected identifier "x" in label matching, expected "," or "}"',
    ],
    ['a{x=$selector}', '1:5: parse error: unexpected identifier "$selector" in label matching, expected string'],
    ['a{$selectors}', "1:3: parse error: unexpected character inside braces: '$'"],
    ['a{$selector', '1:12: parse error: unexpected end of input inside braces'],
    ['sum(a{$selector}) by', '1:21: parse error: unexpected end of input in grouping opts, expected "("'],
  ])('says where it is wrong: %s', (text, message) => {
    expect(() => parseTemplate(text)).toThrow(message);
  });
});

const hostile = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    "'",
    '`',
    '}',
    '{',
    '{}',
    '"} or up{x="',
    '\n',
    '\r',
    '\0',
    '.*',
    '$',
    '^',
    '|',
    'a|b',
    '()',
    '[',
    '#',
    '$selector',
  ),
  fc.constantFrom(
    'or',
    'and',
    '__name__',
    'le',
    'größe',
    '東京',
    '😀',
    '\ud800',
    '\u2028',
    '\u0085',
    'app.kubernetes.io/name',
    'a'.repeat(10_000),
  ),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
);
const requirement: fc.Arbitrary<Requirement> = fc
  .record({
    key: hostile,
    operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
    values: fc.uniqueArray(hostile, { minLength: 1, maxLength: 4 }),
  })
  .map((one) => (one.operator === 'In' || one.operator === 'NotIn' ? one : { ...one, values: [] }));
const selector: fc.Arbitrary<LabelSelector> = fc.array(requirement, { maxLength: 4 });

const TEMPLATES = [
  'sum by (pod) (rate(a{job="web", $selector}[2m]))',
  'a{$selector} / on (pod) group_left () b{x!="1", $selector} > 0.5',
  'histogram_quantile(0.9, sum by (le) (rate(h{$selector}[5m] offset 1m))) or vector(0)',
  'max_over_time((a{$selector} - b)[10m:1m])',
].map(parseTemplate);

describe('what an autoscaler selects', () => {
  it('changes nothing but the matchers in their places, whatever it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEMPLATES), selector, ({ expr }, given) => {
        const selected = selectorConditions(given);
        const parsed = parseExpr(fillTemplate(expr, { ...NONE, selected, own: [cluster] }));
        expect(shape(parsed)).toEqual(shape(parseExpr(fillTemplate(expr, NONE))));
        const plain = selectorsOf(parseExpr(fillTemplate(expr, NONE))).map(matchersOf);
        const placed = selectorsOf(expr).map(({ matchers }) => matchers.some(({ name }) => name === '$selector'));
        const wanted = plain.map((matchers, i) => (placed[i] ? sorted([...matchers, cluster, ...selected]) : matchers));
        expect(selectorsOf(parsed).map(matchersOf)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  it('selects the same series as the labels of the result would', () => {
    const keys = ['app', 'app.kubernetes.io/name', 'zone'];
    const value = fc.oneof(fc.constantFrom('a', 'b', 'a.b', 'axb', 'a|b', '.*'), hostile);
    const small = fc.array(
      fc.record({
        key: fc.constantFrom(...keys),
        operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
        values: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }),
      }),
      { maxLength: 3 },
    );
    const labels = fc.dictionary(
      fc.constantFrom(...keys),
      value.filter((one) => one !== '' && !/[\ud800-\udfff]/.test(one)),
    );
    fc.assert(
      fc.property(small, labels, (given, series) => {
        const matches = selectorConditions(given).every(({ name, op, value: wanted }) =>
          new Matcher(name, op, wanted).matches(series[name] ?? ''),
        );
        expect(matches).toBe(isSelected(given, (key) => series[key]));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The expression without spans, and without the matchers. */
function shape(expr: Expr): unknown {
  const bare = rewriteSelectors(expr, (one) => ({ ...one, matchers: [] }));
  return JSON.parse(JSON.stringify(bare, (key, value: unknown) => (key === 'span' ? undefined : value)));
}

function matchersOf({ matchers }: VectorSelector): readonly Condition[] {
  return sorted(matchers.map(({ name, op, value }) => ({ name, op, value })));
}

function sorted(conditions: readonly Condition[]): readonly Condition[] {
  const byKey = new Map(conditions.map((one) => [JSON.stringify([one.name, one.op, one.value]), one]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { name, op, value }]) => ({ name, op, value }));
}
