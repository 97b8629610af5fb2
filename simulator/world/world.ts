import { ObjectStore } from '../object-store.ts';
import { ClusterIndex } from './cluster-index.ts';
import { ControllerContext } from './controllers/controller-context.ts';
import { DaemonSetController } from './controllers/daemon-set-controller.ts';
import { DeploymentController } from './controllers/deployment-controller.ts';
import { EventRecorder } from './controllers/event-recorder.ts';
import { Kubelet } from './controllers/kubelet.ts';
import { ReplicaSetController } from './controllers/replica-set-controller.ts';
import { Scheduler } from './controllers/scheduler.ts';
import { StatefulSetController } from './controllers/stateful-set-controller.ts';
import { Load } from './load/load.ts';
import { Meters } from './load/meters.ts';
import type { Node } from './objects.ts';
import { Pages } from './pages/pages.ts';
import { ROOT_DISK } from './population/nodes.ts';
import { controlPlanePods, createObjects, type PopulationOptions, planPopulation } from './population/populate.ts';
import type { ProxyRequest, ProxyResponse } from './proxy-request.ts';
import { Random } from './random.ts';
import { ContainerRuntime } from './runtime/container-runtime.ts';
import { Faults } from './runtime/faults.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { Truth } from './truth.ts';

export interface WorldOptions {
  /** Default 20. */
  readonly nodes?: number;
  /** In all, with those of the system. Default 300. */
  readonly pods?: number;
  /** The same seed and start give the same cluster. Default 1. */
  readonly seed?: number;
  /** Simulated per real time. Default 1. */
  readonly speed?: number;
  /** Unix milliseconds at which the simulation begins. Default: now. */
  readonly start?: number;
  /** Milliseconds between two changes of the load. Default 10,000, with `cheap` 30,000. */
  readonly step?: number;
  /** How often cAdvisor takes a container's values; 0: whenever it is asked. Milliseconds; default 10,000. */
  readonly housekeeping?: number;
  /** For a thousand nodes: the load changes less often, and less of the past is kept. */
  readonly cheap?: boolean;
  /** Whether there are ServiceMonitors and the like. Default false. */
  readonly monitorObjects?: boolean;
  /** Changes that the store keeps for watches. */
  readonly history?: number;
}

/**
 * A cluster that lives: its objects are in `store`, where the controllers work on them and where users may change them,
 * and what its components serve is behind `proxy`. The time stands still until `clock.run`.
 */
export class World {
  readonly clock: SimulatedClock;
  readonly store: ObjectStore;
  readonly index: ClusterIndex;
  readonly meters: Meters;
  readonly load: Load;
  readonly runtime: ContainerRuntime;
  readonly faults = new Faults();
  readonly kubelet: Kubelet;
  readonly scheduler: Scheduler;
  readonly pages: Pages;
  readonly truth: Truth;
  readonly context: ControllerContext;

  constructor(options: WorldOptions = {}) {
    const { nodes = 20, pods = 300, seed = 1, speed = 1, cheap = false, monitorObjects = false } = options;
    const { start = Date.now(), step = cheap ? 30_000 : 10_000, housekeeping = 10_000, history } = options;
    const random = new Random(seed);
    const uids = random.fork('uids');
    const clock = new SimulatedClock({ start: start - WARM_UP_MS, speed });
    const now = () => clock.now();
    this.clock = clock;
    this.store = new ObjectStore({ now, uid: () => uids.uid(), ...(history !== undefined && { history }) });
    this.index = new ClusterIndex(this.store);
    const events = new EventRecorder(this.store, clock);
    const context = new ControllerContext({
      store: this.store,
      clock,
      index: this.index,
      random: random.fork('names'),
      events,
    });
    this.context = context;
    this.meters = new Meters(start - WARM_UP_MS, { step, history: cheap ? 3 : Math.ceil(KEPT_MS / step) });
    this.runtime = new ContainerRuntime({
      clock,
      meters: this.meters,
      index: this.index,
      random: random.fork('containers'),
    });
    const { machines } = this.runtime;
    this.load = new Load(clock, {
      meters: this.meters,
      machines,
      consequences: {
        outOfMemory: (container) => this.#outOfMemory(container),
        memoryPressure: () => {},
      },
    });
    this.kubelet = new Kubelet(context, { runtime: this.runtime, faults: this.faults });
    this.scheduler = new Scheduler(context);
    new DeploymentController(context);
    new ReplicaSetController(context);
    new StatefulSetController(context);
    new DaemonSetController(context);
    this.pages = new Pages({ clock, meters: this.meters, machines, index: this.index, housekeeping });
    this.truth = new Truth({ clock, meters: this.meters, machines, index: this.index, pages: this.pages });
    this.#bootstrap({ nodes, pods, random: random.fork('population'), monitorObjects });
  }

  /** Moves the simulated time by hand; everything due on the way has happened when this returns. */
  advance(milliseconds: number): void {
    this.clock.advance(milliseconds);
  }

  /** What a kubelet, a pod or a service answers. */
  proxy(request: ProxyRequest): ProxyResponse | Promise<ProxyResponse> {
    this.clock.catchUp();
    return this.pages.answer(request);
  }

  /** Everything that is there when the simulation begins was made before, and has settled. */
  #bootstrap(options: PopulationOptions): void {
    const { context, store, runtime, kubelet, clock } = this;
    context.bootstrapping = true;
    context.events.muted = true;
    const population = planPopulation(options, clock.now() + WARM_UP_MS);
    for (const { node } of population.nodes) {
      const machine = runtime.addMachine(store.create('nodes', node) as Node, { disk: ROOT_DISK });
      kubelet.addMachine(machine);
      kubelet.report(machine);
    }
    createObjects(context, population, options);
    for (const pod of controlPlanePods(population)) kubelet.addStaticPod(pod);
    clock.advance(WARM_UP_MS / 2);
    context.bootstrapping = false;
    context.events.muted = false;
    clock.advance(WARM_UP_MS / 2);
  }

  #outOfMemory(container: Parameters<ConstructorParameters<typeof Load>[1]['consequences']['outOfMemory']>[0]): void {
    container.ballast = 0;
    this.kubelet.endContainer(container.pod.uid, container.name, { exitCode: 137, reason: 'OOMKilled' });
  }
}

/** The cluster is made this long before the simulation begins. */
const WARM_UP_MS = 60_000;
/** How far back the truth knows all values. */
const KEPT_MS = 900_000;
