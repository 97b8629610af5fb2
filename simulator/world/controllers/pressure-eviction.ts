import { COLUMN } from '../load/columns.ts';
import type { Load } from '../load/load.ts';
import type { Meters } from '../load/meters.ts';
import { isActive, type Pod } from '../objects.ts';
import { amount } from '../quantity.ts';
import type { Machine, RunningPod } from '../runtime/machine.ts';
import type { ControllerContext } from './controller-context.ts';
import type { Kubelet } from './kubelet.ts';

/** Milliseconds between two evictions on a node: memory is free at once, a disk takes its time. */
const PAUSE_MS = { memory: 30_000, disk: 180_000 } as const;
/** For which pressure is told after it ended. */
const TRANSITION_MS = 300_000;
const CHECK_MS = 10_000;
/** Share of the root filesystem that must stay free. */
const DISK_FREE = 0.1;
/** Share of the memory. */
const MEMORY_FREE = 0.03;

export interface PressureEvictionOptions {
  readonly kubelet: Kubelet;
  readonly load: Load;
  readonly meters: Meters;
  readonly machines: ReadonlyMap<string, Machine>;
}

interface Pressure {
  memory: number;
  disk: number;
  evicted: number;
  told: { readonly memory: boolean; readonly disk: boolean };
}

/** What kubelets do when their machine runs out of memory or disk: say so, and end pods until there is enough again. */
export class PressureEviction {
  readonly #context: ControllerContext;
  readonly #options: PressureEvictionOptions;
  /** When each was seen last; 0 is never. */
  readonly #pressure = new Map<string, Pressure>();

  constructor(context: ControllerContext, options: PressureEvictionOptions) {
    this.#context = context;
    this.#options = options;
    context.clock.every(CHECK_MS, () => {
      for (const machine of options.machines.values()) if (machine.up && !machine.virtual) this.#check(machine);
    });
  }

  #check(machine: Machine): void {
    const { load, meters, kubelet } = this.#options;
    const now = this.#context.clock.now();
    const { root } = machine.rows;
    const noMemory = load.workingSet(root, now) > machine.memory * (1 - MEMORY_FREE);
    const noDisk = meters.value(root, COLUMN.fsUsage, now) > machine.disk * (1 - DISK_FREE);
    const before = this.#pressure.get(machine.name);
    if (!noMemory && !noDisk && before === undefined) return;
    const pressure = before ?? { memory: 0, disk: 0, evicted: 0, told: { memory: false, disk: false } };
    this.#pressure.set(machine.name, pressure);
    if (noMemory) pressure.memory = now;
    if (noDisk) pressure.disk = now;
    const tell = { memory: now - pressure.memory < TRANSITION_MS, disk: now - pressure.disk < TRANSITION_MS };
    if (tell.memory !== pressure.told.memory || tell.disk !== pressure.told.disk) kubelet.report(machine, tell);
    pressure.told = tell;
    if (!tell.memory && !tell.disk) this.#pressure.delete(machine.name);
    if (!noMemory && !noDisk) return;
    const what = noMemory ? 'memory' : 'disk';
    if (now - pressure.evicted < PAUSE_MS[what]) return;
    pressure.evicted = now;
    this.#evictOne(machine, what);
  }

  #evictOne(machine: Machine, what: 'memory' | 'disk'): void {
    const now = this.#context.clock.now();
    let worst: { readonly pod: RunningPod; readonly excess: number } | undefined;
    for (const pod of machine.pods.values()) {
      const object = this.#context.index.get<Pod>('pods', pod.namespace, pod.name);
      if (object === undefined || !isActive(object) || (object.spec.priority ?? 0) >= 2_000_000_000) continue;
      const excess = this.#excess(pod, { what, now });
      if (worst === undefined || excess > worst.excess) worst = { pod, excess };
    }
    if (worst === undefined) return;
    const signal = what === 'memory' ? 'memory.available' : 'nodefs.available';
    const resource = what === 'memory' ? 'memory' : 'ephemeral-storage';
    const message = `The node was low on resource: ${resource}. Threshold quantity: ${what === 'memory' ? '100Mi' : '10%'}.`;
    this.#options.kubelet.evict(worst.pod.uid, { signal, message });
  }

  /** How much more the pod uses than it requested. */
  #excess(pod: RunningPod, { what, now }: { readonly what: 'memory' | 'disk'; readonly now: number }): number {
    const { load, meters } = this.#options;
    if (what === 'disk') return meters.value(pod.row, COLUMN.fsUsage, now);
    const requested = pod.containers.reduce((sum, { memoryRequest }) => sum + (amount(memoryRequest) ?? 0), 0);
    return load.workingSet(pod.row, now) - requested;
  }
}
