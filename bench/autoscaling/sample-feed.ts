import { compressSync } from 'snappy';
import { WriteRequestEncoder } from '../query/write-request-encoder.ts';
import { type ScaledCluster, SERIES_OF_POD, seriesOf } from './scaled-cluster.ts';

/** Sends a sample of every series to some servers, by remote write, again and again. */
export interface SampleFeed {
  /** Requests that a server did not take. */
  failures(): number;
  stop(): Promise<void>;
}

/** Series of a request. */
const SHARD = 600;
/** Over which part of the interval the requests of a round are spread, as scrapes are. */
const SPREAD = 0.9;
const TIMEOUT = 30_000;

export interface SampleFeedOptions {
  readonly cluster: ScaledCluster;
  /** URLs of the receivers' remote write. */
  readonly receivers: readonly string[];
  /** Milliseconds. */
  readonly interval: number;
}

/** Resolves when all have taken the first samples, which come at once. A later round begins when it is due and the one before has been taken. */
export async function startSampleFeed({ cluster, receivers, interval }: SampleFeedOptions): Promise<SampleFeed> {
  const series = seriesOf(cluster);
  const encoder = new WriteRequestEncoder(series);
  const values = new Float64Array(SHARD);
  const began = Date.now();
  let failures = 0;
  let stopped = false;

  const send = async (url: string, body: Uint8Array): Promise<void> => {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    };
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
  };
  /** Over so many milliseconds. */
  const round = async (spread: number): Promise<void> => {
    const from = Date.now();
    const sent: Promise<void>[] = [];
    for (let first = 0; first < series.length && !stopped; first += SHARD) {
      await sleep(from + (spread * first) / series.length - Date.now());
      const now = Date.now();
      const timestamps = Float64Array.of(now);
      const count = Math.min(SHARD, series.length - first);
      for (let i = 0; i < count; i++) values[i] = sampleOf(first + i, now - began);
      const body = new Uint8Array(compressSync(encoder.encode(first, count, { timestamps, values })));
      for (const url of receivers) sent.push(send(url, body));
    }
    for (const result of await Promise.allSettled(sent)) if (result.status === 'rejected') failures++;
  };
  await round(0);
  const running = (async () => {
    for (let due = began + interval; !stopped; due += interval) {
      while (!stopped && Date.now() < due) await sleep(Math.min(200, due - Date.now()));
      if (!stopped) await round(interval * SPREAD);
    }
  })();
  return {
    failures: () => failures,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** Cores in use, seconds that were used of them, bytes. */
function sampleOf(series: number, elapsed: number): number {
  const pod = Math.floor(series / SERIES_OF_POD);
  const cores = 0.1 + (pod % 90) / 100;
  switch (series % SERIES_OF_POD) {
    case 0:
      return cores;
    case 1:
      return Math.round((1000 + (cores * elapsed) / 1000) * 1e6) / 1e6;
    default:
      return (64 + (pod % 500)) * 2 ** 20;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
