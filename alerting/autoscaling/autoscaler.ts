import type { LabelSelector } from './label-selector.ts';

/** A HorizontalPodAutoscaler, as far as it says what it wants and what it has done. */
export interface Autoscaler {
  readonly namespace: string;
  readonly name: string;
  /** Another one of the same name has another. */
  readonly uid: string;
  /** What it scales. `apiVersion` may be ''. */
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  /** Over the labels of the target's pods; undefined when they are not known. */
  readonly pods: LabelSelector | undefined;
  /** Why they are not; '' when they are. */
  readonly podsUnknown: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Undefined until the controller has looked at it. */
  readonly currentReplicas: number | undefined;
  readonly desiredReplicas: number | undefined;
  /** Unix milliseconds; 0 for never. */
  readonly lastScale: number;
  readonly conditions: readonly AutoscalerCondition[];
  /** In the order of its spec. */
  readonly metrics: readonly AutoscalerMetric[];
}

/** `ScalingActive`, `AbleToScale`, `ScalingLimited`. */
export interface AutoscalerCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Unix milliseconds; 0 when it is not said. */
  readonly since: number;
}

/** A metric that an autoscaler scales on. */
export type AutoscalerMetric = WantedUsage | WantedPods | WantedObject | WantedExternal | UnknownMetric;

interface Wanted {
  /** As the autoscaler writes it; undefined when it names none. */
  readonly target: TargetValue | undefined;
  /** What its controller saw last. */
  readonly current: TargetValue | undefined;
  /** What is wrong in what the autoscaler says, a selector for one. */
  readonly fault: string | undefined;
}

export interface WantedUsage extends Wanted {
  readonly type: 'Resource' | 'ContainerResource';
  /** `cpu`, `memory`, … */
  readonly resource: string;
  /** '' for all of a pod. */
  readonly container: string;
}

export interface WantedPods extends Wanted {
  readonly type: 'Pods';
  readonly metric: string;
  /** Over the metric's labels. */
  readonly selector: LabelSelector;
}

export interface WantedObject extends Wanted {
  readonly type: 'Object';
  readonly metric: string;
  readonly selector: LabelSelector;
  readonly object: { readonly apiVersion: string; readonly kind: string; readonly name: string };
}

export interface WantedExternal extends Wanted {
  readonly type: 'External';
  readonly metric: string;
  readonly selector: LabelSelector;
}

/** Of a type that is not known here. */
export interface UnknownMetric extends Wanted {
  readonly type: 'unknown';
  readonly written: string;
}

export interface TargetValue {
  /** How values of pods become one: percent of what the pods request, their average, or not at all. */
  readonly type: 'Utilization' | 'AverageValue' | 'Value';
  /** A quantity, or percent. */
  readonly text: string;
  /** NaN when the text is none. */
  readonly value: number;
}
