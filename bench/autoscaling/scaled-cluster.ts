/** A made-up cluster of Deployments, each with an autoscaler on a Pods metric and on the use of CPU. */
export interface ScaledCluster {
  readonly autoscalers: number;
  /** Of each. */
  readonly pods: number;
}

export const PODS_METRIC = 'k8s_pod_cpu_core_used';
export const CPU_METRIC = 'kubelet_container_cpu_usage_seconds_total';
export const MEMORY_METRIC = 'kubelet_container_memory_working_set_bytes';

/** Its name, which the label `cluster` of its series is. */
export const CLUSTER = 'bench';

const NAMESPACES = 40;
const NODES = 200;
const STARTED = '2026-01-01T00:00:00Z';

/** Where an autoscaler, its Deployment and its pods are. */
export function namespaceOf(autoscaler: number): string {
  return `team-${autoscaler % NAMESPACES}`;
}

/** Of an autoscaler, its Deployment and the label `app` of its pods. */
export function appOf(autoscaler: number): string {
  return `app-${autoscaler}`;
}

export function podName(autoscaler: number, pod: number): string {
  return `${appOf(autoscaler)}-${pod}`;
}

function metadata(name: string, namespace: string, labels: Readonly<Record<string, string>> = {}): object {
  return { name, namespace, labels, uid: `${namespace}/${name}`, resourceVersion: '1', creationTimestamp: STARTED };
}

/** The objects of a resource as the API server lists them; none of what is not among these. */
export function objectsOf({ autoscalers, pods }: ScaledCluster, plural: string): readonly object[] {
  const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  switch (plural) {
    case 'nodes':
      return each(NODES, (i) => ({ metadata: metadata(`node-${i}`, ''), spec: {}, status: {} }));
    case 'namespaces':
      return each(NAMESPACES, (i) => ({ metadata: metadata(namespaceOf(i), ''), status: { phase: 'Active' } }));
    case 'pods':
      return each(autoscalers, (a) => each(pods, (p) => pod(a, p))).flat();
    case 'deployments':
      return each(autoscalers, (a) => ({
        metadata: metadata(appOf(a), namespaceOf(a)),
        spec: { replicas: pods, selector: { matchLabels: { app: appOf(a) } } },
        status: { replicas: pods },
      }));
    case 'horizontalpodautoscalers':
      return each(autoscalers, (a) => autoscaler(a, pods));
    default:
      return [];
  }
}

function pod(autoscaler: number, index: number): object {
  return {
    metadata: metadata(podName(autoscaler, index), namespaceOf(autoscaler), { app: appOf(autoscaler), tier: 'web' }),
    spec: { nodeName: `node-${(autoscaler + index) % NODES}`, containers: [{ name: 'app' }] },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'app', ready: true, state: { running: { startedAt: STARTED } } }],
    },
  };
}

function autoscaler(index: number, replicas: number): object {
  return {
    metadata: metadata(appOf(index), namespaceOf(index)),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: appOf(index) },
      maxReplicas: 2 * replicas,
      metrics: [
        { type: 'Pods', pods: { metric: { name: PODS_METRIC }, target: { type: 'AverageValue', averageValue: '1' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '1' } } },
      ],
    },
    status: { currentReplicas: replicas, desiredReplicas: replicas },
  };
}

/** Labels of all series, sorted by name, in groups of three for each pod: use of CPU computed, and counted, and memory. */
export function seriesOf({ autoscalers, pods }: ScaledCluster): readonly (readonly [string, string])[][] {
  const all: (readonly [string, string])[][] = [];
  for (let a = 0; a < autoscalers; a++) {
    for (let p = 0; p < pods; p++) {
      const [namespace, node, name] = [namespaceOf(a), `node-${(a + p) % NODES}`, podName(a, p)];
      const ofContainer = (metric: string): (readonly [string, string])[] => [
        ['__name__', metric],
        ['cluster', CLUSTER],
        ['container', 'app'],
        ['instance', `${node}:10250`],
        ['job', 'kubelet'],
        ['metrics_path', '/metrics/resource'],
        ['namespace', namespace],
        ['node', node],
        ['pod', name],
      ];
      all.push(
        [
          ['__name__', PODS_METRIC],
          ['cluster', CLUSTER],
          ['namespace', namespace],
          ['node', node],
          ['pod', name],
          ['workload_kind', 'Deployment'],
          ['workload_name', appOf(a)],
        ],
        ofContainer(CPU_METRIC),
        ofContainer(MEMORY_METRIC),
      );
    }
  }
  return all;
}

/** Series of a pod in `seriesOf`. */
export const SERIES_OF_POD = 3;
