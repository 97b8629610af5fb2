import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import { json } from 'node:stream/consumers';
import pino from 'pino';
import { Registry } from 'prom-client';
import { Answers } from '../../alerting/autoscaling/answers/answers.ts';
import { startMetricsApis } from '../../alerting/autoscaling/api/server.ts';
import { catalogueMetrics } from '../../alerting/autoscaling/catalogue-metrics.ts';
import { createExpressionMetric } from '../../alerting/autoscaling/expressions/expression-metric.ts';
import { parseMetricDefinitions } from '../../alerting/autoscaling/expressions/metric-file.ts';
import { IndexedDirectory, type ListedObject, type ObjectFeed } from '../../alerting/autoscaling/indexed-directory.ts';
import { ResourceUsage } from '../../alerting/autoscaling/resource-usage.ts';
import type { MetricRead } from '../../alerting/autoscaling/served-metric.ts';
import { createQuerierReader } from '../../alerting/querier-reader.ts';
import { SteppedClock } from '../../alerting/stepped-clock.case.ts';
import { queryFuncOf } from '../../cli/query-func.ts';
import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { CatalogueBed, containerRows } from '../../collector/kubernetes/catalogue/catalogue-bed.case.ts';
import { LEVELS } from '../../collector/kubernetes/catalogue/definitions.ts';
import type { ResourceName } from '../../collector/kubernetes/objects.ts';
import type { ScrapeLoop } from '../../collector/scrape/scrape-loop.ts';
import { createEngine } from '../../query/engine.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import type { KubeObject } from '../../simulator/kube-object.ts';
import { ObjectStore } from '../../simulator/object-store.ts';
import { AutoscalerController } from '../../simulator/world/autoscaling/autoscaler-controller.ts';
import type { MetricSpec } from '../../simulator/world/autoscaling/autoscaler-objects.ts';
import type { AskApi } from '../../simulator/world/autoscaling/metrics-reader.ts';
import { ClusterIndex } from '../../simulator/world/cluster-index.ts';
import { ControllerContext } from '../../simulator/world/controllers/controller-context.ts';
import { EventRecorder } from '../../simulator/world/controllers/event-recorder.ts';
import { amount } from '../../simulator/world/quantity.ts';
import { Random } from '../../simulator/world/random.ts';
import { SimulatedClock } from '../../simulator/world/simulated-clock.ts';
import { StorageError } from '../../storage/errors.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Querier } from '../../storage/querier.ts';
import { RecentSamples } from '../../storage/recent/recent-samples.ts';
import type { Storage } from '../../storage/storage.ts';

/** Milliseconds between scrapes, rounds of sums, evaluations, and looks of the autoscaler. */
export const STEP = 15_000;
const NODES = ['w0', 'w1', 'w2', 'w3'];
const NAMESPACE = 'shop';
const CLUSTER = 'east';
const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling';
/** Cores that a replica is to use. */
const TARGET = 0.5;
const HELD = 120_000;

/** Something that is scraped. */
export interface ScrapedThing {
  readonly kind: 'kubelet' | 'app' | 'queue';
  readonly node: string;
}

/** What goes wrong with pages. */
export interface PageFault {
  /** Whether a scrape fails. */
  fails?(thing: ScrapedThing): boolean;
  /** What is on its page instead. */
  page?(thing: ScrapedThing, text: string): string;
}

const APPS: Readonly<Record<string, MetricSpec>> = {
  resource: { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  container: {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container: 'app', target: { type: 'AverageValue', averageValue: '500m' } },
  },
  pods: {
    type: 'Pods',
    pods: { metric: { name: 'k8s_pod_cpu_core_used' }, target: { type: 'AverageValue', averageValue: '500m' } },
  },
  'pods-expression': {
    type: 'Pods',
    pods: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue: '50' } },
  },
  object: {
    type: 'Object',
    object: {
      metric: { name: 'k8s_workload_cpu_core_used' },
      describedObject: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'object' },
      target: { type: 'AverageValue', averageValue: '500m' },
    },
  },
  'object-expression': {
    type: 'Object',
    object: {
      metric: { name: 'service_requests' },
      describedObject: { apiVersion: 'v1', kind: 'Service', name: 'object-expression' },
      target: { type: 'AverageValue', averageValue: '50' },
    },
  },
  external: {
    type: 'External',
    external: {
      metric: { name: 'queue_length', selector: { matchLabels: { queue: 'orders' } } },
      target: { type: 'AverageValue', averageValue: '10' },
    },
  },
  held: {
    type: 'External',
    external: { metric: { name: 'held_queue_length' }, target: { type: 'AverageValue', averageValue: '10' } },
  },
};

