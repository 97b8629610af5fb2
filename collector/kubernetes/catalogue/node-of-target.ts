import type { TappedTarget } from '../../scrape/sample-tap.ts';
import type { NodeSlot } from './node-slot.ts';
import type { PodIndex } from './pod-index.ts';

/** Labels that name the node a target is on, before relabelling and after it; the first that is there counts. */
const NODE_LABELS = ['node', 'nodename', 'Hostname'];
const DISCOVERED_LABELS = [
  '__meta_kubernetes_node_name',
  '__meta_kubernetes_pod_node_name',
  '__meta_kubernetes_endpoint_node_name',
  '__meta_kubernetes_endpoint_address_target_name',
  '__meta_kubernetes_endpointslice_endpoint_node_name',
  '__meta_kubernetes_endpointslice_address_target_name',
];

/** The node that a target is on, by its labels, its pod, or its address. Undefined when no known node fits. */
export function nodeOfTarget({ labels, discoveredLabels }: TappedTarget, index: PodIndex): NodeSlot | undefined {
  const instance = labels.get('instance');
  const host = instance.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const names = [
    ...NODE_LABELS.map((name) => labels.get(name)),
    ...DISCOVERED_LABELS.map((name) => discoveredLabels.get(name)),
    instance,
    host,
  ];
  for (const name of names) {
    const slot = name === '' ? undefined : index.nodes.get(name);
    if (slot?.exists === true) return slot;
  }
  const pod = index.get(labels.get('namespace'), labels.get('pod'));
  if (pod !== undefined && pod.slot.name !== '') return pod.slot;
  for (const slot of index.nodes.values()) if (slot.addresses.includes(host)) return slot;
  return undefined;
}
