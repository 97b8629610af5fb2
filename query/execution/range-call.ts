import type { RangeCall } from '../plan/nodes.ts';
import type { Span } from '../promql/ast.ts';
import { goQuote } from '../promql/go-quote.ts';
import { QueryError } from '../query-result.ts';
import { EXTENDED_KERNELS } from './extended-kernels.ts';
import { formatGo } from './format-value.ts';
import { type Grid, referenceTimes } from './grid.ts';
import type { QueryContext } from './query-context.ts';
import { RANGE_KERNELS, type RangeKernel, type Row, type Windows } from './range-kernels.ts';
import { type RangeSource, type RunVector, rangeSource } from './range-source.ts';
import { keepMemo, memoOf } from './series-memo.ts';
import { blockRows, newBlock, type VectorSeries, type VectorStream } from './vector.ts';

/** What a range function yields keeps the metric's name only when it is one of the metric's own samples. */
export const KEEPS_NAME: ReadonlySet<string> = new Set(['last_over_time', 'first_over_time']);

/**
 * A function over each series' samples in (t - range, t], and around it when the range is extended.
 * increase over [60s] of 0@0 10@30s 20@60s 30@90s, steps 60 s and 120 s -> 20 at 60 s (from two samples, extrapolated)
 */
export async function rangeCall(
  node: RangeCall,
  grid: Grid,
  { context, run, params }: { context: QueryContext; run: RunVector; params: readonly Float64Array[] },
): Promise<VectorStream> {
  const kernel = kernelOf(node);
  if (kernel === undefined) throw new QueryError('execution', `function "${node.func}" is not supported yet`);
  const { source: from } = node;
  const source = await rangeSource(from, grid, { context, run });
  const { steps } = grid;
  const rows = blockRows(steps);
  const drop = !KEEPS_NAME.has(node.func);
  return {
    steps,
    series: drop ? allNameDropped(source.series, context) : source.series,
    async *blocks() {
      const windows = newWindows(node, grid);
      const isAnnotated = node.func === 'quantile_over_time' || anyNoCounter(node, source.series);
      for (let first = 0; first < source.series.length; first += rows) {
        await context.check();
        const block = newBlock(first, Math.min(rows, source.series.length - first), steps);
        const row = { values: block.values, present: block.present, at: 0 };
        for (let i = 0; i < block.count; i++, row.at += steps) {
          if (!findOnlyWindow(windows, source, first + i)) {
            const samples = source.samples(first + i);
            windows.timestamps = samples.timestamps;
            windows.values = samples.values;
            slide(windows);
          }
          context.counts?.addWindows(windows, grid);
          checkParams(node, windows, params);
          if (looksOf(windows) <= LOOKS_PER_TURN) kernel(windows, row, params);
          else await inTurns(kernel, { windows, row, params, context });
          if (isAnnotated) annotate(node, { windows, row, params, series: source.series[first + i]!, context });
        }
        yield block;
      }
    },
  };
}

/** A kernel may look at about so many samples, again and again, before others have their turn: some ten milliseconds. */
const LOOKS_PER_TURN = 1_000_000;

/** How many samples all windows hold together. */
function looksOf({ from, to, steps }: Windows): number {
  let looks = 0;
  for (let step = 0; step < steps; step++) looks += to[step]! - from[step]!;
  return looks;
}

/** Runs a kernel on a few steps at a time. The samples are copied: whoever has a turn may read another series. */
async function inTurns(
  kernel: RangeKernel,
  of: { windows: Windows; row: Row; params: readonly Float64Array[]; context: QueryContext },
): Promise<void> {
  const { row, params, context } = of;
  const windows = { ...of.windows, timestamps: of.windows.timestamps.slice(), values: of.windows.values.slice() };
  const { from, to, steps } = windows;
  for (let first = 0; first < steps; ) {
    let last = first;
    for (let looks = 0; last < steps && looks < LOOKS_PER_TURN; last++) looks += to[last]! - from[last]!;
    const part: Windows = {
      ...windows,
      steps: last - first,
      from: from.subarray(first, last),
      to: to.subarray(first, last),
      firstEnd: windows.firstEnd + first * windows.step,
      firstTime: windows.firstTime + first * windows.timeStep,
    };
    kernel(
      part,
      { ...row, at: row.at + first },
      params.map((values) => values.subarray(first, last)),
    );
    first = last;
    await context.check();
  }
}

/** The series as a function that drops the name yields it. */
export function nameDropped(series: VectorSeries, context: QueryContext): VectorSeries {
  if (context.delayedNameRemoval) return series.dropName ? series : { labels: series.labels, dropName: true };
  const labels = context.withoutMetricName(series.labels);
  return labels === series.labels && !series.dropName ? series : { labels, dropName: false };
}

/** The same of all series; the same array for series that are known. */
export function allNameDropped(series: readonly VectorSeries[], context: QueryContext): readonly VectorSeries[] {
  const memo = memoOf(series);
  const which = context.delayedNameRemoval ? 'marked' : 'nameless';
  const known = memo?.[which];
  if (known !== undefined) return known;
  const dropped = series.map((one) => nameDropped(one, context));
  if (memo !== undefined) memo[which] = keepMemo(dropped);
  return dropped;
}

/**
 * The window of the only step, in the store's own memory: a rule is evaluated at one time. False when there are more steps, when
 * the window reaches beyond its range, and when stale markers must be taken out; then the samples must be asked for.
 */