const METRICS = `
autoscaling:
  metrics:
    - {name: requests, type: Pods, expr: 'sum by (namespace, pod) (rate(http_requests_total{$selector}[1m]))'}
    - {name: service_requests, type: Object, resources: [services], expr: 'sum by (namespace, service) (rate(http_requests_total{$selector}[1m]))'}
    - {name: queue_length, type: External, expr: 'queue_length{$selector}'}
    - {name: held_queue_length, type: External, expr: 'queue_length{$selector}', hold: ${HELD / 1000}s}
`;

interface AppPod {
  readonly name: string;
  readonly node: string;
  readonly loop: ScrapeLoop;
  /** Core seconds, as of `at`. */
  cpu: number;
  at: number;
}

interface App {
  readonly name: string;
  /** Cores, shared by its pods. */
  load: number;
  pods: AppPod[];
  made: number;
}

/** One replica of the server, with its own memory. */
export interface ServerReplica {
  readonly ask: AskApi;
  /** Whether it can read the store. */
  isCutOff: boolean;
  close(): Promise<void>;
}

/**
 * All that lies between a page and a number of replicas, in stepped time: pages are scraped, the catalogue sums, the metrics APIs answer over TLS, and the
 * autoscalers of the simulator scale on what they get, each a StatefulSet of its own. A replica uses half a core when all is as it should be.
 */
export class ScalingBed {
  readonly clock = new SteppedClock();
  readonly storage: Storage;
  readonly recent: RecentSamples;
  readonly collected: CatalogueBed;
  readonly apps = new Map<string, App>();
  /** What asks are sent to, in turn. */
  servers: ServerReplica[] = [];
  fault: PageFault = {};
  /** Changes answers on the way to the autoscaler. */
  onAnswer: (path: string, answer: Awaited<ReturnType<AskApi>>) => Awaited<ReturnType<AskApi>> = (_, answer) => answer;
  isStoreDown = false;
  readonly #time: SimulatedClock;
  readonly #store: ObjectStore;
  readonly #loops: ScrapeLoop[] = [];
  /** By path, of the last answers. */
  readonly #statuses = new Map<string, number>();
  #asked = 0;
  #servers = 0;
  #underWay = 0;

