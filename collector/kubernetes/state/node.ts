import { ALPHA, ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, deletionFamily, labelFamilies } from './metadata-families.ts';
import { emitConditions, emitQuantities, numberOf } from './object-values.ts';
import { clusterWide } from './state-resource.ts';

const ROLE = 'node-role.kubernetes.io/';

export const NODES = clusterWide('nodes', 'node', [
  gauge('kube_node_info', 'What a node runs.', ({ spec, status }, emit) => {
    const of = status.nodeInfo ?? {};
    emit(
      1,
      'kernel_version',
      of.kernelVersion ?? '',
      'os_image',
      of.osImage ?? '',
      'container_runtime_version',
      of.containerRuntimeVersion ?? '',
      'kubelet_version',
      of.kubeletVersion ?? '',
      'kubeproxy_version',
      of.kubeProxyVersion ?? '',
      'provider_id',
      spec.providerID ?? '',
      'pod_cidr',
      spec.podCIDR ?? '',
      'system_uuid',
      of.systemUUID ?? '',
      'internal_ip',
      status.addresses?.findLast(({ type }) => type === 'InternalIP')?.address ?? '',
    );
  }),
  createdFamily('kube_node', {}),
  deletionFamily('kube_node'),
  gauge(
    'kube_node_role',
    'A role of a node.',
    ({ metadata }, emit) => {
      for (const name in metadata.labels) if (name.startsWith(ROLE)) emit(1, 'role', name.slice(ROLE.length));
    },
    ALPHA,
  ),
  gauge('kube_node_spec_unschedulable', 'Whether a node is closed for new pods.', ({ spec }, emit) =>
    emit(numberOf(spec.unschedulable)),
  ),
  gauge('kube_node_spec_taint', 'A taint of a node.', ({ spec }, emit) => {
    for (const { key, value = '', effect } of spec.taints ?? []) emit(1, 'key', key, 'value', value, 'effect', effect);
  }),
  gauge('kube_node_status_capacity', 'How much of a resource a node has.', ({ status }, emit) =>
    emitQuantities(emit, status.capacity, { of: 'node' }),
  ),
  gauge('kube_node_status_allocatable', 'How much of a resource a node has for pods.', ({ status }, emit) =>
    emitQuantities(emit, status.allocatable, { of: 'node' }),
  ),
  gauge('kube_node_status_condition', 'Whether a condition of a node has this status.', ({ status }, emit) =>
    emitConditions(emit, status.conditions),
  ),
  gauge(
    'kube_node_status_addresses',
    'An address of a node.',
    ({ status }, emit) => {
      for (const { type, address } of status.addresses ?? []) emit(1, 'type', type, 'address', address);
    },
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_node'),
]);
