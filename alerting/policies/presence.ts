import type { Labels } from '../../storage/labels.ts';
import type { SampleReader, SampleRequest, SeriesRows } from '../sample-reader.ts';
import { LEVEL_LABELS, objectKey } from './object-level.ts';
import type { ObjectLevel } from './policy.ts';
import type { Doubtful } from './policy-run.ts';

/** A doubt about an object of a level. */
export interface Doubt extends Doubtful {
  readonly level: ObjectLevel;
}

/** How far back a series counts as told of; as far as Prometheus' queries look. */
const WITHIN = 5 * 60_000;
/** Of it, for how long the others must have been told of for the lack of one to mean something. */
const STEADY = WITHIN - 60_000;
const UP = 'up';

interface Sighting {
  isStale: boolean;
  time: number;
  value: number;
}

/** What a metric says of who is there: by key, and by what they share since when any was told of. */
interface Sightings {
  readonly byKey: Map<string, Sighting>;
  readonly since: Map<string, number>;
}

/**
 * Tells objects that are no more from those that nobody measures at the moment. In this order:
 *
 * - the metric that the watch tells of every object of the level: it goes on, so the object is there; it ended, or the cluster's
 *   others have been told of for a while and this one has not, so it is no more; so is a container whose series ended while its
 *   pod is measured;
 * - `up` of the target (`job`, `instance`) that the object was scraped from: 0, so the target has vanished and nobody knows;
 *   ended, or 1 while the series has ended: it is no more;
 * - a stale marker at the end: it is no more. Without one nobody knows.
 *
 * Gives the keys of those that are no more. Rejects when what is needed cannot be read.
 */
export async function findGone(
  doubts: readonly Doubt[],
  { end, read, signal }: { readonly end: number; readonly read: SampleReader; readonly signal: AbortSignal },
): Promise<Map<ObjectLevel, Set<string>>> {
  const gone = new Map<ObjectLevel, Set<string>>();
  const add = ({ level, object }: Doubt): void => {
    const keys = gone.get(level) ?? new Set();
    gone.set(level, keys.add(object.key));
  };
  const metrics = new Set([UP]);
  for (const { level } of doubts) {
    const { presence, whole } = LEVEL_LABELS[level];
    metrics.add(presence);
    if (whole !== undefined) metrics.add(whole);
  }
  const rows = await readAll([...metrics], { end, read, signal });
  const sightings = new Map<string, Sightings>();
  const seenOf = (metric: string, level: ObjectLevel): Sightings => {
    const { presenceIdentity } = LEVEL_LABELS[level];
    const memo = JSON.stringify([metric, presenceIdentity]);
    let seen = sightings.get(memo);
    if (seen === undefined) {
      const keyOf = (labels: Labels) => objectKey(labels, presenceIdentity);
      seen = sight(rows.get(metric)!, keyOf, (labels) => labels.get('cluster'));
      sightings.set(memo, seen);
    }
    return seen;
  };
  const up = sight(rows.get(UP)!, targetKey, (labels) => labels.get('job'));
  for (const doubt of doubts) {
    const { presence, whole } = LEVEL_LABELS[doubt.level];
    const seen = seenOf(presence, doubt.level);
    const parts = whole === undefined ? undefined : seenOf(whole, doubt.level);
    if (isGone(doubt, { seen, whole: parts, up, end })) add(doubt);
  }
  return gone;
}

function isGone(
  { level, object: { labels }, hasEnded, wasGone }: Doubt,
  {
    seen,
    whole,
    up,
    end,
  }: {
    readonly seen: Sightings;
    readonly whole: Sightings | undefined;
    readonly up: Sightings;
    readonly end: number;
  },
): boolean {
  const key = objectKey(labels, LEVEL_LABELS[level].presenceIdentity);
  const sighting = key === undefined ? undefined : seen.byKey.get(key);
  if (sighting !== undefined) {
    const isMeasured = key !== undefined && whole?.byKey.get(key)?.isStale === false;
    return sighting.isStale || (hasEnded && isMeasured);
  }
  if (isSteady(seen.since.get(labels.get('cluster')), end)) return true;
  if (wasGone) return true;
  const target = targetKey(labels);
  if (target === undefined) return hasEnded;
  const state = up.byKey.get(target);
  if (state === undefined) return hasEnded || isSteady(up.since.get(labels.get('job')), end);
  return state.isStale || (state.value !== 0 && hasEnded);
}

function isSteady(since: number | undefined, end: number): boolean {
  return since !== undefined && since <= end - STEADY;
}

function targetKey(labels: Labels): string | undefined {
  const [job, instance] = [labels.get('job'), labels.get('instance')];
  return job === '' || instance === '' ? undefined : JSON.stringify([labels.get('cluster'), job, instance]);
}

interface LastRow {
  readonly labels: Labels;
  readonly first: number;
  readonly last: Sighting;
}

/** Of every series of the metrics, when it began in the time looked at, and its last row. */
async function readAll(
  metrics: readonly string[],
  { end, read, signal }: { readonly end: number; readonly read: SampleReader; readonly signal: AbortSignal },
): Promise<Map<string, LastRow[]>> {
  const found = new Map<string, LastRow[]>();
  const requests: SampleRequest[] = metrics.map((metric) => ({ metric, from: end - WITHIN, to: end }));
  let failure: Error | undefined;
  await read(
    requests,
    (request, answer) => {
      if (answer instanceof Error) {
        failure = answer;
        return;
      }
      const series: LastRow[] = [];
      const rows: SeriesRows = { timestamps: NONE, values: NONE, stale: NO_FLAGS, from: 0, to: 0 };
      for (const [i, labels] of answer.series.entries()) {
        answer.locate(i, rows);
        let { from, to } = rows;
        while (from < to && rows.timestamps[from]! <= end - WITHIN) from++;
        while (to > from && rows.timestamps[to - 1]! > end) to--;
        if (from === to) continue;
        const last = { isStale: rows.stale[to - 1] === 1, time: rows.timestamps[to - 1]!, value: rows.values[to - 1]! };
        series.push({ labels, first: rows.timestamps[from]!, last });
      }
      found.set(metrics[request]!, series);
    },
    signal,
  );
  if (failure !== undefined) throw failure;
  return found;
}

const NONE = new Float64Array(0);
const NO_FLAGS = new Uint8Array(0);

function sight(
  rows: readonly LastRow[],
  keyOf: (labels: Labels) => string | undefined,
  placeOf: (labels: Labels) => string,
): Sightings {
  const sightings: Sightings = { byKey: new Map(), since: new Map() };
  for (const { labels, first, last } of rows) {
    const key = keyOf(labels);
    if (key === undefined) continue;
    const place = placeOf(labels);
    sightings.since.set(place, Math.min(first, sightings.since.get(place) ?? first));
    const other = sightings.byKey.get(key);
    // Of several series of one, one that goes on is enough.
    if (other === undefined || isBetter(last, other)) sightings.byKey.set(key, last);
  }
  return sightings;
}

function isBetter(a: Sighting, b: Sighting): boolean {
  return a.isStale === b.isStale ? a.time > b.time : b.isStale;
}
