import type { KubeObject } from '../../../simulator/kube-object.ts';
import type { ObjectStore } from '../../../simulator/object-store.ts';

export const NAMESPACE = 'loop';
/** What an HPA can be about. */
export const METRIC_KINDS = ['Resource', 'ContainerResource', 'Pods', 'Object', 'External'] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];

export const MIN_REPLICAS = 2;
export const MAX_REPLICAS = 10;
/** Requests per second at the whole load: 24 for each of ten and a half replicas. */
const REQUESTS = 254;
const PER_REPLICA = 24;

/** Replicas that a share of the whole load needs. */
export function neededReplicas(load: number): number {
  return (load * REQUESTS) / PER_REPLICA;
}

export function nameOf(kind: MetricKind): string {
  return `by-${kind.toLowerCase()}`;
}

/** By which the simulation knows the load of it. */
export function workloadOf(kind: MetricKind): string {
  return `${NAMESPACE}/Deployment/${nameOf(kind)}`;
}

/** The named metrics, as the configuration has them. */
export const NAMED_METRICS = `
    - name: requests_per_second
      type: Pods
      expr: sum by (namespace, pod) (rate(http_requests_total{$selector}[30s]))
    - name: queue_messages
      type: External
      expr: max by (namespace, queue) (queue_messages{$selector})
`;

/** A Deployment for each kind of metric, with an autoscaler that is to come to the same number of replicas by it. */
export function createWorkloads(store: ObjectStore): void {
  store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  for (const kind of METRIC_KINDS) {
    store.create('deployments.apps', deployment(kind));
    store.create('horizontalpodautoscalers.autoscaling', autoscaler(kind));
  }
}

/** What leads the API server to the metrics APIs at this port: the manifests' objects, with an address in place of pods. */
export function registerMetricsApis(store: ObjectStore, port: number): void {
  const service = { namespace: 'monitoring', name: 'pharos-metrics-apis' };
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  store.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: service,
    spec: { type: 'ClusterIP', ports: [{ name: 'https', port: 443, targetPort: port, protocol: 'TCP' }] },
  });
  store.create('endpointslices.discovery.k8s.io', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...service, labels: { 'kubernetes.io/service-name': service.name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    ports,
  });
  for (const [group, version, versionPriority] of [
    ['metrics.k8s.io', 'v1beta1', 100],
    ['custom.metrics.k8s.io', 'v1beta2', 200],
    ['custom.metrics.k8s.io', 'v1beta1', 100],
    ['external.metrics.k8s.io', 'v1beta1', 100],
  ] as const) {
    store.create('apiservices.apiregistration.k8s.io', {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: { group, version, groupPriorityMinimum: 100, versionPriority, service: { ...service, port: 443 } },
    });
  }
}

function deployment(kind: MetricKind): KubeObject {
  const name = nameOf(kind);
  const labels = { app: name };
  const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } };
  const container = {
    name,
    image: 'registry.example/loop:1',
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    resources,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: NAMESPACE, name, labels, generation: 1 },
    spec: {
      replicas: MIN_REPLICAS,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        metadata: {
          labels,
          annotations: {
            'simulation/profile': kind === 'External' ? 'worker' : 'web',
            'simulation/requests-per-second': String(REQUESTS),
            'simulation/requests-per-replica': '40',
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': '8080',
          },
        },
        spec: { containers: [container] },
      },
    },
    status: {},
  };
}

function autoscaler(kind: MetricKind): KubeObject {
  const name = nameOf(kind);
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { namespace: NAMESPACE, name, generation: 1 },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: MIN_REPLICAS,
      maxReplicas: MAX_REPLICAS,
      behavior: { scaleDown: { stabilizationWindowSeconds: 15 } },
      metrics: [metricOf(kind, name)],
    },
    status: { currentReplicas: 0, desiredReplicas: 0 },
  };
}

function metricOf(kind: MetricKind, name: string): object {
  // 24 of the 40 requests that a replica answers with the CPU it requests take half of that, with what it takes at rest.
  const half = { type: 'Utilization', averageUtilization: 50 };
  switch (kind) {
    case 'Resource':
      return { type: kind, resource: { name: 'cpu', target: half } };
    case 'ContainerResource':
      return { type: kind, containerResource: { name: 'cpu', container: name, target: half } };
    case 'Pods': {
      const target = { type: 'AverageValue', averageValue: String(PER_REPLICA) };
      return { type: kind, pods: { metric: { name: 'requests_per_second' }, target } };
    }
    case 'Object': {
      const describedObject = { apiVersion: 'apps/v1', kind: 'Deployment', name };
      const target = { type: 'AverageValue', averageValue: '50m' };
      return { type: kind, object: { metric: { name: 'k8s_workload_cpu_core_used' }, describedObject, target } };
    }
    case 'External': {
      const metric = { name: 'queue_messages', selector: { matchLabels: { queue: name } } };
      return { type: kind, external: { metric, target: { type: 'AverageValue', averageValue: String(PER_REPLICA) } } };
    }
    default:
      return kind satisfies never;
  }
}
