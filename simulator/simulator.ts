import { type ApiServer, type ApiServerOptions, startApiServer } from './api/api-server.ts';
import type { TokenGrant } from './api/authentication.ts';
import { createBootstrapRoles } from './api/bootstrap-roles.ts';
import { kubeconfigOf } from './api/kubeconfig.ts';
import { askApi } from './ask-api.ts';
import { countComponentRequests } from './component-requests.ts';
import { joinPages } from './join-pages.ts';
import { KubeletListeners } from './kubelet-listeners.ts';
import { Random } from './world/random.ts';
import { World, type WorldOptions } from './world/world.ts';

export interface SimulatorOptions extends WorldOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Of the API server; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Tokens beside the administrator's. */
  readonly tokens?: readonly TokenGrant[];
  /** So many nodes have a kubelet that listens on 127.0.0.1 itself, at the port that its Node names. Default 0. */
  readonly kubeletListeners?: number;
  /** HTTPS for the API server and the kubelets. */
  readonly tls?: ApiServerOptions['tls'];
  /** URLs of aggregated API servers by `namespace/name` of the service that an APIService names. */
  readonly backends?: ReadonlyMap<string, string>;
  /** False lets the time stand still: it moves by `world.advance` alone. Default true. */
  readonly running?: boolean;
  /** The cluster's name in the kubeconfig. Default `simulated`. */
  readonly name?: string;
  readonly logger?: ApiServerOptions['logger'];
}

/** As whom the controller asks for metrics. */
const AUTOSCALER = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A simulated cluster behind an API server that listens. */
export interface Simulator {
  readonly url: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** The text of a kubeconfig with this token. */
  readonly kubeconfig: string;
  readonly world: World;
  /** The API server, with switches for its faults. */
  readonly api: ApiServer;
  /** The kubelet accepts requests and never answers. */
  hang(node: string): void;
  /** The kubelet's pages turn into garbage in the middle. */
  garbage(node: string): void;
  skewClock(node: string, milliseconds: number): void;
  /** The node is off; see `heal`. */
  down(node: string): void;
  /** Ends all faults of a node, and starts it if it is off. */
  heal(node: string): void;
  close(): Promise<void>;
}

/** Makes a cluster, starts its API server and lets its time run. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, kubeletListeners = 0, running = true, name = 'simulated' } = options;
  const { tls, logger, backends } = options;
  const token = `simulated.${new Random(options.seed ?? 1).fork('token').hex(40)}`;
  const autoscalerToken = `simulated.${new Random(options.seed ?? 1).fork('autoscaler token').hex(40)}`;
  const listeners = new KubeletListeners({ count: kubeletListeners, ...(tls !== undefined && { tls }) });
  const ports = await listeners.open();
  const world = new World({ ...options, kubeletPorts: ports });
  // What the server counts itself, and what a real one would say of the cluster beside that.
  const ownPage = () => {
    world.clock.catchUp();
    return {
      status: 200,
      headers: { 'content-type': METRICS_TYPE },
      body: joinPages(api.metrics(), world.pages.apiServer()),
    };
  };
  const api: ApiServer = await startApiServer({
    store: world.store,
    tokens: [
      { token, user: 'admin', groups: ['system:masters'] },
      { token: autoscalerToken, user: AUTOSCALER, allow: [] },
      ...(options.tokens ?? []),
    ],
    host,
    port,
    now: () => world.clock.now(),
    proxy: (request) => world.proxy(request),
    graceful: (resource) => resource === 'pods' || resource === 'namespaces',
    version: 'v1.33.4',
    pages: (path) => (path === '/metrics' ? Promise.resolve(ownPage()) : undefined),
    ...(tls !== undefined && { tls }),
    ...(logger !== undefined && { logger }),
    ...(backends !== undefined && { backends }),
  }).catch(async (error: unknown) => {
    await listeners.close();
    throw error;
  });
  createBootstrapRoles(world.store);
  api.frontProxy.publish();
  const uncount = countComponentRequests(world.store, api);
  world.serveThrough(askApi({ url: api.url, token: autoscalerToken, ca: api.ca }), {
    host,
    port: Number(new URL(api.url).port),
  });
  listeners.serve(world, (given) => api.acceptsToken(given));
  // Making the cluster took its time.
  if (running && options.start === undefined) world.advance(Math.max(0, Date.now() - world.clock.now()));
  if (running) world.clock.run();
  const machine = (node: string) => {
    const found = world.runtime.machines.get(node);
    if (found === undefined) throw new RangeError(`the cluster has no node ${node}`);
    return found;
  };
  return {
    url: api.url,
    token,
    kubeconfig: kubeconfigOf(api, token, { name }),
    world,
    api,
    hang: (node) => world.kubeletFaults.hang(machine(node).name),
    garbage: (node) => world.kubeletFaults.garbage(machine(node).name),
    skewClock: (node, milliseconds) => world.kubeletFaults.skewClock(machine(node).name, milliseconds),
    down: (node) => world.kubelet.down(machine(node), { power: true }),
    heal: (node) => {
      world.kubeletFaults.clear(node);
      if (!machine(node).up) world.kubelet.back(machine(node));
    },
    close: async () => {
      uncount();
      world.close();
      await listeners.close();
      await api.close();
    },
  };
}
