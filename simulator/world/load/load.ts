import { fraction, noise } from '../random.ts';
import type { Machine, RunningContainer, RunningPod } from '../runtime/machine.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { COLUMN, type Column } from './columns.ts';
import { loadContainer } from './container-load.ts';
import { Demand } from './demand.ts';
import type { Meters } from './meters.ts';

const MiB = 2 ** 20;

/** What the load makes happen. Called after a tick is complete. */
export interface LoadConsequences {
  /** A container wanted more memory than its limit. */
  outOfMemory(container: RunningContainer): void;
}

/** Sets, tick by tick, what everything uses, and adds it up from the containers to the machines. */
export class Load {
  readonly demand = new Demand();
  readonly #meters: Meters;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #consequences: LoadConsequences;

  constructor(
    clock: SimulatedClock,
    {
      meters,
      machines,
      consequences,
    }: {
      readonly meters: Meters;
      readonly machines: ReadonlyMap<string, Machine>;
      readonly consequences: LoadConsequences;
    },
  ) {
    this.#meters = meters;
    this.#machines = machines;
    this.#consequences = consequences;
    clock.every(meters.step, () => this.tick(clock.now()));
  }

  /** Begins a tick. */
  tick(time: number): void {
    const meters = this.#meters;
    meters.tick(time);
    const ready = new Map<string, number>();
    for (const machine of this.#machines.values()) {
      for (const pod of machine.pods.values()) {
        if (pod.ready && pod.endedAt === undefined && machine.powered) {
          ready.set(pod.workload, (ready.get(pod.workload) ?? 0) + 1);
        }
      }
    }
    const demands = new Map<string, number>();
    const demandOf = ({ workload, profile }: RunningPod) => {
      let demand = demands.get(workload);
      if (demand === undefined) demands.set(workload, (demand = this.demand.at(workload, time, profile.wave)));
      return demand;
    };
    const killed: RunningContainer[] = [];
    for (const machine of this.#machines.values()) {
      for (const row of Object.values(machine.rows)) meters.clear(row);
      for (const gpu of machine.gpus) meters.clear(gpu.row);
      if (!machine.powered) continue;
      for (const pod of machine.pods.values()) {
        const demand = demandOf(pod);
        const requests = pod.ready ? (pod.profile.requestsPerSecond * demand) / (ready.get(pod.workload) ?? 1) : 0;
        this.#loadPod(pod, { time, demand, requests, killed });
      }
      this.#loadMachine(machine, time);
    }
    for (const container of killed) this.#consequences.outOfMemory(container);
  }

  /** Work that waits in the queue of a worker's workload: the same for each of its pods. */
  queueOf({ workload, profile }: RunningPod, time: number): number {
    return Math.round(profile.requestsPerSecond * this.demand.at(workload, time, profile.wave));
  }

  /** Memory that cannot be taken back: usage without the inactive part of the page cache. */
  workingSet(row: number, time: number): number {
    return this.memoryUsage(row, time) - this.#meters.value(row, COLUMN.inactiveFile, time);
  }

  memoryUsage(row: number, time: number): number {
    const value = (column: Column) => this.#meters.value(row, column, time);
    return value(COLUMN.rss) + value(COLUMN.cache) + value(COLUMN.kernel);
  }

