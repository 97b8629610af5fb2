import { Labels } from '../../../storage/labels.ts';
import type { ContainerStatus, Pod } from '../objects.ts';
import type { EndingRow, LabelSource, LevelSeries, Row } from './level-series.ts';
import { NO_ROW, type NodeSlot } from './node-slot.ts';
import { type Declarations, declarationsOf } from './resources.ts';
import type { Workload } from './workload.ts';

/** The levels whose series are stored with the pages. */
export interface PageLevels {
  readonly pods: LevelSeries;
  readonly containers: LevelSeries;
  readonly nodes: LevelSeries;
}

/** A running container. */
export class ContainerEntry implements LabelSource {
  readonly pod: PodEntry;
  readonly name: string;
  readonly id: string;
  row: Row = NO_ROW;
  declared: Declarations;
  /** The unit that its kubelet's tap knows it by, -1 when the pages do not have it. */
  unit = -1;
  /** What a GPU exporter said last, and when. */
  gpu = Number.NaN;
  gpuMemory = Number.NaN;
  gpuAt = 0;
  /** When there were rates of its input and output last. */
  fsAt = 0;

  constructor(pod: PodEntry, { name, id, declared }: { name: string; id: string; declared: Declarations }) {
    this.pod = pod;
    this.name = name;
    this.id = id;
    this.declared = declared;
  }

  labels(): Labels {
    return this.pod.labels().with('container', this.name).with('container_id', this.id);
  }
}

/** A pod as the catalogue sees it: where it belongs, what it declares, and its rows. */
export class PodEntry implements LabelSource {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly #cluster: string;
  slot: NodeSlot;
  workload: Workload;
  /** The last state of the object. */
  pod: Pod;
  isTerminal = false;
  isRunning = false;
  isReady = false;
  /** Of the regular containers and sidecars. */
  restarts = 0;
  /** What they were at the last sample of the pod, and in the last sums; NaN: there was none. */
  restartsTold = Number.NaN;
  /** What `restartsTold` was before, should the storage refuse the sample. */
  restartsBefore = Number.NaN;
  restartsSummed = Number.NaN;
  /** Those since the sums before, for the sums under way. */
  restartsInRound = Number.NaN;
  /** Those that run and have an id. */
  containers: ContainerEntry[] = [];
  /** Of one container that lasts, not counting init containers. */
  isSingle = false;
  /** Its last values are those of all containers that ran, not of some of them. */
  isWhole = false;
  /** When a page had CPU of any of its containers last. */
  seenAt = 0;
  /** Sums over the containers that declare it; NaN when none does. */
  cpuRequest = Number.NaN;
  cpuLimit = Number.NaN;
  memoryRequest = Number.NaN;
  memoryLimit = Number.NaN;
  gpuRequest = Number.NaN;
  gpuMemoryRequest = Number.NaN;
  /** The pod's limit if every container has one, else its request if every one has one, else NaN: the node counts. */
  cpuResource = Number.NaN;
  memoryResource = Number.NaN;
  row: Row = NO_ROW;
  /** Its place among the pods' latest values. */
  readonly index: number;
  /** Which tap and state of its units `unit` and `networkUnit` are of. */
  resolvedBy: object | undefined;
  resolvedAt = -1;
  networkUnits: readonly number[] = [];
  /** Where its values are summed; undefined until the next sums. */
  workloadGroup: object | undefined;
  namespaceGroup: object | undefined;

  constructor(
    pod: Pod,
    {
      cluster,
      slot,
      workload,
      index,
    }: { readonly cluster: string; readonly slot: NodeSlot; readonly workload: Workload; readonly index: number },
  ) {
    this.namespace = pod.metadata.namespace;
    this.name = pod.metadata.name;
    this.key = podKey(this.namespace, this.name);
    this.uid = pod.metadata.uid;
    this.pod = pod;
    this.slot = slot;
    this.workload = workload;
    this.index = index;
    this.#cluster = cluster;
  }

  labels(): Labels {
    const { namespace, name: pod, workload, slot } = this;
    return Labels.from({
      cluster: this.#cluster,
      namespace,
      workload_kind: workload.kind,
      workload_name: workload.name,
      pod,
      node: slot.name,
      node_role: slot.role,
    });
  }

