/**
 * Ingestion side by side: Pharos and its peers scrape the same farm of targets, and each one's processor time, memory and
 * disk are divided by the samples it stored.
 *
 * All run at the same time unless told otherwise: the cores of a small shared machine are faster and slower from minute to
 * minute, and this way every contender has the same minutes. The price is that they take caches and cores from each other,
 * which is fair as long as the machine is not full: the report says how busy it was, and warns past 90 %, where scrapes come
 * late and `--sequential` is the better choice.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../cli/table.ts';
import { Children } from './children.ts';
import { METRIC_NAMES } from './container-mix.ts';
import { type Contender, type DiskUse, scrapeConfig } from './contenders/contender.ts';
import { CONTENDERS, findContenders, type StartContender } from './contenders/find-contenders.ts';
import { type Farm, startFarm } from './farm.ts';
import { machineShare, machineTimes } from './machine-share.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';
import { countSamples } from './prometheus-api.ts';

/** What to measure. Times are seconds. */
export interface IngestOptions {
  readonly targets: number;
  readonly series: number;
  readonly interval: number;
  readonly duration: number;
  /** How long a container lives until another replaces it; 0: no churn. */
  readonly lifetime: number;
  readonly encoding: 'identity' | 'gzip';
  readonly sequential: boolean;
  /** Programs of the peers: name or path. A peer that is not found is left out by name. */
  readonly prometheus: string;
  readonly victoria: string;
  /** Contenders to leave out. */
  readonly skip: readonly string[];
  /** Keep the scratch directory with logs and data. */
  readonly keep: boolean;
}

/** What was measured of one contender. */
interface Measured {
  readonly name: string;
  readonly served: number;
  readonly stored: number;
  /** CPU seconds and samples from the start of the process to the end of the scrapes. */
  readonly total: { readonly cpu: number; readonly samples: number };
  /** The same without the first rounds, in which every series is new. */
  readonly steady: { readonly cpu: number; readonly samples: number };
  readonly peakBytes: number;
  readonly fileBytes: number;
  readonly disk: DiskUse;
}

/** Runs the benchmark and prints its report. Resolves with whether every contender stored what it was sent. */
export async function runIngest(options: IngestOptions, print: (line: string) => void): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'pharos-ingest-'));
  const children = new Children(options.keep ? undefined : directory);
  try {
    const wanted = CONTENDERS.filter((name) => !options.skip.includes(name));
    const starts = findContenders(options, { wanted, print });
    print(
      `mix "container": ${options.targets} targets x ${options.series} series every ${options.interval} s for ` +
        `${options.duration} s (${((options.targets * options.series) / options.interval).toLocaleString('en')} samples/s), ` +
        `${options.lifetime === 0 ? 'no churn' : `containers live ${options.lifetime} s`}, ${options.encoding}`,
    );
    const rounds = options.sequential ? starts.map((start) => [start]) : [starts];
    const measured: Measured[] = [];
    for (const round of rounds) measured.push(...(await runRound(round, { options, children, directory, print })));
    print(report(measured));
    return measured.every(({ served, stored }) => served === stored);
  } finally {
    await children.stopAll();
    if (options.keep) print(`kept: ${directory}`);
    else rmSync(directory, { recursive: true, force: true });
  }
}

