import { ObjectStore } from '../object-store.ts';
import { AutoscalerController } from './autoscaling/autoscaler-controller.ts';
import type { AskApi } from './autoscaling/metrics-reader.ts';
import { milliOf } from './autoscaling/milli-value.ts';
import type { PodMetric } from './autoscaling/replica-calculator.ts';
import { ClusterIndex } from './cluster-index.ts';
import { ControllerContext } from './controllers/controller-context.ts';
import { CronJobController } from './controllers/cron-job-controller.ts';
import { DaemonSetController } from './controllers/daemon-set-controller.ts';
import { DeploymentController } from './controllers/deployment-controller.ts';
import { DisruptionController } from './controllers/disruption-controller.ts';
import { EndpointsController } from './controllers/endpoints-controller.ts';
import { EventRecorder } from './controllers/event-recorder.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { JobController } from './controllers/job-controller.ts';
import { Kubelet } from './controllers/kubelet.ts';
import { NamespaceController } from './controllers/namespace-controller.ts';
import { NodeLifecycleController } from './controllers/node-lifecycle-controller.ts';
import { PressureEviction } from './controllers/pressure-eviction.ts';
import { QuotaController } from './controllers/quota-controller.ts';
import { ReplicaSetController } from './controllers/replica-set-controller.ts';
import { Scheduler } from './controllers/scheduler.ts';
import { StatefulSetController } from './controllers/stateful-set-controller.ts';
import { VolumeController } from './controllers/volume-controller.ts';
import { COLUMN } from './load/columns.ts';
import { Load } from './load/load.ts';
import { Meters } from './load/meters.ts';
import { Volumes } from './load/volumes.ts';
import type { Node, Pod } from './objects.ts';
import { Pages } from './pages/pages.ts';
import { announceApi } from './population/api-service.ts';
import { ROOT_DISK } from './population/nodes.ts';
import { controlPlanePods, createObjects, type PopulationOptions, planPopulation } from './population/populate.ts';
import type { ProxyRequest, ProxyResponse } from './proxy-request.ts';
import { Random } from './random.ts';
import { ContainerRuntime } from './runtime/container-runtime.ts';
import { Faults } from './runtime/faults.ts';
import { KubeletFaults } from './runtime/kubelet-faults.ts';
import type { RunningContainer } from './runtime/machine.ts';
import { Scenarios } from './scenarios/scenarios.ts';
import { Schedule } from './scenarios/schedule.ts';
import { StandingTroubles } from './scenarios/standing-troubles.ts';
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
  /** Whether scenarios happen by themselves. Default false. */
  readonly scenarios?: boolean;
  /** Ports on 127.0.0.1 at which the kubelets of the first nodes listen themselves. */
  readonly kubeletPorts?: readonly number[];
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
  readonly volumes = new Volumes();
  readonly faults = new Faults();
  /** Faults of single kubelets' pages. */
  readonly kubeletFaults = new KubeletFaults();
  /** Things to let happen. */
  readonly scenarios: Scenarios;
  readonly kubelet: Kubelet;
  readonly scheduler: Scheduler;
  readonly pages: Pages;
  readonly truth: Truth;
  readonly context: ControllerContext;
  #ask: AskApi | undefined;

  constructor(options: WorldOptions = {}) {
    const { nodes = 20, pods = 300, seed = 1, speed = 1, cheap = false, monitorObjects = false } = options;
    const {
      start = Date.now(),
      step = cheap ? 30_000 : 10_000,
      housekeeping = 10_000,
      history,
      kubeletPorts = [],
    } = options;
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
      },
    });
    this.kubelet = new Kubelet(context, { runtime: this.runtime, faults: this.faults });
    this.scheduler = new Scheduler(context);
    new DeploymentController(context);
    new ReplicaSetController(context);
    new StatefulSetController(context);
    new DaemonSetController(context);
    new JobController(context);
    new CronJobController(context);
    new EndpointsController(context);
    new GarbageCollector(context);
    new NamespaceController(context);
    new NodeLifecycleController(context);
    new VolumeController(context);
    new DisruptionController(context);
    new QuotaController(context);
    new PressureEviction(context, { kubelet: this.kubelet, load: this.load, meters: this.meters, machines });
    new AutoscalerController(context, {
      ask: () => this.#ask,
      usage: (found, resource, container) => this.#usage(found, resource, container),
    });
    this.pages = new Pages({
      clock,
      store: this.store,
      meters: this.meters,
      load: this.load,
      volumes: this.volumes,
      machines,
      index: this.index,
      housekeeping,
      faults: this.kubeletFaults,
      scheduler: this.scheduler,
      size: { pods, nodes },
    });
    this.truth = new Truth({ clock, meters: this.meters, machines, index: this.index, pages: this.pages });
    this.scenarios = new Scenarios(context, {
      kubelet: this.kubelet,
      runtime: this.runtime,
      faults: this.faults,
      load: this.load,
      volumes: this.volumes,
    });
    this.#bootstrap({ nodes, pods, random: random.fork('population'), monitorObjects, kubeletPorts });
    if (options.scenarios === true) {
      new StandingTroubles(context, { scenarios: this.scenarios, random: random.fork('troubles') });
      new Schedule(context, { scenarios: this.scenarios, random: random.fork('scenarios') });
    }
  }

  /** From now on this API server serves the world: autoscalers read their metrics through it, and pods find it here. */
  serveThrough(ask: AskApi, { host, port }: { readonly host: string; readonly port: number }): void {
    this.#ask = ask;
    announceApi(this.store, [host], port);
  }

  /** The node whose kubelet listens at this port on 127.0.0.1 itself. */
  nodeAtPort(port: number): string | undefined {
    const nodes = this.store.list('nodes') as readonly Node[];
    return nodes.find(({ status }) => {
      const { kubeletEndpoint } = status.daemonEndpoints as { readonly kubeletEndpoint: { readonly Port: number } };
      return kubeletEndpoint.Port === port;
    })?.metadata.name;
  }

  /** Lets the time stand still for good. */
  close(): void {
    this.clock.stop();
    this.#ask = undefined;
  }

  /** Moves the simulated time by hand; everything due on the way has happened when this returns. */
  advance(milliseconds: number): void {
    this.clock.advance(milliseconds);
  }

  /**
   * What a kubelet, a pod or a service answers. Rejects when nobody can be reached; a kubelet that hangs never answers, so
   * callers need a timeout.
   */
  async proxy(request: ProxyRequest): Promise<ProxyResponse> {
    this.clock.catchUp();
    if (request.kind === 'node' && this.kubeletFaults.isHanging(request.name)) return new Promise(() => {});
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

  /** Usage of the last half minute, as a metrics server would say it. */
  #usage(pods: readonly Pod[], resource: string, container: string | undefined): ReadonlyMap<string, PodMetric> {
    const now = this.clock.now();
    const window = Math.min(30_000, now - this.meters.oldest);
    const usage = new Map<string, PodMetric>();
    for (const { metadata } of pods) {
      const all = this.truth.pod(metadata.namespace ?? '', metadata.name)?.containers ?? [];
      const counted = all.filter((one) => container === undefined || one.container === container);
      if (counted.length === 0 || counted.some(({ startedAt }) => startedAt > now - window)) continue;
      const value = counted.reduce(
        (sum, one) =>
          sum +
          (resource === 'cpu'
            ? ((one.cpuSeconds(now) - one.cpuSeconds(now - window)) * 1000) / window
            : one.memoryWorkingSet(now)),
        0,
      );
      usage.set(metadata.name, { value: milliOf(value), timestamp: now, window });
    }
    return usage;
  }

  #outOfMemory(container: RunningContainer): void {
    container.ballast = 0;
    this.meters.bump(container.row, COLUMN.oomKills, 1);
    this.meters.bump(container.pod.row, COLUMN.oomKills, 1);
    this.meters.bump(container.pod.machine.rows.root, COLUMN.oomKills, 1);
    this.kubelet.endContainer(container.pod.uid, container.name, { exitCode: 137, reason: 'OOMKilled' });
  }
}

/** The cluster is made this long before the simulation begins. */
const WARM_UP_MS = 60_000;
/** How far back the truth knows all values. */
const KEPT_MS = 900_000;
