import type { AlertEvent } from '../../storage/alert-log.ts';
import type { Labels } from '../../storage/labels.ts';
import type { AlertInstance } from '../alert-instance.ts';
import { LEVEL_LABELS, objectKey } from './object-level.ts';
import { type ObjectLevel, SEVERITIES, type Severity } from './policy.ts';

/** Why there is no value, or why an alert ended without one. */
export type Absence = '' | 'silent' | 'gone' | 'unselected' | 'policy';

/** What a policy knows of an object that is not fine, or was not a moment ago. Immutable. */
export interface PolicyAlert {
  /** Of the object. */
  readonly object: string;
  /** Labels that say which object. */
  readonly labels: Labels;
  readonly state: 'pending' | 'firing' | 'inactive';
  /** 1 to 3, as the severities; what it was before it ended, what it would be while it is pending. */
  readonly level: number;
  /** By condition, the severities that are met. */
  readonly met: readonly number[];
  /** It is an alert because there is no value. */
  readonly isAbsent: boolean;
  readonly absence: Absence;
  /** Since when there is no value; 0 when there is one. */
  readonly absentSince: number;
  /** Index of the condition that it is about. */
  readonly condition: number;
  /** Periods of it that count. */
  readonly breached: number;
  readonly value: number;
  readonly threshold: number;
  readonly activeAt: number;
  readonly firedAt: number;
  readonly resolvedAt: number;
  /** The end of the period that says all this. */
  readonly evaluatedAt: number;
}

/** The severity of a level from 1 to 3. */
export function severityOf(level: number): Severity {
  return SEVERITIES[level - 1] ?? 'remind';
}

/** The level of a severity. */
export function levelOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity) + 1;
}

/** The label of an alert that has its policy's id: by it silences and routes tell a policy from rules and policies of the same name. */
export const POLICY_LABEL = 'policy';

/** The rule that the alert log knows a policy by. */
export function policyRule(id: string): string {
  return JSON.stringify(['policy', id]);
}

/** The policy that a rule of the alert log is of; undefined for others. */
export function policyOfRule(rule: string): string | undefined {
  if (!rule.startsWith('["policy",')) return undefined;
  const parts = JSON.parse(rule) as unknown[];
  return parts.length === 2 && typeof parts[1] === 'string' ? parts[1] : undefined;
}

/** Annotations that only the alert log has: the level, and what an evaluation continues from. */
const LOGGED = { severity: 'severity', evaluation: 'evaluation' } as const;

interface Evaluation {
  readonly at: number;
  readonly met: readonly number[];
  readonly condition: number;
  readonly absentSince: number;
  readonly isAbsent: boolean;
}

/** The alert as it stands in the log. Its labels are without the severity, which changes while the alert stays the same. */
export function loggedInstance(
  alert: PolicyAlert,
  { labels, annotations }: { readonly labels: Labels; readonly annotations: Labels },
): AlertInstance {
  const { activeAt, firedAt, value } = alert;
  // Only a pending alert of which something is met is more than what samples say.
  const isOver = alert.state === 'inactive' || (alert.state === 'pending' && alert.met.every((mask) => mask === 0));
  const { met, condition, absentSince, isAbsent, evaluatedAt } = alert;
  const evaluation: Evaluation = { at: evaluatedAt, met, condition, absentSince, isAbsent };
  return {
    labels,
    annotations: annotations
      .with(LOGGED.severity, severityOf(alert.level))
      .with(LOGGED.evaluation, JSON.stringify(evaluation)),
    state: isOver ? 'inactive' : alert.state,
    activeAt,
    firedAt,
    resolvedAt: isOver ? alert.resolvedAt || alert.evaluatedAt : 0,
    keepFiringSince: 0,
    value,
    valueIsCurrent: true,
  };
}

/** An alert as it was logged. */
export interface RestoredAlert {
  readonly alert: PolicyAlert;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** What an entry of the log says; undefined when it is of another level or cannot be read. */
export function restoredAlert(newest: AlertEvent, level: ObjectLevel): RestoredAlert | undefined {
  const { identity, shown } = LEVEL_LABELS[level];
  const key = objectKey(newest.labels, identity);
  if (key === undefined) return undefined;
  const evaluation = evaluationOf(newest);
  const severity = newest.annotations.get(LOGGED.severity) as Severity;
  return {
    alert: {
      object: key,
      labels: newest.labels.filter((name) => shown.includes(name)),
      state: newest.state,
      level: Math.max(1, levelOf(severity)),
      met: evaluation.met,
      isAbsent: evaluation.isAbsent,
      absence: evaluation.absentSince > 0 ? 'silent' : '',
      absentSince: evaluation.absentSince,
      condition: evaluation.condition,
      breached: 0,
      value: newest.value,
      threshold: Number.NaN,
      activeAt: newest.activeAt,
      firedAt: newest.firedAt,
      resolvedAt: newest.resolvedAt,
      evaluatedAt: evaluation.at,
    },
    labels: newest.labels,
    annotations: newest.annotations.filter((name) => name !== LOGGED.severity && name !== LOGGED.evaluation),
  };
}

function evaluationOf({ annotations, timestamp }: AlertEvent): Evaluation {
  const nothing: Evaluation = { at: timestamp, met: [], condition: 0, absentSince: 0, isAbsent: false };
  try {
    return { ...nothing, ...(JSON.parse(annotations.get(LOGGED.evaluation)) as Partial<Evaluation>) };
  } catch {
    return nothing;
  }
}

/** The labels of an object that its alerts have. */
export function shownLabels(labels: Labels, level: ObjectLevel): Labels {
  const { shown } = LEVEL_LABELS[level];
  return labels.filter((name) => shown.includes(name));
}
