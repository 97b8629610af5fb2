import type { KubeObject } from '../kube-object.ts';
import type { Conversion } from './resources.ts';

/** autoscaling/v1 knows one metric, CPU in per cent of the request; v2 is stored. Other metrics do not show in v1. */
export const HPA_VERSIONS: Conversion = { fromStored, toStored };

interface Metric {
  readonly type: string;
  readonly resource?: {
    readonly name: string;
    readonly target?: { readonly averageUtilization?: number };
    readonly current?: { readonly averageUtilization?: number };
  };
}

interface Spec {
  readonly metrics?: readonly Metric[];
  readonly behavior?: unknown;
  readonly targetCPUUtilizationPercentage?: number;
  readonly [field: string]: unknown;
}

interface Status {
  readonly currentMetrics?: readonly Metric[];
  readonly conditions?: unknown;
  readonly currentCPUUtilizationPercentage?: number;
  readonly [field: string]: unknown;
}

function cpu(metrics: readonly Metric[] | undefined): Metric['resource'] {
  return metrics?.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')?.resource;
}

function fromStored(object: KubeObject): KubeObject {
  const { metrics, behavior: _behavior, ...spec } = (object.spec ?? {}) as Spec;
  const { currentMetrics, conditions: _conditions, ...status } = (object.status ?? {}) as Status;
  const target = cpu(metrics)?.target?.averageUtilization;
  const current = cpu(currentMetrics)?.current?.averageUtilization;
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    spec: { ...spec, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    status: { ...status, ...(current !== undefined && { currentCPUUtilizationPercentage: current }) },
  };
}

function toStored(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = (object.spec ?? {}) as Spec;
  const { currentCPUUtilizationPercentage: current, ...status } = (object.status ?? {}) as Status;
  const metrics = target !== undefined && [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } },
  ];
  const currentMetrics = current !== undefined && [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } },
  ];
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    spec: { ...spec, ...(metrics && { metrics }) },
    status: { ...status, ...(currentMetrics && { currentMetrics }) },
  };
}
