import type { Logger } from 'pino';
import type { Clock } from '../../../clock/clock.ts';
import type { Appender } from '../../../storage/appender.ts';
import { Labels } from '../../../storage/labels.ts';
import { EmittedSeries } from '../../emission/emitted-series.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import { ApiServerProbe } from './api-server-probe.ts';
import { RATE_WINDOW, YOUNG } from './cadvisor-tap.ts';
import type { ComponentHealth } from './component-health.ts';
import {
  CLUSTER_LEVEL,
  type LevelDefinition,
  NAMESPACE_LEVEL,
  NODE_LEVEL,
  POD_LEVEL,
  SERVICE_LEVEL,
  WORKLOAD_LEVEL,
} from './definitions.ts';
import { EmittedRow, Group, type Presence } from './group.ts';
import type { LabelSource } from './level-series.ts';
import type { NodeRole, NodeSlot } from './node-slot.ts';
import type { PodEntry } from './pod-entry.ts';
import type { PodIndex } from './pod-index.ts';
import { type LatestValues, type PodValues, SUMMED } from './pod-values.ts';
import {
  type ClusterScope,
  clear,
  clusterScope,
  type GroupScope,
  groupScope,
  type NodeScope,
  nodeScope,
  type PodScope,
  plus,
  podScope,
} from './scopes.ts';
import type { WatchedServices } from './watched-services.ts';
import type { WatchedWorkload, WatchedWorkloads } from './watched-workloads.ts';
import type { Workload } from './workload.ts';

/**
 * A sum over pods is left out when more than this part of the pods that run is missing, because their kubelets do not answer: rather
 * no sum than one that is too low. Up to that, what is missing counts with its last values.
 */
const MAX_MISSING = 0.1;

/** The part of the interval for which a round waits until the API server says that it is there. */
const PROBE_PATIENCE = 0.25;

export interface SumsOptions {
  readonly cluster: KubeCluster;
  readonly clusterLabel: string;
  readonly appender: Appender;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Nothing is waited for any more. */
  readonly signal: AbortSignal;
  readonly index: PodIndex;
  readonly latest: LatestValues;
  readonly podValues: PodValues;
  readonly health: ComponentHealth;
  readonly workloads: WatchedWorkloads;
  readonly services: WatchedServices;
  readonly interval: number;
  /** Of the slowest kubelet job. */
  readonly scrapeInterval: () => number;
  /** Other collectors scrape kubelets too: what has no tap here may have one there. */
  readonly isSharded: boolean;
}

/** Pods and nodes whose kubelet nobody reads: what the watch knows of them is said here. */
interface Untapped {
  readonly row: EmittedRow;
  readonly slot: NodeSlot;
  readonly role: NodeRole | '';
  readonly workload: Workload | undefined;
  round: number;
}

/** The levels above the pod, from the pods' latest values, and what is known of pods and nodes that no kubelet tells of. */
export class Sums {
  readonly #options: SumsOptions;
  #emitted: EmittedSeries;
  #groups = new Map<string, Group>();
  #clusterRow = new EmittedRow(CLUSTER_LEVEL.definitions.length);
  /** By the pod's key or the node's name. */
  #untapped = new Map<string, Untapped>();
  #round = 0;
  /** Nothing is known of a round before. */
  #isFirst = true;
  /** The pods on nodes that are not control plane, and those on virtual nodes. */
  readonly #all = new Group('', {}, WORKLOAD_LEVEL);
  readonly #eks = new Group('', {}, WORKLOAD_LEVEL);
  readonly #probe: ApiServerProbe;

  constructor(options: SumsOptions) {
    this.#options = options;
    const { cluster, logger, clock, interval, signal } = options;
    const patience = interval * PROBE_PATIENCE;
    this.#probe = new ApiServerProbe({ client: cluster.client, logger, clock, patience, signal });
    this.#emitted = new EmittedSeries(options.appender);
  }

  /** Series that are open. */
  get series(): number {
    return this.#emitted.size;
  }

  get groups(): number {
    return this.#groups.size;
  }

