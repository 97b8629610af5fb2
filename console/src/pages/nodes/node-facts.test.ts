import { expect, test } from 'vitest';
import { nodeFacts } from './node-facts.ts';

const sample = (name: string, value: number, labels: Readonly<Record<string, string>> = {}) => ({
  labels: { __name__: name, cluster: 'east', node: 'node-1', ...labels },
  value,
});

test('a node, with what it has and what becomes of it', () => {
  const facts = nodeFacts({
    state: [
      sample('kube_node_info', 1, { kubelet_version: 'v1.33.4', internal_ip: '10.0.0.1' }),
      sample('kube_node_role', 1, { role: 'worker' }),
      sample('kube_node_spec_taint', 1, { key: 'gpu', value: 'yes', effect: 'NoSchedule' }),
      sample('kube_node_status_condition', 1, { condition: 'DiskPressure', status: 'true' }),
      sample('kube_node_status_condition', 0, { condition: 'DiskPressure', status: 'false' }),
      sample('kube_node_status_condition', 1, { condition: 'Ready', status: 'true' }),
      sample('kube_node_status_capacity', 8, { resource: 'cpu' }),
      sample('kube_node_status_allocatable', 7.5, { resource: 'cpu' }),
      sample('k8s_node_cpu_usage', 25),
      sample('k8s_node_cpu_core_request_total', 3),
    ],
    pods: [{ labels: {}, value: 12 }],
    gpu: [],
  });
  expect(facts).toMatchObject({
    isReady: true,
    isCordoned: false,
    roles: ['worker'],
    taints: ['gpu=yes:NoSchedule'],
    kubelet: 'v1.33.4',
    conditions: [
      { type: 'Ready', status: 'true', isGood: true },
      { type: 'DiskPressure', status: 'true', isGood: false },
    ],
    cpu: { capacity: 8, allocatable: 7.5, used: 2, requested: 3 },
    pods: { used: 12, capacity: undefined },
    hasGpu: false,
  });
});

test('a node that is not there', () => {
  expect(nodeFacts({ state: [], pods: [], gpu: [] })).toBeUndefined();
});
