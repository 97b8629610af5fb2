import type { Labels } from '../../../storage/labels.ts';
import type { SeriesRef } from '../../../storage/series.ts';
import type { SampleTap, TappedTarget } from '../../scrape/sample-tap.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';
import * as quantity from './cadvisor-row.ts';
import { containerUnit, readCadvisorRow } from './cadvisor-row.ts';
import { ContainersSum } from './containers-sum.ts';
import { CONTAINER_LEVEL, NODE_LEVEL, POD_LEVEL } from './definitions.ts';
import { Emission } from './level-series.ts';
import { nodeOfTarget } from './node-of-target.ts';
import { NO_ROW, type NodeSlot } from './node-slot.ts';
import { PageInputs, type WatchedRefs } from './page-inputs.ts';
import type { ContainerEntry, PageLevels, PodEntry } from './pod-entry.ts';
import type { PodIndex } from './pod-index.ts';
import type { LatestValues } from './pod-values.ts';
import { type ContainerScope, clear, containerScope, nodeScope, plus, podScope, type Usage } from './scopes.ts';

/** What the taps of a cluster share. */
export interface TapContext {
  readonly index: PodIndex;
  readonly levels: PageLevels;
  readonly latest: LatestValues;
  readonly refs: WatchedRefs;
  readonly now: () => number;
}

/** Rates look back this far, or to the page before if that is further. */
export const RATE_WINDOW = 120_000;

/** For so many intervals a pod that has begun is not missed: it has no rate before its second sample. */
export const YOUNG = 3;

/** A kubelet that has not answered so often is not believed any more: what came from its pages ends. */
const MISSED_SCRAPES = 2;

const POD_VALUES = POD_LEVEL.definitions.map(({ value }) => value);
const CONTAINER_VALUES = CONTAINER_LEVEL.definitions.map(({ value }) => value);
const NODE_VALUES = NODE_LEVEL.definitions.map(({ value }) => value);

const indexesOf = (definitions: readonly { readonly source: string }[], test: (source: string) => boolean): number[] =>
  definitions.flatMap(({ source }, column) => (test(source) ? [column] : []));

/** What the watch alone knows is said even when the kubelet does not answer. */
const POD_WATCH_COLUMNS = indexesOf(POD_LEVEL.definitions, (source) => source === 'watch');
const NODE_WATCH_COLUMNS = indexesOf(NODE_LEVEL.definitions, (source) => source === 'watch');
/** The node exporter's tap says the rest. */
const NODE_COLUMNS = indexesOf(NODE_LEVEL.definitions, (source) => source !== 'node exporter');

// One of each serves all taps: a page is computed without a pause.
const ofContainer = containerScope();
const ofPod = podScope();
const ofNode = nodeScope();
const containerValues = new Float64Array(CONTAINER_VALUES.length);
const podValues = new Float64Array(POD_VALUES.length);
const nodeValues = new Float64Array(NODE_VALUES.length);

/** Serves all taps too. */
const ofContainers = new ContainersSum();

let taps = 0;

/**
 * Listens to the cAdvisor page of one kubelet and adds to it what the catalogue says of the containers and pods on its
 * node, and of the node. Which these are the watch caches say, and not the page: containers that have ended stay on it
 * for a while.
 */
export class CadvisorTap implements SampleTap {
  readonly #target: TappedTarget;
  readonly #context: TapContext;
  readonly #onClosed: () => void;
  readonly #inputs: PageInputs;
  readonly #emission = new Emission();
  /** The newest tap of a node speaks for it. */
  readonly #number = ++taps;
  /** Units by name, with the number of their inputs. */
  readonly #units = new Map<string, number>();
  readonly #unitNames: string[] = [];
  readonly #unitInputs: number[] = [];
  readonly #freeUnits: number[] = [];
  /** By `namespace/name`: the units of its sandboxes' networks, in the order of their appearance. */
  readonly #networks = new Map<string, number[]>();
  readonly #podOfUnit = new Map<number, string>();
  readonly #interfaces = new Map<string, number>();
  /** Raised whenever units come or go. */
  #version = 0;
  #slot: NodeSlot | undefined;
  #missed = 0;
  #isEnded = false;

