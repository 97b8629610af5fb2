/**
 * How due periods are evaluated, by the engine as they end and by a dry run over the past.
 *
 * What is due is cut into batches of some 32 periods. Of each batch every metric is read once, whatever the number of policies and
 * objects (in parts where it is long); the samples become statistics of periods by object. Then the ends of periods are gone
 * through in order, and at each the policies that have a period ending there say what would become of their objects; the caller
 * makes that so. What cannot be read holds up only the policies that need it, and changes nothing of them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SampleReader, SampleRequest, SeriesRows } from '../sample-reader.ts';
import type { ConditionRun } from './condition-run.ts';
import { ObjectTable } from './object-table.ts';
import { PeriodGrid } from './period-grid.ts';
import { comparedWith, isChange, type PeriodTrack } from './period-track.ts';
import type { ObjectLevel, Statistic } from './policy.ts';
import type { AlertChange, PolicyRun, StagedPeriod } from './policy-run.ts';
import { type Doubt, findGone } from './presence.ts';

/** Periods per batch, of the shortest. */
const BATCH = 32;
/** Samples are read in parts of this time at most, two hours. */
const PART = 7_200_000;
/** Policies that are looked at before others have a turn. */
const IN_ONE_GO = 256;
/** So many older periods are read at once: they do not change any more. */
const AHEAD = 16;

/** The tables of the objects of all metrics that policies are about. */
export class ObjectTables {
  readonly #tables = new Map<string, ObjectTable>();

  tableOf(metric: string, level: ObjectLevel): ObjectTable {
    const key = JSON.stringify([metric, level]);
    let table = this.#tables.get(key);
    if (table === undefined) this.#tables.set(key, (table = new ObjectTable(metric, level)));
    return table;
  }

  [Symbol.iterator](): Iterator<ObjectTable> {
    return this.#tables.values();
  }

