/**
 * Acceptance under load and fault, to be run by hand after a build:
 *
 *     node dist/test/load.js kill     scrape load and a remote writer; SIGKILL in the middle; start again; count
 *     node dist/test/load.js outage   the same load into a ClickHouse server (--clickhouse URL) that becomes unreachable
 *
 * Either prints what was served and acknowledged beside what the store holds, and exits 1 when something is missing,
 * doubled, or torn.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Child, Children } from '../bench/children.ts';
import { METRIC_NAMES } from '../bench/container-mix.ts';
import { freePort, scrapeConfig } from '../bench/contenders/contender.ts';
import { pharosSql, startPharosServer } from '../bench/contenders/pharos.ts';
import { type Farm, startFarm } from '../bench/farm.ts';
import { processUsage } from '../bench/process-usage.ts';
import { countSamples, instantQuery } from '../bench/prometheus-api.ts';
import { formatTable } from '../cli/table.ts';
import { CutProxy } from './cut-proxy.ts';
import { RemoteWriter } from './remote-writer.ts';
import { say, toolRun } from './tool-run.ts';

const USAGE = `usage: node dist/test/load.js kill|outage [options]
  --targets N       scrape targets (100)
  --series N        series of each (1000)
  --interval S      scrape interval in seconds (1)
  --before S        seconds of load before the fault (30)
  --after S         seconds of load after it (30)
  --writer N        series of the remote writer beside the scrapes, 0: none (200)
  --kills N         kill: how many times (1)
  --grace S         kill: pages served so shortly before a kill need not be stored (2)
  --outage S        outage: how long (120)
  --cut refuse|hang outage: how the endpoint is unreachable (refuse)
  --clickhouse URL  the ClickHouse server; for outage it must be given
  --keep            keep the scratch directory`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    targets: { type: 'string', default: '100' },
    series: { type: 'string', default: '1000' },
    interval: { type: 'string', default: '1' },
    before: { type: 'string', default: '30' },
    after: { type: 'string', default: '30' },
    writer: { type: 'string', default: '200' },
    kills: { type: 'string', default: '1' },
    grace: { type: 'string', default: '2' },
    outage: { type: 'string', default: '120' },
    cut: { type: 'string', default: 'refuse' },
    clickhouse: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

const METRIC = 'load_written';
const READER = 'pharos';

/** A server under load. */
interface Load {
  readonly farm: Farm;
  readonly writer: RemoteWriter | undefined;
  readonly url: string;
  readonly dataDir: string;
  readonly began: number;
  server: Child;
  restart(): Promise<void>;
}

const number = (
  name: 'targets' | 'series' | 'interval' | 'before' | 'after' | 'writer' | 'kills' | 'grace' | 'outage',
) => {
  const value = Number(values[name]);
  if (!(value >= 0)) throw new Error(`--${name} must be a number of 0 or more, got ${values[name]}`);
  return value;
};

async function startLoad(children: Children, directory: string, args: readonly string[]): Promise<Load> {
  const [targets, series, interval] = [number('targets'), number('series'), number('interval')];
  const farmOptions = { targets, series, interval, lifetime: 0, encoding: 'identity', port: 0 } as const;
  const farm = await startFarm(children, farmOptions, join(directory, 'farm.log'));
  const config = join(directory, 'pharos.yml');
  writeFileSync(config, scrapeConfig({ reader: READER, port: farm.port, targets, interval }));
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  const port = await freePort();
  const start = () => startPharosServer({ children, config, dataDir, log: join(directory, 'pharos.log'), port, args });
  const began = Date.now();
  const server = await start();
  const url = `http://127.0.0.1:${port}`;
  const writer =
    number('writer') === 0
      ? undefined
      : new RemoteWriter(`${url}/api/v1/write`, {
          metric: METRIC,
          series: number('writer'),
          interval: interval * 1000,
        });
  writer?.start();
  say(`${targets} targets x ${series} series every ${interval} s, and a remote writer of ${number('writer')} series`);
  const load: Load = {
    farm,
    writer,
    url,
    dataDir,
    began,
    server,
    async restart() {
      load.server = await start();
    },
  };
  return load;
}

async function kill(children: Children, directory: string): Promise<boolean> {
  const args = values.clickhouse === undefined ? [] : ['--clickhouse', values.clickhouse];
  const load = await startLoad(children, directory, args);
  let mayMiss = 0;
  for (let i = 0; i < number('kills'); i++) {
    await progress(load, number('before'));
    const at = Date.now();
    await children.kill(load.server);
    const pages = (await load.farm.served(READER)).pages;
    mayMiss += pages - (await load.farm.served(READER, at - number('grace') * 1000)).pages;
    await load.restart();
    const ready = Date.now() - at;
    await instantQuery(load.url, `count(${METRIC_NAMES[0]})`);
    say(`killed; ready again after ${ready} ms, a query answered after ${Date.now() - at} ms`);
  }
  await progress(load, number('after'));
  return verify(load, mayMiss);
}

