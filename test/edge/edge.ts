/**
 * A collector at the edge and a central Pharos with a link between them that breaks, to be run by hand after a build:
 *
 *     node dist/test/edge/edge.js [options]
 *
 * Scrapes and a remote writer load the edge; the link is cut and mended. Prints in which order the samples arrived afterwards, how
 * long new ones took, the outbox' size and the edge's memory, and what central holds beside what was served, series by series.
 * Exits 1 when something is missing, doubled, late, out of order or out of bounds.
 */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Child, Children } from '../../bench/children.ts';
import { METRIC_NAMES } from '../../bench/container-mix.ts';
import { freePort, scrapeConfig } from '../../bench/contenders/contender.ts';
import { startPharosServer } from '../../bench/contenders/pharos.ts';
import { type Farm, startFarm } from '../../bench/farm.ts';
import { processUsage } from '../../bench/process-usage.ts';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { formatTable } from '../../cli/table.ts';
import { CutProxy } from '../cut-proxy.ts';
import { RemoteWriter } from '../remote-writer.ts';
import { say, toolRun } from '../tool-run.ts';
import { ages, backlogOrder } from './backlog-order.ts';
import { Recorder } from './recorder.ts';

const USAGE = `usage: node dist/test/edge/edge.js [options]
  --targets N     scrape targets (20)
  --series N      series of each (500)
  --interval S    scrape interval in seconds (5)
  --writer N      series of a remote writer to the edge, 0: none (100)
  --before S      seconds before the cut (30)
  --outage S      how long the link is cut (600)
  --after S       seconds of load after it is mended (60)
  --cut HOW       refuse, or hang: connections stay and nothing comes (refuse)
  --kill          SIGKILL the edge in the middle of the outage, and start it again
  --outbox SIZE   what the edge's outbox may hold (256MB)
  --keep          keep the scratch directory`;

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '20' },
    series: { type: 'string', default: '500' },
    interval: { type: 'string', default: '5' },
    writer: { type: 'string', default: '100' },
    before: { type: 'string', default: '30' },
    outage: { type: 'string', default: '600' },
    after: { type: 'string', default: '60' },
    cut: { type: 'string', default: 'refuse' },
    kill: { type: 'boolean', default: false },
    outbox: { type: 'string', default: '256MB' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const READER = 'edge';
const WRITTEN = 'edge_written';
/** Pages served so shortly before a kill need not be durable: two commits. */
const GRACE = 2_000;

const number = (name: 'targets' | 'series' | 'interval' | 'writer' | 'before' | 'outage' | 'after') => {
  const value = Number(values[name]);
  if (!(value >= 0)) throw new Error(`--${name} must be a number of 0 or more, got ${values[name]}`);
  return value;
};

/** The edge under load, and how it looks while time passes. */
interface Edge {
  readonly farm: Farm;
  readonly url: string;
  readonly outbox: string;
  server: Child;
  outboxPeak: number;
  memoryPeak: number;
}

async function run(children: Children, directory: string): Promise<boolean> {
  if (values.cut !== 'refuse' && values.cut !== 'hang')
    throw new Error(`--cut must be refuse or hang, got ${values.cut}`);
  const [targets, series, interval] = [number('targets'), number('series'), number('interval')];
  const central = await startCentral(children, directory);
  const recorder = new Recorder({ host: '127.0.0.1', port: central.port });
  const link = new CutProxy({ host: '127.0.0.1', port: await recorder.start() });
  await link.open();
  try {
    const farmOptions = { targets, series, interval, lifetime: 0, encoding: 'identity', port: 0 } as const;
    const farm = await startFarm(children, farmOptions, join(directory, 'farm.log'));
    const config = join(directory, 'edge.yml');
    const remote = `remote_write:\n  - url: http://127.0.0.1:${link.port}/api/v1/write\n    name: central\n    outbox_max_size: ${values.outbox}\n`;
    writeFileSync(config, scrapeConfig({ reader: READER, port: farm.port, targets, interval }) + remote);
    const dataDir = join(directory, 'edge');
    mkdirSync(dataDir);
    const port = await freePort();
    const start = () =>
      startPharosServer({ children, config, dataDir, log: join(directory, 'edge.log'), port, role: 'collector' });
    const began = Date.now();
    const url = `http://127.0.0.1:${port}`;
    const outbox = join(dataDir, 'remote-write', 'central');
    const edge: Edge = { farm, url, outbox, server: await start(), outboxPeak: 0, memoryPeak: 0 };
    const writer =
      number('writer') === 0
        ? undefined
        : new RemoteWriter(`${url}/api/v1/write`, {
            metric: WRITTEN,
            series: number('writer'),
            interval: interval * 1000,
          });
    writer?.start();
    say(
      `${targets} targets x ${series} series every ${interval} s at the edge, and a remote writer of ${number('writer')}`,
    );

    await progress(edge, number('before'));
    const cutAt = Date.now();
    await link.cut(values.cut);
    say(`the link is cut for ${number('outage')} s (${values.cut})`);
    let mayMiss = 0;
    if (values.kill) {
      await progress(edge, number('outage') / 2);
      const at = Date.now();
      await children.kill(edge.server);
      const { pages } = await farm.served(READER);
      mayMiss = pages - (await farm.served(READER, at - GRACE)).pages;
      edge.server = await start();
      say(`the edge was killed; ready again after ${Date.now() - at} ms with ${await pending(url)}`);
      await progress(edge, number('outage') / 2);
    } else {
      await progress(edge, number('outage'));
    }
    await link.open();
    const mendedAt = Date.now();
    say(`the link is back; ${await pending(url)}`);
    const drained = untilDrained(edge, cutAt, mendedAt, recorder);
    await progress(edge, number('after'));
    const until = await drained;
    await writer?.stop();
    const pausedAt = Date.now();
    await farm.pause();
    await untilEmpty(url);

    printOrder(recorder, { cutAt, mendedAt, until });
    const order = backlogOrder(recorder.arrivals, { cutAt, mendedAt, until });
    const before = ages(recorder.arrivals.filter(({ at }) => at < cutAt));
    const served = await farm.served(READER);
    const stored = await seriesCounts(central.url, METRIC_NAMES, { matchers: 'job="farm"', since: began });
    const failed = await failedScrapes(central.url, { since: began, until: pausedAt });
    const written = await seriesCounts(central.url, [WRITTEN], { matchers: 'job="writer"', since: began });
    const perTarget = new Map<string, Set<number>>();
    for (const { labels, value } of stored) {
      const counts = perTarget.get(labels.instance ?? '') ?? new Set();
      perTarget.set(labels.instance ?? '', counts.add(value));
    }
    const torn = [...perTarget.values()].filter((counts) => counts.size !== 1).length;
    const pages = [...perTarget.values()].reduce((sum, counts) => sum + Math.max(...counts), 0);
    const samples = stored.reduce((sum, { value }) => sum + value, 0);
    const ofWriter = written.reduce((sum, { value }) => sum + value, 0);
    const limit = Number(/^pharos_remote_write_outbox_limit_bytes\{.*\} (\S+)$/m.exec(await metricsOf(url))?.[1]);
    const seconds = ((until - mendedAt) / 1000).toFixed(1);
    const backlogSamples = order.backlog.reduce((sum, each) => sum + each.samples, 0);
    const checks: [what: string, good: boolean, found: string][] = [
      ['series at central', stored.length === targets * series, `${stored.length} of ${targets * series}`],
      ['series of one target with different counts', torn === 0, String(torn)],
      [
        'pages at central',
        pages <= served.pages && served.pages - pages <= mayMiss + failed,
        `${pages} of ${served.pages} served (${samples} samples); ${mayMiss} may be missing, and ${failed} of scrapes that failed`,
      ],
      [
        'samples of the remote writer',
        ofWriter >= (writer?.acknowledged ?? 0) && ofWriter <= (writer?.sent ?? 0),
        `${ofWriter}; acknowledged ${writer?.acknowledged ?? 0} of ${writer?.sent ?? 0} sent`,
      ],
      [
        'backlog drained',
        until > mendedAt,
        `${backlogSamples} samples in ${order.backlog.length} requests, in ${seconds} s`,
      ],
      [
        'newest first',
        order.displacement <= MOST_UNDER_WAY,
        `a request came at most ${order.displacement} places from its place; ${MOST_UNDER_WAY} may be under way`,
      ],
      [
        'age of new samples on arrival',
        order.liveAge.worst <= Math.max(LIVE_GOAL, 2 * before.worst),
        `${formatAges(order.liveAge)} while draining, ${formatAges(before)} before the cut`,
      ],
      ['outbox on disk', edge.outboxPeak <= limit, `at most ${megabytes(edge.outboxPeak)} of ${megabytes(limit)}`],
      ['memory of the edge', edge.memoryPeak > 0, `at most ${megabytes(edge.memoryPeak)} resident`],
    ];
    say(
      `\n${formatTable(
        ['check', '', 'found'],
        checks.map(([what, good, found]) => [what, good ? 'ok' : 'WRONG', found]),
      )}`,
    );
    return checks.every(([, good]) => good);
  } finally {
    await link.close();
    await recorder.close();
  }
}

/** Half of the default of max_shards. */
const MOST_UNDER_WAY = 10;
/** Commit at the edge, commit at central, and some room for a busy machine. */
const LIVE_GOAL = 6_000;

async function startCentral(children: Children, directory: string): Promise<{ port: number; url: string }> {
  const config = join(directory, 'central.yml');
  writeFileSync(config, 'host_metrics: {enabled: false}\nbuiltin_rules: false\n');
  const dataDir = join(directory, 'central');
  mkdirSync(dataDir);
  const port = await freePort();
  await startPharosServer({ children, config, dataDir, log: join(directory, 'central.log'), port });
  return { port, url: `http://127.0.0.1:${port}` };
}

/** Lets time pass, looks every second, and says every ten how it goes. */
async function progress(edge: Edge, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (let tick = 1; Date.now() < end; tick++) {
    await sleep(Math.min(1000, end - Date.now()));
    const { peakBytes, cpuSeconds } = processUsage(edge.server.pid);
    edge.memoryPeak = Math.max(edge.memoryPeak, peakBytes);
    edge.outboxPeak = Math.max(edge.outboxPeak, bytesBelow(edge.outbox));
    if (tick % 10 !== 0) continue;
    const { pages, samples } = await edge.farm.served(READER);
    say(
      `served ${pages} pages, ${samples} samples; ${await pending(edge.url)}; ` +
        `CPU ${cpuSeconds.toFixed(1)} s, memory at most ${megabytes(peakBytes)}`,
    );
  }
}

function bytesBelow(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
}

async function gauge(url: string, name: string): Promise<number> {
  return Number(new RegExp(`^pharos_remote_write_${name}\\{.*\\} (\\S+)$`, 'm').exec(await metricsOf(url))?.[1]);
}

async function pending(url: string): Promise<string> {
  const [segments, samples] = [await gauge(url, 'pending_segments'), await gauge(url, 'pending_samples')];
  const [shards, bytes] = [await gauge(url, 'backlog_shards'), await gauge(url, 'pending_bytes')];
  return `outbox ${segments} segments, ${samples} samples, ${megabytes(bytes)}; ${shards} requests for the backlog`;
}

/** When the last request of the outage had come and no segment as old is left. */
async function untilDrained(edge: Edge, cutAt: number, mendedAt: number, recorder: Recorder): Promise<number> {
  const deadline = mendedAt + 15 * 60_000;
  for (; Date.now() < deadline; await sleep(500)) {
    const oldest = (await gauge(edge.url, 'oldest_pending_timestamp_seconds')) * 1000;
    if (oldest !== 0 && oldest < mendedAt) continue;
    const ofOutage = recorder.arrivals.filter(
      ({ at, newest }) => at >= mendedAt && newest >= cutAt && newest < mendedAt,
    );
    return ofOutage.at(-1)?.at ?? mendedAt;
  }
  throw new Error('the backlog was not drained within 15 minutes');
}

/** What is still live in the outbox. */
async function untilEmpty(url: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(500)) {
    if ((await gauge(url, 'pending_segments')) === 0) {
      // Central makes visible what it has taken within moments.
      await sleep(3_000);
      return;
    }
  }
  throw new Error('the outbox was not empty within a minute after the load had ended');
}

