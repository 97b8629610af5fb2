import type { Asked } from '../autoscaling/asked-questions.ts';
import type { Autoscaler, TargetValue } from '../autoscaling/autoscaler.ts';
import type { BoardedAutoscaler, BoardedMetric } from '../autoscaling/autoscaler-board.ts';
import { nameOf, type ScalingDecision } from '../autoscaling/autoscalers.ts';
import { comparableValue } from '../autoscaling/comparable-value.ts';
import { selectorText } from '../autoscaling/label-selector.ts';
import { timeJson } from './policy-json.ts';

/** An autoscaler in a list. */
export function autoscalerJson({ autoscaler, decisions, metrics, problems }: BoardedAutoscaler, now: number): object {
  const { namespace, name, target, minReplicas, maxReplicas, currentReplicas, desiredReplicas, lastScale, conditions } =
    autoscaler;
  return {
    namespace,
    name,
    target,
    minReplicas,
    maxReplicas,
    currentReplicas: currentReplicas ?? null,
    desiredReplicas: desiredReplicas ?? null,
    lastScale: timeJson(lastScale),
    lastDecision: decisions.length === 0 ? null : decisionJson(decisions.at(-1)!),
    conditions: conditions.map(({ since, ...condition }) => ({ ...condition, since: timeJson(since) })),
    metrics: metrics.map((metric) => metricJson(metric, autoscaler, now)),
    problems,
  };
}

/** One autoscaler with its decisions, the newest first, and why its metrics have their values. */
export function explainedJson(
  boarded: BoardedAutoscaler,
  explanations: readonly (readonly string[])[],
  now: number,
): object {
  const { autoscaler, decisions, metrics } = boarded;
  return {
    ...autoscalerJson(boarded, now),
    pods: autoscaler.pods === undefined ? null : selectorText(autoscaler.pods),
    metrics: metrics.map((metric, i) => ({ ...metricJson(metric, autoscaler, now), explanation: explanations[i]! })),
    decisions: decisions.toReversed().map(decisionJson),
  };
}

function metricJson(
  { wanted, asked, origin, served, problem }: BoardedMetric,
  autoscaler: Autoscaler,
  now: number,
): object {
  return {
    type: wanted.type === 'unknown' ? wanted.written : wanted.type,
    metric: nameOf(wanted),
    selector: 'selector' in wanted ? selectorText(wanted.selector) : '',
    object: wanted.type === 'Object' ? wanted.object : null,
    origin: origin ?? null,
    target: targetJson(wanted.target),
    seen: targetJson(wanted.current),
    value: (served && comparableValue(served, wanted, autoscaler)) ?? null,
    served:
      served === undefined
        ? null
        : {
            count: served.count,
            sum: served.sum,
            average: served.sum / served.count,
            time: timeJson(served.timestamp),
            age: Math.max(0, now - served.timestamp) / 1000,
            window: served.window / 1000,
          },
    ...askedJson(asked),
    problem: problem ?? null,
  };
}

function askedJson(asked: Asked | undefined): object {
  const error = asked?.error;
  return {
    asked: asked === undefined ? null : timeJson(asked.at),
    lastError: error === undefined ? null : { time: timeJson(error.at), message: error.message },
  };
}

function targetJson(value: TargetValue | undefined): object | null {
  return value === undefined ? null : { type: value.type, text: value.text };
}

function decisionJson({ at, ...decision }: ScalingDecision): object {
  return { time: timeJson(at), ...decision };
}
