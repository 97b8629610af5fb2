import type { KubeObject } from '../../kube-object.ts';
import { selectsAll } from '../label-selector.ts';
import { isActive, isReady, keyOf, type Pod, type Service } from '../objects.ts';
import { safeHash } from '../random.ts';
import { type ControllerContext, ownerReference } from './controller-context.ts';
import { WorkQueue } from './work-queue.ts';

const SLICES = 'endpointslices.discovery.k8s.io';
const SLICE_SIZE = 100;
/** Endpoints objects end here, as in reality. */
const ENDPOINTS_SIZE = 1000;

/** Keeps the addresses behind every Service with a selector, as EndpointSlices and as Endpoints. */
export class EndpointsController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 800, reconcile: (key) => this.#reconcile(key) });
    context.onChange('services', (service, { gone }) => {
      if (gone) this.#forget(service);
      else this.#queue.add(keyOf(service));
    });
    context.onChange('pods', (object, { before, gone }) => {
      const pod = object as Pod;
      if (!gone && before !== undefined && sameEndpoint(before as Pod, pod)) return;
      for (const service of context.store.list('services', {
        namespace: pod.metadata.namespace,
      }) as readonly Service[]) {
        const { selector } = service.spec;
        if (selector !== undefined && selectsAll(selector, pod.metadata.labels)) this.#queue.add(keyOf(service));
      }
    });
  }

  #reconcile(key: string): void {
    const { index, store } = this.#context;
    const service = index.byKey<Service>('services', key);
    if (service?.spec.selector === undefined) return;
    const namespace = service.metadata.namespace ?? '';
    const pods = (store.list('pods', { namespace }) as readonly Pod[]).filter(
      (pod) =>
        pod.status?.podIP !== undefined && isAlive(pod) && selectsAll(service.spec.selector, pod.metadata.labels),
    );
    const ports = (pod: Pod | undefined) =>
      (service.spec.ports ?? []).flatMap((port) => {
        const number = portOf(pod, port.targetPort ?? port.port);
        return number === undefined ? [] : [{ name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP' }];
      });
    // Named ports can be of different numbers in different pods: each set of numbers has slices of its own.
    const groups = new Map<string, Pod[]>();
    for (const pod of pods) {
      const group = JSON.stringify(ports(pod));
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [pod]);
      else members.push(pod);
    }
    if (groups.size === 0) groups.set(JSON.stringify(ports(undefined)), []);
    this.#writeSlices(service, groups);
    this.#writeEndpoints(service, groups);
  }

  #writeSlices(service: Service, groups: ReadonlyMap<string, readonly Pod[]>): void {
    const { store, index } = this.#context;
    const { name, namespace = '' } = service.metadata;
    const wanted = new Map<string, KubeObject>();
    for (const [ports, pods] of groups) {
      for (let from = 0; from === 0 || from < pods.length; from += SLICE_SIZE) {
        const slice = `${name}-${safeHash(`${name} ${ports} ${from}`).slice(0, 5)}`;
        wanted.set(slice, {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: slice,
            namespace,
            generation: 1,
            labels: {
              ...service.metadata.labels,
              'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
              'kubernetes.io/service-name': name,
              ...(service.spec.clusterIP === 'None' && { 'service.kubernetes.io/headless': '' }),
            },
            ownerReferences: [ownerReference(service)],
          },
          addressType: 'IPv4',
          endpoints: pods.slice(from, from + SLICE_SIZE).map((pod) => this.#endpointOf(pod, service)),
          ports: JSON.parse(ports) as unknown,
        });
      }
    }
    for (const slice of index.owned(service.metadata.uid!, SLICES)) {
      if (!wanted.has(slice.metadata.name)) store.delete(SLICES, namespace, slice.metadata.name);
    }
    for (const slice of wanted.values()) {
      const present = store.get(SLICES, namespace, slice.metadata.name);
      if (present === undefined) store.create(SLICES, slice);
      else if (JSON.stringify([present.endpoints, present.ports]) !== JSON.stringify([slice.endpoints, slice.ports])) {
        const { generation = 1 } = present.metadata;
        store.update(SLICES, { ...slice, metadata: { ...slice.metadata, generation: generation + 1 } });
      }
    }
  }

  #endpointOf(pod: Pod, service: Service): object {
    const node = this.#context.store.get('nodes', '', pod.spec.nodeName ?? '');
    const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    const serving = isReady(pod);
    const { name, namespace, uid } = pod.metadata;
    return {
      addresses: [pod.status!.podIP!],
      conditions: {
        ready: (serving && !terminating) || service.spec.publishNotReadyAddresses === true,
        serving,
        terminating,
      },
      ...(typeof pod.spec.hostname === 'string' && { hostname: pod.spec.hostname }),
      nodeName: pod.spec.nodeName,
      targetRef: { kind: 'Pod', name, namespace, uid },
      ...(zone !== undefined && { zone }),
    };
  }

  #writeEndpoints(service: Service, groups: ReadonlyMap<string, readonly Pod[]>): void {
    const { store } = this.#context;
    const { name, namespace = '', labels } = service.metadata;
    const addressOf = (pod: Pod) => ({
      ip: pod.status!.podIP!,
      ...(typeof pod.spec.hostname === 'string' && { hostname: pod.spec.hostname }),
      nodeName: pod.spec.nodeName,
      targetRef: { kind: 'Pod', name: pod.metadata.name, namespace, uid: pod.metadata.uid },
    });
    const subsets = [...groups].flatMap(([ports, all]) => {
      const pods = all.filter(isActive).slice(0, ENDPOINTS_SIZE);
      const ready = pods.filter((pod) => isReady(pod) || service.spec.publishNotReadyAddresses === true);
      const others = pods.filter((pod) => !ready.includes(pod));
      if (pods.length === 0) return [];
      return [
        {
          ...(ready.length > 0 && { addresses: ready.map(addressOf) }),
          ...(others.length > 0 && { notReadyAddresses: others.map(addressOf) }),
          ports: JSON.parse(ports) as unknown,
        },
      ];
    });
    const present = store.get('endpoints', namespace, name);
    if (present !== undefined && JSON.stringify(present.subsets) === JSON.stringify(subsets)) return;
    const object = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, namespace, ...(labels !== undefined && { labels }) },
      subsets,
    };
    if (present === undefined) store.create('endpoints', object);
    else store.update('endpoints', object);
  }

  #forget(service: KubeObject): void {
    this.#context.store.delete('endpoints', service.metadata.namespace ?? '', service.metadata.name);
  }
}

/** A pod that is being deleted stays as terminating; one that has ended does not. */
function isAlive(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
}

function sameEndpoint(before: Pod, after: Pod): boolean {
  return (
    before.status?.podIP === after.status?.podIP &&
    isReady(before) === isReady(after) &&
    isAlive(before) === isAlive(after) &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    before.metadata.labels === after.metadata.labels
  );
}

/** A target port's number: names are looked up in the pod. */
function portOf(pod: Pod | undefined, target: number | string): number | undefined {
  if (typeof target === 'number') return target;
  return pod?.spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === target)?.containerPort;
}
