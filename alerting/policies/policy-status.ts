import { type AlertSnapshot, alertSnapshot, valueText } from '../alert-snapshot.ts';
import { LEVEL_LABELS } from './object-level.ts';
import { comparedWith, isChange } from './period-track.ts';
import type { AlertPolicy, Severity } from './policy.ts';
import { severityOf } from './policy-alert.ts';
import type { PolicyEntry } from './policy-entry.ts';

/** An object of a policy that is not fine. Times are milliseconds. */
export interface ObjectSnapshot {
  readonly object: Readonly<Record<string, string>>;
  /** `noData`: nobody knows, whether or not its alert fires. */
  readonly state: 'pending' | 'firing' | 'noData';
  readonly firing: boolean;
  readonly severity: Severity;
  /** Index of the condition that it is about. */
  readonly condition: number;
  /** NaN when there is none. */
  readonly value: number;
  readonly threshold: number;
  readonly breachedPeriods: number;
  readonly periods: number;
  readonly outOf: number;
  /** Since when it is so. */
  readonly since: number;
  /** Since when there is no value; 0 when there is one. */
  readonly noDataSince: number;
  readonly lastEvaluation: number;
}

/** What has become of a policy. */
export interface PolicySnapshot {
  readonly id: string;
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  /** '' when there is none. */
  readonly error: string;
  /** The end of the last period that was evaluated; 0 for none. */
  readonly lastEvaluation: number;
  /** Objects that it is about. */
  readonly objects: number;
  readonly pending: number;
  readonly firing: number;
  readonly noData: number;
  /** Those that are not fine, the worst first; at most 1,000. */
  readonly notFine: readonly ObjectSnapshot[];
}

const MOST_OBJECTS = 1_000;

/** The policy as it is now. */
export function policySnapshot({ policy, run, health, lastError, lastEvaluation }: PolicyEntry): PolicySnapshot {
  const all: ObjectSnapshot[] = [];
  for (const alert of run.alerts.values()) {
    const { periods, outOf } = policy.conditions[alert.condition] ?? policy.conditions[0]!;
    const firing = alert.state === 'firing';
    all.push({
      object: alert.labels.toObject(),
      state: alert.absence === 'silent' ? 'noData' : firing ? 'firing' : 'pending',
      firing,
      severity: severityOf(alert.level),
      condition: alert.condition,
      value: alert.value,
      threshold: alert.threshold,
      breachedPeriods: alert.breached,
      periods,
      outOf,
      since: firing ? alert.firedAt : alert.activeAt,
      noDataSince: alert.absentSince,
      lastEvaluation: alert.evaluatedAt,
    });
  }
  const rank = ({ firing, severity }: ObjectSnapshot): number => (firing ? 10 : 0) + SEVERITY_RANK[severity];
  all.sort((a, b) => rank(b) - rank(a) || a.since - b.since);
  return {
    id: policy.id,
    name: policy.name,
    health,
    error: lastError,
    lastEvaluation,
    objects: run.objects,
    pending: all.filter(({ firing, state }) => !firing && state === 'pending').length,
    firing: all.filter(({ firing }) => firing).length,
    noData: all.filter(({ state }) => state === 'noData').length,
    notFine: all.slice(0, MOST_OBJECTS),
  };
}

/** The policy's pending and firing alerts. */
export function alertSnapshots({ spoken, voice }: PolicyEntry): AlertSnapshot[] {
  return Array.from(spoken.values()).flatMap((each) => {
    const { state, activeAt, value, threshold, condition } = each.alert;
    const { annotations } = each;
    const snapshot = alertSnapshot({ labels: voice.fullLabels(each), annotations, state, activeAt, value });
    const metric = voice.policy.conditions[condition]?.metric;
    if (snapshot === undefined || metric === undefined) return snapshot ?? [];
    return { ...snapshot, ...(!Number.isNaN(threshold) && { threshold: valueText(threshold) }), metric };
  });
}

const SEVERITY_RANK: Readonly<Record<Severity, number>> = { remind: 1, warn: 2, serious: 3 };

/** A metric that policies read in every round. */
export interface MetricRead {
  readonly metric: string;
  /** Milliseconds back from now. Longer ago is read once after a start, or once in many rounds. */
  readonly back: number;
}

/** What evaluating these policies reads. */
export function metricReads(policies: readonly AlertPolicy[]): readonly MetricRead[] {
  const back = new Map<string, number>();
  const add = (metric: string, time: number): void => {
    back.set(metric, Math.max(back.get(metric) ?? 0, time));
  };
  for (const { conditions, level } of policies) {
    for (const condition of conditions) {
      const before = isChange(condition) && condition.comparison === 'period' ? comparedWith(condition) : 0;
      // A period that has not arrived in full when the next one ends.
      add(condition.metric, 2 * condition.period + before);
    }
    const { presence, whole } = LEVEL_LABELS[level];
    add(presence, PRESENCE);
    if (whole !== undefined) add(whole, PRESENCE);
  }
  return Array.from(back, ([metric, time]) => ({ metric, back: time }));
}

const PRESENCE = 6 * 60_000;
