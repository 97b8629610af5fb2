/**
 * The console on a large cluster: how long lists take at their first asking and later, several at once, on a server of all roles and on a
 * query role alone before a ClickHouse server's HTTP interface; then, in Chromium, how soon pages can be used that are opened for the first
 * time, how long the list of pods takes to show its rows, to filter, sort and page them, what it blocks and remembers, and what one open
 * Overview costs the server, seen and hidden.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../../cli/table.ts';
import { Children } from '../children.ts';
import { freePort } from '../contenders/contender.ts';
import { startPharosServer } from '../contenders/pharos.ts';
import { machineShare, machineTimes } from '../machine-share.ts';
import { processUsage } from '../process-usage.ts';
import { firstOpen } from './first-open.ts';
import { PodFleet } from './pod-fleet.ts';
import { inChromium } from './pod-list.ts';

export interface ConsoleBenchOptions {
  readonly pods: number;
  /** Seconds between two samples of a series. */
  readonly interval: number;
  /** Seconds that an open Overview is measured. */
  readonly duration: number;
  readonly chromium: string;
  readonly apart: boolean;
}

type Print = (line: string) => void;

/** How often each page is opened for the first time. */
const ROUNDS = 7;
/** How many ask at once. */
const CROWD = 8;
/** How long a list is fresh, in milliseconds, and somewhat more. */
const KEPT = 11_000;

export async function runConsoleBench(options: ConsoleBenchOptions, print: Print): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'pharos-console-'));
  const children = new Children(scratch);
  try {
    return await measure(options, { scratch, children, print });
  } finally {
    await children.stopAll();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Bench {
  readonly scratch: string;
  readonly children: Children;
  readonly print: Print;
}

async function measure(options: ConsoleBenchOptions, { scratch, children, print }: Bench): Promise<boolean> {
  const fleet = new PodFleet({ pods: options.pods });
  const { writer, reader, pid } = await start(options, { scratch, children, print });
  let written = 0;
  let failure: unknown;
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      const began = Date.now();
      await fleet.write(writer);
      written++;
      while (!isOver && Date.now() - began < options.interval * 1000) await pause(200);
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  try {
    // The store has samples a second after they were written; three rounds are what a query looks back over.
    while (written < 3 && failure === undefined) await pause(200);
    if (failure !== undefined) throw failure;
    await pause(3_000);
    print(`${options.pods} pods as ${fleet.series.toLocaleString('en')} series, a sample every ${options.interval} s`);
    const machine = machineTimes();
    const isWhole = await lists(reader, { pid, pods: options.pods, print });
    if (existsSync(options.chromium)) {
      const { chromium, duration } = options;
      await firstOpen({ chromium, url: reader, rounds: ROUNDS, print });
      await inChromium({
        chromium,
        url: reader,
        pods: options.pods,
        duration,
        print,
        cpu: () => processUsage(pid).cpuSeconds,
      });
    } else {
      print(`skipped: what a browser sees; there is no Chromium at ${options.chromium}`);
    }
    print(`machine busy ${machineShare(machine, machineTimes()).busy.toFixed(0)} %`);
    return isWhole && failure === undefined;
  } finally {
    isOver = true;
    await writing;
  }
}

/** The server that takes the samples, and the one that is asked: the same, or a query role alone. */
async function start({ apart }: ConsoleBenchOptions, { scratch, children }: Bench) {
  const config = join(scratch, 'pharos.yml');
  writeFileSync(config, 'scrape_configs: []\n');
  const log = join(scratch, 'pharos.log');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  if (!apart) {
    const all = await startPharosServer({ children, config, dataDir: join(scratch, 'data'), log, port });
    return { writer: url, reader: url, pid: all.pid };
  }
  const storePort = await freePort();
  const store = children.start(
    'the store',
    [
      process.execPath,
      join(import.meta.dirname, '../../test/clickhouse-server.js'),
      join(scratch, 'store'),
      String(storePort),
    ],
    { log: join(scratch, 'store.log'), stdout: 'pipe' },
  );
  let said = '';
  store.process.stdout!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for (const end = Date.now() + 60_000; !said.includes('http'); await pause(100)) {
    if (Date.now() > end) throw new Error('waited 60 s for the store');
  }
  const args = ['--clickhouse', `http://127.0.0.1:${storePort}`];
  await startPharosServer({
    children,
    config,
    dataDir: join(scratch, 'collector'),
    log,
    port,
    role: 'collector',
    args,
  });
  const queryPort = await freePort();
  const query = await startPharosServer({
    ...{ children, config, dataDir: join(scratch, 'query'), log: join(scratch, 'query.log') },
    ...{ port: queryPort, role: 'query', args },
  });
  return { writer: url, reader: `http://127.0.0.1:${queryPort}`, pid: query.pid };
}

async function lists(
  url: string,
  { pid, pods, print }: { readonly pid: number; readonly pods: number; readonly print: Print },
): Promise<boolean> {
  const rows: string[][] = [];
  let isWhole = true;
  const add = async (what: string, paths: readonly string[]): Promise<void> => {
    const before = processUsage(pid).cpuSeconds;
    const times = await Promise.all(paths.map((path) => timed(url, path)));
    const cpu = processUsage(pid).cpuSeconds - before;
    isWhole &&= times.every(({ total }) => total > 0);
    const slowest = Math.max(...times.map(({ milliseconds }) => milliseconds));
    rows.push([what, slowest.toFixed(0), (cpu * 1000).toFixed(0), String(times[0]!.total)]);
  };
  const page = 'pods?limit=50&sort=-cpu';
  await add('pods, the first time', [page]);
  await add('the same again', [page]);
  await add('another filter and order', ['pods?limit=50&filter=service-1+team&sort=memory&offset=100']);
  await pause(KEPT);
  await add('pods, not asked for lately', [page]);
  await pause(KEPT);
  await add(`pods, ${CROWD} at once`, new Array<string>(CROWD).fill(page));
  await pause(KEPT);
  await add('all lists at once', ['clusters', 'nodes', 'namespaces', 'workloads', 'pods', 'containers']);
  await pause(30_000);
  await add('pods, half a minute later', [page]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  print(formatTable(['list', 'ms', "server's CPU, ms", 'rows'], rows));
  print(`resident ${(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024).toFixed(0)} MiB`);
  return isWhole && Number(rows[0]![3]) === pods;
}

async function timed(url: string, path: string): Promise<{ milliseconds: number; total: number }> {
  const began = performance.now();
  const response = await fetch(`${url}/api/v1/inventory/${path}`, { signal: AbortSignal.timeout(120_000) });
  const { data, error } = (await response.json()) as { data?: { total: number }; error?: string };
  if (data === undefined) throw new Error(`${path}: ${error}`);
  return { milliseconds: performance.now() - began, total: data.total };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
