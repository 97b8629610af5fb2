import { MetricCatalogue } from './metric-catalogue.ts';

const POD = ['cluster', 'namespace', 'workload_kind', 'workload_name', 'pod', 'node', 'node_role'];

/** A part of the real catalogue. */
export const SMALL_CATALOGUE = new MetricCatalogue([
  { level: 'cluster', labels: ['cluster'], units: new Map([['k8s_cluster_node_total', '1']]) },
  {
    level: 'node',
    labels: ['cluster', 'node', 'node_role'],
    units: new Map([
      ['k8s_node_cpu_usage', '%'],
      ['k8s_node_status_ready', '1'],
    ]),
  },
  { level: 'namespace', labels: ['cluster', 'namespace'], units: new Map([['k8s_namespace_abnormal', '1']]) },
  {
    level: 'workload',
    labels: POD.slice(0, 4),
    units: new Map([['k8s_workload_cpu_core_used', 'cores']]),
  },
  {
    level: 'pod',
    labels: POD,
    units: new Map([
      ['k8s_pod_rate_cpu_core_used_request', '%'],
      ['k8s_pod_cpu_core_used', 'cores'],
      ['k8s_pod_status_ready', '1'],
    ]),
  },
  { level: 'container', labels: [...POD, 'container'], units: new Map([['k8s_container_cpu_core_used', 'cores']]) },
  { level: 'service', labels: ['cluster', 'namespace', 'service'], units: new Map([['k8s_service_abnormal', '1']]) },
]);
