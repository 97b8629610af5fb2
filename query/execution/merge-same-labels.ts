import { QueryError } from '../query-result.ts';
import type { QueryContext } from './query-context.ts';
import { memoOf } from './series-memo.ts';
import { streamOf, type VectorSeries, type VectorStream } from './vector.ts';

/**
 * Joins series that have come to have the same labels, because a name or a label was dropped. They may not have a value
 * at the same step.
 * {a="1"} 1 - 3 and {a="1"} - 2 - -> {a="1"} 1 2 3
 */
export async function mergeSameLabels(stream: VectorStream, context: QueryContext): Promise<VectorStream> {
  const { series, steps } = stream;
  const memo = memoOf(series);
  if (memo?.areDistinct === true) return stream;
  const target = new Uint32Array(series.length);
  const merged: VectorSeries[] = [];
  const byKey = new Map<string, number>();
  for (let i = 0; i < series.length; i++) {
    const { labels } = series[i]!;
    let index = byKey.get(labels.key);
    if (index === undefined) {
      byKey.set(labels.key, (index = merged.length));
      merged.push(series[i]!);
    }
    target[i] = index;
  }
  if (memo !== undefined) memo.areDistinct = merged.length === series.length;
  if (merged.length === series.length) return stream;

  context.hold(merged.length * steps);
  const values = new Float64Array(merged.length * steps);
  const present = new Uint8Array(merged.length * steps);
  /** A name is dropped when one of the series that have values is to lose it. */
  const drops = new Uint8Array(merged.length);
  for await (const block of stream.blocks()) {
    await context.check();
    for (let row = 0; row < block.count; row++) {
      const to = target[block.first + row]! * steps;
      const from = row * steps;
      for (let step = 0; step < steps; step++) {
        if (block.present[from + step] === 0) continue;
        if (present[to + step] === 1) throw sameLabelset();
        present[to + step] = 1;
        if (series[block.first + row]!.dropName) drops[target[block.first + row]!] = 1;
        values[to + step] = block.values[from + step]!;
      }
    }
  }
  const joined = merged.map(({ labels }, index) => ({ labels, dropName: drops[index] === 1 }));
  return streamOf({ steps, series: joined, values, present });
}

export function sameLabelset(): QueryError {
  return new QueryError('execution', 'vector cannot contain metrics with the same labelset');
}
