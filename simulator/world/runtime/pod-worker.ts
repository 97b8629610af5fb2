import { rfc3339 } from '../../object-store.ts';
import type { ControllerContext } from '../controllers/controller-context.ts';
import type { Container, Pod } from '../objects.ts';
import { fraction, hash32 } from '../random.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import type { Faults } from './faults.ts';
import type { Machine, RunningContainer, RunningPod } from './machine.ts';
import { type ContainerLife, type PodEnd, podStatusOf } from './pod-status.ts';

const BACKOFF_FIRST_MS = 10_000;
const BACKOFF_MOST_MS = 300_000;
/** A container that ran this long has its back-off forgotten. */
const BACKOFF_FORGOTTEN_MS = 600_000;

/** What a container's end looks like from outside. */
export interface Exit {
  readonly exitCode: number;
  readonly reason: string;
}

export interface PodWorkerOptions {
  readonly context: ControllerContext;
  readonly runtime: ContainerRuntime;
  readonly faults: Faults;
  readonly machine: Machine;
  readonly pod: Pod;
  readonly address: string;
}

/** The kubelet's work on one pod: pulls, starts, probes and restarts its containers, and says so in the pod's status. */
export class PodWorker {
  readonly uid: string;
  readonly machine: Machine;
  readonly #context: ControllerContext;
  readonly #runtime: ContainerRuntime;
  readonly #faults: Faults;
  readonly #address: string;
  readonly #lives: ContainerLife[];
  #pod: Pod;
  #running: RunningPod | undefined;
  #startedAt: number;
  #ended: PodEnd | undefined;
  #terminating = false;
  #writing = false;

  constructor({ context, runtime, faults, machine, pod, address }: PodWorkerOptions) {
    this.uid = pod.metadata.uid!;
    this.machine = machine;
    this.#context = context;
    this.#runtime = runtime;
    this.#faults = faults;
    this.#pod = pod;
    this.#address = address;
    const { bootstrapping, clock } = context;
    this.#startedAt = bootstrapping ? Date.parse(pod.metadata.creationTimestamp!) + 1000 : clock.now();
    const waiting = (pod.spec.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating';
    const life = (spec: Container, init: boolean): ContainerLife => ({
      spec,
      init,
      sidecar: init && spec.restartPolicy === 'Always',
      state: { waiting: { reason: init ? 'PodInitializing' : waiting } },
      lastState: {},
      restarts: 0,
      ready: false,
      failing: false,
      backoff: 0,
      running: undefined,
      containerId: undefined,
    });
    this.#lives = [
      ...(pod.spec.initContainers ?? []).map((spec) => life(spec, true)),
      ...pod.spec.containers.map((spec) => life(spec, false)),
    ];
    this.#begin();
  }

  /** `namespace/name`. */
  get key(): string {
    return `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`;
  }

  get running(): RunningPod | undefined {
    return this.#running;
  }

  /** The object as it is now. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate();
  }

  /** Ends a running container as said; the restart policy decides what comes next. False when it does not run. */
  end(name: string, exit: Exit): boolean {
    const life = this.#lives.find(({ spec, running }) => spec.name === name && running !== undefined);
    if (life === undefined) return false;
    this.#exited(life, exit);
    return true;
  }

