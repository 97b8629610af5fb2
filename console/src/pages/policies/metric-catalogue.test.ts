import { expect, test } from 'vitest';
import { catalogueOf } from './metric-catalogue.ts';

test('the catalogue has a level and a unit for each metric, and no other metrics', () => {
  const meta = (unit = '') => [{ unit, help: 'h' }];
  const found = catalogueOf({
    up: meta(),
    k8s_pod_rate_cpu_core_used_limit: meta(),
    k8s_pod_cpu_core_used: meta('cores'),
    k8s_node_lan_intraffic: meta(),
    k8s_container_fs_read_times: meta(),
    k8s_workload_mem_no_cache_bytes: meta('bytes'),
    k8s_pod_status_ready: meta(),
  });
  expect(found.map(({ name, level, unit }) => [name, level, unit])).toEqual([
    ['k8s_container_fs_read_times', 'container', 'operations/s'],
    ['k8s_node_lan_intraffic', 'node', 'bytes/s'],
    ['k8s_pod_cpu_core_used', 'pod', 'cores'],
    ['k8s_pod_rate_cpu_core_used_limit', 'pod', '%'],
    ['k8s_pod_status_ready', 'pod', ''],
    ['k8s_workload_mem_no_cache_bytes', 'workload', 'bytes'],
  ]);
});
