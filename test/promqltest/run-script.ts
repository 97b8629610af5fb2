import type { SeriesLine } from '../../query/promql/series-notation.ts';
import type { QueryEngine, QueryResult, QueryValue } from '../../query/query-result.ts';
import { Labels } from '../../storage/labels.ts';
import {
  checkAnnotations,
  checkFailure,
  compareInstant,
  compareMatrix,
  compareRange,
  Mismatch,
  samePoint,
} from './compare.ts';
import { pinned } from './pinned.ts';
import { type Command, type EvalCommand, type InstantTime, type LoadCommand, parseScript } from './script.ts';
import { type Unstored, UnstoredData } from './unstored-data.ts';

/** A sample to be stored. */
export interface LoadedSample {
  readonly timestamp: number;
  readonly value: number;
  readonly stale: boolean;
}

/** What a script runs against: a store that can be filled and emptied, and an engine that reads it. */
export interface ScriptTarget {
  readonly engine: QueryEngine;
  append(labels: Labels, samples: readonly LoadedSample[]): Promise<void>;
  /** Called once after the last append and before the next query. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Gives an empty target; called for each part of a script between two `clear`. Several may be in use. */
export type TargetFactory = () => Promise<ScriptTarget>;

/** What became of one `eval`. */
export interface Outcome {
  readonly line: number;
  readonly expr: string;
  /** Undefined when it passed, otherwise why not. */
  readonly failure: string | undefined;
  /** What the eval has to do with, of the things that are not stored. */
  readonly needs: ReadonlySet<Unstored>;
}

/** Sections of a script that run at the same time. */
const CONCURRENT = 8;

/**
 * Runs a promqltest script and says for each `eval` whether it holds. As Prometheus' own harness does, an instant `eval`
 * is also run as a range query around its time, and with every selector pinned by `@` at other times. Native histograms
 * and start timestamps in `load` are not stored. What lies between two `clear` knows nothing of the rest, so several such
 * sections run at a time, each on its own target.
 */
export async function runScript(text: string, newTarget: TargetFactory): Promise<readonly Outcome[]> {
  const sections = sectionsOf(parseScript(text));
  const outcomes: (readonly Outcome[])[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < sections.length) {
      const section = next++;
      outcomes[section] = await runSection(sections[section]!, newTarget);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return outcomes.flat();
}

type Section = readonly (LoadCommand | EvalCommand)[];

function sectionsOf(commands: readonly Command[]): readonly Section[] {
  const sections: (LoadCommand | EvalCommand)[][] = [[]];
  for (const command of commands) {
    if (command.kind === 'clear') sections.push([]);
    else sections.at(-1)!.push(command);
  }
  return sections.filter((section) => section.length > 0);
}

async function runSection(section: Section, newTarget: TargetFactory): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const unstored = new UnstoredData();
  const target = await newTarget();
  try {
    for (const command of section) {
      if (command.kind === 'load') {
        await load(command, target);
        unstored.load(command);
      } else {
        const failure = await failureOf(command, target.engine);
        outcomes.push({ line: command.line, expr: command.expr, failure, needs: unstored.neededBy(command) });
      }
    }
  } finally {
    await target.close();
  }
  return outcomes;
}

async function load(command: LoadCommand, target: ScriptTarget): Promise<void> {
  // Of a series that is listed twice the last listing wins.
  const series = new Map(command.series.filter((line) => !line.startTimestamps).map((line) => [line.labels.key, line]));
  for (const { labels, items } of series.values()) {
    const samples: LoadedSample[] = [];
    for (const [k, item] of items.entries()) {
      const timestamp = k * command.step;
      if (item.kind === 'value') samples.push({ timestamp, value: item.value, stale: false });
      else if (item.kind === 'stale') samples.push({ timestamp, value: Number.NaN, stale: true });
    }
    await target.append(labels, samples);
  }
  await target.flush();
}

async function failureOf(command: EvalCommand, engine: QueryEngine): Promise<string | undefined> {
  try {
    if (command.at.kind === 'range') await evalRange(command, engine);
    else await evalInstant(command, command.at, engine);
    return undefined;
  } catch (error) {
    if (error instanceof Mismatch) return error.message;
    return `unexpected ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  }
}

const never = new AbortController().signal;

type Attempt = { readonly result: QueryResult; readonly error?: undefined } | { readonly error: unknown };

async function attempt(query: Promise<QueryResult>): Promise<Attempt> {
  try {
    return { result: await query };
  } catch (error) {
    return { error };
  }
}

/** The result, or undefined when the query failed as it should. */
function expected(command: EvalCommand, tried: Attempt): QueryResult | undefined {
  const { expectations } = command;
  if (!('result' in tried)) {
    checkFailure(expectations, tried.error);
    return undefined;
  }
  if (expectations.some(({ kind }) => kind === 'fail')) throw new Mismatch('expected a failure, got a result');
  checkAnnotations(expectations, tried.result);
  return tried.result;
}

async function evalRange(command: EvalCommand, engine: QueryEngine): Promise<void> {
  const { start, end, step } = command.at as EvalCommand['at'] & { kind: 'range' };
  const result = expected(command, await attempt(engine.range({ expr: command.expr, start, end, step }, never)));
  if (result !== undefined) compareRange(command.series, { start, end, step }, result.value);
}

async function evalInstant(command: EvalCommand, { time }: InstantTime, engine: QueryEngine): Promise<void> {
  const { expr, matrix } = command;
  const compare = (value: QueryValue): void => {
    if (matrix === undefined) compareInstant(command, value);
    else compareMatrix(command.series, matrix, value);
  };
  const result = expected(command, await attempt(engine.instant({ expr, time }, never)));
  if (result === undefined) return;
  compare(result.value);
  // The values only: in a longer text annotations stand elsewhere.
  for (const [text, at] of pinned(expr, time)) {
    await reworded(`${text} at ${at}ms`, async () =>
      compare((await engine.instant({ expr: text, time: at }, never)).value),
    );
  }
  if (matrix !== undefined || command.ordered || command.string !== undefined) return;
  if (/\b(start|end|range|step)\s*\(\s*\)/i.test(expr)) return;
  await reworded('as a range query', () => evalAround(command, time, engine));
}

/** The query over T - 1m … T + 1m must have the expected values at T. */
async function evalAround(command: EvalCommand, time: number, engine: QueryEngine): Promise<void> {
  const request = { expr: command.expr, start: time - 60_000, end: time + 60_000, step: 60_000 };
  const tried = await attempt(engine.range(request, never));
  if (!('result' in tried)) throw tried.error;
  const { value } = tried.result;
  if (value.type !== 'matrix') throw new Mismatch(`expected a matrix, got a ${value.type}`);
  const lines: SeriesLine[] =
    command.scalar === undefined
      ? [...command.series]
      : [{ labels: Labels.EMPTY, items: [{ kind: 'value', value: command.scalar }], startTimestamps: false }];
  const found = value.series.flatMap((series) => {
    const at = series.timestamps.indexOf(time);
    return at < 0 ? [] : [{ labels: series.labels, value: series.values[at]! }];
  });
  samePoint(lines, found);
}

async function reworded(what: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Mismatch(`${what}: ${message}`);
  }
}
