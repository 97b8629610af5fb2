import type { Labels } from '../../storage/labels.ts';
import type { LabelSelector } from './label-selector.ts';
import type { ServedMetric } from './served-metric.ts';

/** A question of custom.metrics.k8s.io. */
export interface ObjectQuestion {
  /** `pods`, `deployments.apps`, `namespaces`, … */
  readonly resource: string;
  /** '' for objects that have none. */
  readonly namespace: string;
  /** Undefined: all that `selector` matches. */
  readonly name: string | undefined;
  /** Over the objects' labels; EVERYTHING with a name. */
  readonly selector: LabelSelector;
  readonly metric: string;
  /** Over the metric's labels. */
  readonly metricSelector: LabelSelector;
}

/** A question of external.metrics.k8s.io. */
export interface ExternalQuestion {
  readonly namespace: string;
  readonly metric: string;
  /** Over the metric's labels. */
  readonly selector: LabelSelector;
}

export interface ObjectValue {
  readonly namespace: string;
  readonly name: string;
  /** Finite, and of a size that autoscalers can count in thousandths. */
  readonly value: number;
  /** Unix milliseconds: of the oldest sample that it was computed from. */
  readonly timestamp: number;
  /** Milliseconds. */
  readonly window: number;
}

export interface ExternalValue extends Omit<ObjectValue, 'namespace' | 'name'> {
  readonly labels: Labels;
}

/** Use of CPU and memory by one container. */
export interface ContainerUsage {
  readonly name: string;
  /** Cores. */
  readonly cpu: number;
  /** Bytes of the working set. */
  readonly memory: number;
}

export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly created: number;
  /** Of the oldest sample in it. */
  readonly timestamp: number;
  /** Milliseconds between the two points that CPU was computed from. */
  readonly window: number;
  /** Of all that run: a pod of which one is missing is missing. */
  readonly containers: readonly ContainerUsage[];
}

export interface NodeUsage extends Omit<PodUsage, 'namespace' | 'containers'> {
  readonly cpu: number;
  readonly memory: number;
}

/**
 * Custom and external metrics, as they were evaluated last. What is missing is left out, never zero; when none of what was asked for has a
 * value, or it cannot be known, all methods reject with a MetricsError, whose message says why. An empty answer means that no object matches.
 */
export interface MetricsProvider {
  /** What is served, for discovery. */
  metrics(): readonly ServedMetric[];
  objects(question: ObjectQuestion, signal: AbortSignal): Promise<readonly ObjectValue[]>;
  external(question: ExternalQuestion, signal: AbortSignal): Promise<readonly ExternalValue[]>;
  /** Why the value of one object is, or is not, what it is: a few lines for a person. */
  explain(question: ObjectQuestion | ExternalQuestion, signal: AbortSignal): Promise<readonly string[]>;
}

/** metrics.k8s.io; the same contract. */
export interface UsageProvider {
  /** `namespace` '' means all. */
  pods(namespace: string, selector: LabelSelector, signal: AbortSignal): Promise<readonly PodUsage[]>;
  pod(namespace: string, name: string, signal: AbortSignal): Promise<PodUsage>;
  nodes(selector: LabelSelector, signal: AbortSignal): Promise<readonly NodeUsage[]>;
  node(name: string, signal: AbortSignal): Promise<NodeUsage>;
  /** Why a pod, or a node, is or is not served. */
  explainPod(namespace: string, name: string): readonly string[];
  explainNode(name: string): readonly string[];
}
