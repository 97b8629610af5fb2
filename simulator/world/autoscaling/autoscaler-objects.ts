import type { KubeObject } from '../../kube-object.ts';
import type { LabelSelector } from '../label-selector.ts';
import type { Condition } from '../objects.ts';
import type { Quantity } from '../quantity.ts';

/** HorizontalPodAutoscaler of autoscaling/v2. */
export interface Autoscaler extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string; readonly apiVersion?: string };
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly metrics?: readonly MetricSpec[];
    readonly behavior?: { readonly scaleUp?: ScalingRules; readonly scaleDown?: ScalingRules };
  };
  readonly status?: {
    readonly lastScaleTime?: string;
    readonly conditions?: readonly Condition[];
    readonly [field: string]: unknown;
  };
}

export interface MetricTarget {
  readonly type: 'Utilization' | 'AverageValue' | 'Value';
  readonly averageUtilization?: number;
  readonly averageValue?: Quantity;
  readonly value?: Quantity;
}

export interface MetricName {
  readonly name: string;
  readonly selector?: LabelSelector;
}

export type MetricSpec =
  | { readonly type: 'Resource'; readonly resource: { readonly name: string; readonly target: MetricTarget } }
  | {
      readonly type: 'ContainerResource';
      readonly containerResource: { readonly name: string; readonly container: string; readonly target: MetricTarget };
    }
  | { readonly type: 'Pods'; readonly pods: { readonly metric: MetricName; readonly target: MetricTarget } }
  | {
      readonly type: 'Object';
      readonly object: {
        readonly metric: MetricName;
        readonly target: MetricTarget;
        readonly describedObject: { readonly kind: string; readonly name: string; readonly apiVersion?: string };
      };
    }
  | { readonly type: 'External'; readonly external: { readonly metric: MetricName; readonly target: MetricTarget } };

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number;
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled';
  readonly tolerance?: Quantity;
  readonly policies?: readonly ScalingPolicy[];
}

export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}