  /** Forgets the tables that no condition is about any more. */
  sweep(): void {
    for (const [key, table] of this.#tables) if (!table.isUsed) this.#tables.delete(key);
  }
}

/** What the end of a period makes of one policy, not yet made so. */
export interface StagedRun {
  readonly run: PolicyRun;
  readonly period: StagedPeriod;
  readonly changes: readonly AlertChange[];
  readonly isGone: (key: string) => boolean;
}

export interface EvaluationOptions {
  readonly read: SampleReader;
  readonly signal: AbortSignal;
  /** Makes it so, by `commitStaged`, or rejects and leaves all as it was; then these runs go no further. */
  readonly commit: (end: number, staged: readonly StagedRun[]) => Promise<void>;
  /** A run cannot be evaluated further for now. */
  readonly failed: (run: PolicyRun, error: Error) => void;
  /** Is told of each batch of reading. */
  readonly reading?: (requests: readonly SampleRequest[]) => void;
}

export function commitStaged({ run, period, changes, isGone }: StagedRun): void {
  run.commit(period, changes, isGone);
}

/**
 * Evaluates all periods of the runs that ended up to `end`, each condition's from the one after its `evaluatedTo` on. Histories
 * that are not filled in are before. Rejects only when the signal fires.
 */
export async function evaluateUpTo(runs: readonly PolicyRun[], end: number, options: EvaluationOptions): Promise<void> {
  const broken = new Set<PolicyRun>();
  const failing: EvaluationOptions = {
    ...options,
    failed(run, error) {
      broken.add(run);
      options.failed(run, error);
    },
  };
  const unfilled = runs.filter((run) => !run.isFilled);
  if (unfilled.length > 0) {
    const targets = new Map(unfilled.flatMap(({ conditions }) => conditions.map((c) => [c, c.evaluatedTo] as const)));
    for (const run of unfilled) for (const c of run.conditions) c.rewind(c.memory);
    const fill = { runs: unfilled, broken, endOf: (condition: ConditionRun) => targets.get(condition)! };
    try {
      await inBatches(fill, failing, async (at) => {
        for (const run of unfilled) {
          if (broken.has(run)) continue;
          for (const c of run.conditions) if (c.isDue(at) && at <= targets.get(c)!) run.fill(c, at);
        }
      });
    } finally {
      // One that was given up is filled in from the beginning again.
      for (const [condition, target] of targets) condition.evaluatedTo = target;
    }
    for (const run of unfilled) if (!broken.has(run)) run.settle();
  }
  const due = { runs: runs.filter((run) => !broken.has(run)), broken, endOf: () => end };
  await inBatches(due, failing, (at) => evaluateAt(at, { ...due, options: failing }));
}

/** How much of the past must be read before the first period that is evaluated; milliseconds. */
export function fillSpan(run: PolicyRun): number {
  return Math.max(...run.conditions.map((condition) => condition.memory * condition.condition.period));
}

interface Work {
  readonly runs: readonly PolicyRun[];
  readonly broken: ReadonlySet<PolicyRun>;
  readonly endOf: (condition: ConditionRun) => number;
}

/** Goes through the ends of all periods that are due, with the tracks at each. */
async function inBatches(
  { runs, broken, endOf }: Work,
  options: EvaluationOptions,
  visit: (at: number) => Promise<void>,
): Promise<void> {
  for (let batch = 0; ; batch++) {
    const due = runs
      .filter((run) => !broken.has(run))
      .flatMap((run) => run.conditions.map((condition) => ({ run, condition, next: condition.nextEnd })))
      .filter(({ condition, next }) => next <= endOf(condition));
    if (due.length === 0) return;
    // Others must not wait for a long past.
    if (batch > 0) await nextTurn();
    options.signal.throwIfAborted();
    const begin = due.reduce((least, { next }) => Math.min(least, next), Number.POSITIVE_INFINITY);
    const shortest = due.reduce(
      (least, { condition }) => Math.min(least, condition.condition.period),
      Number.POSITIVE_INFINITY,
    );
    const until = begin + (BATCH - 1) * shortest;
    const needs = new Needs();
    for (const { condition, next } of due) {
      const last = condition.lastEnd(Math.min(until, endOf(condition)));
      if (next <= last) needs.add(condition, { first: next, last });
    }
    const errors = await needs.read(options);
    for (const { run, condition } of due) {
      const error = errors.get(condition.table.metric);
      if (error !== undefined && !broken.has(run)) options.failed(run, error);
    }
    for (const at of needs.ends()) {
      for (const track of needs.tracksAt(at)) track.moveTo(at);
      await visit(at);
    }
    needs.release();
    // Whoever did not get on will not by trying again at once.
    for (const { run, condition, next } of due) {
      if (!broken.has(run) && next <= until && condition.evaluatedTo < next) {
        options.failed(
          run,
          new Error(
            `the period of ${condition.table.metric} that ended at ${new Date(next).toISOString()} was not evaluated`,
          ),
        );
      }
    }
  }
}

async function evaluateAt(
  at: number,
  { runs, broken, options }: Work & { readonly options: EvaluationOptions },
): Promise<void> {
  const { read, signal, commit, failed } = options;
  const periods: { run: PolicyRun; period: StagedPeriod }[] = [];
  const doubts: Doubt[] = [];
  const doubters = new Set<PolicyRun>();
  for (const [i, run] of runs.entries()) {
    if (broken.has(run) || !run.conditions.some((condition) => condition.isDue(at))) continue;
    // Scrapes must not wait for thousands of policies.
    if (i % IN_ONE_GO === IN_ONE_GO - 1) await nextTurn();
    const period = run.stage(at);
    periods.push({ run, period });
    if (period.touched.size === 0) continue;
    for (const doubtful of run.doubtful(period)) {
      doubts.push({ level: run.policy.level, ...doubtful });
      doubters.add(run);
    }
  }
  let gone: ReadonlyMap<ObjectLevel, ReadonlySet<string>> = new Map();
  if (doubts.length > 0) {
    try {
      gone = await findGone(doubts, { end: at, read, signal });
    } catch (error) {
      signal.throwIfAborted();
      for (const run of doubters) failed(run, asError(error));
    }
  }
  const staged: StagedRun[] = [];
  for (const { run, period } of periods) {
    if (broken.has(run)) continue;
    const keys = gone.get(run.policy.level);
    const isGone = (key: string): boolean => keys?.has(key) ?? false;
    staged.push({ run, period, changes: period.touched.size === 0 ? [] : run.changes(period, isGone), isGone });
  }
  if (staged.length === 0) return;
  try {
    await commit(at, staged);
  } catch (error) {
    signal.throwIfAborted();
    for (const { run } of staged) failed(run, asError(error));
  }
}

interface Need {
  readonly table: ObjectTable;
  first: number;
  last: number;
  readonly statistics: Set<Statistic>;
}

function extend(
  need: Need,
  { first, last, statistic }: { readonly first: number; readonly last: number; readonly statistic: Statistic },
): void {
  need.first = Math.min(need.first, first);
  need.last = Math.max(need.last, last);
  need.statistics.add(statistic);
}

/** Which periods of which tables are needed. */
class Needs {
  readonly #tracks = new Map<PeriodTrack, Need & { readonly ends: Set<number> }>();
  readonly #older: (Need & { readonly track: PeriodTrack; readonly offset: number })[] = [];
  readonly #olderGrids: {
    readonly track: PeriodTrack;
    readonly table: ObjectTable;
    readonly offset: number;
    readonly grid: PeriodGrid;
  }[] = [];

