import { Labels, METRIC_NAME } from '../../storage/labels.ts';
import { Random } from './random.ts';

/** A sample to be written; `stale` ones are sent as the NaN that means so in remote write. */
export interface WrittenSample {
  readonly timestamp: number;
  readonly value: number;
  readonly stale: boolean;
}

export interface WrittenSeries {
  readonly labels: Labels;
  readonly samples: readonly WrittenSample[];
}

const MINUTE = 60_000;
/** 2025-06-01 12:00 UTC: fixed, so that date functions give the same on every day. */
export const DATA_START = Date.UTC(2025, 5, 1, 12);
export const DATA_END = DATA_START + 120 * MINUTE;

/** What becomes of the series' value from sample to sample; undefined: no sample is there. */
type Course = (random: Random, index: number, previous: number) => number | undefined;

interface Shape {
  /** Milliseconds between samples. */
  readonly interval: number;
  /** Samples lie up to this many milliseconds off the interval. */
  readonly jitter?: number;
  readonly from?: number;
  readonly to?: number;
  /** A stale marker follows the last sample. */
  readonly endsStale?: boolean;
  readonly first: number;
  readonly course: Course;
}

const counter: Course = (random, _, previous) => {
  if (random.chance(0.01)) return 0;
  return random.chance(0.1) ? previous : previous + random.integer(1, 40);
};
const fractionalCounter: Course = (random, _, previous) =>
  random.chance(0.008) ? random.next() : previous + random.next() * 3;
const walk: Course = (random, _, previous) => previous + (random.next() - 0.5) * 100;
const integers: Course = (random) => random.integer(-5, 5);
const steps: Course = (random, _, previous) => (random.chance(0.05) ? random.integer(0, 3) : previous);
const withGaps =
  (course: Course): Course =>
  (random, index, previous) =>
    index % 97 > 60 || random.chance(0.1) ? undefined : course(random, index, previous);
const odd: Course = (random) =>
  random.weighted([
    [4, random.next() * 10],
    [1, Number.NaN],
    [1, Number.POSITIVE_INFINITY],
    [1, Number.NEGATIVE_INFINITY],
    [1, 0],
    [1, -0],
    [1, 1e300],
    [1, -1e-300],
  ]);

/**
 * Series as a cluster has them: counters with resets, gauges, gaps, stale markers, NaN and infinities, series that come and
 * go, names and values beyond ASCII, classic histograms (one of them broken), irregular timestamps. The same for the same
 * seed; sorted by labels, because both sides break ties in the order of their series.
 */
