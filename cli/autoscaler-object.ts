import type { Autoscaler, AutoscalerMetric, TargetValue } from '../alerting/autoscaling/autoscaler.ts';
import { EVERYTHING, type LabelSelector } from '../alerting/autoscaling/label-selector.ts';
import { selectorOf } from '../alerting/autoscaling/selector-object.ts';
import type {
  HorizontalPodAutoscaler,
  MetricIdentifier,
  MetricSpec,
  MetricStatus,
  MetricValue,
  Quantity,
} from '../collector/kubernetes/objects.ts';
import { parseQuantity } from '../collector/kubernetes/quantity.ts';

/** What a HorizontalPodAutoscaler says. Its target's pods are told by whoever knows the target. */
export function autoscalerOf(
  { metadata, spec, status }: HorizontalPodAutoscaler,
  target: Pick<Autoscaler, 'pods' | 'podsUnknown'>,
): Autoscaler {
  const { currentMetrics = [], conditions = [] } = status;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    target: {
      apiVersion: spec.scaleTargetRef?.apiVersion ?? '',
      kind: spec.scaleTargetRef?.kind ?? '',
      name: spec.scaleTargetRef?.name ?? '',
    },
    ...target,
    minReplicas: spec.minReplicas ?? 1,
    maxReplicas: spec.maxReplicas ?? 0,
    currentReplicas: status.currentReplicas,
    desiredReplicas: status.desiredReplicas,
    lastScale: timeOf(status.lastScaleTime),
    conditions: conditions.map(({ type, status: is, reason = '', message = '', lastTransitionTime }) => {
      return { type, status: is, reason, message, since: timeOf(lastTransitionTime) };
    }),
    metrics: (spec.metrics ?? []).map((metric, i) => autoscalerMetric(metric, currentMetrics[i])),
  };
}

function autoscalerMetric(spec: MetricSpec, seen: MetricStatus | undefined): AutoscalerMetric {
  // The controller writes the statuses in the order of the spec, and leaves empty what it could not get.
  const status = seen?.type === spec.type ? seen : undefined;
  switch (spec.type) {
    case 'Resource':
    case 'ContainerResource': {
      const { type } = spec;
      const [named, current] =
        type === 'Resource'
          ? [spec.resource, status?.resource?.current]
          : [spec.containerResource, status?.containerResource?.current];
      const values = valuesOf(named?.target, current);
      const container = type === 'ContainerResource' ? (spec.containerResource?.container ?? '') : '';
      return { type, resource: named?.name ?? '', container, ...values, fault: undefined };
    }
    case 'Pods':
      return { type: 'Pods', ...identified(spec.pods?.metric), ...valuesOf(spec.pods?.target, status?.pods?.current) };
    case 'Object': {
      const { apiVersion = '', kind = '', name = '' } = spec.object?.describedObject ?? {};
      const values = valuesOf(spec.object?.target, status?.object?.current);
      return { type: 'Object', object: { apiVersion, kind, name }, ...identified(spec.object?.metric), ...values };
    }
    case 'External': {
      const values = valuesOf(spec.external?.target, status?.external?.current);
      return { type: 'External', ...identified(spec.external?.metric), ...values };
    }
    default:
      return { type: 'unknown', written: spec.type, target: undefined, current: undefined, fault: undefined };
  }
}

function identified(metric: MetricIdentifier | undefined): {
  readonly metric: string;
  readonly selector: LabelSelector;
  readonly fault: string | undefined;
} {
  const name = metric?.name ?? '';
  try {
    const selector = metric?.selector === undefined ? EVERYTHING : selectorOf(metric.selector);
    return { metric: name, selector, fault: undefined };
  } catch (error) {
    return { metric: name, selector: EVERYTHING, fault: `the selector of the metric ${name}: ${messageOf(error)}` };
  }
}

/** Of what was seen the value that is compared with the target: of resources there are two. */
function valuesOf(
  target: MetricValue | undefined,
  current: MetricValue | undefined,
): { readonly target: TargetValue | undefined; readonly current: TargetValue | undefined } {
  const aim = targetValue(target);
  if (current === undefined) return { target: aim, current: undefined };
  return { target: aim, current: aim && targetValue(pick(current, aim.type)) };
}

function pick(
  { averageUtilization, averageValue, value }: MetricValue,
  type: TargetValue['type'],
): MetricValue | undefined {
  switch (type) {
    case 'Utilization':
      return averageUtilization === undefined ? undefined : { averageUtilization };
    case 'AverageValue':
      return averageValue === undefined ? undefined : { averageValue };
    case 'Value':
      return value === undefined ? undefined : { value };
    default:
      return type satisfies never;
  }
}

function targetValue(of: MetricValue | undefined): TargetValue | undefined {
  if (of?.averageUtilization !== undefined) {
    return { type: 'Utilization', text: String(of.averageUtilization), value: of.averageUtilization };
  }
  if (of?.averageValue !== undefined) return { type: 'AverageValue', ...quantity(of.averageValue) };
  return of?.value === undefined ? undefined : { type: 'Value', ...quantity(of.value) };
}

function quantity(written: Quantity): Pick<TargetValue, 'text' | 'value'> {
  const text = String(written);
  try {
    return { text, value: parseQuantity(written) };
  } catch {
    return { text, value: Number.NaN };
  }
}

/** Unix milliseconds; 0 for none. */
function timeOf(text: string | undefined): number {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
