/**
 * Queries side by side: Pharos and its peers are loaded with the same samples through remote write, then asked the same
 * queries, one server at a time while the others idle, all caches off.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from './children.ts';
import type { Contender } from './contenders/contender.ts';
import { findContenders } from './contenders/find-contenders.ts';
import { bigAnswerTable, bigQuestion, measureBigAnswer } from './query/big-answer.ts';
import { concurrentTable, measureConcurrent } from './query/concurrent.ts';
import { SERIES_PER_POD } from './query/data-set.ts';
import { watchForeignLoad } from './query/foreign-load.ts';
import { GROWTH_HOURS, GROWTH_SERIES, type GrowthResult, growthTable, measureGrowth } from './query/growth.ts';
import { killTable, measureKill } from './query/kill.ts';
import { measureRows, rows, rowTables } from './query/rows.ts';
import { openStores, type Stores, type StoresOptions } from './query/stores.ts';

/** The parts of the benchmark, in the order in which they run. */
export const QUERY_SECTIONS = ['rows', 'concurrent', 'big', 'kill', 'growth'] as const;

export type QuerySection = (typeof QUERY_SECTIONS)[number];

/** How much of the machine may be used by others before the report warns. */
const FOREIGN_PERCENT = 5;

/** What to measure, and on what. */
export interface QueryBenchOptions {
  readonly series: number;
  readonly hours: number;
  /** Seconds. */
  readonly interval: number;
  /** How often each query is asked; the best time counts. */
  readonly runs: number;
  readonly only: readonly QuerySection[];
  readonly contenders: readonly string[];
  /** Programs of the peers: name or path. A peer that is not found is left out by name. */
  readonly prometheus: string;
  readonly victoria: string;
  /** A new directory in which the loaded data stays. */
  readonly keep?: string;
  /** The directory that an earlier run kept; what is missing in it is loaded. */
  readonly reuse?: string;
}

/** Runs the benchmark and prints its tables. Resolves with whether all answers were right. */
export async function runQueryBench(options: QueryBenchOptions, output: Output): Promise<boolean> {
  const { print, progress } = output;
  const { directory, kept } = placeOf(options);
  const children = new Children(kept ? undefined : directory);
  try {
    const starts = findContenders(options, { wanted: options.contenders, print });
    if (starts.length === 0) throw new Error('there is no contender');
    const stores: StoresOptions = { children, directory, starts, progress };
    let right = true;
    if (options.only.some((section) => section !== 'growth')) {
      const opened = await openStores(options, stores);
      right = await measure(opened, options, output);
      await closeStores(opened, children);
    }
    if (options.only.includes('growth')) await measureAllGrowth(options, stores, print);
    return right;
  } finally {
    await children.stopAll();
    if (kept) progress(`the data is kept in ${directory}`);
    else rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Where the report goes, and what tells that something is going on. */
interface Output {
  readonly print: (line: string) => void;
  readonly progress: (line: string) => void;
}

async function measure(
  { dataSet, contenders }: Stores,
  { only, runs }: QueryBenchOptions,
  { print, progress }: Output,
): Promise<boolean> {
  const { series, hours, interval, end } = dataSet;
  print(`${series} series over ${hours} h at ${interval} s, the last samples at ${new Date(end).toISOString()}`);
  const all = rows(dataSet);
  const names = contenders.map(({ name }) => name);
  const foreignLoad = watchForeignLoad(contenders.map(({ child }) => child.pid));
  let right = true;
  if (only.includes('rows')) {
    const measured = await measureRows(all, contenders, { runs, progress });
    right = measured.every(({ same }) => same);
    print(`\n${rowTables(measured, { names, runs })}`);
  }
  /** Measures every contender. One that fails is named and left out. */
  async function each<T>(title: string, measureOne: (contender: Contender) => Promise<T>): Promise<Map<string, T>> {
    const results = new Map<string, T>();
    for (const contender of contenders) {
      progress(`${title}: ${contender.name}`);
      try {
        results.set(contender.name, await measureOne(contender));
      } catch (error) {
        print(`\n${title}: ${contender.name} FAILED: ${error instanceof Error ? error.message : String(error)}`);
        right = false;
      }
    }
    return results;
  }
  if (only.includes('concurrent')) {
    const pods = Math.ceil(series / SERIES_PER_POD);
    const results = await each('concurrent queries', (contender) => measureConcurrent(contender, all[0], pods));
    print(`\n${concurrentTable(results)}`);
  }
  if (only.includes('big')) {
    const question = bigQuestion(dataSet);
    print(`\n${bigAnswerTable(await each('a large answer', (contender) => measureBigAnswer(contender, question)))}`);
  }
  if (only.includes('kill')) {
    print(`\n${killTable(await each('the client goes', (contender) => measureKill(contender, all[0])))}`);
  }
  warnOfForeignLoad(foreignLoad(), print);
  return right;
}

function warnOfForeignLoad(percent: number, print: (line: string) => void): void {
  if (percent <= FOREIGN_PERCENT) return;
  print(`\nwarning: other programs used ${percent.toFixed(0)} % of the machine meanwhile: the times are too long`);
}

async function measureAllGrowth(
  { interval, runs }: QueryBenchOptions,
  stores: StoresOptions,
  print: (line: string) => void,
): Promise<void> {
  const results: GrowthResult[] = [];
  let foreign = 0;
  for (const series of GROWTH_SERIES) {
    stores.progress(`growth: ${series} series`);
    const opened = await openStores({ series, hours: GROWTH_HOURS, interval }, stores);
    const question = rows(opened.dataSet)[0];
    const foreignLoad = watchForeignLoad(opened.contenders.map(({ child }) => child.pid));
    results.push(await measureGrowth(series, opened.contenders, { question, runs }));
    foreign = Math.max(foreign, foreignLoad());
    await closeStores(opened, stores.children);
  }
  const names = stores.starts.map(([name]) => name);
  print(`\n${growthTable(results, names)}`);
  warnOfForeignLoad(foreign, print);
}

async function closeStores({ contenders }: Stores, children: Children): Promise<void> {
  for (const { child } of contenders) await children.stop(child, 120_000);
}

function placeOf({ keep, reuse }: QueryBenchOptions): { directory: string; kept: boolean } {
  if (keep !== undefined && reuse !== undefined) throw new Error('--keep and --reuse exclude each other');
  if (reuse !== undefined) {
    if (!existsSync(reuse)) throw new Error(`--reuse: there is no directory ${reuse}`);
    return { directory: reuse, kept: true };
  }
  if (keep === undefined) return { directory: mkdtempSync(join(tmpdir(), 'pharos-query-')), kept: false };
  mkdirSync(keep, { recursive: true });
  if (readdirSync(keep).length > 0) throw new Error(`--keep: ${keep} is not empty; --reuse takes what is in it`);
  return { directory: keep, kept: true };
}