  constructor() {
    const memory = createMemoryStorage();
    const failing: Querier = this.#unless(memory.querier, () => this.isStoreDown, 'the store is down');
    this.recent = new RecentSamples({ storage: { ...memory, querier: failing }, now: () => this.clock.now() });
    this.storage = this.recent.storage;
    this.collected = new CatalogueBed({ clock: this.clock, interval: STEP }, this.storage);
    const start = this.clock.now();
    this.#time = new SimulatedClock({ start, speed: 1 });
    const now = (): number => this.#time.now();
    this.#store = new ObjectStore({ now });
    const index = new ClusterIndex(this.#store);
    const events = new EventRecorder(this.#store, this.#time);
    events.muted = true;
    const context = new ControllerContext({
      ...{ store: this.#store, clock: this.#time, index, events },
      random: new Random(1),
    });
    new AutoscalerController(context, { ask: () => (path) => this.#ask(path), usage: () => new Map() });
    for (const name of ['v1beta1.metrics', 'v1beta2.custom.metrics', 'v1beta1.external.metrics']) {
      this.#store.create('apiservices.apiregistration.k8s.io', kube('APIService', { name: `${name}.k8s.io` }));
    }
  }

  /** Four replicas of each app and one server, which run for some minutes already. */
  static async start(names: readonly string[] = Object.keys(APPS)): Promise<ScalingBed> {
    const bed = new ScalingBed();
    for (const name of NODES) bed.collected.node(name);
    for (const name of names) bed.#addApp(name);
    for (const node of NODES) bed.#scrapeKubelet(node);
    for (const [i, node] of NODES.slice(0, 2).entries()) bed.#scrapeQueue(i, node);
    bed.collected.start();
    bed.servers.push(await bed.server());
    await bed.pass(180_000);
    for (const name of names) bed.#addAutoscaler(name);
    return bed;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
    await Promise.all(this.#loops.map((loop) => loop.stop({ markStale: false })));
    await this.collected.close();
    await this.recent.storage.close(0);
  }

  /** Replicas that are wanted, by app. */
  replicas(): Record<string, number> {
    return Object.fromEntries([...this.apps.keys()].map((name) => [name, this.#replicasOf(name)]));
  }

  /** What each autoscaler sees, as a part of its target; NaN when it cannot see. */
  seen(): Record<string, number> {
    return Object.fromEntries(
      [...this.apps.keys()].map((name) => [name, this.condition(name).startsWith('True') ? this.#seenBy(name) : NaN]),
    );
  }

  #seenBy(name: string): number {
    const { status } = this.#store.get(AUTOSCALERS, NAMESPACE, name)!;
    const [metric] = (status as { readonly currentMetrics: readonly [Record<string, unknown>] }).currentMetrics;
    const type = metric.type as string;
    const { current } = metric[`${type[0]!.toLowerCase()}${type.slice(1)}`] as {
      readonly current: { readonly averageValue: string };
    };
    const perCore = /expression/.test(name) ? 100 : type === 'External' ? 20 : 1;
    return amount(current.averageValue) / (TARGET * perCore);
  }

  /** What an app's autoscaler was answered last, and what it makes of it: `404 False: the HPA was unable to …`. */
  says(name: string): string {
    const isOf = (path: string): boolean =>
      path.endsWith(`app=${name}`) ||
      path.includes(`/${name}/`) ||
      (/external/.test(path) && path.includes('held') === (name === 'held') && /^(external|held)$/.test(name));
    const [, status] = [...this.#statuses].find(([path]) => isOf(path)) ?? [];
    return `${status} ${this.condition(name)}`;
  }

  /** What the autoscaler says of an app. */
  condition(name: string, type = 'ScalingActive'): string {
    const { status } = this.#store.get(AUTOSCALERS, NAMESPACE, name) as KubeObject & {
      readonly status?: { readonly conditions?: readonly { type: string; status: string; message: string }[] };
    };
    const found = status?.conditions?.find((condition) => condition.type === type);
    return `${found?.status}: ${found?.message}`;
  }

  /** Cores for each app. */
  setLoad(load: number): void {
    for (const app of this.apps.values()) {
      this.#settle(app);
      app.load = load;
    }
  }

  /**
   * For so long autoscalers wait before they take replicas away. 0 hides nothing; but when replicas are taken away, what is left has the load
   * of the others in its rates only after their window, so it is no way to scale.
   */
  setStabilization(milliseconds: number): void {
    for (const name of this.apps.keys()) {
      const autoscaler = this.#store.get(AUTOSCALERS, NAMESPACE, name)!;
      const behavior = { scaleDown: { stabilizationWindowSeconds: milliseconds / 1000 } };
      this.#store.update(AUTOSCALERS, { ...autoscaler, spec: { ...(autoscaler.spec as object), behavior } });
    }
  }

  /** Goes on by so many milliseconds. Gives the least replicas that each app has had in that time. */
  async pass(milliseconds: number): Promise<Record<string, number>> {
    const least = this.replicas();
    for (let step = 0; step < milliseconds; step += STEP) {
      await this.clock.advance(STEP);
      await turns();
      this.#time.advance(STEP);
      while (this.#underWay > 0) await turns();
      await turns();
      for (const app of this.apps.values()) {
        await this.#scale(app);
        least[app.name] = Math.min(least[app.name]!, app.pods.length);
      }
    }
    return least;
  }

  /** Starts a replica of the server, which knows nothing yet. */
  async server(): Promise<ServerReplica> {
    const replica = { isCutOff: false };
    const logger = pino({ level: 'silent' });
    const { clock } = this;
    const querier = this.#unless(this.storage.querier, () => replica.isCutOff, 'this server is cut off from the store');
    const directory = this.#directory();
    const read = createQuerierReader(querier);
    const number = ++this.#servers;
    const answers = new Answers({
      ...{ directory, clock, logger, interval: STEP },
      registry: new Registry(),
      onReads: (reads) => this.#keep(`answers ${number}`, reads),
    });
    const levels = LEVELS.map(({ level, definitions }) => ({
      level,
      metrics: new Map(definitions.map(({ name, unit }) => [`k8s_${level}_${name}`, { unit }])),
    }));
    answers.setMetrics('catalogue', catalogueMetrics(levels, { cluster: CLUSTER, read, scrapeInterval: STEP }));
    const { definitions, problems } = parseMetricDefinitions('pharos.yml', METRICS);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const query = queryFuncOf(createEngine({ querier }));
    answers.setMetrics(
      'configuration',
      definitions.map((definition) => createExpressionMetric(definition, { query, cluster: CLUSTER })),
    );
    answers.start();
    const usage: ResourceUsage = new ResourceUsage({
      ...{ directory, read, cluster: CLUSTER, logger, clock, interval: STEP },
      onReads: () => this.#keep(`usage ${number}`, usage.reads()),
    });
    const apis = await startMetricsApis({
      address: { host: '127.0.0.1', port: 0 },
      tls: { contextOptions: CERTIFICATE, onContext: () => () => undefined },
      access: {
        authenticate: async () => ({ name: 'hpa', uid: undefined, groups: [], extra: new Map() }),
        authorize: async () => undefined,
      },
      ...{ metrics: answers, usage, directory, logger, registry: new Registry(), version: '1.0.0' },
      clock: SYSTEM_CLOCK,
    });
    const url = `https://127.0.0.1:${apis.address.port}`;
    const agent = new Agent({ keepAlive: true, ca: CERTIFICATE.cert });
    const ask: AskApi = async (path) => {
      const request = get(url + path, { agent, headers: { authorization: 'Bearer hpa' } });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return { status: response.statusCode!, body: await json(response) };
    };
    return Object.assign(replica, {
      ask,
      async close() {
        answers.stop();
        usage.close();
        directory.close();
        agent.destroy();
        await apis.close();
      },
    });
  }

  /** In memory, as long as somebody reads it. */
  #keep(who: string, reads: readonly MetricRead[]): void {
    this.recent.want(who, new Map(reads.map(({ metric, back }) => [metric, back])));
  }

  #unless(querier: Querier, isBroken: () => boolean, message: string): Querier {
    return new Proxy(querier, {
      get(target, property) {
        const value = Reflect.get(target, property) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (isBroken()) return Promise.reject(new StorageError('unavailable', message));
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  }

  #directory(): IndexedDirectory {
    const names = { pods: 'pods', nodes: 'nodes', services: 'services', 'statefulsets.apps': 'statefulsets' } as const;
    return new IndexedDirectory({
      resources: new Set(Object.keys(names)),
      open: (resource) => ({
        feed: this.collected.cluster.cache(
          names[resource as keyof typeof names],
        ) as unknown as ObjectFeed<ListedObject>,
        close: () => undefined,
      }),
    });
  }

  async #ask(path: string): ReturnType<AskApi> {
    const server = this.servers[this.#asked++ % this.servers.length]!;
    this.#underWay++;
    try {
      const answer = this.onAnswer(path, await server.ask(path));
      this.#statuses.set(decodeURIComponent(path), answer.status);
      return answer;
    } finally {
      this.#underWay--;
    }
  }

  #addApp(name: string): void {
    const app: App = { name, load: 1.9, pods: [], made: 0 };
    this.apps.set(name, app);
    const labels = { app: name };
    this.#put('statefulsets', kube('StatefulSet', { name, namespace: NAMESPACE, labels }, { replicas: 4 }));
    this.#put('services', kube('Service', { name, namespace: NAMESPACE }, { selector: labels }));
    this.#store.create('statefulsets.apps', {
      ...kube('StatefulSet', { name, namespace: NAMESPACE }, { replicas: 4, selector: { matchLabels: labels } }),
      status: { replicas: 4 },
    });
    while (app.pods.length < 4) this.#addPod(app);
  }

  #addAutoscaler(name: string): void {
    const spec = {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name },
      ...{ minReplicas: 1, maxReplicas: 20, metrics: [APPS[name]!] },
      // What is recommended once is done: nothing else hides that something is missing.
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    };
    const metadata = { name, namespace: NAMESPACE };
    this.#store.create(AUTOSCALERS, kube('HorizontalPodAutoscaler', metadata, spec));
  }

  #replicasOf(name: string): number {
    const { spec } = this.#store.get('statefulsets.apps', NAMESPACE, name)!;
    return (spec as { readonly replicas: number }).replicas;
  }

  async #scale(app: App): Promise<void> {
    const wanted = this.#replicasOf(app.name);
    if (wanted === app.pods.length) return;
    const set = this.#store.get('statefulsets.apps', NAMESPACE, app.name)!;
    this.#store.update('statefulsets.apps', { ...set, status: { replicas: wanted } });
    this.#settle(app);
    while (app.pods.length < wanted) this.#addPod(app);
    while (app.pods.length > wanted) {
      const pod = app.pods.pop()!;
      await pod.loop.stop({ markStale: true });
      this.collected.remove('pods', NAMESPACE, pod.name);
      this.#store.delete('pods', NAMESPACE, pod.name);
    }
  }

  /** Brings the counters of its pods up to now. */
  #settle(app: App): void {
    const now = this.clock.now();
    for (const pod of app.pods) {
      pod.cpu += ((now - pod.at) / 1000) * (app.load / app.pods.length);
      pod.at = now;
    }
  }

  #addPod(app: App): void {
    const node = NODES[app.pods.length % NODES.length]!;
    const name = `${app.name}-${app.made++}`;
    const now = this.clock.now();
    const time = new Date(Math.floor(now / 1000) * 1000).toISOString();
    const object = {
      ...kube('Pod', {
        ...{ name, namespace: NAMESPACE, uid: name, labels: { app: app.name }, creationTimestamp: time },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'StatefulSet', name: app.name, uid: app.name, controller: true },
        ],
      }),
      spec: { nodeName: node, containers: [{ name: 'app', resources: { requests: { cpu: '1' } } }] },
      status: {
        ...{ phase: 'Running', startTime: time },
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }],
        containerStatuses: [
          {
            name: 'app',
            containerID: `containerd://${idOf(name)}`,
            restartCount: 0,
            state: { running: { startedAt: time } },
          },
        ],
      },
    };
    this.#put('pods', object);
    this.#store.create('pods', object as unknown as KubeObject);
    const instance = { job: 'web', instance: name, namespace: NAMESPACE, pod: name, service: app.name };
    const loop = this.#scrape(instance, { kind: 'app', node }, () => {
      this.#settle(app);
      return `http_requests_total ${pod.cpu * 100}\n`;
    });
    const pod: AppPod = { name, node, loop, cpu: 0.001, at: now };
    app.pods.push(pod);
  }

  #scrapeKubelet(node: string): void {
    const labels = { job: 'kubelet', metrics_path: '/metrics/cadvisor', instance: `${node}:10250`, node };
    this.#scrape(labels, { kind: 'kubelet', node }, () => {
      let text = '';
      for (const app of this.apps.values()) {
        this.#settle(app);
        for (const { name, node: on, cpu } of app.pods) {
          if (on !== node) continue;
          const id = idOf(name);
          text += containerRows(name, 'app', { cpu, memory: 1e6 }, { id, namespace: NAMESPACE });
        }
      }
      return text;
    });
    this.#scrape({ ...labels, metrics_path: '/metrics/resource' }, { kind: 'kubelet', node }, () => {
      let text = '';
      for (const app of this.apps.values()) {
        this.#settle(app);
        for (const { name, node: on, cpu } of app.pods) {
          if (on !== node) continue;
          const series = `{container="app",namespace="${NAMESPACE}",pod="${name}"}`;
          text += `kubelet_container_cpu_usage_seconds_total${series} ${cpu}\n`;
          text += `kubelet_container_memory_working_set_bytes${series} 1000000\n`;
        }
      }
      return text;
    });
  }

  #scrapeQueue(part: number, node: string): void {
    this.#scrape({ job: 'queue', instance: `queue-${part}` }, { kind: 'queue', node }, () => {
      const load = Math.max(...[...this.apps.values()].map((app) => app.load));
      return `queue_length{queue="orders"} ${(load / TARGET / 2) * 10}\n`;
    });
  }

  #scrape(labels: Record<string, string>, thing: ScrapedThing, text: () => string): ScrapeLoop {
    const page = (): string => {
      if (this.fault.fails?.(thing)) throw new Error('no route to host');
      const whole = text();
      return this.fault.page?.(thing, whole) ?? whole;
    };
    const { loop } = this.collected.scrape({ ...labels, cluster: CLUSTER }, page, STEP);
    this.#loops.push(loop);
    return loop;
  }

  #put(resource: ResourceName, object: object): void {
    this.collected.put(resource, object as never);
  }
}

const CERTIFICATE = selfSigned();

function kube(kind: string, metadata: object, spec?: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata, ...(spec !== undefined && { spec }) } as KubeObject;
}

function idOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}
