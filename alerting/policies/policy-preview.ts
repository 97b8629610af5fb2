import type { SampleReader } from '../sample-reader.ts';
import { commitStaged, evaluateUpTo, ObjectTables } from './evaluation.ts';
import type { AlertPolicy, Severity } from './policy.ts';
import { type PolicyAlert, severityOf } from './policy-alert.ts';
import { PolicyRun } from './policy-run.ts';

export interface PreviewOptions {
  /** Periods that end in from < end <= to; milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Is told how far it is: the end of a period. */
  readonly progress?: (end: number) => void;
}

/** A time in which an object's alert would have fired. */
export interface Episode {
  readonly object: Readonly<Record<string, string>>;
  readonly startsAt: number;
  /** 0 when it still fired at the end. */
  readonly endsAt: number;
  /** The highest that it reached. */
  readonly severity: Severity;
  /** The value at which it began, and when it had ended; NaN for none. */
  readonly value: number;
  readonly endValue: number;
  /** Index of the condition that it is about. */
  readonly condition: number;
  /** It was, or ended, because there was no value. */
  readonly isNoData: boolean;
}

/** An object that is not fine at the end. */
export interface PreviewedObject {
  readonly object: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  readonly severity: Severity;
  readonly value: number;
  readonly breachedPeriods: number;
  readonly since: number;
}

/** What a policy would have done. */
export interface PolicyPreview {
  /** Objects that it is about. */
  readonly objects: number;
  /** Periods that were gone through. */
  readonly periods: number;
  /** As it would be at the end: what fires comes first. */
  readonly now: readonly PreviewedObject[];
  /** In the order in which they began. */
  readonly episodes: readonly Episode[];
  /** There were more episodes or objects than are listed. */
  readonly isTruncated: boolean;
}

const MOST_PERIODS = 50_000;
const MOST_EPISODES = 10_000;
const MOST_OBJECTS = 100_000;
const MOST_NOW = 1_000;

/**
 * Evaluates a policy over a part of the past, by the code that evaluates it as time goes on, and with nothing known of the time
 * before but what samples say. Rejects with an Error for the user.
 */
export async function previewPolicy(
  policy: AlertPolicy,
  { from, to, progress }: PreviewOptions,
  { read, signal }: { readonly read: SampleReader; readonly signal: AbortSignal },
): Promise<PolicyPreview> {
  const shortest = Math.min(...policy.conditions.map(({ period }) => period));
  const periods = Math.floor(to / shortest) - Math.floor(from / shortest);
  if (periods > MOST_PERIODS) throw new Error(`a dry run must be over at most ${MOST_PERIODS} periods, got ${periods}`);
  if (periods < 1)
    throw new Error(`a dry run must be over at least one period, got none that ends from ${iso(from)} to ${iso(to)}`);
  const tables = new ObjectTables();
  const run = new PolicyRun(policy, (metric, level) => tables.tableOf(metric, level));
  for (const condition of run.conditions) condition.evaluatedTo = condition.lastEnd(from);
  const open = new Map<string, Episode>();
  const episodes: Episode[] = [];
  let isTruncated = false;
  const close = (object: string, end: PolicyAlert | undefined): void => {
    const episode = open.get(object);
    if (episode === undefined) return;
    open.delete(object);
    if (episodes.length >= MOST_EPISODES) isTruncated = true;
    else if (end === undefined) episodes.push(episode);
    else {
      episodes.push({
        ...episode,
        endsAt: end.resolvedAt,
        endValue: end.value,
        isNoData: episode.isNoData || end.absence !== '',
      });
    }
  };
  let failure: Error | undefined;
  await evaluateUpTo([run], to, {
    read,
    signal,
    failed: (_, error) => {
      failure = error;
    },
    async commit(end, staged) {
      for (const one of staged) {
        commitStaged(one);
        for (const { object, after } of one.changes) {
          if (after === undefined) continue;
          if (after.state === 'firing') open.set(object, extended(open.get(object), after));
          else if (after.state === 'inactive') close(object, after);
        }
      }
      for (const { size } of tables) {
        if (size > MOST_OBJECTS)
          throw new Error(`a dry run must be about at most ${MOST_OBJECTS} objects, got ${size}`);
      }
      progress?.(end);
    },
  });
  if (failure !== undefined) throw failure;
  const now = [...run.alerts.values()].sort(
    (a, b) => Number(b.state === 'firing') - Number(a.state === 'firing') || b.level - a.level,
  );
  for (const object of [...open.keys()]) close(object, undefined);
  episodes.sort((a, b) => a.startsAt - b.startsAt);
  return {
    objects: run.objects,
    periods,
    now: now.slice(0, MOST_NOW).map(previewed),
    episodes,
    isTruncated: isTruncated || now.length > MOST_NOW,
  };
}

function extended(episode: Episode | undefined, alert: PolicyAlert): Episode {
  const severity = severityOf(alert.level);
  if (episode !== undefined) {
    return severity === episode.severity || !isWorse(severity, episode.severity) ? episode : { ...episode, severity };
  }
  return {
    object: alert.labels.toObject(),
    startsAt: alert.firedAt,
    endsAt: 0,
    severity,
    value: alert.value,
    endValue: Number.NaN,
    condition: alert.condition,
    isNoData: alert.isAbsent,
  };
}

function isWorse(a: Severity, b: Severity): boolean {
  return a === 'serious' || (a === 'warn' && b === 'remind');
}

function previewed({ labels, state, level, value, breached, firedAt, activeAt }: PolicyAlert): PreviewedObject {
  return {
    object: labels.toObject(),
    state: state === 'firing' ? 'firing' : 'pending',
    severity: severityOf(level),
    value,
    breachedPeriods: breached,
    since: state === 'firing' ? firedAt : activeAt,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
