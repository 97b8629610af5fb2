import type { Labels } from '../../../storage/labels.ts';
import type { InputKind } from './page-inputs.ts';

// The quantities that cAdvisor's rows are parts of.

export const CPU = 0;
export const MEMORY = 1;
export const CACHE = 2;
export const FS_READ_BYTES = 3;
export const FS_WRITE_BYTES = 4;
export const FS_READS = 5;
export const FS_WRITES = 6;
export const RECEIVE_BYTES = 7;
export const TRANSMIT_BYTES = 8;
export const RECEIVE_PACKETS = 9;
export const TRANSMIT_PACKETS = 10;
/** Between the last two samples. */
export const RECEIVED_BYTES = 11;
export const TRANSMITTED_BYTES = 12;

export const QUANTITIES = 13;

const gauge = (column: number): InputKind => ({ column, isCounter: false });
const counter = (column: number): InputKind => ({ column, isCounter: true });

const OF_CONTAINER: ReadonlyMap<string, InputKind> = new Map([
  ['container_cpu_usage_seconds_total', counter(CPU)],
  ['container_memory_usage_bytes', gauge(MEMORY)],
  ['container_memory_cache', gauge(CACHE)],
  ['container_fs_reads_bytes_total', counter(FS_READ_BYTES)],
  ['container_fs_writes_bytes_total', counter(FS_WRITE_BYTES)],
  ['container_fs_reads_total', counter(FS_READS)],
  ['container_fs_writes_total', counter(FS_WRITES)],
]);

const OF_NETWORK: ReadonlyMap<string, InputKind> = new Map([
  ['container_network_receive_bytes_total', { column: RECEIVE_BYTES, isCounter: true, increaseColumn: RECEIVED_BYTES }],
  [
    'container_network_transmit_bytes_total',
    { column: TRANSMIT_BYTES, isCounter: true, increaseColumn: TRANSMITTED_BYTES },
  ],
  ['container_network_receive_packets_total', counter(RECEIVE_PACKETS)],
  ['container_network_transmit_packets_total', counter(TRANSMIT_PACKETS)],
]);

/** What a row is about. */
export type CadvisorRow = {
  /** Its unit: all rows of one container, of one sandbox's network, of the machine, or of one of its interfaces. */
  readonly unit: string;
  readonly kind: InputKind;
} & (
  | { readonly of: 'container' }
  /** The network of a pod, `namespace/name`. */
  | { readonly of: 'pod'; readonly pod: string }
  | { readonly of: 'machine' }
  | { readonly of: 'interface'; readonly interface: string }
);

/** Interfaces of a node that are not its own: those of its pods, and the tunnels between nodes. */
const OTHERS_INTERFACES = /^(?:lo$|veth|docker|cni|flannel|cali|tunl)/;

/**
 * Reads what a series of a kubelet's cAdvisor page is about; undefined when it is of no use here. Memory and processor are
 * those of containers: rows of a pod's whole cgroup (container="") and of its pause container ("POD") are not. The network
 * is the sandbox's, which runtimes write as one of these two. The root cgroup (id="/") is the machine.
 */
export function readCadvisorRow(labels: Labels): CadvisorRow | undefined {
  const { metric } = labels;
  const ofContainer = OF_CONTAINER.get(metric);
  const ofNetwork = ofContainer === undefined ? OF_NETWORK.get(metric) : undefined;
  const kind = ofContainer ?? ofNetwork;
  if (kind === undefined) return undefined;
  const id = labels.get('id');
  const device = labels.get('interface');
  if (id === '/') {
    if (ofNetwork !== undefined) {
      return OTHERS_INTERFACES.test(device)
        ? undefined
        : { of: 'interface', unit: `/ ${device}`, interface: device, kind };
    }
    return isTotal(labels) && (kind.column === CPU || kind.column === MEMORY)
      ? { of: 'machine', unit: '/', kind }
      : undefined;
  }
  const name = own(labels, 'pod');
  if (name === '') return undefined;
  const pod = `${own(labels, 'namespace')}/${name}`;
  const container = own(labels, 'container');
  const isSandbox = container === '' || container === 'POD';
  if (ofNetwork !== undefined) {
    return isSandbox && device !== 'lo' ? { of: 'pod', unit: `${pod}//${id}`, pod, kind } : undefined;
  }
  if (isSandbox || !isTotal(labels)) return undefined;
  return { of: 'container', unit: containerUnit(pod, container, containerId(id, labels.get('name'))), kind };
}

/** A label as the page gave it: without honor_labels a target's label of the same name has its place. */
function own(labels: Labels, name: string): string {
  return labels.get(`exported_${name}`) || labels.get(name);
}

/** The unit of a container's rows. */
export function containerUnit(pod: string, container: string, id: string): string {
  return `${pod}/${container}/${id}`;
}

/** Old kubelets write the processor's time by core too. */
function isTotal(labels: Labels): boolean {
  const cpu = labels.get('cpu');
  return cpu === '' || cpu === 'total';
}

/**
 * The runtime's id of a container from the path of its cgroup (`…/cri-containerd-0123ab.scope`, `…/pod1234/0123ab`,
 * `…slice:cri-containerd:0123ab`), or from cAdvisor's name for it when the path has none.
 */
function containerId(cgroup: string, name: string): string {
  const last = cgroup.slice(cgroup.lastIndexOf('/') + 1);
  const id = /(?:^|[-:])([0-9a-f]{12,})(?:\.scope)?$/.exec(last)?.[1];
  return id ?? (name === '' ? last : name);
}
