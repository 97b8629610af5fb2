import { RE2JS } from 're2js';
import { METRIC_NAME } from '../../storage/labels.ts';
import type { LabelCall, VectorNode } from '../plan/nodes.ts';
import { isWellFormed, wellFormed } from '../promql/go-quote.ts';
import { QueryError } from '../query-result.ts';
import { mergeSameLabels } from './merge-same-labels.ts';
import type { QueryContext } from './query-context.ts';
import type { VectorSeries, VectorStream } from './vector.ts';

/**
 * label_replace and label_join: only labels change, so the blocks pass through. Wrong parameters are told before the
 * operand is run.
 * label_join(up{a="1",b="2"}, "ab", "-", "a", "b") -> up{a="1",b="2",ab="1-2"}
 */
export async function labelCall(
  node: LabelCall,
  { context, run }: { context: QueryContext; run: (expr: VectorNode) => Promise<VectorStream> },
): Promise<VectorStream> {
  const change = node.func === 'label_replace' ? labelReplace(node.params) : labelJoin(node.params);
  const operand = await run(node.expr);
  const series = operand.series.map(change);
  return mergeSameLabels({ steps: operand.steps, series, blocks: () => operand.blocks() }, context);
}

type Change = (series: VectorSeries) => VectorSeries;

function labelReplace(params: readonly string[]): Change {
  const [target = '', replacement = '', source = '', pattern = ''] = params;
  let regexp: RE2JS;
  try {
    regexp = RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    throw new QueryError('execution', `invalid regular expression in label_replace(): ${pattern}`, { cause: error });
  }
  checkLabelName(target, 'destination', 'label_replace');
  return ({ labels, dropName }) => {
    const value = labels.get(source);
    const matcher = regexp.matcher(value);
    if (!matcher.matches()) return { labels, dropName };
    const result = expand(replacement, (name) => group(matcher, name));
    return { labels: labels.with(target, wellFormed(result)), dropName: target === METRIC_NAME ? false : dropName };
  };
}

function labelJoin(params: readonly string[]): Change {
  const [target = '', separator = '', ...sources] = params;
  for (const source of sources) checkLabelName(source, 'source', 'label_join');
  checkLabelName(target, 'destination', 'label_join');
  return ({ labels, dropName }) => {
    const result = sources.map((source) => labels.get(source)).join(separator);
    return { labels: labels.with(target, wellFormed(result)), dropName: target === METRIC_NAME ? false : dropName };
  };
}

/** A label's name is any text, but there must be one, and it must have been valid UTF-8 in the query. */
export function isLabelName(name: string): boolean {
  return name !== '' && isWellFormed(name);
}

function checkLabelName(name: string, role: string, func: string): void {
  if (isLabelName(name)) return;
  throw new QueryError('execution', `invalid ${role} label name in ${func}(): ${wellFormed(name)}`);
}

type RE2Matcher = ReturnType<RE2JS['matcher']>;

function group(matcher: RE2Matcher, name: string): string {
  const index = /^\d+$/.test(name) ? Number(name) : undefined;
  if (index !== undefined) return index <= matcher.groupCount() ? (matcher.group(index) ?? '') : '';
  try {
    return matcher.group(name) ?? '';
  } catch {
    return '';
  }
}

/** Go's Expand: `$name` takes the longest run of word characters, `${name}` says where it ends, `$$` is a dollar. */
function expand(template: string, groupOf: (name: string) => string): string {
  return template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar?: string, bare?: string, braced?: string) =>
    dollar !== undefined ? '$' : groupOf(bare ?? braced ?? ''),
  );
}
