/**
 * Objects that have all that a dashboard of one object shows, which the first of the list need not have: limits, a disk, an end.
 * PromQL by the dashboard's uid; labels of the first series of the answer are the dashboard's variables.
 */
export const WHOLE_OBJECTS: Readonly<Record<string, string>> = {
  'pharos-node': 'topk(1, k8s_node_wan_intraffic)',
  'pharos-workload': `label_replace(label_replace(
    topk(1, k8s_workload_fs_write_bytes{workload_kind="Deployment"} and on (cluster, namespace, workload_name)
      (k8s_pod_rate_cpu_core_used_limit and k8s_pod_rate_mem_no_cache_limit and k8s_pod_network_receive_bytes_bw)),
    "workload", "$1", "workload_name", "(.*)"), "kind", "$1", "workload_kind", "(.*)")`,
  'pharos-pod': `topk(1, k8s_pod_fs_write_bytes and k8s_pod_rate_cpu_core_used_limit and k8s_pod_rate_mem_no_cache_limit
    and k8s_pod_network_receive_bytes_bw)`,
  'pharos-container': `topk(1, k8s_container_fs_write_bytes and k8s_container_rate_cpu_core_used_limit
    and k8s_container_rate_mem_no_cache_limit)`,
};
