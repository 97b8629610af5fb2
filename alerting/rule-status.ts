import { type AlertSnapshot, alertSnapshot, timeText } from './alert-snapshot.ts';
import { AlertingEvaluator, type RuleEvaluator } from './rule-evaluator.ts';
import type { RuleGroupLoop } from './rule-group-loop.ts';

interface AnyRuleSnapshot {
  readonly name: string;
  readonly query: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  readonly evaluationTime: number;
  readonly lastEvaluation: string;
}

export interface RecordingRuleSnapshot extends AnyRuleSnapshot {
  readonly type: 'recording';
}

export interface AlertingRuleSnapshot extends AnyRuleSnapshot {
  readonly type: 'alerting';
  readonly state: 'inactive' | 'pending' | 'firing';
  readonly duration: number;
  readonly keepFiringFor: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly alerts: readonly AlertSnapshot[];
}

/** A rule group as Prometheus' API shows it: durations in seconds, times in RFC 3339. */
export interface RuleGroupSnapshot {
  readonly name: string;
  readonly file: string;
  readonly interval: number;
  readonly limit: number;
  readonly rules: readonly (RecordingRuleSnapshot | AlertingRuleSnapshot)[];
  readonly evaluationTime: number;
  readonly lastEvaluation: string;
}

/** The group as it is now. */
export function groupSnapshot(loop: RuleGroupLoop): RuleGroupSnapshot {
  return {
    name: loop.group.name,
    file: loop.group.file,
    interval: loop.interval / 1000,
    limit: loop.group.limit,
    rules: loop.evaluators.map(ruleSnapshot),
    evaluationTime: loop.evaluationTime / 1000,
    lastEvaluation: timeText(loop.lastEvaluation),
  };
}

/** The rule's pending and firing alerts. */
export function alertSnapshots(evaluator: AlertingEvaluator): AlertSnapshot[] {
  return [...evaluator.alerts.values()].flatMap((alert) => alertSnapshot(alert) ?? []);
}

function ruleSnapshot(evaluator: RuleEvaluator): RecordingRuleSnapshot | AlertingRuleSnapshot {
  const { rule } = evaluator;
  const any = {
    query: rule.expr,
    labels: rule.labels,
    health: evaluator.health,
    ...(evaluator.health !== 'ok' && evaluator.lastError !== '' && { lastError: evaluator.lastError }),
    evaluationTime: evaluator.evaluationTime / 1000,
    lastEvaluation: timeText(evaluator.lastEvaluation),
  };
  if (rule.kind === 'recording') return { type: 'recording', name: rule.record, ...any };
  const alerts = evaluator instanceof AlertingEvaluator ? alertSnapshots(evaluator) : [];
  const has = (state: string) => alerts.some((alert) => alert.state === state);
  return {
    type: 'alerting',
    name: rule.alert,
    state: has('firing') ? 'firing' : has('pending') ? 'pending' : 'inactive',
    duration: rule.for / 1000,
    keepFiringFor: rule.keepFiringFor / 1000,
    annotations: rule.annotations,
    alerts,
    ...any,
  };
}
