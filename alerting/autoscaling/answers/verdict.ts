import { formatDuration } from '../../duration.ts';
import { type MetricRun, TOO_LARGE } from './metric-run.ts';

/** Why there is no value that may be served. */
export type LackReason =
  /** There is no row, or it has no time. */
  | 'missing'
  | 'tooOld'
  /** Not a finite number, or one that autoscalers cannot count. */
  | 'notANumber'
  | 'inDoubt'
  /** Several rows are about the object. */
  | 'ambiguous'
  /** The value is from before the object was there, thus of another one of that name. */
  | 'ofPredecessor';

export interface Lack {
  readonly reason: LackReason;
  /** Of what was not good enough; NaN for none. */
  readonly timestamp: number;
  /** What goes behind the name of what lacks a value: `has no sample of up`. */
  readonly text: string;
}

/** What may be served, or why nothing may. */
export type Verdict = Served | { readonly kind: 'lack'; readonly lack: Lack };

export interface Served {
  readonly kind: 'served';
  readonly value: number;
  readonly timestamp: number;
  /** Why it stands in for the value that was found last; undefined when it is that one. */
  readonly held: Lack | undefined;
}

/** Nothing from before `created` is about the object. */
export interface Judged {
  readonly created: number;
}

/** Judges one row. */
export function judgeRow(run: MetricRun, row: number, judged: Judged): Verdict {
  const lack = lackOf(run, row, judged);
  const { values, timestamps } = run.found!;
  if (lack === undefined) {
    return { kind: 'served', value: values[row]!, timestamp: timestamps[row]!, held: undefined };
  }
  return orHeld(run, run.lastGood(row), lack, judged);
}

/** Judges what several rows, or none, say about one object. */
export function judgeRows(run: MetricRun, rows: readonly number[], judged: Judged): Verdict {
  if (rows.length === 0) return { kind: 'lack', lack: missing(run) };
  if (rows.length === 1) return judgeRow(run, rows[0]!, judged);
  const verdicts = rows.map((row) => judgeRow(run, row, judged));
  if (run.metric.newestCounts === true) return newestOf(verdicts);
  const own = verdicts.filter((verdict) => verdict.kind === 'served' || verdict.lack.reason !== 'ofPredecessor');
  if (own.length < 2) return own[0] ?? newestOf(verdicts);
  const text = `has ${own.length} series of ${run.metric.name}, and nothing says which of them counts`;
  return { kind: 'lack', lack: { reason: 'ambiguous', timestamp: Number.NaN, text } };
}

/** The newest value that stands for itself, else the newest that is held, else the newest lack. One at least is given. */
export function newestOf(verdicts: readonly Verdict[]): Verdict {
  let best: Verdict | undefined;
  for (const verdict of verdicts) {
    const difference = best === undefined ? 1 : rank(verdict) - rank(best);
    if (difference > 0 || (difference === 0 && timeOf(verdict) > timeOf(best!))) best = verdict;
  }
  return best!;
}

/** The last good value in place of what lacks one, if it is young enough. */
export function orHeld(
  run: MetricRun,
  good: { readonly value: number; readonly timestamp: number },
  lack: Lack,
  { created }: Judged,
): Verdict {
  const { freshness, hold } = run.metric;
  const isHeld = hold > 0 && good.timestamp >= created && run.age(good.timestamp) <= freshness + hold;
  return isHeld ? { kind: 'served', value: good.value, timestamp: good.timestamp, held: lack } : { kind: 'lack', lack };
}

/** There is no row. */
export function missing(run: MetricRun): Lack {
  const back = Math.max(0, ...(run.metric.reads ?? []).map((read) => read.back));
  const where = back > 0 ? ` in the last ${formatDuration(back)}` : '';
  return { reason: 'missing', timestamp: Number.NaN, text: `has no sample of ${run.metric.name}${where}` };
}

/** How old something is, in whole seconds. */
export function ageText(milliseconds: number): string {
  return formatDuration(Math.max(0, Math.round(milliseconds / 1000) * 1000));
}

function lackOf(run: MetricRun, row: number, { created }: Judged): Lack | undefined {
  const { values, timestamps, doubts } = run.found!;
  const { name, freshness } = run.metric;
  const value = values[row]!;
  const timestamp = timestamps[row]!;
  const doubt = doubts.get(row);
  if (doubt !== undefined) {
    return { reason: 'inDoubt', timestamp, text: `has a value of ${name} that is in doubt: ${doubt}` };
  }
  if (Number.isNaN(timestamp)) return missing(run);
  if (timestamp < created) {
    const before = ageText(created - timestamp);
    const text = `has only a value of ${name} from ${before} before it was created, thus of another one of its name`;
    return { reason: 'ofPredecessor', timestamp, text };
  }
  if (!Number.isFinite(value)) return { reason: 'notANumber', timestamp, text: `has the value ${value} of ${name}` };
  if (Math.abs(value) >= TOO_LARGE) {
    const text = `has the value ${value} of ${name}, which is too large to be counted in thousandths`;
    return { reason: 'notANumber', timestamp, text };
  }
  const age = run.age(timestamp);
  if (age <= freshness) return undefined;
  const text = `has a value of ${name} that is ${ageText(age)} old, and may be ${formatDuration(freshness)} old at most`;
  return { reason: 'tooOld', timestamp, text };
}

function rank(verdict: Verdict): number {
  if (verdict.kind === 'lack') return 0;
  return verdict.held === undefined ? 2 : 1;
}

function timeOf(verdict: Verdict): number {
  const { timestamp } = verdict.kind === 'served' ? verdict : verdict.lack;
  return Number.isNaN(timestamp) ? Number.NEGATIVE_INFINITY : timestamp;
}