  add(
    { table, track, condition }: ConditionRun,
    { first, last }: { readonly first: number; readonly last: number },
  ): void {
    const { period, statistic } = condition;
    const offset = isChange(condition) ? comparedWith(condition) : 0;
    let need = this.#tracks.get(track);
    if (need === undefined) {
      need = { table, first, last, statistics: new Set(), ends: new Set() };
      this.#tracks.set(track, need);
    }
    extend(need, { first: offset === period ? first - period : first, last, statistic });
    for (let end = first; end <= last; end += period) need.ends.add(end);
    if (offset === 0 || offset === period) return;
    let older = this.#older.find((candidate) => candidate.track === track && candidate.offset === offset);
    if (older === undefined) {
      older = { track, table, offset, first, last, statistics: new Set() };
      this.#older.push(older);
    }
    extend(older, { first, last, statistic });
  }

  /** In order. */
  ends(): number[] {
    const ends = new Set<number>();
    for (const need of this.#tracks.values()) for (const end of need.ends) ends.add(end);
    return [...ends].sort((a, b) => a - b);
  }

  *tracksAt(end: number): Iterable<PeriodTrack> {
    for (const [track, { ends }] of this.#tracks) if (ends.has(end) && track.has(end)) yield track;
  }

  /** The statistics of the past are not needed any more. */
  release(): void {
    for (const track of this.#tracks.keys()) track.release();
  }

  /** Reads everything. What could not be read, by metric. */
  async read({ read, signal, reading }: EvaluationOptions): Promise<Map<string, Error>> {
    const errors = new Map<string, Error>();
    const parts: Reading[][] = [];
    for (const { metric, from, to, grids } of this.#readings()) {
      for (let i = 0, at = from; at < to; i++, at += PART) {
        (parts[i] ??= []).push({ metric, from: at, to: Math.min(at + PART, to), grids });
      }
    }
    const rows: SeriesRows = {
      timestamps: new Float64Array(0),
      values: new Float64Array(0),
      stale: new Uint8Array(0),
      from: 0,
      to: 0,
    };
    for (const part of parts) {
      const wanted = part.filter(({ metric }) => !errors.has(metric));
      const requests = wanted.map(({ metric, from, to }) => ({ metric, from, to }));
      reading?.(requests);
      await read(
        requests,
        (request, answer) => {
          const { metric, grids } = wanted[request]!;
          if (answer instanceof Error) {
            errors.set(metric, answer);
            return;
          }
          try {
            for (const { table, grid, isOlder } of grids) {
              const places = isOlder ? table.find(answer.series) : table.place(answer.series);
              grid.reserve(table.capacity);
              grid.nextPart();
              for (let i = 0; i < places.length; i++) {
                if (places[i] === -1) continue;
                answer.locate(i, rows);
                if (rows.from < rows.to) grid.add(places[i]!, rows);
              }
            }
          } catch (error) {
            errors.set(metric, asError(error));
          }
        },
        signal,
      );
    }
    for (const [track, { table }] of this.#tracks) if (errors.has(table.metric)) track.release();
    for (const { track, table, offset, grid } of this.#olderGrids) {
      if (!errors.has(table.metric)) track.setOlder(offset, grid, table.version);
    }
    return errors;
  }

  /** Of every metric one for the present, and one for each day or week before. */
  #readings(): Reading[] {
    const readings = new Map<string, { metric: string; from: number; to: number; grids: ReadGrid[] }>();
    const add = (key: string, { table, grid, isOlder }: ReadGrid): void => {
      const from = grid.first - grid.period;
      const to = grid.last;
      const reading = readings.get(key) ?? { metric: table.metric, from, to, grids: [] };
      readings.set(key, reading);
      reading.from = Math.min(reading.from, from);
      reading.to = Math.max(reading.to, to);
      reading.grids.push({ table, grid, isOlder });
    };
    for (const [track, need] of this.#tracks) {
      add(`${need.table.metric} 0`, { table: need.table, grid: track.gather(need), isOlder: false });
    }
    for (const { track, table, offset, first, last, statistics } of this.#older) {
      const known = track.older(offset, table.version);
      const isThere = known?.has(first - offset) === true && known.has(last - offset);
      if (isThere && [...statistics].every((statistic) => known.statistics.includes(statistic))) continue;
      const ahead = Math.max(last, Math.min(first + (AHEAD - 1) * track.period, first + PART));
      const end = first + Math.floor((ahead - first) / track.period) * track.period;
      const grid = new PeriodGrid(track.period, { first: first - offset, last: end - offset, statistics });
      this.#olderGrids.push({ track, table, offset, grid });
      add(`${table.metric} ${offset}`, { table, grid, isOlder: true });
    }
    return [...readings.values()];
  }
}

interface Reading {
  readonly metric: string;
  readonly from: number;
  readonly to: number;
  readonly grids: readonly ReadGrid[];
}

/** What samples are added to. */
interface ReadGrid {
  readonly table: ObjectTable;
  readonly grid: PeriodGrid;
  /** Of a day or week before: objects that are not there any more do not matter. */
  readonly isOlder: boolean;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
