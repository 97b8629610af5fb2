import { Labels } from '../../../storage/labels.ts';
import type { Node } from '../objects.ts';
import type { EndingRow, LabelSource, Row } from './level-series.ts';
import type { PodEntry } from './pod-entry.ts';
import { type Resources, resourcesOf } from './resources.ts';

/** No row is open. */
export const NO_ROW: Row = -1;

const NOTHING: Resources = { cpu: Number.NaN, memory: Number.NaN, gpu: Number.NaN, gpuMemory: Number.NaN };

/** TKE's roles; of what is neither control plane nor etcd it says Node. */
export type NodeRole = 'Node' | 'Master' | 'Etcd' | 'Master,Etcd';

/** A node and the pods on it. Pods that are on none have a slot too, of the name ''. */
export class NodeSlot implements LabelSource {
  readonly name: string;
  readonly #cluster: string;
  readonly pods = new Set<PodEntry>();
  /** Rows whose series are to end with the next scrape of its kubelet. */
  ending: EndingRow[] = [];
  /** What reads its kubelet's pages, the newest one if there are several. */
  tap: object | undefined;
  /** When it has had no tap since; it is then spoken for by the timer. Unix milliseconds. */
  tapless = 0;
  row: Row = NO_ROW;
  /** Whether there is a Node object. */
  exists = false;
  role: NodeRole | '' = '';
  isReady = false;
  isVirtual = false;
  capacity = NOTHING;
  allocatable = NOTHING;
  allocatablePods = Number.NaN;
  /** Memory of a GPU card, bytes: what the label says that NVIDIA's feature discovery sets, else what an exporter says. */
  cardMemory = Number.NaN;
  exportedCardMemory = Number.NaN;
  /** The last state of the object. */
  node: Node | undefined;
  addresses: readonly string[] = [];
  /** The device of the default route, when its address is public: what the node exporter says. */
  wanDevice: string | undefined;
  /** The last round of sums in which one of its pods had a value. */
  answeredIn = -1;
  /** The last round of sums in which it was ready; Unix milliseconds, 0 for never. */
  readyAt = 0;

  constructor(name: string, cluster: string) {
    this.name = name;
    this.#cluster = cluster;
  }

  /** Pods are not for its users but for the cluster itself. */
  get isControlPlane(): boolean {
    return this.role !== 'Node' && this.role !== '';
  }

  labels(): Labels {
    return Labels.from({ cluster: this.#cluster, node: this.name, node_role: this.role });
  }

  /** Says what of it has changed that what is on it must know. */
  update(node: Node | undefined): { readonly labels: boolean; readonly cards: boolean } {
    const { role, cardMemory } = this;
    this.node = node;
    const labels = node?.metadata.labels ?? {};
    this.exists = node !== undefined;
    this.role = node === undefined ? '' : roleOf(labels);
    this.isReady = node?.status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    this.isVirtual = labels.type === 'virtual-kubelet' || labels['node.kubernetes.io/instance-type'] === 'eklet';
    const mebibytes = Number(labels['nvidia.com/gpu.memory']);
    this.cardMemory = mebibytes > 0 ? mebibytes * 2 ** 20 : this.exportedCardMemory;
    this.capacity = node === undefined ? NOTHING : resourcesOf(node.status.capacity, this.cardMemory);
    this.allocatable = node === undefined ? NOTHING : resourcesOf(node.status.allocatable, this.cardMemory);
    this.allocatablePods = Number(node?.status.allocatable?.pods ?? Number.NaN);
    this.addresses = node?.status.addresses?.map(({ address }) => address) ?? [];
    return { labels: role !== this.role, cards: !Object.is(cardMemory, this.cardMemory) };
  }
}

function roleOf(labels: Readonly<Record<string, string>>): NodeRole {
  const has = (role: string): boolean => labels[`node-role.kubernetes.io/${role}`] !== undefined;
  const isMaster = has('control-plane') || has('master');
  if (has('etcd')) return isMaster ? 'Master,Etcd' : 'Etcd';
  return isMaster ? 'Master' : 'Node';
}
