import type { ObjectStore } from '../../object-store.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import { selectsAll } from '../label-selector.ts';
import type { Load } from '../load/load.ts';
import type { Meters } from '../load/meters.ts';
import type { Volumes } from '../load/volumes.ts';
import { isReady, type Node, type Pod, type Service } from '../objects.ts';
import { metricsResponse, type ProxyRequest, type ProxyResponse, textResponse } from '../proxy-request.ts';
import type { KubeletFaults } from '../runtime/kubelet-faults.ts';
import type { Machine, RunningContainer, RunningPod } from '../runtime/machine.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { writeApiServer } from './api-server-page.ts';
import { writeApplication } from './application-page.ts';
import { CadvisorPage } from './cadvisor-page.ts';
import type { ComponentOptions } from './component.ts';
import { writeControllerManager } from './controller-manager-page.ts';
import { writeCoreDns } from './coredns-page.ts';
import { writeDcgm } from './dcgm-page.ts';
import { writeEtcd } from './etcd-page.ts';
import { writeKubeProxy } from './kube-proxy-page.ts';
import { writeKubelet } from './kubelet-page.ts';
import { writeNodeExporter } from './node-exporter-page.ts';
import { PageWriter } from './page-writer.ts';
import { writeProbes } from './probes-page.ts';
import { writeProcess } from './process-families.ts';
import { writeResources } from './resource-page.ts';
import { writeScheduler } from './scheduler-page.ts';

export interface PagesOptions {
  readonly clock: SimulatedClock;
  readonly store: ObjectStore;
  readonly meters: Meters;
  readonly load: Load;
  readonly volumes: Volumes;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly index: ClusterIndex;
  readonly housekeeping: number;
  readonly faults: KubeletFaults;
  /** What the cluster was made with. */
  readonly size: { readonly pods: number; readonly nodes: number };
  readonly scheduler: { readonly scheduled: number; readonly unschedulable: number; readonly pending: number };
}

/** Pages of the control plane's parts and of what runs beside it, by the name of the container. */
const COMPONENT_PAGES: Readonly<Record<string, (writer: PageWriter, options: ComponentOptions) => void>> = {
  'kube-apiserver': writeApiServer,
  etcd: writeEtcd,
  'kube-scheduler': writeScheduler,
  'kube-controller-manager': writeControllerManager,
  'kube-proxy': writeKubeProxy,
  coredns: writeCoreDns,
};

/** What the components of the cluster serve over HTTP. Who is down or has nothing at a port throws. */
export class Pages {
  readonly cadvisor: CadvisorPage;
  readonly #options: PagesOptions;
  readonly #writer = new PageWriter();

  constructor(options: PagesOptions) {
    this.#options = options;
    this.cadvisor = new CadvisorPage({ meters: options.meters, housekeeping: options.housekeeping });
  }

  answer(request: ProxyRequest): ProxyResponse {
    switch (request.kind) {
      case 'node':
        return this.#kubelet(request);
      case 'pod':
        return this.#pod(request);
      case 'service':
        return this.#service(request);
      default:
        return request.kind satisfies never;
    }
  }

  /** What the API server says of the cluster's load, as one of its instances; undefined while none runs. */
  apiServer(): Buffer | undefined {
    for (const machine of this.#options.machines.values()) {
      for (const pod of machine.pods.values()) {
        const container = machine.up
          ? pod.containers.find(({ name, endedAt }) => name === 'kube-apiserver' && endedAt === undefined)
          : undefined;
        if (container === undefined) continue;
        writeApiServer(this.#writer, this.#componentOptions(container));
        return this.#writer.take();
      }
    }
    return undefined;
  }

  #kubelet({ name, path }: ProxyRequest): ProxyResponse {
    const { machines, index, faults } = this.#options;
    const machine = machines.get(name);
    if (machine === undefined || index.get<Node>('nodes', '', name) === undefined) {
      return textResponse(404, `nodes "${name}" not found\n`);
    }
    if (!machine.up) throw new Error(`dial tcp ${machine.address}:10250: connect: no route to host`);
    if (path === '/healthz') return textResponse(200, 'ok');
    const page = this.#kubeletPage(machine, path);
    if (page === undefined) return textResponse(404, '404 page not found\n');
    if (faults.sendsGarbage(name)) page.fill('\u0000\u00ff{"<<', Math.floor(page.length / 2));
    return metricsResponse(page);
  }