  /**
   * Computes and stores one round; `onAppended` is called when it is on its way. Resolves when it is durable; rejects with a
   * StorageError.
   */
  async emit(timestamp: number, onAppended: () => void = () => {}): Promise<number> {
    const { podValues, latest, index, health } = this.#options;
    if (!index.isSynced) return 0;
    await podValues.refresh({ index, latest }, timestamp);
    const answers = await podValues.answers(timestamp);
    if (answers !== undefined) health.replace(answers);
    // Asked only where no target is the API server.
    const apiserver = health.knows('apiserver') ? Number.NaN : await this.#probe.ask();
    this.compute(timestamp, apiserver);
    return this.#emitted.emit(timestamp, { onAppended });
  }

  /** Ends all series with stale markers. */
  silence(timestamp: number): Promise<number> {
    return this.#emitted.emit(timestamp, { silent: true });
  }

  /** Somebody else goes on with the series. */
  reset(): void {
    this.#emitted.release();
    this.#emitted = new EmittedSeries(this.#options.appender);
    this.#groups = new Map();
    this.#untapped = new Map();
    this.#isFirst = true;
    this.#clusterRow = new EmittedRow(CLUSTER_LEVEL.definitions.length);
    for (const entry of this.#options.index.pods.values()) {
      entry.workloadGroup = undefined;
      entry.namespaceGroup = undefined;
      entry.restartsSummed = Number.NaN;
    }
    for (const workload of this.#options.workloads.workloads.values()) workload.group = undefined;
  }

  /** Sets the values of a round. `apiserver` says whether it answers where nothing scrapes it, NaN if that is not known. */
  compute(timestamp: number, apiserver: number): void {
    const { index, latest, interval, scrapeInterval, workloads } = this.#options;
    const round = ++this.#round;
    const since = timestamp - 2 * Math.max(interval, scrapeInterval());
    const { values, times } = latest;
    for (const entry of index.pods.values()) {
      if (times[entry.index]! >= since && latest.isKnown(entry.index)) entry.slot.answeredIn = round;
    }
    for (const slot of index.nodes.values()) if (slot.isReady) slot.readyAt = timestamp;

    clear(ofCluster);
    const all = this.#all;
    all.begin(round);
    const eks = this.#eks;
    eks.begin(round);
    ofCluster.pods = 0;
    for (const entry of index.pods.values()) {
      if (entry.isTerminal) continue;
      const { slot } = entry;
      const workload = this.#workloadGroup(entry);
      const namespace = this.#namespaceGroup(entry);
      workload.begin(round);
      namespace.begin(round);
      const isUser = !slot.isControlPlane;
      if (slot.name !== '') ofCluster.pods++;
      if (slot.name !== '' && isUser) {
        ofCluster.cpuRequest = plus(ofCluster.cpuRequest, entry.cpuRequest);
        ofCluster.memoryRequest = plus(ofCluster.memoryRequest, entry.memoryRequest);
        ofCluster.gpuRequest = plus(ofCluster.gpuRequest, entry.gpuRequest);
        ofCluster.gpuMemoryRequest = plus(ofCluster.gpuMemoryRequest, entry.gpuMemoryRequest);
      }
      // A pod that came since the last round had none then.
      const before = Number.isNaN(entry.restartsSummed) && !this.#isFirst ? 0 : entry.restartsSummed;
      const restarts = Math.max(entry.restarts - before, 0);
      entry.restartsSummed = entry.restarts;
      workload.restarts = plus(workload.restarts, restarts);
      namespace.restarts = plus(namespace.restarts, restarts);
      entry.restartsInRound = restarts;

      const presence = this.#presenceOf(entry, timestamp);
      workload.count(presence);
      namespace.count(presence);
      // Of the cluster as a whole only nodes are missed that are ready and do not answer: of pods on others it is seen that they are gone.
      // One of which the page still has a container is not gone.
      const isSeen = !slot.isReady || (slot.answeredIn === round && entry.seenAt < since);
      const isLost = isSeen && (presence === 'missing' || presence === 'unknown');
      if (isUser) all.count(isLost ? 'there' : presence);
      const isRecent = times[entry.index]! >= since;
      const at = entry.index * SUMMED.length;
      if (isRecent || presence === 'missing') {
        workload.add(values, at);
        namespace.add(values, at);
      }
      if (isRecent || (presence === 'missing' && !isLost)) {
        if (isUser) all.add(values, at);
        if (slot.isVirtual) eks.add(values, at);
      }
    }
    this.#isFirst = false;
    for (const workload of workloads.workloads.values()) this.#noteAbnormal(workload, round);
    this.#sumServices(timestamp, { round, since });
    this.#sumNodes();
    this.#setCluster(timestamp, { all, eks, apiserver });
    this.#setGroups(round);
    this.#setUntapped(timestamp, round);
  }

  /** What a pod is for the sums of a round; to be called when it is known which nodes have answered. */
  #presenceOf(entry: PodEntry, timestamp: number): Presence {
    if (!entry.isRunning) return 'none';
    const { latest, interval, scrapeInterval, isSharded } = this.#options;
    const step = Math.max(interval, scrapeInterval());
    const at = latest.times[entry.index]!;
    const isKnown = latest.isKnown(entry.index);
    if (!isMissed(entry.slot, this.#round, timestamp)) {
      // What its kubelet does not say of it any more, although it runs.
      const hasAnswered = entry.slot.answeredIn === this.#round;
      const isLost = isKnown && at < timestamp - 2 * step && hasAnswered;
      if (isLost && entry.containers.length > 0) return 'missing';
      // The store has no sum of a pod that never was whole, and so not even what is known of it.
      const isPartial = isSharded && hasAnswered && !isKnown && entry.containers.length > 1;
      return isPartial && entry.startedAt <= timestamp - YOUNG * step ? 'unknown' : 'there';
    }
    if (isKnown) return 'missing';
    return entry.startedAt > timestamp - YOUNG * step ? 'none' : 'unknown';
  }

  #workloadGroup(entry: PodEntry): Group {
    let group = entry.workloadGroup as Group | undefined;
    if (group === undefined || this.#groups.get(group.key) !== group) {
      const { namespace, workload } = entry;
      group = this.#group(WORKLOAD_LEVEL, `w/${namespace}/${workload.kind}/${workload.name}`, {
        namespace,
        workload_kind: workload.kind,
        workload_name: workload.name,
      });
      entry.workloadGroup = group;
    }
    return group;
  }

  #namespaceGroup(entry: PodEntry): Group {
    let group = entry.namespaceGroup as Group | undefined;
    if (group === undefined || this.#groups.get(group.key) !== group) {
      const { namespace } = entry;
      group = this.#group(NAMESPACE_LEVEL, `n/${namespace}`, { namespace });
      entry.namespaceGroup = group;
    }
    return group;
  }

  #group(level: LevelDefinition<GroupScope>, key: string, labels: Readonly<Record<string, string>>): Group {
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Group(key, { cluster: this.#options.clusterLabel, ...labels }, level);
      this.#groups.set(key, group);
    }
    return group;
  }

  #noteAbnormal(workload: WatchedWorkload, round: number): void {
    let group = workload.group as Group | undefined;
    const { namespace, kind, name } = workload;
    if (group === undefined || this.#groups.get(group.key) !== group) {
      const labels = { namespace, workload_kind: kind, workload_name: name };
      group = this.#group(WORKLOAD_LEVEL, `w/${namespace}/${kind}/${name}`, labels);
      workload.group = group;
    }
    group.begin(round);
    group.abnormal = workload.abnormal;
    // Without pods there is nothing that could restart.
    group.restarts = plus(group.restarts, group.running === 0 ? 0 : Number.NaN);
    const ofNamespace = this.#group(NAMESPACE_LEVEL, `n/${namespace}`, { namespace });
    ofNamespace.begin(round);
    ofNamespace.abnormal = plus(ofNamespace.abnormal, workload.abnormal);
  }

  #sumServices(timestamp: number, { round, since }: { readonly round: number; readonly since: number }): void {
    const { services, index, latest } = this.#options;
    for (const [key, { namespace, name, pods }] of services.services()) {
      const group = this.#group(SERVICE_LEVEL, `s/${key}`, { namespace, service: name });
      group.begin(round);
      group.abnormal = 0;
      for (const [pod, isReady] of pods) {
        if (!isReady) group.abnormal++;
        const entry = index.pods.get(pod);
        if (entry === undefined || entry.isTerminal) continue;
        group.restarts = plus(group.restarts, entry.restartsInRound);
        const presence = this.#presenceOf(entry, timestamp);
        group.count(presence);
        const isRecent = latest.times[entry.index]! >= since;
        if (isRecent || presence === 'missing') group.add(latest.values, entry.index * SUMMED.length);
      }
    }
  }

  #sumNodes(): void {
    ofCluster.nodes = 0;
    for (const slot of this.#options.index.nodes.values()) {
      if (!slot.exists) continue;
      ofCluster.nodes++;
      ofCluster.allocatablePods = plus(ofCluster.allocatablePods, slot.allocatablePods);
      if (slot.isControlPlane) continue;
      const { cpu, memory, gpu, gpuMemory } = slot.allocatable;
      ofCluster.clusterCpu = plus(ofCluster.clusterCpu, cpu);
      ofCluster.clusterMemory = plus(ofCluster.clusterMemory, memory);
      ofCluster.clusterGpu = plus(ofCluster.clusterGpu, gpu);
      ofCluster.clusterGpuMemory = plus(ofCluster.clusterGpuMemory, gpuMemory);
    }
  }

  #setCluster(
    timestamp: number,
    { all, eks, apiserver }: { readonly all: Group; readonly eks: Group; readonly apiserver: number },
  ): void {
    const { health, interval } = this.#options;
    const since = timestamp - 3 * interval;
    // There is hardly a large cluster without a kubelet that never answers.
    fillSums(ofCluster, all, { mayBeUnknown: true });
    ofCluster.eksCpu = eks.sums[SUMMED.indexOf('cpu')]!;
    ofCluster.eksMemory = eks.sums[SUMMED.indexOf('memory')]!;
    ofCluster.eksNoCache = eks.sums[SUMMED.indexOf('noCache')]!;
    ofCluster.etcdSize = health.etcdSize(since);
    ofCluster.apiserverHealthy = health.knows('apiserver') ? health.healthy('apiserver', since) : apiserver;
    ofCluster.etcdHealthy = health.healthy('etcd', since);
    ofCluster.schedulerHealthy = health.healthy('scheduler', since);
    ofCluster.controllerManagerHealthy = health.healthy('controllerManager', since);
    const labels = (): Labels => Labels.from({ cluster: this.#options.clusterLabel });
    this.#clusterRow.set(this.#emitted, CLUSTER_LEVEL, { scope: ofCluster, labels });
  }

  #setGroups(round: number): void {
    clear(ofGroup);
    ofGroup.clusterCpu = ofCluster.clusterCpu;
    ofGroup.clusterMemory = ofCluster.clusterMemory;
    ofGroup.clusterGpu = ofCluster.clusterGpu;
    ofGroup.clusterGpuMemory = ofCluster.clusterGpuMemory;
    for (const group of this.#groups.values()) {
      if (group.round !== round) {
        group.row.close(this.#emitted);
        this.#groups.delete(group.key);
        continue;
      }
      fillSums(ofGroup, group, { mayBeUnknown: false });
      ofGroup.abnormal = group.abnormal;
      ofGroup.restarts = group.restarts;
      group.row.set(this.#emitted, group.level, { scope: ofGroup, labels: () => group.labels() });
    }
  }

  #setUntapped(timestamp: number, round: number): void {
    const { index, interval, isSharded } = this.#options;
    for (const slot of index.nodes.values()) {
      // A node that is new gets its tap in a moment, one that is gone gets none any more.
      const isUntapped =
        slot.name === '' ||
        (!isSharded && slot.tap === undefined && (!slot.exists || slot.tapless < timestamp - 2 * interval));
      if (!isUntapped) continue;
      clear(ofNode);
      ofNode.restarts = 0;
      ofNode.cpuRequest = 0;
      ofNode.memoryRequest = 0;
      for (const entry of slot.pods) {
        if (entry.isTerminal) continue;
        clear(ofPod);
        ofPod.ready = entry.isReady ? 1 : 0;
        ofPod.restarts = entry.restartsInRound;
        entry.restartsTold = entry.restarts;
        ofPod.gpuRequest = entry.gpuRequest;
        ofPod.gpuMemoryRequest = entry.gpuMemoryRequest;
        ofNode.restarts = plus(ofNode.restarts, ofPod.restarts);
        ofNode.cpuRequest = plus(ofNode.cpuRequest, entry.cpuRequest);
        ofNode.memoryRequest = plus(ofNode.memoryRequest, entry.memoryRequest);
        this.#setUntappedRow(entry.key, {
          source: entry,
          slot,
          workload: entry.workload,
          round,
          level: WATCHED_POD,
          scope: ofPod,
        });
      }
      if (!slot.exists) continue;
      ofNode.ready = slot.isReady ? 1 : 0;
      this.#setUntappedRow(slot.name, {
        source: slot,
        slot,
        workload: undefined,
        round,
        level: WATCHED_NODE,
        scope: ofNode,
      });
    }
    for (const [key, untapped] of this.#untapped) {
      if (untapped.round === round) continue;
      untapped.row.close(this.#emitted);
      this.#untapped.delete(key);
    }
  }

  #setUntappedRow<S>(
    key: string,
    {
      source,
      slot,
      workload,
      round,
      level,
      scope,
    }: {
      readonly source: LabelSource;
      readonly slot: NodeSlot;
      readonly workload: Workload | undefined;
      readonly round: number;
      readonly level: LevelDefinition<S>;
      readonly scope: S;
    },
  ): void {
    let untapped = this.#untapped.get(key);
    const isSame = untapped?.slot === slot && untapped.role === slot.role && untapped.workload === workload;
    if (untapped === undefined || !isSame) {
      untapped?.row.close(this.#emitted);
      untapped = { row: new EmittedRow(level.definitions.length), slot, role: slot.role, workload, round };
      this.#untapped.set(key, untapped);
    }
    untapped.round = round;
    untapped.row.set(this.#emitted, level, { scope, labels: () => source.labels() });
  }
}

const watchedOnly = <S>(level: LevelDefinition<S>): LevelDefinition<S> => ({
  ...level,
  definitions: level.definitions.filter(({ source }) => source === 'watch'),
});
const WATCHED_POD = watchedOnly(POD_LEVEL);
const WATCHED_NODE = watchedOnly(NODE_LEVEL);

// One of each serves all: a round is computed without a pause.
const ofCluster: ClusterScope = clusterScope();
const ofGroup: GroupScope = groupScope();
const ofPod: PodScope = podScope();
const ofNode: NodeScope = nodeScope();

/**
 * Whether the pods on a node should have values in this round and have none. Of a node that is not ready any more that is so until
 * the rates of the pods that do its work now have it in them.
 */
function isMissed(
  { answeredIn, exists, readyAt, isVirtual, tap }: NodeSlot,
  round: number,
  timestamp: number,
): boolean {
  return answeredIn !== round && exists && readyAt > timestamp - RATE_WINDOW && (!isVirtual || tap !== undefined);
}

/** The sums of a group, or nothing when too many of its pods are missing, or one of which nothing is known. */
function fillSums(
  scope: GroupScope | ClusterScope,
  group: Group,
  { mayBeUnknown }: { readonly mayBeUnknown: boolean },
): void {
  const isKnown = group.missing <= group.running * MAX_MISSING && (mayBeUnknown || group.unknown === 0);
  const fields = scope as unknown as Record<string, number>;
  for (let column = 0; column < SUMMED.length; column++) {
    fields[SUMMED[column]!] = isKnown ? group.sums[column]! : Number.NaN;
  }
}