  /** When the newest of its containers that run began, by the kubelet's clock: Unix milliseconds, NaN when nobody says. */
  get startedAt(): number {
    const { containerStatuses = [], initContainerStatuses = [] } = this.pod.status;
    let newest = Number.NaN;
    for (const { state } of [...containerStatuses, ...initContainerStatuses]) {
      const at = Date.parse(state?.running?.startedAt ?? '');
      if (!Number.isNaN(at) && !(at <= newest)) newest = at;
    }
    return newest;
  }

  /** Takes the object's state. Rows of containers that are gone are added to `ended`. */
  update(pod: Pod, levels: PageLevels, ended: EndingRow[]): void {
    this.pod = pod;
    const { phase } = pod.status;
    this.isTerminal = phase === 'Succeeded' || phase === 'Failed';
    this.isRunning = phase === 'Running';
    this.isReady = pod.status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
    const lasting = [...pod.spec.containers, ...sidecars];
    this.isSingle = lasting.length === 1;
    this.#sumDeclared(lasting.map((container) => declarationsOf(container, this.slot.cardMemory)));

    const statuses = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])];
    const names = new Set(lasting.map(({ name }) => name));
    this.restarts = 0;
    for (const { name, restartCount } of statuses) if (names.has(name)) this.restarts += restartCount ?? 0;
    const before = this.containers;
    this.containers = this.isTerminal
      ? []
      : statuses.filter(isRunning).map((status) => this.#container(status, before));
    for (const container of before) {
      if (this.containers.includes(container) || container.row === NO_ROW) continue;
      ended.push({ level: levels.containers, row: container.row });
      container.row = NO_ROW;
    }
    this.resolvedAt = -1;
  }

  /** Gives its rows away, because it is gone or its labels change. */
  takeRows(levels: PageLevels, ended: EndingRow[]): void {
    if (this.row !== NO_ROW) ended.push({ level: levels.pods, row: this.row });
    this.row = NO_ROW;
    for (const container of this.containers) {
      if (container.row !== NO_ROW) ended.push({ level: levels.containers, row: container.row });
      container.row = NO_ROW;
    }
  }

  #container({ name, containerID = '' }: ContainerStatus, before: readonly ContainerEntry[]): ContainerEntry {
    const id = plainContainerId(containerID);
    const { containers, initContainers = [] } = this.pod.spec;
    const spec = containers.find((other) => other.name === name) ?? initContainers.find((other) => other.name === name);
    const declared = declarationsOf(spec ?? { name }, this.slot.cardMemory);
    const known = before.find((other) => other.name === name && other.id === id);
    if (known === undefined) return new ContainerEntry(this, { name, id, declared });
    known.declared = declared;
    return known;
  }

  #sumDeclared(all: readonly Declarations[]): void {
    const sum = (of: (declared: Declarations) => number): number => {
      const some = all.map(of).filter((value) => !Number.isNaN(value));
      return some.length === 0 ? Number.NaN : some.reduce((a, b) => a + b);
    };
    const resource = (limit: (d: Declarations) => number, request: (d: Declarations) => number): number => {
      const whole = [limit, request].find((of) => all.every((declared) => !Number.isNaN(of(declared))));
      return whole === undefined ? Number.NaN : sum(whole);
    };
    this.cpuRequest = sum(({ requests }) => requests.cpu);
    this.cpuLimit = sum(({ limits }) => limits.cpu);
    this.memoryRequest = sum(({ requests }) => requests.memory);
    this.memoryLimit = sum(({ limits }) => limits.memory);
    this.gpuRequest = sum(({ requests, limits }) => (Number.isNaN(requests.gpu) ? limits.gpu : requests.gpu));
    this.gpuMemoryRequest = sum(({ requests, limits }) =>
      Number.isNaN(requests.gpuMemory) ? limits.gpuMemory : requests.gpuMemory,
    );
    this.cpuResource = resource(
      ({ limits }) => limits.cpu,
      ({ requests }) => requests.cpu,
    );
    this.memoryResource = resource(
      ({ limits }) => limits.memory,
      ({ requests }) => requests.memory,
    );
  }
}

export function podKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Without the runtime's name: `containerd://0123…` is 0123…. */
function plainContainerId(id: string): string {
  return id.slice(id.indexOf('://') < 0 ? 0 : id.indexOf('://') + 3);
}

function isRunning({ state, containerID }: ContainerStatus): boolean {
  return state?.running !== undefined && containerID !== undefined && containerID !== '';
}
