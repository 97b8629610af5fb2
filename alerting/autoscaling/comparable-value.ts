import type { ServedValue } from './asked-questions.ts';
import type { Autoscaler, AutoscalerMetric } from './autoscaler.ts';

/**
 * What was served, as the controller compares it with the target: the average of pods; of an object or an external metric the value, or its share
 * for each replica. Undefined where only the controller can tell: percent of what pods request, and shares of no replicas.
 */
export function comparableValue(
  { count, sum }: ServedValue,
  { type, target }: Pick<AutoscalerMetric, 'type' | 'target'>,
  { currentReplicas = 0 }: Pick<Autoscaler, 'currentReplicas'>,
): number | undefined {
  if (target === undefined || target.type === 'Utilization') return undefined;
  if (type !== 'Object' && type !== 'External') return sum / count;
  if (target.type === 'Value') return sum;
  return currentReplicas === 0 ? undefined : sum / currentReplicas;
}
