import { rfc3339 } from '../../object-store.ts';
import { isActive, keyOf, type Node, type Pod } from '../objects.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import type { Faults } from '../runtime/faults.ts';
import type { Machine } from '../runtime/machine.ts';
import { type Exit, PodWorker } from '../runtime/pod-worker.ts';
import { withCondition } from './conditions.ts';
import { type ControllerContext, ownerReference } from './controller-context.ts';

const LEASES = 'leases.coordination.k8s.io';
const LEASE_MS = 10_000;
const STATUS_MS = 300_000;
const PROBE_MS = 10_000;

export interface KubeletOptions {
  readonly runtime: ContainerRuntime;
  readonly faults: Faults;
}

/** The kubelets of all nodes: run the pods that are bound to them, keep their static pods, and send heartbeats. */
export class Kubelet {
  readonly #context: ControllerContext;
  readonly #runtime: ContainerRuntime;
  readonly #faults: Faults;
  readonly #workers = new Map<string, PodWorker>();
  readonly #staticPods = new Map<string, Pod>();
  /** Pod addresses in use, by node. */
  readonly #addresses = new Map<string, { next: number; readonly used: Map<string, number> }>();

  constructor(context: ControllerContext, { runtime, faults }: KubeletOptions) {
    this.#context = context;
    this.#runtime = runtime;
    this.#faults = faults;
    context.onChange('pods', (pod, { gone }) => this.#podChanged(pod as Pod, gone));
    context.clock.every(PROBE_MS, () => {
      for (const worker of this.#workers.values()) if (worker.machine.up) worker.probe();
    });
  }

  /** Begins the heartbeats of a machine whose Node exists. */
  addMachine(machine: Machine): void {
    const { clock } = this.#context;
    const phase = (machine.number * 797) % LEASE_MS;
    const stop = clock.every(
      LEASE_MS,
      () => {
        if (this.#runtime.machines.get(machine.name) !== machine) stop();
        else if (machine.up) this.#renewLease(machine.name);
      },
      phase,
    );
    const stopStatus = clock.every(
      STATUS_MS,
      () => {
        if (this.#runtime.machines.get(machine.name) !== machine) stopStatus();
        else if (machine.up) this.report(machine);
      },
      (machine.number * 2311) % STATUS_MS,
    );
    this.#renewLease(machine.name);
  }

  /** A pod from the node's own manifest: its mirror comes back when it is deleted. */
  addStaticPod(pod: Pod): void {
    this.#staticPods.set(keyOf(pod), pod);
    this.#mirror(pod);
  }

  /** Ends a running container. False when there is none of that name. */
  endContainer(uid: string, container: string, exit: Exit): boolean {
    return this.#workers.get(uid)?.end(container, exit) ?? false;
  }

  evict(uid: string, { signal, message }: { readonly signal: string; readonly message: string }): void {
    const worker = this.#workers.get(uid);
    if (worker === undefined) return;
    const { evictions } = worker.machine.tally;
    evictions.set(signal, (evictions.get(signal) ?? 0) + 1);
    const pod = this.#context.index.byKey<Pod>('pods', worker.key);
    if (pod !== undefined) {
      this.#context.events.record(pod, {
        type: 'Warning',
        reason: 'Evicted',
        message,
        component: 'kubelet',
        host: worker.machine.name,
      });
    }
    worker.evict(message);
  }

  /** Nothing on the machine works any more; with `power` it is off, else only its kubelet is out of reach. */
  down(machine: Machine, { power }: { readonly power: boolean }): void {
    if (power) this.#runtime.powerOff(machine);
    else machine.up = false;
  }

  /** The machine is back; what its pods did not live through starts again. */
  back(machine: Machine): void {
    const off = !machine.powered;
    if (off) this.#runtime.powerOn(machine);
    machine.up = true;
    this.#renewLease(machine.name);
    this.report(machine);
    for (const worker of this.#workers.values()) {
      if (worker.machine !== machine) continue;
      if (off) worker.restartAll();
      else worker.tell();
    }
    for (const pod of this.#context.index.podsOnNode(machine.name)) this.#podChanged(pod, false);
  }

  /** Writes the node's conditions as the kubelet sees them. */
  report(machine: Machine, pressure: { readonly memory?: boolean; readonly disk?: boolean } = {}): void {
    const { index, store, clock, bootstrapping } = this.#context;
    const node = index.get<Node>('nodes', '', machine.name);
    if (node === undefined) return;
    const now = rfc3339(clock.now());
    const since = bootstrapping ? node.metadata.creationTimestamp! : now;
    let { conditions } = node.status;
    const put = (type: string, ...[status, reason, message]: [boolean, string, string]) => {
      const condition = { type, status: status ? 'True' : 'False', reason, message, lastHeartbeatTime: now } as const;
      conditions = withCondition(conditions, condition, since);
    };
    const had = (type: string) => conditions.some((one) => one.type === type && one.status === 'True');
    const memory = pressure.memory ?? had('MemoryPressure');
    const disk = pressure.disk ?? had('DiskPressure');
    if (memory)
      put('MemoryPressure', true, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available');
    else put('MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available');
    if (disk) put('DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure');
    else put('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure');
    put('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available');
    put('Ready', true, 'KubeletReady', 'kubelet is posting ready status');
    store.update('nodes', { ...node, status: { ...node.status, conditions } });
  }

  /** The running pod of a uid, when it runs. */
  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  #podChanged(pod: Pod, gone: boolean): void {
    const uid = pod.metadata.uid!;
    const worker = this.#workers.get(uid);
    if (gone) {
      worker?.abandon();
      this.#workers.delete(uid);
      if (pod.spec.nodeName !== undefined) this.#addresses.get(pod.spec.nodeName)?.used.delete(uid);
      const manifest = this.#staticPods.get(keyOf(pod));
      if (manifest !== undefined) this.#context.clock.after(1000, () => this.#mirror(manifest));
      return;
    }
    if (worker !== undefined) {
      if (worker.machine.up) worker.update(pod);
      return;
    }
    const machine = pod.spec.nodeName === undefined ? undefined : this.#runtime.machines.get(pod.spec.nodeName);
    if (machine === undefined || !machine.up) return;
    if (pod.metadata.deletionTimestamp !== undefined)
      this.#context.store.delete('pods', pod.metadata.namespace!, pod.metadata.name);
    else if (isActive(pod)) this.#adopt(pod, machine);
  }

  #adopt(pod: Pod, machine: Machine): void {
    const address = pod.spec.hostNetwork === true ? machine.address : this.#address(machine, pod.metadata.uid!);
    const { index } = this.#context;
    const worker = new PodWorker({
      context: this.#context,
      runtime: this.#runtime,
      faults: this.#faults,
      machine,
      pod,
      address,
    });
    this.#workers.set(pod.metadata.uid!, worker);
    if (index.byKey('pods', keyOf(pod)) === undefined) worker.abandon();
  }

  #address(machine: Machine, uid: string): string {
    const cidr = this.#context.index.get<Node>('nodes', '', machine.name)?.spec.podCIDR ?? '10.64.0.0/24';
    let pool = this.#addresses.get(machine.name);
    if (pool === undefined) this.#addresses.set(machine.name, (pool = { next: 0, used: new Map() }));
    const taken = new Set(pool.used.values());
    do pool.next = (pool.next % 252) + 2;
    while (taken.has(pool.next) && taken.size < 250);
    pool.used.set(uid, pool.next);
    return `${cidr.slice(0, cidr.lastIndexOf('.'))}.${pool.next}`;
  }

  #mirror(pod: Pod): void {
    const { store, index } = this.#context;
    const node = index.get<Node>('nodes', '', pod.spec.nodeName!);
    if (node === undefined || !this.#runtime.machines.get(pod.spec.nodeName!)?.up) return;
    const { name, namespace, labels, annotations } = pod.metadata;
    const { creationTimestamp } = node.metadata;
    store.create('pods', {
      ...pod,
      metadata: {
        name,
        ...(namespace !== undefined && { namespace }),
        ...(this.#context.bootstrapping && creationTimestamp !== undefined && { creationTimestamp }),
        ...(labels !== undefined && { labels }),
        ...(annotations !== undefined && { annotations }),
        ownerReferences: [ownerReference(node)],
      },
      status: { phase: 'Pending', qosClass: 'Burstable' },
    });
  }

  #renewLease(name: string): void {
    const { store, clock } = this.#context;
    const lease = store.get(LEASES, 'kube-node-lease', name);
    const renewTime = `${new Date(clock.now()).toISOString().slice(0, -1)}000Z`;
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime };
    if (lease !== undefined) store.update(LEASES, { ...lease, spec });
    else if (store.get('nodes', '', name) !== undefined) {
      store.create(LEASES, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace: 'kube-node-lease' },
        spec,
      });
    }
  }
}
