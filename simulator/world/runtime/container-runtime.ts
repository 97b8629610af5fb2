import type { ClusterIndex } from '../cluster-index.ts';
import { qosClassOf } from '../controllers/controller-context.ts';
import { workloadOf } from '../controllers/owners.ts';
import type { Meters } from '../load/meters.ts';
import { profileOf, resourcesOf } from '../load/profile.ts';
import type { Container, Node, Pod } from '../objects.ts';
import { amount } from '../quantity.ts';
import { mix32, type Random } from '../random.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import type { Gpu, Machine, MachineRows, RunningContainer, RunningPod } from './machine.ts';

/** cAdvisor shows a container that has ended for this long. */
const LINGER_MS = 90_000;

export interface ContainerRuntimeOptions {
  readonly clock: SimulatedClock;
  readonly meters: Meters;
  readonly index: ClusterIndex;
  readonly random: Random;
}

/** What runs on which machine, with rows in the meters for all of it. */
export class ContainerRuntime {
  /** By node name; a machine stays when its Node object is deleted, until it is removed here. */
  readonly machines = new Map<string, Machine>();
  readonly #clock: SimulatedClock;
  readonly #meters: Meters;
  readonly #index: ClusterIndex;
  readonly #random: Random;
  #machineCount = 0;

  constructor({ clock, meters, index, random }: ContainerRuntimeOptions) {
    this.#clock = clock;
    this.#meters = meters;
    this.#index = index;
    this.#random = random;
  }

  /** The machine behind a node object. */
  addMachine(node: Node, { disk }: { readonly disk: number }): Machine {
    const { capacity, nodeInfo, addresses } = node.status;
    const gpus = amount(capacity['nvidia.com/gpu']) ?? 0;
    const machine: Machine = {
      name: node.metadata.name,
      number: ++this.#machineCount,
      address: addresses.find(({ type }) => type === 'InternalIP')!.address,
      publicAddress: addresses.find(({ type }) => type === 'ExternalIP')?.address,
      cores: amount(capacity.cpu)!,
      memory: amount(capacity.memory)!,
      disk,
      gpus: Array.from({ length: gpus }, (): Gpu => {
        const uuid = `GPU-${this.#random.uid()}`;
        const row = this.#meters.allocate();
        return { uuid, model: 'NVIDIA A10', memory: 23_028, row, user: undefined };
      }),
      runtime: nodeInfo.containerRuntimeVersion?.startsWith('cri-o') ? 'cri-o' : 'containerd',
      virtual: node.metadata.labels?.type === 'virtual-kubelet',
      bootedAt: Math.floor(Date.parse(node.metadata.creationTimestamp!) - 45_000),
      pods: new Map(),
      rows: this.#machineRows(),
      up: true,
      powered: true,
      supply: 1,
      tally: { podStarts: 0, containerStarts: 0, containerStops: 0, evictions: new Map() },
      filled: 0,
    };
    this.machines.set(machine.name, machine);
    return machine;
  }

  removeMachine(machine: Machine): void {
    for (const pod of machine.pods.values()) this.#release(pod);
    machine.pods.clear();
    for (const row of [...Object.values(machine.rows), ...machine.gpus.map((gpu) => gpu.row)])
      this.#meters.release(row);
    this.machines.delete(machine.name);
  }

  /** Everything on it ends at once, without a word to anybody. */
  powerOff(machine: Machine): void {
    machine.powered = false;
    machine.up = false;
    for (const pod of machine.pods.values()) this.#release(pod);
    machine.pods.clear();
    for (const gpu of machine.gpus) gpu.user = undefined;
  }

  /** Begins with all counters at 0. */
  powerOn(machine: Machine): void {
    for (const row of Object.values(machine.rows)) this.#meters.release(row);
    machine.rows = this.#machineRows();
    machine.bootedAt = this.#clock.now();
    machine.powered = true;
    machine.up = true;
  }

