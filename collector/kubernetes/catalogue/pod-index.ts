import type { CacheLease, KubeCluster } from '../kube-cluster.ts';
import type { Change } from '../object-cache.ts';
import type { Job, KubeObject, Node, Pod, ReplicaSet } from '../objects.ts';
import type { EndingRow } from './level-series.ts';
import { NO_ROW, NodeSlot } from './node-slot.ts';
import { type PageLevels, PodEntry, podKey } from './pod-entry.ts';
import type { LatestValues } from './pod-values.ts';
import { controllerOf, workloadOf } from './workload.ts';

export interface PodIndexOptions {
  readonly cluster: KubeCluster;
  /** The value of the label `cluster`. */
  readonly clusterLabel: string;
  readonly levels: PageLevels;
  readonly latest: LatestValues;
  readonly now: () => number;
}

/**
 * The cluster's nodes and the pods on them, kept current by the watch caches. Changes end rows at once: their stale markers
 * are said by the next scrape of the node's kubelet.
 */
export class PodIndex {
  readonly pods = new Map<string, PodEntry>();
  readonly nodes = new Map<string, NodeSlot>();
  readonly #options: PodIndexOptions;
  readonly #podLease: CacheLease<Pod>;
  readonly #nodeLease: CacheLease<Node>;
  readonly #replicaSetLease: CacheLease<ReplicaSet>;
  readonly #jobLease: CacheLease<Job>;
  readonly #ends: (() => void)[] = [];
  /** Pods by who controls them, as far as those are controlled by others: `kind/namespace/name`. */
  readonly #owned = new Map<string, Set<PodEntry>>();

  constructor(options: PodIndexOptions) {
    this.#options = options;
    const { cluster } = options;
    this.#podLease = cluster.watch('pods');
    this.#nodeLease = cluster.watch('nodes');
    this.#replicaSetLease = cluster.watch('replicasets');
    this.#jobLease = cluster.watch('jobs');
  }