  /** Ends the pod for good, as for a node that runs out of something. */
  evict(message: string): void {
    if (this.#ended !== undefined || this.#terminating) return;
    for (const life of this.#lives)
      if (life.running !== undefined) this.#stop(life, { exitCode: 137, reason: 'Error' });
    this.#ended = { phase: 'Failed', reason: 'Evicted', message };
    this.#finish();
  }

  /** The machine was off and is back: what ran has ended, and starts anew. */
  restartAll(): void {
    this.#running = undefined;
    for (const life of this.#lives) {
      if (life.running !== undefined) {
        life.running = undefined;
        this.#note(life, { exitCode: 255, reason: 'Unknown' }, this.#context.clock.now());
        life.lastState = life.state;
        if (!life.init || life.sidecar) life.restarts++;
      }
      if (!(life.init && life.state.terminated?.exitCode === 0)) {
        life.state = { waiting: { reason: 'ContainerCreating' } };
      }
    }
    if (this.#ended === undefined) this.#begin();
  }

  /** Says in the object's status what is so, after others may have said something else. */
  tell(): void {
    this.#write();
  }

  /** Forgets everything without a trace: its object is gone. */
  abandon(): void {
    this.#terminating = true;
    if (this.#running !== undefined) this.#runtime.stopPod(this.#running);
  }

  /** Probes are tried again: what fails them is not ready or restarted. */
  probe(): void {
    if (this.#ended !== undefined || this.#terminating || this.#running === undefined) return;
    const { workload } = this.#running;
    const failing = this.#faults.unready.has(workload) || this.#faults.unready.has(this.key);
    for (const life of this.#lives) {
      if (life.init || life.running === undefined) continue;
      const ill = this.#faults.unhealthy.has(workload) || this.#faults.unhealthy.has(this.key);
      if (ill && life.spec.livenessProbe !== undefined && this.#age(life) > 40_000) {
        this.#event(`Container ${life.spec.name} failed liveness probe, will be restarted`, 'Killing');
        this.#exited(life, { exitCode: 137, reason: 'Error' });
      } else if (failing !== life.failing && (life.spec.readinessProbe !== undefined || life.running.main)) {
        life.failing = failing;
        if (failing)
          this.#event('Readiness probe failed: HTTP probe failed with statuscode: 503', 'Unhealthy', 'Warning');
        life.ready = !failing;
        this.#write();
      }
    }
  }

  #begin(): void {
    this.#write();
    const sandbox = this.#context.bootstrapping ? 0 : 300 + 900 * fraction(this.uid);
    this.#later(sandbox, () => {
      this.#running = this.#runtime.startPod(this.machine, this.#pod, {
        address: this.#address,
        startedAt: this.#startedAt,
      });
      this.#next();
    });
  }