async function runRound(
  starts: readonly (readonly [string, StartContender])[],
  {
    options,
    children,
    directory,
    print,
  }: { options: IngestOptions; children: Children; directory: string; print: (line: string) => void },
): Promise<Measured[]> {
  const { targets, series, interval, lifetime, encoding } = options;
  const farm = await startFarm(
    children,
    { targets, series, interval, lifetime, encoding, port: 0 },
    join(directory, 'farm.log'),
  );
  const running: Contender[] = [];
  for (const [name, start] of starts) {
    const own = join(directory, name);
    mkdirSync(own);
    const config = scrapeConfig({ reader: name, port: farm.port, targets, interval });
    running.push(await start({ children, directory: own, config }));
  }
  const began = Date.now();
  // In the first rounds every series is new; after three of them the caches are warm.
  await sleep(3 * interval);
  const warm = await snapshot(running, farm);
  const machineBefore = machineTimes();
  await sleep(options.duration);
  const machine = machineShare(machineBefore, machineTimes());
  const end = await snapshot(running, farm);
  print(
    `the machine (${availableParallelism()} cores) was ${machine.busy.toFixed(0)} % busy, ${machine.steal.toFixed(1)} % stolen`,
  );
  if (machine.busy > 90) print('warning: the machine was full, so scrapes came late; use fewer series or --sequential');
  await farm.pause();

  const measured: Measured[] = [];
  for (const [index, contender] of running.entries()) {
    const first = warm[index]!;
    const last = end[index]!;
    const served = (await farm.served(contender.name)).samples;
    const stored = await settledCount(contender, { served, window: Date.now() - began + 120_000 });
    print(`${contender.name}: served ${served}, stored ${stored}${served === stored ? '' : ` (${stored - served})`}`);
    measured.push({
      name: contender.name,
      served,
      stored,
      total: { cpu: last.usage.cpuSeconds, samples: last.samples },
      steady: { cpu: last.usage.cpuSeconds - first.usage.cpuSeconds, samples: last.samples - first.samples },
      peakBytes: last.usage.peakBytes,
      fileBytes: last.usage.fileBytes,
      disk: await contender.diskUse(),
    });
    await children.stop(contender.child);
  }
  await children.stop(farm.child);
  return measured;
}

async function snapshot(
  running: readonly Contender[],
  farm: Farm,
): Promise<{ usage: ProcessUsage; samples: number }[]> {
  const taken: { usage: ProcessUsage; samples: number }[] = [];
  for (const contender of running) {
    taken.push({
      usage: processUsage(contender.child.pid),
      samples: (await farm.served(contender.name)).samples,
    });
  }
  return taken;
}

/** Counts until everything that was served is there, for a minute at most. */
async function settledCount(
  contender: Contender,
  { served, window }: { served: number; window: number },
): Promise<number> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    await contender.flush();
    const time = Date.now() + 1_000;
    const counts = await countSamples(contender.url, METRIC_NAMES, { matchers: 'job="farm"', window, time });
    const stored = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (stored >= served || Date.now() > deadline) return stored;
    await sleep(2);
  }
}

function report(measured: readonly Measured[]): string {
  const pharos = measured.find(({ name }) => name === 'pharos');
  const million = (part: { cpu: number; samples: number }) => (part.cpu / part.samples) * 1e6;
  const columns: readonly (readonly [string, (of: Measured) => number, digits: number])[] = [
    ['samples stored (M)', ({ stored }) => stored / 1e6, 2],
    ['CPU s/M samples, steady', ({ steady }) => million(steady), 3],
    ['CPU s/M samples, whole', ({ total }) => million(total), 3],
    ['peak MB', ({ peakBytes }) => peakBytes / 1e6, 0],
    ['of it mapped files', ({ fileBytes }) => fileBytes / 1e6, 0],
    ['bytes/sample', ({ disk, stored }) => disk.samples / stored, 3],
    ['index MB', ({ disk }) => disk.index / 1e6, 1],
    ['MB on disk at the end', ({ disk }) => disk.now / 1e6, 1],
  ];
  const rows = measured.map((of) => [of.name, ...columns.map(([, value, digits]) => value(of).toFixed(digits))]);
  for (const peer of measured) {
    if (pharos === undefined || peer === pharos) continue;
    rows.push([`pharos / ${peer.name}`, ...columns.map(([, value]) => (value(pharos) / value(peer)).toFixed(2))]);
  }
  const table = formatTable(['', ...columns.map(([title]) => title)], rows);
  return [table, ...measured.map(({ name, disk }) => `bytes/sample and index of ${name}: ${disk.how}`)].join('\n');
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