function findOnlyWindow(windows: Windows, source: RangeSource, index: number): boolean {
  if (windows.steps !== 1 || source.locate === undefined || windows.before > 0 || windows.after > 0) return false;
  const found = source.locate(index);
  if (found.anyStale) return false;
  windows.timestamps = found.timestamps;
  windows.values = found.values;
  const start = windows.firstEnd - windows.range;
  let { from } = found;
  // More is read than is wanted where another selector looks further back.
  while (from < found.to && found.timestamps[from]! <= start) from++;
  windows.from[0] = from;
  windows.to[0] = found.to;
  return true;
}

function kernelOf({ func, source }: RangeCall): RangeKernel | undefined {
  return source.kind === 'extended-range-select'
    ? EXTENDED_KERNELS[source.extension].get(func)
    : RANGE_KERNELS.get(func);
}

function newWindows(node: RangeCall, grid: Grid): Windows {
  const { source } = node;
  const times = referenceTimes(grid, source);
  const extended = source.kind === 'extended-range-select';
  return {
    steps: grid.steps,
    timestamps: new Float64Array(0),
    values: new Float64Array(0),
    from: new Uint32Array(grid.steps),
    to: new Uint32Array(grid.steps),
    firstEnd: times.start,
    step: times.step,
    range: source.range,
    before: extended ? source.lookback : 0,
    after: extended ? source.readAhead : 0,
    firstTime: grid.start,
    timeStep: grid.step,
  };
}

/** Finds the window of every step in one pass over the samples: both ends only ever move forward. */
function slide(windows: Windows): void {
  const { timestamps, from, to, steps, step, after } = windows;
  const { length } = timestamps;
  const reach = windows.range + windows.before;
  let first = 0;
  let next = 0;
  for (let i = 0, end = windows.firstEnd; i < steps; i++, end += step) {
    while (next < length && timestamps[next]! <= end + after) next++;
    while (first < next && timestamps[first]! <= end - reach) first++;
    from[i] = first;
    to[i] = next;
  }
}

const COUNTER_FUNCTIONS: ReadonlySet<string> = new Set(['rate', 'increase']);

function annotate(
  node: RangeCall,
  of: { windows: Windows; row: Row; params: readonly Float64Array[]; series: VectorSeries; context: QueryContext },
): void {
  const { windows, row, params, series, context } = of;
  if (mightBeNoCounter(node, series)) {
    if (hasValue(row, windows.steps)) infoOfNoCounter(node, series, context);
  } else if (node.func === 'quantile_over_time') {
    for (let step = 0; step < windows.steps; step++) {
      const q = params[0]![step]!;
      if (windows.from[step] !== windows.to[step])
        warnOfQuantile(q, { span: node.paramSpans[0]!, about: node.source.span }, context);
    }
  }
}

/** True when the function is for counters, and one of the series might be none. */
function anyNoCounter({ func }: RangeCall, series: readonly VectorSeries[]): boolean {
  if (!COUNTER_FUNCTIONS.has(func)) return false;
  const memo = memoOf(series);
  if (memo?.anyNoCounter !== undefined) return memo.anyNoCounter;
  // They nearly always have one name.
  let last = '';
  const any = series.some(({ labels }) => {
    const name = labels.metric;
    if (name === last) return false;
    last = name;
    return !isNameOfCounter(name);
  });
  if (memo !== undefined) memo.anyNoCounter = any;
  return any;
}

function isNameOfCounter(name: string): boolean {
  return /_(total|sum|count|bucket)$/.test(name);
}

/** True when the function is for counters, and the name is not one that a counter has. */
export function mightBeNoCounter({ func }: RangeCall, { labels }: VectorSeries): boolean {
  const name = labels.metric;
  return COUNTER_FUNCTIONS.has(func) && name !== '' && !isNameOfCounter(name);
}

/** Adds the info about a series that has a value and might be no counter. */
export function infoOfNoCounter({ source }: RangeCall, { labels }: VectorSeries, context: QueryContext): void {
  context.annotations.info(
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${goQuote(labels.metric)}`,
    // As in Prometheus, which puts samples without a place in the query in a subquery's stead.
    source.kind === 'subquery' ? { ...source.span, start: 0 } : source.span,
  );
}

function hasValue({ present, at }: Row, steps: number): boolean {
  for (let i = at; i < at + steps; i++) if (present[i] === 1) return true;
  return false;
}

/** Adds the warning when `q`, written at `span`, is no quantile; `about` is the operand. */
export function warnOfQuantile(q: number, { span, about }: { span: Span; about: Span }, context: QueryContext): void {
  if (q >= 0 && q <= 1) return;
  context.annotations.warn(`quantile value should be between 0 and 1, got ${formatGo(q)}`, span, about);
}

/** As in Prometheus, a factor is only looked at where there are samples to smooth. */
function checkParams(node: RangeCall, { from, to, steps }: Windows, params: readonly Float64Array[]): void {
  if (node.func !== 'double_exponential_smoothing') return;
  const [smoothing, trend] = params;
  for (let step = 0; step < steps; step++) {
    if (from[step] === to[step]) continue;
    checkFactor('smoothing', 'sf', smoothing![step]!);
    checkFactor('trend', 'tf', trend![step]!);
  }
}

function checkFactor(what: string, sign: string, factor: number): void {
  if (!(factor <= 0 || factor >= 1)) return;
  throw new QueryError('execution', `invalid ${what} factor. Expected: 0 < ${sign} < 1, got: ${factor.toFixed(6)}`);
}