  /** Starts the next init container, or all others when these are done. */
  #next(): void {
    for (const life of this.#lives) {
      if (!life.init) break;
      if (life.state.terminated?.exitCode === 0 || (life.sidecar && life.running !== undefined)) continue;
      if (life.running === undefined) this.#pull(life);
      return;
    }
    for (const life of this.#lives) {
      if (!life.init && life.running === undefined && life.state.terminated === undefined) this.#pull(life);
    }
  }

  #pull(life: ContainerLife): void {
    const { image } = life.spec;
    if (this.#faults.canPull(image)) {
      const pull = this.#context.bootstrapping ? 0 : 200 + 4000 * fraction(image + this.machine.name) ** 3;
      this.#later(pull, () => this.#start(life));
      return;
    }
    this.#later(1500, () => {
      this.#event(`Failed to pull image "${image}": not found`, 'Failed', 'Warning');
      life.state = { waiting: { reason: 'ErrImagePull', message: `failed to pull image "${image}": not found` } };
      this.#write();
      life.backoff = Math.min(BACKOFF_MOST_MS, Math.max(BACKOFF_FIRST_MS, life.backoff * 2));
      this.#later(Math.min(15_000, life.backoff / 2), () => {
        life.state = { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` } };
        this.#event(`Back-off pulling image "${image}"`, 'BackOff');
        this.#write();
      });
      this.#later(life.backoff, () => this.#pull(life));
    });
  }

  #start(life: ContainerLife): void {
    if (life.running !== undefined || this.#running === undefined) return;
    const { bootstrapping, clock } = this.#context;
    if (bootstrapping) this.#remember(life);
    const startedAt = bootstrapping ? (life.restarts > 0 ? this.#restartedAt() : this.#startedAt + 2000) : clock.now();
    const main = life.spec === this.#pod.spec.containers[0];
    life.running = this.#runtime.startContainer(this.#running, life.spec, { main, startedAt });
    life.failing = false;
    life.containerId = `${this.machine.runtime}://${life.running.id}`;
    life.state = { running: { startedAt: rfc3339(startedAt) } };
    this.#event(`Started container ${life.spec.name}`, 'Started');
    const instance = life.running;
    const crash = this.#faults.crashing.get(this.#running.workload) ?? this.#faults.crashing.get(this.key);
    const { profile } = this.#running;
    if (life.init && !life.sidecar) {
      life.ready = false;
      const time = bootstrapping ? 0 : 800 + 2500 * fraction(this.uid + life.spec.name);
      this.#whileRunning(life, instance, time, () => this.#exited(life, { exitCode: 0, reason: 'Completed' }));
    } else if (crash !== undefined && !life.init) {
      const { exitCode, after } = crash;
      this.#whileRunning(life, instance, after, () => this.#exited(life, { exitCode, reason: 'Error' }));
    } else if (this.#pod.spec.restartPolicy !== 'Always' && !life.init) {
      const chance = (hash32(instance.id) % 1000) / 1000;
      const time = Math.max(1000, profile.duration * (0.7 + 0.6 * chance) - (clock.now() - startedAt));
      const failed = fraction(instance.id) < profile.failures;
      const exit = failed ? { exitCode: 1, reason: 'Error' } : { exitCode: 0, reason: 'Completed' };
      this.#whileRunning(life, instance, time, () => this.#exited(life, exit));
    }
    const { readinessProbe } = life.spec;
    if (readinessProbe === undefined || bootstrapping) life.ready = !(life.init && !life.sidecar);
    else {
      const delay = (readinessProbe.initialDelaySeconds ?? 0) * 1000 + 1000 + 6000 * fraction(instance.id);
      this.#whileRunning(life, instance, delay, () => {
        const { unready } = this.#faults;
        life.failing = unready.has(this.#running!.workload) || unready.has(this.key);
        life.ready = !life.failing;
        this.#write();
      });
    }
    this.#write();
    if (life.sidecar) this.#next();
  }

  /** Some containers were restarted before the simulation began. */
  #remember(life: ContainerLife): void {
    const chance = fraction(`${this.uid}/past`);
    if (chance > 0.09 || life.init || life.spec !== this.#pod.spec.containers[0]) return;
    if (this.#pod.spec.restartPolicy !== 'Always') return;
    const killed = this.#running!.profile.name === 'leak';
    life.restarts = 1 + Math.floor(chance * 40);
    life.lastState = {
      terminated: {
        exitCode: killed ? 137 : 1,
        reason: killed ? 'OOMKilled' : 'Error',
        startedAt: rfc3339(this.#startedAt + 2000),
        finishedAt: rfc3339(this.#restartedAt() - 1000),
      },
    };
  }

  /** Somewhere between the pod's start and now. */
  #restartedAt(): number {
    const { clock } = this.#context;
    return this.#startedAt + 3000 + Math.max(0, clock.now() - this.#startedAt - 3000) * fraction(`${this.uid}/restart`);
  }

  #exited(life: ContainerLife, exit: Exit): void {
    const age = this.#age(life);
    this.#stop(life, exit);
    const policy = life.sidecar ? 'Always' : (this.#pod.spec.restartPolicy ?? 'Always');
    const again =
      policy === 'Always' ? !(life.init && exit.exitCode === 0) : policy === 'OnFailure' && exit.exitCode !== 0;
    if (again && !this.#terminating) {
      if (age > BACKOFF_FORGOTTEN_MS) life.backoff = 0;
      const delay = life.backoff;
      life.backoff = Math.min(BACKOFF_MOST_MS, Math.max(BACKOFF_FIRST_MS, life.backoff * 2));
      const restart = () => {
        life.lastState = life.state.terminated === undefined ? life.lastState : { terminated: life.state.terminated };
        life.restarts++;
        this.#start(life);
      };
      if (delay === 0) this.#later(1200, restart);
      else {
        this.#later(1500, () => {
          if (life.state.terminated !== undefined) life.lastState = { terminated: life.state.terminated };
          const message = `back-off ${delay / 1000}s restarting failed container=${life.spec.name} pod=${this.#pod.metadata.name}`;
          life.state = { waiting: { reason: 'CrashLoopBackOff', message } };
          this.#event(`Back-off restarting failed container ${life.spec.name}`, 'BackOff', 'Warning');
          this.#write();
        });
        this.#later(delay, restart);
      }
      this.#write();
      return;
    }
    if (life.init && exit.exitCode === 0) {
      this.#write();
      this.#next();
      return;
    }
    const others = this.#lives.filter(({ init }) => !init);
    if (others.some(({ state }) => state.terminated === undefined) && !life.init) {
      this.#write();
      return;
    }
    const failed = life.init || others.some(({ state }) => state.terminated!.exitCode !== 0);
    this.#ended = { phase: failed ? 'Failed' : 'Succeeded' };
    this.#finish();
  }

  /** The container runs no more; what is done about it is the caller's part. */
  #stop(life: ContainerLife, exit: Exit): void {
    const { running } = life;
    if (running === undefined) return;
    this.#runtime.stopContainer(running);
    life.running = undefined;
    this.#note(life, exit, running.startedAt);
  }

  #note(life: ContainerLife, { exitCode, reason }: Exit, startedAt: number): void {
    life.ready = false;
    life.state = {
      terminated: {
        exitCode,
        reason,
        startedAt: rfc3339(startedAt),
        finishedAt: this.#context.timestamp,
        ...(life.containerId !== undefined && { containerID: life.containerId }),
      },
    };
  }

  #finish(): void {
    for (const life of this.#lives)
      if (life.running !== undefined) this.#stop(life, { exitCode: 0, reason: 'Completed' });
    if (this.#running !== undefined) this.#runtime.stopPod(this.#running);
    this.#write();
  }

  #terminate(): void {
    if (this.#terminating) return;
    this.#terminating = true;
    if (this.#running !== undefined) this.#running.ready = false;
    for (const { running, spec } of this.#lives) {
      if (running !== undefined) this.#event(`Stopping container ${spec.name}`, 'Killing');
    }
    this.#write();
    const grace = (this.#pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000;
    const wait = Math.min(grace, 500 + 4500 * fraction(this.uid));
    this.#whenUp(wait, () => {
      if (this.#running !== undefined) this.#runtime.stopPod(this.#running);
      const { namespace = '', name } = this.#pod.metadata;
      if (this.#context.store.get('pods', namespace, name)?.metadata.uid === this.uid) {
        this.#context.store.delete('pods', namespace, name);
      }
    });
  }

  #age(life: ContainerLife): number {
    return life.running === undefined ? 0 : this.#context.clock.now() - life.running.startedAt;
  }

  /** After a while, unless the pod is being deleted by then. A kubelet that is down does it when it is back. */
  #later(delay: number, task: () => void): void {
    this.#whenUp(delay, () => {
      if (!this.#terminating && this.#ended === undefined) task();
    });
  }

  #whenUp(delay: number, task: () => void): void {
    this.#context.clock.after(delay, () => {
      if (this.machine.up) task();
      else if (this.#runtime.machines.get(this.machine.name) === this.machine) this.#whenUp(5000, task);
    });
  }

  #whileRunning(life: ContainerLife, instance: RunningContainer, ...[delay, task]: [number, () => void]): void {
    this.#later(delay, () => {
      if (life.running === instance) task();
    });
  }

  #event(message: string, reason: string, type: 'Normal' | 'Warning' = 'Normal'): void {
    this.#context.events.record(this.#pod, { type, reason, message, component: 'kubelet', host: this.machine.name });
  }

  /** Writes the status a moment later, once for all that changes until then. */
  #write(): void {
    const { bootstrapping, clock } = this.#context;
    const ready =
      this.#ended === undefined &&
      !this.#terminating &&
      this.#lives.every((life) => life.ready || (life.init && !life.sidecar));
    if (this.#running !== undefined) this.#running.ready = ready;
    if (this.#writing) return;
    this.#writing = true;
    clock.after(bootstrapping ? 50 : 180, () => {
      this.#writing = false;
      if (this.machine.up) this.#writeNow();
      else this.#whenUp(5000, () => this.#write());
    });
  }

  #writeNow(): void {
    const { namespace = '', name } = this.#pod.metadata;
    const present = this.#context.index.get<Pod>('pods', namespace, name);
    if (present?.metadata.uid !== this.uid) return;
    const { bootstrapping, clock } = this.#context;
    const status = podStatusOf(this.#lives, {
      before: present.status,
      running: this.#running,
      address: this.#address,
      hostAddress: this.machine.address,
      startedAt: this.#startedAt,
      ended: this.#ended,
      terminating: this.#terminating,
      now: bootstrapping ? this.#startedAt + 3000 : clock.now(),
    });
    if (JSON.stringify(status) === JSON.stringify(present.status)) return;
    this.#context.store.update('pods', { ...present, status });
  }
}
