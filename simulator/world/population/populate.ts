import type { KubeObject } from '../../kube-object.ts';
import { rfc3339 } from '../../object-store.ts';
import { type ControllerContext, ownerReference } from '../controllers/controller-context.ts';
import type { Deployment } from '../objects.ts';
import type { Random } from '../random.ts';
import { safeHash } from '../random.ts';
import { announceApi, apiService } from './api-service.ts';
import { applicationObjects, imageOf } from './application-objects.ts';
import { type Application, planApplications } from './applications.ts';
import { monitorObjects } from './monitor-objects.ts';
import { namespaceObjects } from './namespaces.ts';
import { type NodePlan, planNodes } from './nodes.ts';
import { CONTROL_PLANE_PORTS, staticPods, systemObjects } from './system-workloads.ts';

const DAY = 86_400_000;

export interface PopulationOptions {
  readonly nodes: number;
  /** In all, with those of the system. CronJobs' pods come and go beside them. */
  readonly pods: number;
  readonly random: Random;
  /** Whether objects of the Prometheus Operator are made. */
  readonly monitorObjects: boolean;
  /** Ports at which the kubelets of the first nodes listen on 127.0.0.1 themselves. */
  readonly kubeletPorts?: readonly number[];
}

export interface Population {
  readonly nodes: readonly NodePlan[];
  readonly applications: readonly Application[];
}

/** What a cluster consists of; nothing is created yet. */
export function planPopulation({ nodes, pods, random, kubeletPorts }: PopulationOptions, now: number): Population {
  const plans = planNodes({
    count: nodes,
    now,
    random: random.fork('nodes'),
    ...(kubeletPorts && { ports: kubeletPorts }),
  });
  const count = (role: string) => plans.filter((plan) => plan.role === role).length;
  const system = 4 * count('control-plane') + 2 + 3 * (nodes - count('virtual')) + count('gpu');
  const applications = planApplications({
    pods: Math.max(0, pods - system),
    nodes,
    random: random.fork('applications'),
  });
  return { nodes: plans, applications };
}

/** Creates everything but the nodes: the controllers make pods of it. */
export function createObjects(context: ControllerContext, population: Population, options: PopulationOptions): void {
  const { store, clock, random } = context;
  const now = clock.now();
  const founded = rfc3339(now - 120 * DAY);
  const create = (resource: string, object: KubeObject) => store.create(resource, object);
  const names = [
    ...new Set([
      'default',
      'kube-system',
      'kube-public',
      'kube-node-lease',
      'monitoring',
      ...population.applications.map(({ namespace }) => namespace),
    ]),
  ];
  for (const name of names) for (const [resource, object] of namespaceObjects(name, founded)) create(resource, object);
  for (const name of ['standard', 'fast']) {
    create('storageclasses.storage.k8s.io', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name,
        creationTimestamp: founded,
        ...(name === 'standard' && { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }),
      },
      provisioner: 'disk.csi.simulation',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
    });
  }
  create('ingressclasses.networking.k8s.io', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'nginx', creationTimestamp: founded },
    spec: { controller: 'k8s.io/ingress-nginx' },
  });
  create('services', apiService(founded));
  const planes = population.nodes.filter(({ role }) => role === 'control-plane');
  announceApi(
    store,
    planes.map(({ node }) => node.status.addresses[0]!.address),
    CONTROL_PLANE_PORTS['kube-apiserver'],
  );
  if (options.monitorObjects) for (const [resource, object] of monitorObjects(founded)) create(resource, object);
  const gpus = population.nodes.some(({ role }) => role === 'gpu');
  for (const [resource, object] of systemObjects({ created: founded, gpus })) create(resource, object);
  let address = 0;
  for (const application of population.applications) {
    const created = rfc3339(now - DAY * random.between(0.5, 100));
    const clusterIp = `10.${97 + (++address >> 16)}.${(address >> 8) & 255}.${address & 255}`;
    const batch = application.kind === 'Job';
    const objects = applicationObjects(application, {
      created: batch ? rfc3339(now - 60_000) : created,
      clusterIp,
      monitorObjects: options.monitorObjects,
    });
    for (const [resource, object] of objects) {
      const stored = create(resource, object);
      if (resource === 'deployments.apps' && stored !== undefined)
        pastRollouts(context, stored as Deployment, application);
    }
  }
}

/** The static pods of the control plane, by node. */
export function controlPlanePods(population: Population) {
  return population.nodes
    .filter(({ role }) => role === 'control-plane')
    .flatMap(({ node }) => staticPods(node.metadata.name, node.status.addresses[0]!.address));
}

/** ReplicaSets of earlier versions, with no pods any more. */
function pastRollouts({ store }: ControllerContext, deployment: Deployment, application: Application): void {
  const { namespace, name, creationTimestamp } = deployment.metadata;
  const history = application.history ?? 0;
  for (let ago = history; ago > 0; ago--) {
    const [main, ...others] = deployment.spec.template.spec.containers;
    const containers = [{ ...main!, image: imageOf(application, ago) }, ...others];
    const template = { ...deployment.spec.template, spec: { ...deployment.spec.template.spec, containers } };
    const hash = safeHash(JSON.stringify(template));
    const labels = { ...template.metadata?.labels, 'pod-template-hash': hash };
    store.create('replicasets.apps', {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        ...(namespace !== undefined && { namespace }),
        ...(creationTimestamp !== undefined && { creationTimestamp }),
        generation: 3,
        labels,
        annotations: { 'deployment.kubernetes.io/revision': String(history - ago + 1) },
        ownerReferences: [ownerReference(deployment)],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { ...deployment.spec.selector.matchLabels, 'pod-template-hash': hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
      status: { replicas: 0, observedGeneration: 3 },
    });
  }
}
