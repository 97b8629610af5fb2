import type { ControllerContext } from '../controllers/controller-context.ts';
import type { Kubelet } from '../controllers/kubelet.ts';
import type { Load } from '../load/load.ts';
import type { Volumes } from '../load/volumes.ts';
import { type Deployment, isActive, type Node, type Pod } from '../objects.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import type { Faults } from '../runtime/faults.ts';
import type { Machine, RunningContainer } from '../runtime/machine.ts';

const MINUTE = 60_000;

export interface ScenariosOptions {
  readonly kubelet: Kubelet;
  readonly runtime: ContainerRuntime;
  readonly faults: Faults;
  readonly load: Load;
  readonly volumes: Volumes;
}

/**
 * Things that happen in clusters, on demand. Workloads are `namespace/kind/name`, for example `shop/Deployment/frontend`; a
 * RangeError says that there is no such thing.
 */
export class Scenarios {
  readonly #context: ControllerContext;
  readonly #options: ScenariosOptions;
  #versions = 0;

  constructor(context: ControllerContext, options: ScenariosOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** A new version of a Deployment's image; with `broken` one that cannot be pulled. */
  rollout(workload: string, { broken = false }: { readonly broken?: boolean } = {}): void {
    const deployment = this.#deployment(workload);
    const { template } = deployment.spec;
    const [main, ...others] = template.spec.containers;
    const version = broken ? 'missing' : `2.${++this.#versions}.0`;
    const containers = [{ ...main!, image: `${main!.image.replace(/:[^:/]*$/, '')}:${version}` }, ...others];
    const spec = { ...deployment.spec, template: { ...template, spec: { ...template.spec, containers } } };
    this.#context.setSpec('deployments.apps', deployment, spec);
  }

  /** The containers of a workload end a few seconds after each start, for a while. */
  crashLoop(
    workload: string,
    { duration = 20 * MINUTE, exitCode = 1 }: { readonly duration?: number; readonly exitCode?: number } = {},
  ): void {
    const { faults } = this.#options;
    const running = this.#containersOf(workload);
    faults.crashing.set(workload, { exitCode, after: 4000 });
    for (const { pod, name } of running)
      this.#options.kubelet.endContainer(pod.uid, name, { exitCode, reason: 'Error' });
    this.#context.clock.after(duration, () => faults.crashing.delete(workload));
  }

  /** One container of a workload wants more memory than its limit allows, and is killed. */
  oomKill(workload: string): RunningContainer {
    const container = this.#containersOf(workload).find(({ memoryLimit }) => memoryLimit !== undefined);
    if (container === undefined) throw new RangeError(`no container of ${workload} has a memory limit`);
    container.ballast = container.memoryLimit!;
    return container;
  }

  /** The pods of a workload are not ready for a while. */
  unready(workload: string, { duration = 5 * MINUTE }: { readonly duration?: number } = {}): void {
    const { faults } = this.#options;
    this.#containersOf(workload);
    faults.unready.add(workload);
    this.#context.clock.after(duration, () => faults.unready.delete(workload));
  }

  /** A node goes off, and comes back. */
  nodeFailure(node: string, { duration = 8 * MINUTE }: { readonly duration?: number } = {}): void {
    const machine = this.#machine(node);
    const { kubelet, runtime } = this.#options;
    kubelet.down(machine, { power: true });
    this.#context.clock.after(duration, () => {
      if (runtime.machines.get(node) === machine && !machine.up) kubelet.back(machine);
    });
  }

  /** A node goes off and never comes back; its object is deleted a minute later. */
  nodeGone(node: string): void {
    const machine = this.#machine(node);
    const { kubelet, runtime } = this.#options;
    kubelet.down(machine, { power: true });
    this.#context.clock.after(MINUTE, () => {
      this.#context.store.delete('nodes', '', node);
      runtime.removeMachine(machine);
    });
  }

  /** A container without a limit takes what is left of a node's memory: pods are evicted. */
  memoryPressure(node: string): RunningContainer {
    const machine = this.#machine(node);
    const candidates = [...machine.pods.values()].flatMap(({ containers }) => containers).filter(isRunning);
    const container =
      candidates.find(({ memoryLimit, pod }) => memoryLimit === undefined && !pod.hostNetwork) ??
      candidates.find(({ memoryLimit }) => memoryLimit === undefined);
    if (container === undefined) throw new RangeError(`node ${node} runs no container without a memory limit`);
    container.ballast = machine.memory * 0.97;
    return container;
  }

  /** A node's root filesystem becomes full, and is cleaned up some time after. */
  diskFilling(node: string, { duration = 30 * MINUTE }: { readonly duration?: number } = {}): void {
    const machine = this.#machine(node);
    const { clock } = this.#context;
    const steps = 60;
    for (let step = 1; step <= steps; step++) {
      clock.after((duration * step) / steps, () => {
        machine.filled = machine.disk * 0.72 * (step / steps);
      });
    }
    clock.after(duration * 1.5, () => {
      machine.filled = 0;
    });
  }

  /** A claim's volume (`namespace/name`) becomes full. */
  volumeFilling(claim: string, { duration = 60 * MINUTE }: { readonly duration?: number } = {}): void {
    if (this.#context.index.byKey('persistentvolumeclaims', claim) === undefined)
      throw new RangeError(`no claim ${claim}`);
    const from = this.#context.clock.now();
    this.#options.volumes.fill(claim, { from, until: from + duration });
  }

  /** A share of all pods of Deployments is deleted within a while; the controllers replace them. Answers how many. */
  churn(share = 0.3, { duration = MINUTE }: { readonly duration?: number } = {}): number {
    const { store, random, clock } = this.#context;
    const pods = (store.list('pods', { sorted: true }) as readonly Pod[]).filter(
      (pod) => isActive(pod) && pod.metadata.ownerReferences?.[0]?.kind === 'ReplicaSet',
    );
    const chosen = pods.filter(() => random.chance(share));
    chosen.forEach((pod, index) => {
      clock.after((duration * index) / chosen.length, () => this.#context.deletePod(pod));
    });
    return chosen.length;
  }

  /** A workload gets several times the usual requests for a while. */
  surge(
    workload: string,
    { factor = 3, duration = 20 * MINUTE }: { readonly factor?: number; readonly duration?: number } = {},
  ): void {
    const from = this.#context.clock.now();
    this.#options.load.demand.surge(workload, { from, until: from + duration, factor });
  }

  #deployment(workload: string): Deployment {
    const [namespace = '', kind, name = ''] = workload.split('/');
    const found =
      kind === 'Deployment' ? this.#context.index.get<Deployment>('deployments.apps', namespace, name) : undefined;
    if (found === undefined)
      throw new RangeError(`a Deployment like shop/Deployment/frontend was wanted, got ${workload}`);
    return found;
  }

  #machine(node: string): Machine {
    const machine = this.#options.runtime.machines.get(node);
    if (machine === undefined || this.#context.index.get<Node>('nodes', '', node) === undefined)
      throw new RangeError(`the cluster has no node ${node}`);
    return machine;
  }

  #containersOf(workload: string): RunningContainer[] {
    const found: RunningContainer[] = [];
    for (const machine of this.#options.runtime.machines.values()) {
      for (const pod of machine.pods.values())
        if (pod.workload === workload)
          found.push(...pod.containers.filter(({ main, endedAt }) => main && endedAt === undefined));
    }
    if (found.length === 0) throw new RangeError(`nothing of ${workload} runs`);
    return found;
  }
}

function isRunning({ endedAt }: RunningContainer): boolean {
  return endedAt === undefined;
}