  #loadPod(
    pod: RunningPod,
    {
      time,
      demand,
      requests,
      killed,
    }: {
      readonly time: number;
      readonly demand: number;
      readonly requests: number;
      readonly killed: RunningContainer[];
    },
  ): void {
    const meters = this.#meters;
    const { machine, row, sandbox, profile } = pod;
    if (pod.endedAt !== undefined) return;
    const first = meters.rate(row, COLUMN.pageFaults) === 0;
    meters.clear(row);
    let work = 0;
    for (const container of pod.containers) {
      if (container.endedAt !== undefined) continue;
      const fresh = meters.rate(container.row, COLUMN.pageFaults) === 0;
      const supply = machine.supply;
      const wanted = loadContainer(meters, container, {
        time,
        requests: container.main ? requests : 0,
        demand,
        supply,
      });
      if (fresh) this.#backdate(container.row, time - container.startedAt);
      if (wanted > (container.memoryLimit ?? Number.POSITIVE_INFINITY)) killed.push(container);
      work += meters.rate(container.row, COLUMN.cpuUser);
      meters.addTo(row, container.row);
    }
    meters.set(sandbox.row, COLUMN.rss, 40_960);
    meters.set(sandbox.row, COLUMN.kernel, 229_376);
    meters.set(sandbox.row, COLUMN.processes, 1);
    meters.set(sandbox.row, COLUMN.threads, 1);
    if (!pod.hostNetwork) {
      const traffic = profile.name === 'database' || profile.name === 'cache' ? 400_000 * demand : 20_000 * work;
      const receive = 300 + 900 * requests + traffic;
      const transmit = 250 + 5200 * requests + traffic * 1.4;
      meters.set(sandbox.row, COLUMN.receiveBytes, receive);
      meters.set(sandbox.row, COLUMN.transmitBytes, transmit);
      meters.set(sandbox.row, COLUMN.receivePackets, 2 + receive / 640);
      meters.set(sandbox.row, COLUMN.transmitPackets, 2 + transmit / 900);
    }
    meters.addTo(row, sandbox.row);
    if (first) {
      this.#backdate(sandbox.row, time - pod.startedAt);
      this.#backdate(row, time - pod.startedAt);
    }
    meters.addTo(machine.rows.pods, row);
    if (pod.qos === 'Burstable') meters.addTo(machine.rows.burstable, row);
    else if (pod.qos === 'BestEffort') meters.addTo(machine.rows.bestEffort, row);
  }

  #loadMachine(machine: Machine, time: number): void {
    const meters = this.#meters;
    const { rows, pods } = machine;
    const seed = machine.number * 977;
    const jitter = 1 + 0.1 * noise(seed, time, 120_000);
    const first = meters.value(rows.root, COLUMN.cpuUser, time) === 0;
    const daemon = (row: number, cpu: number, memory: number) => {
      meters.set(row, COLUMN.cpuUser, cpu * 0.6 * jitter);
      meters.set(row, COLUMN.cpuSystem, cpu * 0.4 * jitter);
      meters.set(row, COLUMN.rss, Math.round((memory * jitter) / 4096) * 4096);
      meters.set(row, COLUMN.cache, Math.round((memory * 0.4) / 4096) * 4096);
      meters.set(row, COLUMN.inactiveFile, Math.round((memory * 0.3) / 4096) * 4096);
      meters.set(row, COLUMN.kernel, 8 * MiB);
      meters.set(row, COLUMN.pageFaults, 200);
      meters.set(row, COLUMN.writeBytes, 6000 * jitter);
      meters.set(row, COLUMN.writes, 1.2 * jitter);
      meters.set(row, COLUMN.processes, 1);
      meters.set(row, COLUMN.threads, 24);
    };
    daemon(rows.kubelet, 0.03 + 0.0015 * pods.size, 90 * MiB + pods.size * 0.8 * MiB);
    daemon(rows.runtime, 0.02 + 0.001 * pods.size, 70 * MiB + pods.size * MiB);
    // system.slice holds the two and the rest of the operating system.
    daemon(rows.system, 0.025, 240 * MiB);
    meters.addTo(rows.system, rows.kubelet);
    meters.addTo(rows.system, rows.runtime);
    meters.addTo(rows.root, rows.pods);
    meters.addTo(rows.root, rows.system);
    // The page cache of what belongs to no cgroup that is shown.
    meters.bump(rows.root, COLUMN.cache, Math.round((machine.memory * 0.06) / 4096) * 4096);
    meters.bump(rows.root, COLUMN.inactiveFile, Math.round((machine.memory * 0.05) / 4096) * 4096);
    meters.set(rows.root, COLUMN.receiveBytes, meters.rate(rows.root, COLUMN.receiveBytes) + 9000 * jitter);
    meters.set(rows.root, COLUMN.transmitBytes, meters.rate(rows.root, COLUMN.transmitBytes) + 14_000 * jitter);
    meters.set(rows.root, COLUMN.receivePackets, meters.rate(rows.root, COLUMN.receivePackets) + 45 * jitter);
    meters.set(rows.root, COLUMN.transmitPackets, meters.rate(rows.root, COLUMN.transmitPackets) + 40 * jitter);
    // Frames of protocols that the machine does not speak.
    meters.set(rows.root, COLUMN.receiveDropped, 0.04 * jitter);
    const images = machine.disk * (0.18 + 0.12 * fraction(machine.name));
    meters.set(rows.root, COLUMN.fsUsage, images + machine.filled + meters.value(rows.pods, COLUMN.fsUsage, time));
    if (first) for (const row of Object.values(rows)) this.#backdate(row, time - machine.bootedAt);
    const used = meters.rate(rows.root, COLUMN.cpuUser) + meters.rate(rows.root, COLUMN.cpuSystem);
    const full = 0.97 * machine.cores;
    machine.supply = Math.min(1, used > full ? (machine.supply * full) / used : machine.supply * 1.05);
    for (const gpu of machine.gpus) {
      const demand = gpu.user === undefined ? 0 : this.demand.at(gpu.user.pod.workload, time);
      const busy = gpu.user === undefined ? 0 : Math.min(100, 35 + 60 * demand + 8 * noise(gpu.row, time, 40_000));
      meters.set(gpu.row, COLUMN.gpuUtilisation, Math.round(busy));
      const used = gpu.user === undefined ? 3 : gpu.memory * (0.55 + 0.25 * demand);
      meters.set(gpu.row, COLUMN.gpuMemory, Math.round(used));
    }
  }

  /** What runs already when it is first seen has a past. */
  #backdate(row: number, age: number): void {
    if (age > 2 * this.#meters.step) this.#meters.backdate(row, Math.min(30 * 86_400, age / 1000) * 0.9);
  }
}
