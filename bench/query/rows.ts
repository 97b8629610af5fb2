import { formatTable } from '../../cli/table.ts';
import type { Contender } from '../contenders/contender.ts';
import { agree, compareAnswers, type Points, readAnswer, roughlyAgree } from './answers.ts';
import { ask, type Question } from './ask.ts';
import { CPU, type DataSetOptions, LOAD, MEMORY, podName, SERIES_PER_POD } from './data-set.ts';
import { type PeakMemory, watchMemory } from './peak-memory.ts';

/** A query with the name under which the tables show it. */
export interface Row extends Question {
  readonly title: string;
}

/** What was measured of one contender with one row. */
export interface RowResult {
  /** Of every run, in order; empty when one failed. */
  readonly milliseconds: readonly number[];
  readonly peak: PeakMemory;
}

/** A row and what became of it; the results and the notes are by the contender's name. */
export interface MeasuredRow {
  readonly title: string;
  readonly results: ReadonlyMap<string, RowResult>;
  /** How a contender's answer differs from Prometheus', where there is one to compare with. */
  readonly notes: ReadonlyMap<string, string>;
  /** False when an answer that should be the same is not. */
  readonly same: boolean;
}

/** The benchmark's queries on a data set. A data set of less than a day is asked as far as it goes. */
export function rows({ series, hours, end }: DataSetOptions): readonly [Row, ...Row[]] {
  const day = { start: end - hours * 3_600_000, end };
  const hour = { start: end - Math.min(hours, 1) * 3_600_000, end };
  const span = `${hours} h`;
  const pod = podName(Math.floor(series / SERIES_PER_POD / 2));
  const cpu = `sum by (namespace) (rate(${CPU}[5m]))`;
  return [
    { title: `sum by (namespace)(rate(cpu[5m])), ${span}, 60 s`, query: cpu, ...day, step: 60_000 },
    { title: 'the same, last hour, 15 s', query: cpu, ...hour, step: 15_000 },
    {
      title: `sum by (namespace)(memory), ${span}, 60 s`,
      query: `sum by (namespace) (${MEMORY})`,
      ...day,
      step: 60_000,
    },
    {
      title: `max by (node)(max_over_time(load[10m])), ${span}, 300 s`,
      query: `max by (node) (max_over_time(${LOAD}[10m]))`,
      ...day,
      step: 300_000,
    },
    { title: 'topk(10, rate(cpu[5m])), instant', query: `topk(10, rate(${CPU}[5m]))`, start: end, end },
    { title: `rate of a pod's 2 series, ${span}, 60 s`, query: `rate(${CPU}{pod="${pod}"}[5m])`, ...day, step: 60_000 },
  ];
}

/**
 * Asks each contender every row so many times, one contender at a time while the others idle. A query that fails is a result
 * like another: its row has no times and is not `same`.
 */
export async function measureRows(
  all: readonly Row[],
  contenders: readonly Contender[],
  { runs, progress }: { readonly runs: number; readonly progress: (line: string) => void },
): Promise<MeasuredRow[]> {
  const measured: MeasuredRow[] = [];
  for (const row of all) {
    const results = new Map<string, RowResult>();
    const answers = new Map<string, Map<string, Points>>();
    const failures = new Map<string, string>();
    for (const contender of contenders) {
      const { name, child } = contender;
      const { result, peak } = await watchMemory(child.pid, () => askTimes(contender, row, runs));
      results.set(name, { milliseconds: result.milliseconds, peak });
      if (result.failure === undefined) answers.set(name, readAnswer(result.body));
      else failures.set(name, result.failure);
      const times = result.milliseconds.map((ms) => ms.toFixed(1)).join(', ');
      progress(`${row.title}: ${name} ${result.failure ?? `${times} ms`}`);
    }
    measured.push({ title: row.title, results, ...judge(answers, failures) });
  }
  return measured;
}

/** The times of every run, and the last answer or why there is none. */
async function askTimes(
  { url }: Contender,
  row: Row,
  runs: number,
): Promise<{ milliseconds: number[]; body: Buffer; failure?: string }> {
  const milliseconds: number[] = [];
  let body: Buffer = Buffer.alloc(0);
  try {
    for (let run = 0; run < runs; run++) {
      const answer = await ask(url, row);
      milliseconds.push(answer.milliseconds);
      body = answer.body;
    }
    return { milliseconds, body };
  } catch (error) {
    return { milliseconds: [], body, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Compares all answers with Prometheus'. An empty answer is wrong: every row asks for something that is there. */
function judge(
  answers: ReadonlyMap<string, ReadonlyMap<string, Points>>,
  failures: ReadonlyMap<string, string>,
): { notes: Map<string, string>; same: boolean } {
  const notes = new Map([...failures].map(([name, failure]) => [name, `FAILED: ${failure}`]));
  let same = failures.size === 0;
  const reference = answers.get('prometheus');
  for (const [name, answer] of answers) {
    if (answer.size === 0) {
      notes.set(name, 'EMPTY');
      same = false;
    } else if (reference !== undefined && name !== 'prometheus') {
      const difference = compareAnswers(reference, answer);
      const { series, points, worst, median, shared } = difference;
      if (name === 'victoria-metrics') {
        const text = `median ${percent(median)}, worst ${percent(worst)}, ${percent(shared)} of the points`;
        const alike = roughlyAgree(difference);
        notes.set(name, alike ? text : `DIFFERS: ${text}`);
        same &&= alike;
      } else if (agree(difference)) {
        notes.set(name, worst === 0 ? 'the same' : `the same to ${worst.toExponential(0)}`);
      } else {
        notes.set(name, `DIFFERS: ${series} series, ${points} points, values by ${worst.toExponential(1)}`);
        same = false;
      }
    }
  }
  return { notes, same };
}

/** The table of times and ratios, and the table of memory. */
export function rowTables(
  measured: readonly MeasuredRow[],
  { names, runs }: { readonly names: readonly string[]; readonly runs: number },
): string {
  const peers = names.filter((name) => name !== 'pharos');
  const best = (row: MeasuredRow, name: string) => Math.min(...(row.results.get(name)?.milliseconds ?? []));
  const times = measured.map((row) => [
    row.title,
    ...names.map((name) => milliseconds(best(row, name))),
    ...(names.includes('pharos') ? peers.map((peer) => ratio(best(row, peer), best(row, 'pharos'))) : []),
  ]);
  const ratios = names.includes('pharos') ? peers.map((peer) => `${peer}/pharos`) : [];
  const memory = measured.map((row) => [
    row.title,
    ...names.flatMap((name) => {
      const { total, anonymous, file } = row.results.get(name)!.peak;
      return [total, anonymous, file].map(megabytes);
    }),
  ]);
  const differences = measured.flatMap((row) =>
    [...row.notes].map(([name, note]) => `  ${row.title}: ${name}: ${note}`),
  );
  return [
    formatTable([`ms, best of ${runs}`, ...names, ...ratios], times),
    '',
    formatTable(['peak MB', ...names.flatMap((name) => [name, 'anonymous', 'file'])], memory),
    ...(differences.length === 0 ? [] : ['', "answers, compared with Prometheus':", ...differences]),
  ].join('\n');
}

/** Three figures, as far as they make sense; a dash for what could not be measured. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value.toFixed(value < 100 ? 1 : 0);
}

/** How many times longer than Pharos a peer took; a dash when one of the two was not measured. */
export function ratio(peer: number, pharos: number): string {
  return Number.isFinite(peer) && Number.isFinite(pharos) ? (peer / pharos).toFixed(2) : '-';
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.001 && share > 0 ? 3 : 1)} %`;
}