/** Samples of each series, one query a metric. */
async function seriesCounts(
  url: string,
  metrics: readonly string[],
  { matchers, since }: { readonly matchers: string; readonly since: number },
) {
  const time = Date.now() + 1_000;
  const window = Math.ceil((time - since) / 1000) + 60;
  const all = [];
  for (const metric of metrics) {
    all.push(...(await instantQuery(url, `count_over_time(${metric}{${matchers}}[${window}s])`, { time })));
  }
  return all;
}

/** Scrapes that `up` says failed: their page may have been served, and came too late. */
async function failedScrapes(url: string, { since, until }: { readonly since: number; readonly until: number }) {
  const window = Math.ceil((until - since) / 1000) + 60;
  const of = `up{job="farm"}[${window}s]`;
  const [all] = await instantQuery(url, `sum(count_over_time(${of}) - sum_over_time(${of}))`, { time: until });
  return all?.value ?? 0;
}

/** A line for each second after the mending in which something came, thinned out. */
function printOrder(
  recorder: Recorder,
  span: { readonly cutAt: number; readonly mendedAt: number; readonly until: number },
): void {
  const { backlog, live } = backlogOrder(recorder.arrivals, span);
  const bySecond = new Map<
    number,
    { requests: number; samples: number; oldest: number; newest: number; live: number }
  >();
  for (const arrival of [...backlog, ...live]) {
    const second = Math.floor((arrival.at - span.mendedAt) / 1000);
    const isLive = arrival.newest >= span.mendedAt;
    const row = bySecond.get(second) ?? {
      requests: 0,
      samples: 0,
      oldest: Number.POSITIVE_INFINITY,
      newest: 0,
      live: 0,
    };
    bySecond.set(second, row);
    if (isLive) {
      row.live++;
      continue;
    }
    row.requests++;
    row.samples += arrival.samples;
    row.oldest = Math.min(row.oldest, arrival.oldest);
    row.newest = Math.max(row.newest, arrival.newest);
  }
  const seconds = [...bySecond.keys()].sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(seconds.length / 40));
  const before = (time: number) => `${((span.mendedAt - time) / 1000).toFixed(1)} s`;
  const rows = seconds
    .filter((_, i) => i % every === 0 || i === seconds.length - 1)
    .map((second) => {
      const row = bySecond.get(second)!;
      const range = row.requests === 0 ? '' : `${before(row.newest)} to ${before(row.oldest)}`;
      return [`${second}`, `${row.live}`, `${row.requests}`, `${row.samples}`, range];
    });
  say(
    `what arrived, by the second after the link was back\n${formatTable(
      ['second', 'new requests', 'older', 'samples of these', 'from before the mending'],
      rows,
    )}`,
  );
}

function formatAges({ median, worst }: { readonly median: number; readonly worst: number }): string {
  return `half within ${(median / 1000).toFixed(1)} s, all within ${(worst / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

if (values.help) {
  console.log(USAGE);
} else {
  await toolRun({ name: 'pharos-edge', keep: values.keep, run });
}
