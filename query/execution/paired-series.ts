import { isComparison } from '../plan/binary-function.ts';
import type { VectorBinary } from '../plan/nodes.ts';
import { type QueryContext, withoutMetricName } from './query-context.ts';
import type { VectorSeries } from './vector.ts';

/** What a pair of series yields: that of the "many", with what the operator and the matching do to its labels. `one` may be filled in. */
export function pairedSeries(
  node: VectorBinary,
  { many, one }: { readonly many: VectorSeries; readonly one: VectorSeries | undefined },
  { delayedNameRemoval }: Pick<QueryContext, 'delayedNameRemoval'>,
): VectorSeries {
  const { matching, returnBool, op } = node;
  let { labels } = many;
  // As in Prometheus, a comparison forgets that the name was to be dropped.
  let dropName = false;
  if (!isComparison(op)) labels = withoutMetricName(labels);
  else if (returnBool) {
    if (delayedNameRemoval) dropName = true;
    else labels = withoutMetricName(labels);
  }
  if (matching.card === 'one-to-one') {
    const listed = new Set(matching.labels);
    labels = labels.filter((name) => listed.has(name) === (matching.mode === 'on'));
  }
  if (one !== undefined) for (const name of matching.include) labels = labels.with(name, one.labels.get(name));
  return { labels, dropName };
}
