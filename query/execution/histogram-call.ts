import type { Labels } from '../../storage/labels.ts';
import type { HistogramCall } from '../plan/nodes.ts';
import { goQuote } from '../promql/go-quote.ts';
import { ClassicBuckets } from './classic-histogram.ts';
import { formatGo } from './format-value.ts';
import { mergeSameLabels } from './merge-same-labels.ts';
import type { QueryContext } from './query-context.ts';
import { nameDropped, warnOfQuantile } from './range-call.ts';
import { type Matrix, newBlock, streamOf, type VectorSeries, type VectorStream } from './vector.ts';

/** The bucket series of one histogram. */
interface Histogram {
  readonly series: VectorSeries;
  readonly buckets: { readonly index: number; readonly bound: number }[];
}

/**
 * histogram_quantile, histogram_quantiles and histogram_fraction over classic histograms: series that differ only in
 * `le` are the buckets of one histogram.
 * quantile 0.5 of {le="1"} 1, {le="2"} 3, {le="+Inf"} 4 -> {} 1.5
 */
export async function histogramCall(
  node: HistogramCall,
  operand: VectorStream,
  { params, context }: { params: readonly Float64Array[]; context: QueryContext },
): Promise<VectorStream> {
  if (node.func !== 'histogram_fraction') {
    for (const [i, row] of params.entries())
      for (const q of row) warnOfQuantile(q, { span: node.paramSpans[i]!, about: node.span }, context);
  }
  const matrix = await context.materialise(operand);
  const { steps } = matrix;
  const histograms = findHistograms(node, matrix, context);
  // One row per histogram, or one per histogram and quantile.
  const outputs = node.func === 'histogram_quantiles' ? params.length : 1;
  const result = newBlock(0, histograms.length * outputs, steps);
  context.hold(result.values.length);
  for (const [h, histogram] of histograms.entries()) {
    await context.check();
    const buckets = new ClassicBuckets(histogram.buckets.length);
    for (let step = 0; step < steps; step++) {
      if (!fill(buckets, histogram, { matrix, step })) continue;
      for (let output = 0; output < outputs; output++) {
        const at = (h * outputs + output) * steps + step;
        result.values[at] = stepValue(node, buckets, { params, step, output, histogram, context });
        result.present[at] = 1;
      }
    }
  }
  context.release(matrix);
  const dropped = histograms.map((histogram) => nameDropped(histogram.series, context));
  const series = dropped.flatMap((one) =>
    node.func === 'histogram_quantiles' ? perQuantile(node, one, params) : [one],
  );
  return mergeSameLabels(streamOf({ steps, series, ...result }), context);
}

function perQuantile(node: HistogramCall, series: VectorSeries, params: readonly Float64Array[]): VectorSeries[] {
  return params.map((q) => {
    const value = q[0] ?? Number.NaN;
    const written = Number.isInteger(value) ? value.toFixed(1) : formatGo(value);
    return { ...series, labels: series.labels.with(node.label, written) };
  });
}

function stepValue(
  node: HistogramCall,
  buckets: ClassicBuckets,
  at: {
    params: readonly Float64Array[];
    step: number;
    output: number;
    histogram: Histogram;
    context: QueryContext;
  },
): number {
  const { params, step, output, histogram, context } = at;
  if (node.func === 'histogram_fraction') return buckets.fraction(params[0]![step]!, params[1]![step]!);
  const q = params[output]![step]!;
  if (buckets.complete && buckets.length > 1 && q >= 0 && q <= 1 && buckets.forceMonotonic()) {
    context.annotations.info(
      'input to histogram_quantile needed to be fixed for monotonicity (see ' +
        'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)' +
        // Where names are dropped at once, Prometheus no longer knows it.
        (context.delayedNameRemoval ? forMetric(histogram.series.labels) : ''),
      node.span,
    );
  }
  return buckets.quantile(q);
}

function findHistograms(node: HistogramCall, matrix: Matrix, context: QueryContext): readonly Histogram[] {
  const byKey = new Map<string, Histogram>();
  for (const [index, { labels, dropName }] of matrix.series.entries()) {
    const le = labels.get('le');
    const bound = parseBound(le);
    if (Number.isNaN(bound)) {
      if (!hasValue(matrix, index)) continue;
      context.annotations.warn(
        `bucket label "le" is missing or has a malformed value of ${goQuote(le)}${forMetric(labels)}`,
        node.span,
      );
      continue;
    }
    const own = labels.with('le', '');
    let histogram = byKey.get(own.key);
    if (histogram === undefined) {
      byKey.set(own.key, (histogram = { series: { labels: own, dropName }, buckets: [] }));
    }
    histogram.buckets.push({ index, bound });
  }
  for (const { buckets } of byKey.values())
    buckets.sort((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0));
  return [...byKey.values()];
}

function hasValue({ steps, present }: Matrix, index: number): boolean {
  return present.subarray(index * steps, (index + 1) * steps).includes(1);
}

/** A bucket's upper bound; NaN when the label is no number. */
function parseBound(le: string): number {
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(le);
  if (infinity !== null) return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(le) ? Number(le) : Number.NaN;
}

function forMetric(labels: Labels): string {
  return labels.metric === '' ? '' : ` for metric name ${goQuote(labels.metric)}`;
}

/** Puts the counts of a step into the buckets; false when the histogram has none. */
function fill(buckets: ClassicBuckets, histogram: Histogram, at: { matrix: Matrix; step: number }): boolean {
  const { matrix, step } = at;
  buckets.clear();
  for (const { index, bound } of histogram.buckets) {
    const cell = index * matrix.steps + step;
    if (matrix.present[cell] === 1) buckets.push(bound, matrix.values[cell]!);
  }
  return buckets.length > 0;
}