  #kubeletPage(machine: Machine, path: string): Buffer | undefined {
    const { clock, meters, index, volumes, faults, size } = this.#options;
    const now = clock.now();
    const skew = faults.skewOf(machine.name);
    const writer = this.#writer;
    switch (path) {
      case '/metrics/cadvisor':
        this.cadvisor.write(writer, machine, { now, skew });
        return writer.take();
      case '/metrics':
        writeKubelet(writer, machine, { meters, index, volumes, now, density: size.pods / size.nodes });
        return writer.take();
      case '/metrics/resource': {
        const sampledAt = (container: RunningContainer, at: number) => this.cadvisor.sampledAt(container, at);
        writeResources(writer, machine, { meters, now, skew, sampledAt });
        return writer.take();
      }
      case '/metrics/probes':
        writeProbes(writer, machine, { index, now });
        return writer.take();
      default:
        return undefined;
    }
  }

  #pod({ namespace, name, port, path }: ProxyRequest): ProxyResponse {
    const { index, machines } = this.#options;
    const pod = index.get<Pod>('pods', namespace, name);
    if (pod === undefined) return textResponse(404, `pods "${name}" not found\n`);
    const machine = machines.get(pod.spec.nodeName ?? '');
    const running = machine?.pods.get(pod.metadata.uid!);
    const address = `${pod.status?.podIP ?? ''}:${port ?? ''}`;
    if (machine === undefined || running === undefined || !machine.up || running.endedAt !== undefined) {
      throw new Error(`dial tcp ${address}: connect: no route to host`);
    }
    const container = listener(pod, running, port);
    if (container === undefined) throw new Error(`dial tcp ${address}: connect: connection refused`);
    if (path === '/healthz' || path === '/') return textResponse(200, 'ok\n');
    if (path !== '/metrics') return textResponse(404, '404 page not found\n');
    return metricsResponse(this.#containerPage(machine, container));
  }

  #containerPage(machine: Machine, container: RunningContainer): Buffer {
    const { clock, meters, load, faults } = this.#options;
    const now = clock.now();
    const writer = this.#writer;
    const component = COMPONENT_PAGES[container.name];
    if (component !== undefined) component(writer, this.#componentOptions(container));
    else if (container.name === 'node-exporter') {
      writeNodeExporter(writer, machine, { meters, now, skew: faults.skewOf(machine.name), version: '1.9.1' });
      writeProcess(writer, { meters, row: container.row, startedAt: container.startedAt, now, goroutines: 9 });
    } else if (container.name === 'dcgm-exporter') writeDcgm(writer, machine, { meters, now });
    else writeApplication(writer, container, { meters, load, now });
    return writer.take();
  }

  /** One of the pods that are ready behind it. */
  #service(request: ProxyRequest): ProxyResponse {
    const { index, store } = this.#options;
    const { namespace, name } = request;
    const service = index.get<Service>('services', namespace, name);
    if (service === undefined) return textResponse(404, `services "${name}" not found\n`);
    const pods = (store.list('pods', { namespace }) as readonly Pod[]).filter(
      (pod) =>
        service.spec.selector !== undefined && selectsAll(service.spec.selector, pod.metadata.labels) && isReady(pod),
    );
    const [pod] = pods;
    if (pod === undefined) throw new Error(`no endpoints available for service "${name}"`);
    const given =
      service.spec.ports?.find((port) => port.name === request.port || String(port.port) === request.port) ??
      service.spec.ports?.[0];
    const target = given?.targetPort ?? given?.port;
    return this.#pod({
      ...request,
      kind: 'pod',
      name: pod.metadata.name,
      port: target === undefined ? undefined : String(target),
    });
  }

  #componentOptions(container: RunningContainer): ComponentOptions {
    const { store, meters, clock, scheduler, size } = this.#options;
    const { scheduled, unschedulable, pending } = scheduler;
    const objects = new Map(RESOURCES.map((resource) => [resource, store.count(resource)] as const));
    return {
      meters,
      container,
      now: clock.now(),
      ...size,
      objects,
      scheduled,
      unschedulable,
      pending,
    };
  }
}

const RESOURCES = [
  'pods',
  'nodes',
  'services',
  'configmaps',
  'secrets',
  'events',
  'namespaces',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'leases.coordination.k8s.io',
  'endpointslices.discovery.k8s.io',
];

/** The running container with this port, by number or name; of no port the first one's. */
function listener(pod: Pod, running: RunningPod, port: string | undefined): RunningContainer | undefined {
  const spec = pod.spec.containers.find(({ ports = [] }) =>
    ports.some(
      ({ name, containerPort }) => port === undefined || port === '' || name === port || String(containerPort) === port,
    ),
  );
  return running.containers.find(({ name, endedAt }) => name === spec?.name && endedAt === undefined);
}
