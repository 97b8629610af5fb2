import type { InstantSample } from '../../api/query-instant.ts';

const LABELS = { cluster: 'c', namespace: 'shop', pod: 'cart-1', uid: 'u1' };

/** A sample of the pod cart-1. */
export function sampleOfPod(
  name: string,
  { value = 1, ...labels }: Readonly<Record<string, string | number>> & { readonly value?: number } = {},
): InstantSample {
  return { labels: { __name__: name, ...LABELS, ...(labels as Record<string, string>) }, value };
}

/** A pod that runs on a node, and is or is not ready. */
export function runningPod(isReady: boolean): readonly InstantSample[] {
  return [
    sampleOfPod('kube_pod_created', { value: 100 }),
    sampleOfPod('kube_pod_info', { node: 'n1', pod_ip: '10.0.0.1', host_network: 'false', priority_class: '' }),
    sampleOfPod('kube_pod_owner', { owner_kind: 'ReplicaSet', owner_name: 'cart-5d' }),
    sampleOfPod('kube_pod_status_phase', { phase: 'Pending', value: 0 }),
    sampleOfPod('kube_pod_status_phase', { phase: 'Running' }),
    sampleOfPod('kube_pod_status_ready', { condition: 'true', value: isReady ? 1 : 0 }),
    sampleOfPod('kube_pod_status_ready', { condition: 'false', value: isReady ? 0 : 1 }),
    sampleOfPod('kube_pod_container_info', { container: 'app', image_spec: 'cart:1', image_id: 'sha256:1' }),
    sampleOfPod('kube_pod_container_resource_limits', { container: 'app', resource: 'memory', value: 1024 }),
  ];
}
