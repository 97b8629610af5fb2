import type { LabelSelector } from './label-selector.ts';

/** What is known of an object of the cluster. */
export interface KnownObject {
  /** '' for what has none. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly created: number;
}

export interface KnownPod extends KnownObject {
  /** '' until it is scheduled. */
  readonly node: string;
  /** Names of those that run now. */
  readonly running: readonly string[];
  /** More of each in `running`, in the same order; undefined where nobody knows. */
  readonly containers?: readonly RunningContainer[];
}

export interface RunningContainer {
  /** The runtime's, without its name: of `containerd://0123…` it is `0123…`. '' until it is known. */
  readonly id: string;
  /** Unix milliseconds, whole seconds; NaN when nobody says. */
  readonly started: number;
}

/**
 * The objects that there are in the cluster that autoscaling is for, by resource: `pods`, `nodes`, `namespaces`, `services`,
 * `deployments.apps`, `statefulsets.apps`, … Answers come from memory. Once listed, what is here is answered however long the API
 * server is away: an object that is missing would be one whose metrics are missing.
 */
export interface ObjectDirectory {
  /** Whether objects of the resource are known here at all; of others nobody can say whether they exist. */
  knows(resource: string): boolean;
  /** A MetricsError `unavailable` before the first complete list, `unknownMetric` when the resource is not known. `namespace` '' means all. */
  select(resource: string, namespace: string, selector: LabelSelector): readonly KnownObject[];
  /** The same errors. */
  get(resource: string, namespace: string, name: string): KnownObject | undefined;
  /** As `select` with the resource `pods`. */
  pods(namespace: string, selector: LabelSelector): readonly KnownPod[];
  pod(namespace: string, name: string): KnownPod | undefined;
}
