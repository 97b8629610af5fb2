/**
 * The servers under test on a loaded data set. Each data set has a directory of its own, named by its size, and in it one
 * directory per contender; a file `loaded.json` beside them says what is in which, so that a later run can start the servers
 * on the same data again.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from '../children.ts';
import type { Contender } from '../contenders/contender.ts';
import type { StartContender } from '../contenders/find-contenders.ts';
import { countSamples } from '../prometheus-api.ts';
import { DataSet, type DataSetOptions, METRICS } from './data-set.ts';
import { load } from './load.ts';
import { untilQuiet } from './quiet.ts';

/** What a run stands on. */
export interface StoresOptions {
  readonly children: Children;
  /** Where data sets are, or will be. It exists. */
  readonly directory: string;
  readonly starts: readonly (readonly [name: string, start: StartContender])[];
  readonly progress: (line: string) => void;
}

/** The size of a data set; its end is that of the data set that is there already, or now. */
export type DataSetSize = Omit<DataSetOptions, 'end'>;

/** Running servers that hold the same data set. */
export interface Stores {
  readonly dataSet: DataSetOptions;
  readonly contenders: readonly Contender[];
}

interface Manifest {
  readonly version: number;
  readonly end: number;
  readonly loaded: string[];
}

/** Counts up when the same options give other samples than before. */
const VERSION = 1;
/** Prometheus compacts its head once a minute, so a shorter silence does not mean that it has nothing to do. */
const STILL_MS = 75_000;
const SETTLE_MS = 600_000;
/** Every step of a range query falls on a sample when the last one lies on such a time. */
const ALIGN_MS = 300_000;

/** Starts every contender on the data set, loading those that do not have it. */
export async function openStores(size: DataSetSize, options: StoresOptions): Promise<Stores> {
  const { starts, progress } = options;
  const directory = join(options.directory, `${size.series}-series-${size.hours}h-${size.interval}s`);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'loaded.json');
  const manifest: Manifest = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest)
    : { version: VERSION, end: Math.floor(Date.now() / ALIGN_MS) * ALIGN_MS, loaded: [] };
  if (manifest.version !== VERSION) throw new Error(`${directory} holds samples of another version: remove it`);
  const dataSet = { ...size, end: manifest.end };
  const missing = starts.filter(([name]) => !manifest.loaded.includes(name));
  if (missing.length > 0) {
    // What an interrupted load left behind would be refused as duplicates, or count twice.
    for (const [name] of missing) rmSync(join(directory, name), { recursive: true, force: true });
    const contenders = await start(missing, directory, options);
    await loadAndVerify(new DataSet(dataSet), contenders, progress);
    // The measurements start with servers that have not just ingested a day within minutes.
    for (const { child } of contenders) await options.children.stop(child, 120_000);
    manifest.loaded.push(...missing.map(([name]) => name));
    writeFileSync(file, `${JSON.stringify(manifest)}\n`);
  }
  const contenders = await start(starts, directory, options);
  progress('waiting until the servers are idle');
  await settle(contenders, { still: 5_000, timeout: 120_000, progress });
  return { dataSet, contenders };
}

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=90d'],
  'victoria-metrics': ['-search.disableCache', '-search.maxQueryDuration=3m'],
};
/** Nothing is scraped and no rule evaluated: all that a server does, it does for a query. */
const CONFIGS: Readonly<Record<string, string>> = {
  pharos: 'scrape_configs: []\nbuiltin_rules: false\nhost_metrics: { enabled: false }\n',
};

async function start(
  starts: StoresOptions['starts'],
  directory: string,
  { children }: StoresOptions,
): Promise<Contender[]> {
  const started: Contender[] = [];
  for (const [name, startContender] of starts) {
    const own = join(directory, name);
    mkdirSync(own, { recursive: true });
    const config = CONFIGS[name] ?? 'scrape_configs: []\n';
    started.push(await startContender({ children, directory: own, config, args: ARGUMENTS[name] ?? [] }));
  }
  return started;
}

async function loadAndVerify(
  dataSet: DataSet,
  contenders: readonly Contender[],
  progress: (line: string) => void,
): Promise<void> {
  await load(dataSet, contenders, progress);
  for (const contender of contenders) await contender.flush();
  progress('loaded; waiting until compactions and merges are over');
  await settle(contenders, { still: STILL_MS, timeout: SETTLE_MS, progress });
  const { end, hours } = dataSet.options;
  for (const { name, url } of contenders) {
    const counts = await countSamples(url, METRICS, { matchers: '', window: hours * 3_600_000, time: end });
    const stored = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (stored !== dataSet.samples) {
      throw new Error(`${name} was sent ${dataSet.samples} samples and holds ${stored}`);
    }
  }
  progress(`every server holds all ${dataSet.samples} samples`);
}

async function settle(
  contenders: readonly Contender[],
  {
    still,
    timeout,
    progress,
  }: { readonly still: number; readonly timeout: number; readonly progress: (line: string) => void },
): Promise<void> {
  const watched = contenders.map(({ name, child }) => ({ name, pid: child.pid }));
  const busy = await untilQuiet(watched, { still, timeout });
  if (busy.length > 0) progress(`warning: not idle after ${timeout / 1000} s: ${busy.join(', ')}`);
}
