import { expect, test } from 'vitest';
import { expressionUnit } from './expression-unit.ts';

test.each([
  ['container_memory_usage_bytes', 'bytes'],
  ['sum by (pod_name) (rate(node_network_receive_bytes_total{device!="lo"}[5m]))', 'bytes/s'],
  ['k8s_pod_fs_read_bytes', 'bytes/s'],
  ['k8s_cluster_memory_total', 'bytes'],
  ['sum by (pod) (rate(node_network_receive_bytes_total{device!="lo"}[5m]))', 'bytes/s'],
  ['rate(container_cpu_usage_seconds_total[5m])', 'cores'],
  ['histogram_quantile(0.9, rate(http_request_duration_seconds_bucket[5m]))', 's'],
  ['k8s_pod_rate_cpu_core_used_request', '%'],
  ['k8s_pod_cpu_core_used', 'cores'],
  ['a_bytes / b_bytes', '1'],
  ['count(a_bytes)', '1'],
  ['max_over_time(a_bytes[1h])', 'bytes'],
  ['a_bytes + b_seconds', '1'],
  ['up', '1'],
])('%s is in %s', (expression, unit) => {
  expect(expressionUnit(expression)).toBe(unit);
});
