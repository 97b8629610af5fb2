import type { Labels } from '../../storage/labels.ts';
import type { ObjectLevel } from './policy.ts';

/** What makes an object of a level, in labels. */
export interface LevelLabels {
  /** Say which object it is. All but `cluster`, which a single cluster may not have, must be there. */
  readonly identity: readonly string[];
  /** Labels that its alerts have, as far as its series do; the identity is among them. */
  readonly shown: readonly string[];
  /** A metric that every object has for as long as it exists, whether or not anybody measures it: the watch tells it. */
  readonly presence: string;
  /** Which of the labels of the identity say whose presence that is: of a container, its pod. */
  readonly presenceIdentity: readonly string[];
  /** A metric of what the object is a part of, by the same identity: while it is measured, a part whose series ended is no more. */
  readonly whole?: string;
}

const WORKLOAD = ['namespace', 'workload_kind', 'workload_name'];
const POD = ['cluster', 'namespace', 'pod'];

export const LEVEL_LABELS: Readonly<Record<ObjectLevel, LevelLabels>> = {
  cluster: level(['cluster'], [], 'k8s_cluster_node_total'),
  node: level(['cluster', 'node'], ['node_role'], 'k8s_node_status_ready'),
  namespace: level(['cluster', 'namespace'], [], 'k8s_namespace_abnormal'),
  workload: level(['cluster', ...WORKLOAD], [], 'k8s_workload_abnormal'),
  pod: level(POD, [...WORKLOAD, 'node', 'node_role'], 'k8s_pod_status_ready'),
  container: {
    ...level([...POD, 'container'], [...WORKLOAD, 'node', 'node_role'], 'k8s_pod_status_ready', POD),
    whole: 'k8s_pod_cpu_core_used',
  },
  service: level(['cluster', 'namespace', 'service'], [], 'k8s_service_abnormal'),
};

function level(
  identity: readonly string[],
  others: readonly string[],
  presence: string,
  presenceIdentity = identity,
): LevelLabels {
  return { identity, shown: [...new Set([...identity, ...others])], presence, presenceIdentity };
}

/** The same for all series of one object, and for no other object; undefined when the labels name none. */
export function objectKey(labels: Labels, identity: readonly string[]): string | undefined {
  const values = identity.map((name) => labels.get(name));
  const isNamed = identity.every((name, i) => values[i] !== '' || (name === 'cluster' && identity.length > 1));
  return isNamed || identity.length === 1 ? JSON.stringify(values) : undefined;
}