  /** Begins to follow the caches. */
  start(): void {
    const pods = this.#podLease.cache;
    const nodes = this.#nodeLease.cache;
    for (const node of nodes.values()) this.#putNode(node);
    for (const pod of pods.values()) this.#putPod(pod);
    this.#ends.push(
      nodes.subscribe(({ before, after }) =>
        after === undefined ? this.#removeNode(before!.metadata.name) : this.#putNode(after),
      ),
      pods.subscribe(({ before, after }) =>
        after === undefined ? this.#removePod(before!.metadata) : this.#putPod(after),
      ),
      this.#replicaSetLease.cache.subscribe((change) => this.#ownerChanged('ReplicaSet', change)),
      this.#jobLease.cache.subscribe((change) => this.#ownerChanged('Job', change)),
    );
  }

  /** Whether all pods and nodes are known. Until then nothing is said of any. */
  get isSynced(): boolean {
    return this.#podLease.cache.isSynced && this.#nodeLease.cache.isSynced;
  }

  get(namespace: string, name: string): PodEntry | undefined {
    return this.pods.get(podKey(namespace, name));
  }

  /** The slot of a node, made when there is none yet. */
  slot(name: string): NodeSlot {
    let slot = this.nodes.get(name);
    if (slot === undefined) {
      slot = new NodeSlot(name, this.#options.clusterLabel);
      slot.tapless = this.#options.now();
      this.nodes.set(name, slot);
    }
    return slot;
  }

  /** The slot is forgotten when nothing is left of it. */
  forget(slot: NodeSlot): void {
    const isUsed = slot.exists || slot.tap !== undefined || slot.pods.size > 0 || slot.ending.length > 0;
    if (!isUsed && this.nodes.get(slot.name) === slot) this.nodes.delete(slot.name);
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const lease of [this.#podLease, this.#nodeLease, this.#replicaSetLease, this.#jobLease]) lease.close();
  }

  #putPod(pod: Pod): void {
    const { levels, clusterLabel: cluster, latest } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    const workload = workloadOf(pod, { replicasets: this.#replicaSetLease.cache, jobs: this.#jobLease.cache });
    const slot = this.slot(pod.spec.nodeName ?? '');
    let entry = this.get(namespace, name);
    if (entry !== undefined && entry.uid !== uid) {
      this.#removePod(pod.metadata);
      entry = undefined;
    }
    if (entry === undefined) {
      entry = new PodEntry(pod, { cluster, slot, workload, index: latest.open() });
      this.pods.set(entry.key, entry);
      slot.pods.add(entry);
      this.#noteOwner(entry, pod);
    }
    const ended: EndingRow[] = [];
    const before = entry.slot;
    const isSame = before === slot && entry.workload.kind === workload.kind && entry.workload.name === workload.name;
    if (!isSame) {
      entry.takeRows(levels, ended);
      this.#end(before, ended.splice(0));
      before.pods.delete(entry);
      slot.pods.add(entry);
      entry.slot = slot;
      entry.workload = workload;
      entry.workloadGroup = undefined;
      this.forget(before);
    }
    entry.update(pod, levels, ended);
    if (entry.isTerminal) entry.takeRows(levels, ended);
    this.#end(slot, ended);
  }

  #removePod({ namespace, name }: { readonly namespace: string; readonly name: string }): void {
    const entry = this.get(namespace, name);
    if (entry === undefined) return;
    const { levels, latest } = this.#options;
    const ended: EndingRow[] = [];
    entry.takeRows(levels, ended);
    this.#end(entry.slot, ended);
    entry.slot.pods.delete(entry);
    this.pods.delete(entry.key);
    latest.close(entry.index);
    const owner = ownerKeyOf(entry.pod);
    if (owner !== undefined) {
      const owned = this.#owned.get(owner);
      owned?.delete(entry);
      if (owned?.size === 0) this.#owned.delete(owner);
    }
    this.forget(entry.slot);
  }

  /** What an exporter says that a node's cards have of memory; it counts where the node has no label of that. */
  noteCardMemory(slot: NodeSlot, bytes: number): void {
    if (Math.abs(bytes - slot.exportedCardMemory) <= bytes * SAME_MEMORY) return;
    slot.exportedCardMemory = bytes;
    if (slot.node !== undefined) this.#putNode(slot.node);
  }

  #putNode(node: Node): void {
    const slot = this.slot(node.metadata.name);
    const changed = slot.update(node);
    if (changed.labels || changed.cards) this.#reconsider(slot, changed);
  }

  #removeNode(name: string): void {
    const slot = this.nodes.get(name);
    if (slot === undefined) return;
    this.#reconsider(slot, slot.update(undefined));
    this.forget(slot);
  }

  /** The labels of all that is on it have changed, or what requests of GPUs mean. */
  #reconsider(slot: NodeSlot, { labels }: { readonly labels: boolean }): void {
    const { levels } = this.#options;
    const ended: EndingRow[] = [];
    if (labels) {
      if (slot.row !== NO_ROW) ended.push({ level: levels.nodes, row: slot.row });
      slot.row = NO_ROW;
    }
    for (const entry of slot.pods) {
      if (labels) entry.takeRows(levels, ended);
      entry.update(entry.pod, levels, ended);
    }
    this.#end(slot, ended);
  }

  #end(slot: NodeSlot, rows: readonly EndingRow[]): void {
    for (const ending of rows) {
      // Nothing of it has been stored, or what stored it has ended it.
      if (!ending.level.isLive(ending.row)) ending.level.close(ending.row);
      else slot.ending.push(ending);
    }
  }

  #noteOwner(entry: PodEntry, pod: Pod): void {
    const owner = ownerKeyOf(pod);
    if (owner === undefined) return;
    const owned = this.#owned.get(owner) ?? new Set();
    owned.add(entry);
    this.#owned.set(owner, owned);
  }

  /** Who owns a ReplicaSet or Job is known, or has changed. One that is gone leaves its pods where they are. */
  #ownerChanged(kind: string, { after }: Change<KubeObject>): void {
    if (after === undefined) return;
    const owned = this.#owned.get(`${kind}/${podKey(after.metadata.namespace, after.metadata.name)}`);
    if (owned === undefined) return;
    for (const entry of owned) this.#putPod(entry.pod);
  }
}

/** Used and free memory of a card are not read at the same moment: a difference of this part is none. */
const SAME_MEMORY = 0.01;

function ownerKeyOf(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  if (owner?.kind !== 'ReplicaSet' && owner?.kind !== 'Job') return undefined;
  return `${owner.kind}/${podKey(pod.metadata.namespace, owner.name)}`;
}