  /** Makes the pod's sandbox. `startedAt` may lie in the past. */
  startPod(
    machine: Machine,
    pod: Pod,
    { address, startedAt }: { readonly address: string; readonly startedAt: number },
  ) {
    const qos = qosClassOf(pod);
    const uid = pod.metadata.uid!;
    const slice = uid.replaceAll('-', '_');
    const parent = qos === 'Guaranteed' ? 'kubepods' : `kubepods-${qos.toLowerCase()}`;
    const running: RunningPod = {
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name,
      uid,
      machine,
      qos,
      hostNetwork: pod.spec.hostNetwork === true,
      address,
      workload: workloadOf(pod, this.#index),
      profile: profileOf(pod.metadata.annotations),
      row: this.#meters.allocate(),
      sandbox: { id: this.#random.hex(64), row: this.#meters.allocate() },
      startedAt,
      containers: [],
      cgroup: `/kubepods.slice/${qos === 'Guaranteed' ? '' : `${parent}.slice/`}${parent}-pod${slice}.slice`,
      ready: false,
      endedAt: undefined,
    };
    machine.pods.set(uid, running);
    machine.tally.podStarts++;
    return running;
  }

  startContainer(
    pod: RunningPod,
    spec: Container,
    { main, startedAt }: { readonly main: boolean; readonly startedAt: number },
  ): RunningContainer {
    const requests = resourcesOf(spec.resources?.requests);
    const limits = resourcesOf(spec.resources?.limits);
    const id = this.#random.hex(64);
    const container: RunningContainer = {
      pod,
      name: spec.name,
      main,
      id,
      image: spec.image,
      row: this.#meters.allocate(),
      startedAt,
      cpuRequest: requests.cpu,
      cpuLimit: limits.cpu,
      memoryRequest: requests.memory,
      memoryLimit: limits.memory,
      seed: mix32(Number.parseInt(id.slice(0, 8), 16)),
      ballast: 0,
      endedAt: undefined,
      labels: undefined,
    };
    pod.containers.push(container);
    pod.machine.tally.containerStarts++;
    const free = pod.machine.gpus.filter(({ user }) => user === undefined);
    for (const gpu of free.slice(0, limits.gpus)) gpu.user = container;
    return container;
  }

  stopContainer(container: RunningContainer): void {
    if (container.endedAt !== undefined || !isKnown(container.pod)) return;
    const now = this.#clock.now();
    const { pod } = container;
    this.#meters.freeze(container.row, now);
    container.endedAt = now;
    pod.machine.tally.containerStops++;
    for (const gpu of pod.machine.gpus) if (gpu.user === container) gpu.user = undefined;
    this.#clock.after(LINGER_MS, () => {
      const at = pod.containers.indexOf(container);
      // The whole pod may be gone by now, with its rows.
      if (at < 0 || !isKnown(pod)) return;
      pod.containers.splice(at, 1);
      this.#meters.release(container.row);
    });
  }

  /** Ends the pod with all that still runs of it. */
  stopPod(pod: RunningPod): void {
    if (pod.endedAt !== undefined || !isKnown(pod)) return;
    for (const container of pod.containers) this.stopContainer(container);
    const now = this.#clock.now();
    pod.endedAt = now;
    pod.ready = false;
    this.#meters.freeze(pod.row, now);
    this.#meters.freeze(pod.sandbox.row, now);
    this.#clock.after(LINGER_MS, () => {
      if (!isKnown(pod)) return;
      pod.machine.pods.delete(pod.uid);
      this.#release(pod);
    });
  }

  #release(pod: RunningPod): void {
    for (const { row } of pod.containers) this.#meters.release(row);
    pod.containers.length = 0;
    this.#meters.release(pod.sandbox.row);
    this.#meters.release(pod.row);
  }

  #machineRows(): MachineRows {
    const row = () => this.#meters.allocate();
    return {
      root: row(),
      system: row(),
      kubelet: row(),
      runtime: row(),
      pods: row(),
      burstable: row(),
      bestEffort: row(),
    };
  }
}

/** False when its machine was switched off meanwhile: its rows may be another's by now. */
function isKnown(pod: RunningPod): boolean {
  return pod.machine.pods.get(pod.uid) === pod;
}
