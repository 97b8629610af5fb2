import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricValue } from '../objects.ts';
import { roundQuantityUp } from '../quantity.ts';
import { ALPHA, ALPHA_OPT_IN, type Emit, type Family, gauge } from './family.ts';
import { createdFamily, deletionFamily, generationFamily, labelFamilies } from './metadata-families.ts';
import { emitConditions } from './object-values.ts';
import { namespaced } from './state-resource.ts';

/** What is there once for each type of metric, as a spec or a status has it. */
interface NamedValue {
  readonly name: string | undefined;
  readonly value: MetricValue | undefined;
}

/** The member that the type names; undefined for types that are not known. */
function targetOf({ type, ...metric }: MetricSpec): NamedValue | undefined {
  switch (type) {
    case 'Resource':
      return { name: metric.resource?.name, value: metric.resource?.target };
    case 'ContainerResource':
      return { name: metric.containerResource?.name, value: metric.containerResource?.target };
    case 'Pods':
      return { name: metric.pods?.metric?.name, value: metric.pods?.target };
    case 'Object':
      return { name: metric.object?.metric?.name, value: metric.object?.target };
    case 'External':
      return { name: metric.external?.metric?.name, value: metric.external?.target };
    default:
      return undefined;
  }
}

function currentOf({ type, ...metric }: MetricStatus): NamedValue | undefined {
  switch (type) {
    case 'Resource':
      return { name: metric.resource?.name, value: metric.resource?.current };
    case 'ContainerResource':
      return { name: metric.containerResource?.name, value: metric.containerResource?.current };
    case 'Pods':
      return { name: metric.pods?.metric?.name, value: metric.pods?.current };
    case 'Object':
      return { name: metric.object?.metric?.name, value: metric.object?.current };
    case 'External':
      return { name: metric.external?.metric?.name, value: metric.external?.current };
    default:
      return undefined;
  }
}

function emitValues(emit: Emit, metrics: readonly (NamedValue | undefined)[]): void {
  for (const metric of metrics) {
    if (metric?.name === undefined || metric.value === undefined) continue;
    const { value, averageUtilization, averageValue } = metric.value;
    const labels = ['metric_name', metric.name, 'metric_target_type'];
    if (value !== undefined) emit(roundQuantityUp(value, 3), ...labels, 'value');
    if (averageUtilization !== undefined) emit(averageUtilization, ...labels, 'utilization');
    if (averageValue !== undefined) emit(roundQuantityUp(averageValue, 3), ...labels, 'average');
  }
}

function ofStatus(
  name: string,
  help: string,
  field: 'currentReplicas' | 'desiredReplicas',
): Family<HorizontalPodAutoscaler> {
  return gauge(`kube_horizontalpodautoscaler_status_${name}`, help, ({ status }, emit) => emit(status[field] ?? 0));
}

export const HORIZONTAL_POD_AUTOSCALERS = namespaced('horizontalpodautoscalers', 'horizontalpodautoscaler', [
  gauge(
    'kube_horizontalpodautoscaler_info',
    'What an autoscaler scales.',
    ({ spec: { scaleTargetRef: target } }, emit) =>
      emit(
        1,
        'scaletargetref_api_version',
        target?.apiVersion ?? '',
        'scaletargetref_kind',
        target?.kind ?? '',
        'scaletargetref_name',
        target?.name ?? '',
      ),
    ALPHA,
  ),
  createdFamily('kube_horizontalpodautoscaler', ALPHA_OPT_IN),
  deletionFamily('kube_horizontalpodautoscaler'),
  generationFamily('kube_horizontalpodautoscaler', { optIn: true }),
  gauge('kube_horizontalpodautoscaler_spec_max_replicas', 'How many pods there may be at most.', ({ spec }, emit) =>
    emit(spec.maxReplicas),
  ),
  gauge('kube_horizontalpodautoscaler_spec_min_replicas', 'How many pods there must be at least.', ({ spec }, emit) =>
    emit(spec.minReplicas ?? 1),
  ),
  gauge(
    'kube_horizontalpodautoscaler_spec_target_metric',
    'At which value of a metric an autoscaler aims.',
    ({ spec }, emit) => emitValues(emit, (spec.metrics ?? []).map(targetOf)),
    ALPHA,
  ),
  gauge(
    'kube_horizontalpodautoscaler_status_target_metric',
    'What value of a metric an autoscaler saw last.',
    ({ status }, emit) => emitValues(emit, (status.currentMetrics ?? []).map(currentOf)),
    ALPHA,
  ),
  gauge(
    'kube_horizontalpodautoscaler_status_condition',
    'Whether a condition of an autoscaler has this status.',
    ({ status }, emit) => emitConditions(emit, status.conditions),
  ),
  ofStatus('current_replicas', 'How many pods there were when an autoscaler looked last.', 'currentReplicas'),
  ofStatus('desired_replicas', 'How many pods an autoscaler wants.', 'desiredReplicas'),
  ...labelFamilies('kube_horizontalpodautoscaler'),
]);
