import { Labels } from '../labels.ts';
import type { PartOfSet, SampleBlock, SeriesSet } from '../series.ts';

/** A set, and the time that it is about: none of its samples is outside of start..end. */
export interface TimedSet {
  readonly set: SeriesSet;
  readonly start: number;
  readonly end: number;
}

/** Two sets of the same selection over times that have nothing in common, as one. */
export function joinedSet(older: TimedSet, newer: TimedSet): SeriesSet {
  const { series, places } = union(older.set.series, newer.set.series);
  return {
    series,
    async *blocks(part) {
      yield* moved(older, places[0], part);
      yield* moved(newer, places[1], part);
    },
  };
}

/** A set's blocks within the part, with the series' places in the joined set. */
async function* moved(
  { set, start, end }: TimedSet,
  places: Uint32Array,
  part: PartOfSet | undefined,
): AsyncGenerator<SampleBlock> {
  const own = { ...part, start: Math.max(start, part?.start ?? start), end: Math.min(end, part?.end ?? end) };
  if (own.start > own.end) return;
  for await (const block of set.blocks(own)) {
    const { length, runStarts, runEnds, runTimes, runLastTimes, bytes } = block;
    yield {
      ...{ length, runStarts, runEnds, runTimes, runLastTimes, bytes },
      runSeries: block.runSeries.map((series) => places[series]!),
      decode: (from, to, into, at) => block.decode(from, to, into, at),
    };
  }
}

/** Two sorted lists as one, and where in it each of theirs is. */
function union(
  a: readonly Labels[],
  b: readonly Labels[],
): { readonly series: readonly Labels[]; readonly places: readonly [Uint32Array, Uint32Array] } {
  const series: Labels[] = [];
  const places = [new Uint32Array(a.length), new Uint32Array(b.length)] as const;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const order = i === a.length ? 1 : j === b.length ? -1 : Labels.compare(a[i]!, b[j]!);
    const place = series.push(order > 0 ? b[j]! : a[i]!) - 1;
    if (order <= 0) places[0][i++] = place;
    if (order >= 0) places[1][j++] = place;
  }
  return { series, places };
}