async function outage(children: Children, directory: string): Promise<boolean> {
  if (values.clickhouse === undefined) throw new Error(`outage needs --clickhouse URL\n${USAGE}`);
  if (values.cut !== 'refuse' && values.cut !== 'hang')
    throw new Error(`--cut must be refuse or hang, got ${values.cut}`);
  const server = new URL(values.clickhouse);
  const proxy = new CutProxy({ host: server.hostname, port: Number(server.port || '8123') });
  await proxy.open();
  try {
    const through = new URL(server);
    through.hostname = '127.0.0.1';
    through.port = String(proxy.port);
    const load = await startLoad(children, directory, ['--clickhouse', through.href]);
    await progress(load, number('before'));
    say(`the endpoint is unreachable for ${number('outage')} s (${values.cut})`);
    await proxy.cut(values.cut);
    await progress(load, number('outage'));
    const started = Date.now();
    const answer = await instantQuery(load.url, `count(${METRIC_NAMES[0]})`, { timeout: 150_000 }).then(
      ([series]) => `answered ${series?.value}`,
      (error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    say(`a query during the outage ${answer} (after ${Date.now() - started} ms)`);
    await proxy.open();
    say('the endpoint is back');
    await progress(load, number('after'));
    return await verify(load, 0);
  } finally {
    await proxy.close();
  }
}

/** Says every ten seconds how it goes. */
async function progress(load: Load, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    await sleep(Math.min(10_000, end - Date.now()));
    const { pages, samples } = await load.farm.served(READER);
    const usage = processUsage(load.server.pid);
    const outbox = await outboxMetrics(load.url);
    say(
      `served ${pages} pages, ${samples} samples; acknowledged ${load.writer?.acknowledged ?? 0} written; ` +
        `CPU ${usage.cpuSeconds.toFixed(1)} s, peak ${(usage.peakBytes / 1e6).toFixed(0)} MB${outbox}`,
    );
  }
}

/** The server's own gauges of its outbox, for the reader. */
async function outboxMetrics(url: string): Promise<string> {
  try {
    const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
    const lines = text.match(/^pharos_\w*outbox\w*(\{[^}]*\})? \S+$/gm) ?? [];
    return lines.map((line) => `; ${line.replace(/^pharos_/, '')}`).join('');
  } catch (error) {
    return `; /metrics: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Scrapes that the server counts as failed, which may have had their page. */
async function failedScrapes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
  const counts = [...text.matchAll(/^pharos_scrapes_total\{[^}]*result="failed"[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Stops the load, waits until the store has what it will have, and compares. So many pages may be missing. */
async function verify(load: Load, mayMiss: number): Promise<boolean> {
  await load.writer?.stop();
  // A page that was served and came too late is no scrape: the server says so in `up`, and stores nothing of it.
  const failed = await failedScrapes(load.url);
  await load.farm.pause();
  const served = await load.farm.served(READER);
  const acknowledged = load.writer?.acknowledged ?? 0;
  const sent = load.writer?.sent ?? 0;
  const series = number('series');

  let stored = new Map<string, number>();
  let written = 0;
  const deadline = Date.now() + 180_000;
  for (let before = -1; Date.now() < deadline; ) {
    const at = { window: Date.now() - load.began + 120_000, time: Date.now() + 1_000 };
    stored = await countSamples(load.url, METRIC_NAMES, { ...at, matchers: 'job="farm"' });
    written = total(await countSamples(load.url, [METRIC], { ...at, matchers: 'job="writer"' }));
    const now = total(stored) + written;
    // Done when all is there, or when nothing more came for a while.
    if ((total(stored) >= served.samples && written >= acknowledged) || now === before) break;
    before = now;
    await sleep(5_000);
  }
  const torn = [...stored].filter(([, samples]) => samples % series !== 0).map(([instance]) => instance);
  const missing = served.pages - total(stored) / series;
  const twice = await rowsStoredTwice(load.dataDir);

  const checks: [what: string, good: boolean, found: string][] = [
    ['pages served', served.pages > 0, `${served.pages} of ${series} samples`],
    [
      'pages stored',
      missing >= 0 && missing <= mayMiss + failed,
      `${total(stored) / series}: ${missing} missing, ${mayMiss} may be, and ${failed} of scrapes that failed`,
    ],
    ['targets with a page stored in part', torn.length === 0, `${torn.length} ${torn.slice(0, 5).join(' ')}`],
    [
      'samples acknowledged to the writer',
      true,
      `${acknowledged} of ${sent} sent, ${load.writer?.retries ?? 0} retries`,
    ],
    ['samples of the writer stored', written >= acknowledged && written <= sent, String(written)],
    [
      'rows stored twice',
      twice === undefined || twice === 0,
      twice === undefined ? 'not asked of a server' : String(twice),
    ],
  ];
  const rows = checks.map(([what, good, found]) => [what, good ? 'ok' : 'WRONG', found]);
  say(`the store against the load\n${formatTable(['check', '', 'found'], rows)}`);
  return checks.every(([, good]) => good);
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

/** Rows that repeat a series' timestamp, in an embedded store. */
async function rowsStoredTwice(dataDir: string): Promise<number | undefined> {
  if (values.clickhouse !== undefined) return undefined;
  const statement = 'SELECT count() - uniqExact(metric, id, ts) AS twice FROM samples';
  const [row] = await pharosSql<{ twice: string | number }>(dataDir, statement);
  return Number(row?.twice ?? 0);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const scenario = { kill, outage }[positionals[0] ?? ''];
if (scenario === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  await toolRun({ name: 'pharos-load', keep: values.keep, run: scenario });
}