  /** `onClosed` is called when the tap is of no use any more. */
  constructor(target: TappedTarget, context: TapContext, onClosed: () => void) {
    this.#target = target;
    this.#context = context;
    this.#onClosed = onClosed;
    this.#inputs = new PageInputs({
      refs: context.refs,
      columns: quantity.QUANTITIES,
      window: RATE_WINDOW,
      interval: target.scrapeInterval,
    });
  }

  get scrapeInterval(): number {
    return this.#target.scrapeInterval;
  }

  /** Bytes that its columns take. */
  get byteLength(): number {
    return this.#inputs.byteLength;
  }

  acquired(ref: SeriesRef, labels: Labels): void {
    const row = readCadvisorRow(labels);
    if (row === undefined) return;
    let unit = this.#units.get(row.unit);
    if (unit === undefined) {
      unit = this.#freeUnits.pop() ?? this.#unitNames.length;
      this.#units.set(row.unit, unit);
      this.#unitNames[unit] = row.unit;
      this.#unitInputs[unit] = 0;
      this.#version++;
      if (row.of === 'pod') {
        this.#networks.set(row.pod, [...(this.#networks.get(row.pod) ?? []), unit]);
        this.#podOfUnit.set(unit, row.pod);
      }
      if (row.of === 'interface') this.#interfaces.set(row.interface, unit);
    }
    const held = this.#inputs.add(ref, unit, row.kind);
    if (held === 'new') this.#unitInputs[unit]!++;
    if (this.#unitInputs[unit] === 0) this.#dropUnit(unit);
  }

  released(ref: SeriesRef): void {
    const unit = this.#inputs.remove(ref);
    if (unit >= 0 && --this.#unitInputs[unit]! === 0) this.#dropUnit(unit);
  }

  #dropUnit(unit: number): void {
    this.#version++;
    const name = this.#unitNames[unit]!;
    this.#units.delete(name);
    this.#freeUnits.push(unit);
    const pod = this.#podOfUnit.get(unit);
    if (pod !== undefined) {
      this.#podOfUnit.delete(unit);
      const left = this.#networks.get(pod)!.filter((other) => other !== unit);
      if (left.length === 0) this.#networks.delete(pod);
      else this.#networks.set(pod, left);
    }
    for (const [device, other] of this.#interfaces) if (other === unit) this.#interfaces.delete(device);
  }

  page(batch: ScrapeBatch, timestamp: number): void {
    this.#missed = 0;
    this.#inputs.read(batch, timestamp);
    const slot = this.#claim();
    if (slot === undefined) return;
    this.#emission.begin(batch, timestamp);
    clear(ofNode);
    for (const entry of slot.pods) {
      if (entry.isTerminal) continue;
      this.#fillPod(entry, timestamp);
      this.#noteLatest(entry, timestamp);
      this.#writePod(entry);
    }
    this.#fillNode(slot);
    this.#writeNode(slot, NODE_COLUMNS);
    this.#closeEnding(slot);
  }

  failed(batch: ScrapeBatch, timestamp: number): void {
    this.#missed++;
    const slot = this.#claim();
    if (slot === undefined) return;
    this.#emission.begin(batch, timestamp);
    const isLost = this.#missed >= MISSED_SCRAPES;
    clear(ofNode);
    for (const entry of slot.pods) {
      if (entry.isTerminal) continue;
      clear(ofPod);
      this.#fillWatched(entry);
      this.#writePod(entry, isLost ? undefined : POD_WATCH_COLUMNS);
      if (!isLost) continue;
      for (const { row } of entry.containers)
        if (row !== NO_ROW) this.#context.levels.containers.end(this.#emission, row);
    }
    this.#fillWatchedNode(slot);
    this.#writeNode(slot, isLost ? NODE_COLUMNS : NODE_WATCH_COLUMNS);
    this.#closeEnding(slot);
  }

  ended(batch: ScrapeBatch, timestamp: number): void {
    this.#isEnded = true;
    const slot = this.#slot;
    if (slot === undefined || slot.tap !== this) return;
    this.#emission.begin(batch, timestamp);
    const { levels } = this.#context;
    for (const entry of slot.pods) {
      if (entry.row !== NO_ROW) levels.pods.end(this.#emission, entry.row);
      for (const { row } of entry.containers) if (row !== NO_ROW) levels.containers.end(this.#emission, row);
    }
    nodeValues.fill(Number.NaN);
    if (slot.row !== NO_ROW) {
      levels.nodes.write(this.#emission, slot.row, { values: nodeValues, source: slot, columns: NODE_COLUMNS });
    }
    this.#closeEnding(slot);
  }

  stored(): void {
    this.#emission.stored();
  }

  refused(): void {
    const slot = this.#slot;
    const rows = this.#emission.refused();
    if (slot === undefined) return;
    slot.ending.push(...rows);
    for (const entry of slot.pods) entry.restartsTold = entry.restartsBefore;
  }

  closed(): void {
    this.#inputs.close();
    this.#onClosed();
    const slot = this.#slot;
    if (slot === undefined || slot.tap !== this) return;
    slot.tap = undefined;
    slot.tapless = this.#context.now();
    this.#context.index.forget(slot);
  }

  /** The node's slot, unless nothing is known yet or another tap speaks for it. */
  #claim(): NodeSlot | undefined {
    const { index } = this.#context;
    if (!index.isSynced || this.#isEnded) return undefined;
    if (this.#slot === undefined || index.nodes.get(this.#slot.name) !== this.#slot) {
      this.#slot = nodeOfTarget(this.#target, index) ?? this.#nodeOfPage();
      if (this.#slot === undefined) return undefined;
    }
    const other = this.#slot.tap;
    if (other instanceof CadvisorTap && other.#number > this.#number) return undefined;
    this.#slot.tap = this;
    return this.#slot;
  }

  /** The node that most of the page's pods are on. */
  #nodeOfPage(): NodeSlot | undefined {
    const counts = new Map<NodeSlot, number>();
    for (const pod of this.#networks.keys()) {
      const slot = this.#context.index.pods.get(pod)?.slot;
      if (slot !== undefined && slot.name !== '') counts.set(slot, (counts.get(slot) ?? 0) + 1);
    }
    return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
  }

  /**
   * Gives what was filled in last to the sums over pods, then leaves out of it what lacks a container. A pod whose containers
   * all had CPU and do not any more goes on with its last values: while its newest container is young, as it is after a restart,
   * else until it is missing, as if it were not on the page. Of one that never was whole, the sums have what is known.
   */
  #noteLatest(entry: PodEntry, timestamp: number): void {
    const { latest } = this.#context;
    const { isWhole } = ofContainers;
    if (!Number.isNaN(ofPod.cpu)) entry.seenAt = timestamp;
    const young = timestamp - YOUNG * this.#target.scrapeInterval;
    const goesOn = !isWhole && entry.isWhole && latest.isKnown(entry.index);
    const isMissing = Number.isNaN(ofPod.cpu) && entry.containers.length > 0 && entry.startedAt <= young;
    if (!goesOn && !isMissing) {
      latest.put(entry.index, timestamp, ofPod);
      entry.isWhole = isWhole;
    }
    ofContainers.leaveOut(ofPod);
    if (goesOn && entry.startedAt > young) latest.goOn(entry.index, timestamp, ofPod);
  }

  /** Finds the units of a pod, when these or it have changed. */
  #resolve(entry: PodEntry): void {
    if (entry.resolvedBy === this && entry.resolvedAt === this.#version) return;
    entry.resolvedBy = this;
    entry.resolvedAt = this.#version;
    for (const container of entry.containers) {
      container.unit = this.#units.get(containerUnit(entry.key, container.name, container.id)) ?? -1;
    }
    entry.networkUnits = this.#networks.get(entry.key) ?? [];
  }

  #fillPod(entry: PodEntry, timestamp: number): void {
    const { slot } = entry;
    this.#resolve(entry);
    clear(ofPod);
    ofContainers.begin();
    this.#fillWatched(entry);
    this.#fillNetwork(ofPod, entry);
    for (const container of entry.containers) {
      this.#fillContainer(container, timestamp);
      ofContainers.add(container, { scope: ofContainer, into: ofPod, timestamp });
      ofNode.gpu = plus(ofNode.gpu, ofContainer.gpu);
      ofNode.gpuMemory = plus(ofNode.gpuMemory, ofContainer.gpuMemory);
      this.#writeContainer(container);
    }
    ofPod.cpuRequest = entry.cpuRequest;
    ofPod.cpuLimit = entry.cpuLimit;
    ofPod.memoryRequest = entry.memoryRequest;
    ofPod.memoryLimit = entry.memoryLimit;
    fillShare(ofPod, slot);
    const orCapacity = (own: number, capacity: number): number => (!Number.isNaN(own) ? own : capacity);
    if (!Number.isNaN(ofPod.cpu)) ofPod.cpuResource = orCapacity(entry.cpuResource, slot.capacity.cpu);
    if (!Number.isNaN(ofPod.memory)) ofPod.memoryResource = orCapacity(entry.memoryResource, slot.capacity.memory);
  }

  /** What the watch knows of a pod, and of its node by it. */
  #fillWatched(entry: PodEntry): void {
    ofPod.ready = entry.isReady ? 1 : 0;
    ofPod.restarts = Math.max(entry.restarts - entry.restartsTold, 0);
    entry.restartsBefore = entry.restartsTold;
    entry.restartsTold = entry.restarts;
    ofPod.gpuRequest = entry.gpuRequest;
    ofPod.gpuMemoryRequest = entry.gpuMemoryRequest;
    ofNode.restarts = plus(ofNode.restarts, ofPod.restarts);
    ofNode.cpuRequest = plus(ofNode.cpuRequest, entry.cpuRequest);
    ofNode.memoryRequest = plus(ofNode.memoryRequest, entry.memoryRequest);
  }

  /**
   * The traffic of the pod's sandbox: of several, which there are for a while when one was replaced, the newest that is on
   * the page. A pod on its node's network has none of its own.
   */
  #fillNetwork(into: Usage, entry: PodEntry): void {
    if (entry.pod.spec.hostNetwork === true) return;
    const { results } = this.#inputs;
    for (let i = entry.networkUnits.length - 1; i >= 0; i--) {
      const at = entry.networkUnits[i]! * quantity.QUANTITIES;
      const received = results[at + quantity.RECEIVE_BYTES]!;
      if (Number.isNaN(received) && i > 0) continue;
      into.receiveBytes = received;
      into.transmitBytes = results[at + quantity.TRANSMIT_BYTES]!;
      into.receivePackets = results[at + quantity.RECEIVE_PACKETS]!;
      into.transmitPackets = results[at + quantity.TRANSMIT_PACKETS]!;
      into.receivedBytes = results[at + quantity.RECEIVED_BYTES]!;
      into.transmittedBytes = results[at + quantity.TRANSMITTED_BYTES]!;
      return;
    }
  }

  #fillContainer(container: ContainerEntry, timestamp: number): void {
    const c: ContainerScope = ofContainer;
    clear(c);
    const { pod, declared, unit } = container;
    if (unit >= 0) {
      const { results } = this.#inputs;
      const at = unit * quantity.QUANTITIES;
      c.cpu = results[at + quantity.CPU]!;
      c.memory = results[at + quantity.MEMORY]!;
      // The two are not read at the same moment.
      c.noCache = Math.max(c.memory - results[at + quantity.CACHE]!, 0);
      c.fsReadBytes = results[at + quantity.FS_READ_BYTES]!;
      c.fsWriteBytes = results[at + quantity.FS_WRITE_BYTES]!;
      c.fsReads = results[at + quantity.FS_READS]!;
      c.fsWrites = results[at + quantity.FS_WRITES]!;
    }
    if (container.gpuAt > timestamp - 2 * this.#target.scrapeInterval) {
      c.gpu = container.gpu;
      c.gpuMemory = container.gpuMemory;
    }
    // Containers of a pod share its network: only in a pod of one is it known whose the traffic is.
    if (pod.isSingle && unit >= 0) {
      c.transmittedBytes = ofPod.transmittedBytes;
      c.receivePackets = ofPod.receivePackets;
      c.transmitPackets = ofPod.transmitPackets;
    }
    const { requests, limits } = declared;
    c.cpuRequest = requests.cpu;
    c.cpuLimit = limits.cpu;
    c.memoryRequest = requests.memory;
    c.memoryLimit = limits.memory;
    c.gpuRequest = requests.gpu;
    c.gpuMemoryRequest = requests.gpuMemory;
    fillShare(c, pod.slot);
  }

  #writeContainer(container: ContainerEntry): void {
    const { containers } = this.#context.levels;
    for (let i = 0; i < CONTAINER_VALUES.length; i++) containerValues[i] = CONTAINER_VALUES[i]!(ofContainer);
    if (container.row === NO_ROW) container.row = containers.open();
    containers.write(this.#emission, container.row, { values: containerValues, source: container });
  }

  #writePod(entry: PodEntry, columns?: readonly number[]): void {
    const { pods } = this.#context.levels;
    for (let i = 0; i < POD_VALUES.length; i++) podValues[i] = POD_VALUES[i]!(ofPod);
    if (entry.row === NO_ROW) entry.row = pods.open();
    pods.write(this.#emission, entry.row, { values: podValues, source: entry, ...(columns && { columns }) });
  }

  #fillWatchedNode(slot: NodeSlot): void {
    ofNode.ready = slot.isReady ? 1 : 0;
    ofNode.restarts = plus(ofNode.restarts, 0);
    ofNode.cpuRequest = plus(ofNode.cpuRequest, 0);
    ofNode.memoryRequest = plus(ofNode.memoryRequest, 0);
  }

  #fillNode(slot: NodeSlot): void {
    this.#fillWatchedNode(slot);
    const { results } = this.#inputs;
    const machine = this.#units.get('/');
    if (machine !== undefined) {
      ofNode.cpu = results[machine * quantity.QUANTITIES + quantity.CPU]!;
      ofNode.memory = results[machine * quantity.QUANTITIES + quantity.MEMORY]!;
    }
    for (const [device, unit] of this.#interfaces) {
      const received = results[unit * quantity.QUANTITIES + quantity.RECEIVE_BYTES]!;
      const sent = results[unit * quantity.QUANTITIES + quantity.TRANSMIT_BYTES]!;
      if (device === slot.wanDevice) {
        ofNode.wanIn = received;
        ofNode.wanOut = sent;
      } else {
        ofNode.lanIn = plus(ofNode.lanIn, received);
        ofNode.lanOut = plus(ofNode.lanOut, sent);
      }
    }
    ofNode.cpuCapacity = slot.capacity.cpu;
    ofNode.memoryCapacity = slot.capacity.memory;
    ofNode.gpuCapacity = slot.capacity.gpu;
    ofNode.gpuMemoryCapacity = slot.capacity.gpuMemory;
  }

  #writeNode(slot: NodeSlot, columns: readonly number[]): void {
    if (!slot.exists) return;
    const { nodes } = this.#context.levels;
    for (let i = 0; i < NODE_VALUES.length; i++) nodeValues[i] = NODE_VALUES[i]!(ofNode);
    if (slot.row === NO_ROW) slot.row = nodes.open();
    nodes.write(this.#emission, slot.row, { values: nodeValues, source: slot, columns });
  }

  #closeEnding(slot: NodeSlot): void {
    const { ending } = slot;
    if (ending.length === 0) return;
    slot.ending = [];
    this.#emission.close(ending);
  }
}

function fillShare(
  into: { nodeCpu: number; nodeMemory: number; nodeGpu: number; nodeGpuMemory: number },
  { capacity }: NodeSlot,
): void {
  into.nodeCpu = capacity.cpu;
  into.nodeMemory = capacity.memory;
  into.nodeGpu = capacity.gpu;
  into.nodeGpuMemory = capacity.gpuMemory;
}
