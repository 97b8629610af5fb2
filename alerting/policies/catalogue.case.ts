import { MetricCatalogue } from './metric-catalogue.ts';

const metrics = (list: readonly (readonly [name: string, unit: string])[]) =>
  new Map(list.map(([name, unit]) => [name, { unit, help: '' }]));

/** A part of the real catalogue. */
export const SMALL_CATALOGUE = new MetricCatalogue([
  { level: 'cluster', metrics: metrics([['k8s_cluster_node_total', '1']]) },
  {
    level: 'node',
    metrics: metrics([
      ['k8s_node_cpu_usage', '%'],
      ['k8s_node_status_ready', '1'],
    ]),
  },
  { level: 'namespace', metrics: metrics([['k8s_namespace_abnormal', '1']]) },
  {
    level: 'workload',
    metrics: metrics([['k8s_workload_cpu_core_used', 'cores']]),
  },
  {
    level: 'pod',
    metrics: metrics([
      ['k8s_pod_rate_cpu_core_used_request', '%'],
      ['k8s_pod_cpu_core_used', 'cores'],
      ['k8s_pod_status_ready', '1'],
    ]),
  },
  { level: 'container', metrics: metrics([['k8s_container_cpu_core_used', 'cores']]) },
  { level: 'service', metrics: metrics([['k8s_service_abnormal', '1']]) },
]);
