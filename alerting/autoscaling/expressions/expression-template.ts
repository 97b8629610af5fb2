/**
 * An expression that may have `$selector` in the braces of its selectors: the place of conditions that are only known when it is
 * evaluated. The text is read once; conditions take their place in the syntax tree, which is then printed, so that whatever is in
 * them can never be anything but a value in quotes.
 */
import type { Expr, MatcherNode, Span } from '../../../query/promql/ast.ts';
import { ALL_FEATURES } from '../../../query/promql/features.ts';
import { parseExpr } from '../../../query/promql/parser.ts';
import { position } from '../../../query/promql/position.ts';
import { print } from '../../../query/promql/printer.ts';
import { Matcher, type MatchOp } from '../../../storage/matcher.ts';
import { rewriteSelectors, selectorsOf } from './rewrite-selectors.ts';

const NOWHERE: Span = { start: 0, end: 0 };

/** Stands among a selector's matchers where `$selector` was written; it is this object, whatever looks like it is not. */
export const SELECTOR_PLACE: MatcherNode = { name: '$selector', op: '!=', value: '', span: NOWHERE };

/** The place of what holds for all that is read of the own cluster, which what is selected has no part in. */
export const OWN_PLACE: MatcherNode = { name: '$own', op: '!=', value: '', span: NOWHERE };

/** An expression in whose selectors `SELECTOR_PLACE` may stand. */
export interface ExpressionTemplate {
  readonly expr: Expr;
  readonly hasPlace: boolean;
}

/** What is wrong with an expression, with its line and column. */
export class TemplateProblem extends Error {
  override readonly name = 'TemplateProblem';
}

const WRITTEN = '$selector';
/** As long as what it stands for, so that places in the text stay what they are. */
const SENTINEL = '__sel!=""';

/** Reads an expression. Throws a TemplateProblem. */
export function parseTemplate(text: string): ExpressionTemplate {
  const places = placesOf(text);
  let written = text;
  for (const at of places) written = written.slice(0, at) + SENTINEL + written.slice(at + WRITTEN.length);
  let parsed: Expr;
  try {
    parsed = parseExpr(written, { features: ALL_FEATURES });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TemplateProblem(message.replaceAll('"__sel"', JSON.stringify(WRITTEN)), { cause: error });
  }
  const starts = new Set(places);
  let found = 0;
  const expr = rewriteSelectors(parsed, (selector) => ({
    ...selector,
    matchers: selector.matchers.map((matcher) => {
      const isPlace = matcher.name === '__sel' && starts.has(matcher.span.start);
      if (isPlace) found++;
      return isPlace ? SELECTOR_PLACE : matcher;
    }),
  }));
  if (found !== places.length) throw new TemplateProblem('expected $selector only in the braces of selectors');
  const open = selectorsOf(expr).find(({ matchers }) => matchers.every((matcher) => matchesEmpty(matcher)));
  if (open !== undefined) {
    throw new TemplateProblem(
      `${position(text, open.span.start)}: a selector must have more than $selector: a name, or a condition that does not hold for what lacks the label`,
    );
  }
  return { expr, hasPlace: found > 0 };
}

function matchesEmpty(matcher: MatcherNode): boolean {
  return matcher === SELECTOR_PLACE || new Matcher(matcher.name, matcher.op, matcher.value).matchesEmpty;
}

export interface Conditions {
  /** In each `SELECTOR_PLACE`. */
  readonly selected: readonly Condition[];
  /** In each `SELECTOR_PLACE` and `OWN_PLACE`. */
  readonly own: readonly Condition[];
  /** In every selector. */
  readonly everywhere: readonly Condition[];
}

export interface Condition {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

/**
 * The text of an expression with conditions in their places.
 *
 *     rate(a{x="1", $selector}[2m]) / b    a="z", everywhere c="d"
 *     rate(a{x="1",a="z",c="d"}[2m]) / b{c="d"}
 */
export function fillTemplate(expr: Expr, { selected, own, everywhere }: Conditions): string {
  const nodes = (conditions: readonly Condition[]): readonly MatcherNode[] =>
    conditions.map(({ name, op, value }) => ({ name, op, value, span: NOWHERE }));
  const atSelector = nodes([...own, ...selected]);
  const atOwn = nodes(own);
  const always = nodes(everywhere);
  const filled = rewriteSelectors(expr, (selector) => ({
    ...selector,
    matchers: unique([
      ...selector.matchers.flatMap((matcher) =>
        matcher === SELECTOR_PLACE ? atSelector : matcher === OWN_PLACE ? atOwn : [matcher],
      ),
      ...always,
    ]),
  }));
  return print(filled);
}

function unique(matchers: readonly MatcherNode[]): readonly MatcherNode[] {
  const seen = new Set<string>();
  return matchers.filter(({ name, op, value }) => {
    const key = JSON.stringify([name, op, value]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Where `$selector` is written outside of strings and comments, from left to right. */
function placesOf(text: string): readonly number[] {
  const places: number[] = [];
  let depth = 0;
  const token = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|\$selector(?![a-zA-Z0-9_:])|[{}]/gs;
  for (const match of text.matchAll(token)) {
    const [found] = match;
    if (found === '{') depth++;
    else if (found === '}') depth--;
    else if (found === WRITTEN) {
      if (depth <= 0) {
        throw new TemplateProblem(
          `${position(text, match.index)}: expected $selector in the braces of a selector, as in http_requests_total{job="web", $selector}`,
        );
      }
      places.push(match.index);
    }
  }
  return places;
}