export function makeDataset(seed: number): readonly WrittenSeries[] {
  const random = new Random(seed);
  const series: WrittenSeries[] = [];
  const add = (metric: string, labels: Record<string, string>, shape: Shape) =>
    series.push({ labels: Labels.from({ [METRIC_NAME]: metric, ...labels }), samples: course(random, shape) });

  for (const job of ['api', 'web']) {
    for (const instance of ['a:80', 'b:80', 'c:80']) {
      for (const code of ['200', '404', '500']) {
        const shape = { interval: 15_000, jitter: 40, first: 0, course: counter };
        add('http_requests_total', { job, instance, code, method: code === '404' ? 'POST' : 'GET' }, shape);
        if (code === '500') add('http_errors_total', { job, instance, code }, { ...shape, jitter: 2000 });
      }
      add('up', { job, instance }, { interval: 15_000, first: 1, course: (r) => (r.chance(0.9) ? 1 : 0) });
      add('memory_bytes', { job, instance }, { interval: 30_000, first: 5e8, course: walk });
      add('temperature', { job, instance }, { interval: 15_000, first: 20, course: withGaps(walk) });
      add('queue_length', { job, instance }, { interval: 10_000, jitter: 4000, first: 0, course: integers });
    }
    add(
      'build_info',
      { job, version: job === 'api' ? '1.2.3' : '2.0' },
      { interval: 60_000, first: 1, course: () => 1 },
    );
  }
  for (let pod = 0; pod < 12; pod++) {
    const from = DATA_START + pod * 9 * MINUTE;
    const to = from + random.integer(3, 40) * MINUTE;
    add(
      'pod_cpu_seconds_total',
      { namespace: pod % 3 === 0 ? 'системный' : 'default', pod: `pod-${pod}`, node: `node-${pod % 4}` },
      { interval: 15_000, jitter: 500, from, to, endsStale: pod % 2 === 0, first: 0, course: fractionalCounter },
    );
    add(
      'kube_pod_info',
      { pod: `pod-${pod}`, node: `node-${pod % 4}`, owner: `deploy-${pod % 5}` },
      {
        ...{ interval: 30_000, from, to, endsStale: true, first: 1, course: () => 1 },
      },
    );
  }
  for (const kind of ['x', 'y', 'z']) add('odd_values', { kind }, { interval: 15_000, first: 1, course: odd });
  for (const place of ['Zürich', '東京', '🚀', 'a"b\\c']) {
    add('http.server.active', { 'service.name': place, regio: 'eu' }, { interval: 20_000, first: 3, course: walk });
  }
  add('sparse', { job: 'batch' }, { interval: 4 * MINUTE, first: 1, course: steps });
  add('sparser', { job: 'batch' }, { interval: 7 * MINUTE, jitter: 30_000, first: 1, course: integers });
  add('state', { job: 'batch', zone: '1' }, { interval: 15_000, first: 0, course: steps });
  add('state', { job: 'batch', zone: '10' }, { interval: 15_000, first: 0, course: withGaps(steps) });
  add('state', { job: 'batch', zone: '9' }, { interval: 15_000, first: 0, course: steps });
  add(
    'last_backup_timestamp_seconds',
    { job: 'batch' },
    {
      ...{
        interval: 60_000,
        first: DATA_START / 1000 - 1e7,
        course: (r: Random, _: number, v: number) => v + r.integer(0, 4e5),
      },
    },
  );
  for (const instance of ['a:80', 'b:80']) {
    series.push(...histogram(random, { job: 'api', instance }, ['0.05', '0.1', '0.5', '1', '2.5', '+Inf']));
  }
  // Without +Inf, and with bounds that no number is.
  series.push(...histogram(random, { job: 'web', instance: 'a:80' }, ['0.1', '1', '10']));
  series.push(...histogram(random, { job: 'web', instance: 'b:80' }, ['-1', '0', '1', 'many', '+Inf']));
  return series.sort((a, b) => Labels.compare(a.labels, b.labels));
}

function course(random: Random, shape: Shape): WrittenSample[] {
  const { interval, jitter = 0, from = DATA_START, to = DATA_END, first } = shape;
  const samples: WrittenSample[] = [];
  let value = first;
  let timestamp = from;
  for (let index = 0; from + index * interval < Math.min(to, DATA_END); index++) {
    timestamp = from + index * interval + random.integer(0, jitter);
    const next = index === 0 ? first : shape.course(random, index, value);
    if (next === undefined) continue;
    value = next;
    samples.push({ timestamp, value, stale: false });
  }
  if (shape.endsStale) samples.push({ timestamp: timestamp + interval, value: Number.NaN, stale: true });
  return samples;
}

/** A classic histogram of growing counts; a bucket now and then counts less than the one below it. */
function histogram(random: Random, labels: Record<string, string>, bounds: readonly string[]): WrittenSeries[] {
  const name = 'request_duration_seconds';
  const buckets = bounds.map((): WrittenSample[] => []);
  const sums: WrittenSample[] = [];
  const counts: WrittenSample[] = [];
  const grown = bounds.map(() => 0);
  let sum = 0;
  for (let timestamp = DATA_START; timestamp < DATA_END; timestamp += 15_000) {
    if (random.chance(0.004)) grown.fill(0);
    for (let i = 0; i < grown.length; i++) grown[i]! += random.integer(0, 5);
    sum += random.next() * 10;
    let total = 0;
    for (const [i, samples] of buckets.entries()) {
      total += grown[i]!;
      samples.push({ timestamp, value: random.chance(0.01) ? total - 1 : total, stale: false });
    }
    sums.push({ timestamp, value: sum, stale: false });
    counts.push({ timestamp, value: total, stale: false });
  }
  const series = (suffix: string, samples: readonly WrittenSample[], more = {}): WrittenSeries => ({
    labels: Labels.from({ [METRIC_NAME]: name + suffix, ...labels, ...more }),
    samples,
  });
  return [
    ...buckets.map((samples, i) => series('_bucket', samples, { le: bounds[i]! })),
    series('_sum', sums),
    series('_count', counts),
  ];
}
