/**
 * Objects that have what a dashboard of one object shows and the first of the list need not have: limits, a disk, an end, something
 * wrong. PromQL by the dashboard's uid; labels of the first series of each answer are the dashboard's variables.
 */
export const WHOLE_OBJECTS: Readonly<Record<string, readonly string[]>> = {
  'pharos-node': ['topk(1, k8s_node_wan_intraffic)'],
  'pharos-workload': [
    workload(`k8s_workload_fs_write_bytes{workload_kind="Deployment"} and on (cluster, namespace, workload_name)
      (k8s_pod_rate_cpu_core_used_limit and k8s_pod_rate_mem_no_cache_limit and k8s_pod_network_receive_bytes_bw)`),
    workload('sum_over_time(k8s_workload_pod_restart_total[10m]) > 0'),
  ],
  'pharos-pod': [
    `topk(1, k8s_pod_fs_write_bytes and k8s_pod_rate_cpu_core_used_limit and k8s_pod_rate_mem_no_cache_limit
      and k8s_pod_network_receive_bytes_bw)`,
  ],
  'pharos-container': [
    `topk(1, k8s_container_fs_write_bytes and k8s_container_rate_cpu_core_used_limit
      and k8s_container_rate_mem_no_cache_limit)`,
    'topk(1, kube_pod_container_status_last_terminated_reason == 1)',
  ],
};

/** The first of these workloads, with its labels under the names of the dashboard's variables. */
function workload(expr: string): string {
  return `label_replace(label_replace(topk(1, ${expr}), "workload", "$1", "workload_name", "(.*)"),
    "kind", "$1", "workload_kind", "(.*)")`;
}
