import type { Expr } from '../../query/promql/ast.ts';
import { ALL_FEATURES } from '../../query/promql/features.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import type { SeriesLine } from '../../query/promql/series-notation.ts';
import type { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import type { EvalCommand, LoadCommand } from './script.ts';

/** What scripts load and the store does not hold. */
export type Unstored = 'native histograms' | 'start timestamps';

/** The series of a script whose data is not, or not wholly, stored: it says what an eval would have needed of them. */
export class UnstoredData {
  readonly #series: { readonly labels: Labels; readonly kind: Unstored }[] = [];

  load({ series, withNativeHistograms }: LoadCommand): void {
    for (const line of series) {
      const { labels } = line;
      if (line.startTimestamps) this.#series.push({ labels, kind: 'start timestamps' });
      else if (hasHistograms(line)) this.#series.push({ labels, kind: 'native histograms' });
      else if (withNativeHistograms && labels.metric.endsWith('_bucket')) {
        const native = labels.with('le', '').with('__name__', labels.metric.replace(/_bucket$/, ''));
        this.#series.push({ labels: native, kind: 'native histograms' });
      }
    }
  }

  /** What the eval expects, or selects, of what is not stored. */
  neededBy({ expr, series }: EvalCommand): ReadonlySet<Unstored> {
    const needed = new Set<Unstored>();
    if (series.some(hasHistograms)) needed.add('native histograms');
    for (const matchers of selectorsIn(expr)) {
      for (const { labels, kind } of this.#series) {
        if (matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))) needed.add(kind);
      }
    }
    return needed;
  }
}

function hasHistograms({ items }: SeriesLine): boolean {
  return items.some(({ kind }) => kind === 'histogram');
}

/** The matchers of each selector of an expression; none of one that is not understood. */
function selectorsIn(text: string): readonly (readonly Matcher[])[] {
  const found: (readonly Matcher[])[] = [];
  const visit = (node: Expr): void => {
    switch (node.kind) {
      case 'number':
      case 'string':
        return;
      case 'vector-selector':
        found.push(node.matchers.map(({ name, op, value }) => new Matcher(name, op, value)));
        return;
      case 'matrix-selector':
        visit(node.selector);
        return;
      case 'call':
        node.args.forEach(visit);
        return;
      case 'aggregate':
        if (node.param !== undefined) visit(node.param);
        visit(node.expr);
        return;
      case 'binary':
        visit(node.left);
        visit(node.right);
        return;
      case 'subquery':
      case 'unary':
      case 'paren':
        visit(node.expr);
        return;
      default:
        node satisfies never;
    }
  };
  try {
    visit(parseExpr(text, { features: ALL_FEATURES }));
  } catch {
    return [];
  }
  return found;
}
