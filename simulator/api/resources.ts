import type { KubeObject } from '../kube-object.ts';
import type { Resource } from '../object-store.ts';
import { EVENT_VERSIONS } from './event-versions.ts';
import { HPA_VERSIONS } from './hpa-versions.ts';
import { qualifiedName } from './resource-names.ts';

/** A resource as one version of its group serves it. */
export interface ApiResource extends Resource {
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Its name in the store: `plural.group`, or another one that several groups or versions share. */
  readonly stored: string;
  /** Between what is stored and what this version shows; undefined when they are the same. */
  readonly conversion: Conversion | undefined;
  /** Says that specs have generations. */
  readonly generations: boolean;
  /** Registered by a CustomResourceDefinition. */
  readonly custom: boolean;
}

export interface Conversion {
  readonly fromStored: (object: KubeObject) => KubeObject;
  readonly toStored: (object: KubeObject) => KubeObject;
}

/** What a resource can be registered with; all but the names has a default. */
export interface ResourceDefinition extends Partial<Omit<ApiResource, 'group' | 'version' | 'kind' | 'plural'>> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/**
 * The resources that the API server knows. The groups and versions are in the order of registration, and of a group's versions
 * the first one is preferred. More can be registered while the server runs.
 */
export class ResourceTable {
  readonly #resources = new Map<string, ApiResource>();

  constructor(definitions: readonly ResourceDefinition[] = BUILT_IN) {
    for (const definition of definitions) this.register(definition);
  }

  /** Adds a resource, or replaces the one of that group, version and plural name. */
  register(definition: ResourceDefinition): ApiResource {
    const { group, version, kind, plural } = definition;
    const resource: ApiResource = {
      group,
      version,
      kind,
      plural,
      singular: definition.singular ?? kind.toLowerCase(),
      shortNames: definition.shortNames ?? [],
      namespaced: definition.namespaced ?? true,
      subresources: definition.subresources ?? [],
      categories: definition.categories ?? [],
      verbs: definition.verbs ?? VERBS,
      stored: definition.stored ?? qualifiedName({ group, plural }),
      conversion: definition.conversion,
      generations: definition.generations ?? false,
      custom: definition.custom ?? false,
    };
    this.#resources.set(keyOf(group, version, plural), resource);
    return resource;
  }

  remove({ group, version, plural }: { group: string; version: string; plural: string }): void {
    this.#resources.delete(keyOf(group, version, plural));
  }

  find(group: string, version: string, plural: string): ApiResource | undefined {
    return this.#resources.get(keyOf(group, version, plural));
  }

  /** The preferred version of the resource that the store keeps under a name. */
  ofStored(stored: string): ApiResource | undefined {
    for (const resource of this.#resources.values()) if (resource.stored === stored) return resource;
    return undefined;
  }

  all(): readonly ApiResource[] {
    return [...this.#resources.values()];
  }

  /** The versions of a group, the preferred one first; empty when there is no such group. */
  versions(group: string): readonly string[] {
    return [...new Set(this.all().flatMap((resource) => (resource.group === group ? [resource.version] : [])))];
  }

  /** All groups but the core one. */
  groups(): readonly string[] {
    return [...new Set(this.all().map((resource) => resource.group))].filter((group) => group !== '');
  }
}

function keyOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}

/** Several resources of one group and version. */
function groupVersion(group: string, version: string, resources: Readonly<Record<string, ShortDefinition>>) {
  return Object.entries(resources).map(
    ([plural, definition]): ResourceDefinition => ({ ...definition, group, version, plural }),
  );
}

type ShortDefinition = Omit<ResourceDefinition, 'group' | 'version' | 'plural'>;

const ALL = ['all'];
const cluster = { namespaced: false };
const status = { subresources: ['status'] };
const scaled = { subresources: ['status', 'scale'], generations: true };
const review = (kind: string, namespaced = false): ShortDefinition => ({ kind, namespaced, verbs: ['create'] });

/** What a cluster has without any CustomResourceDefinition, the Prometheus Operator's objects, and alert policies. */
export const BUILT_IN: readonly ResourceDefinition[] = [
  ...groupVersion('', 'v1', {
    configmaps: { kind: 'ConfigMap', shortNames: ['cm'] },
    endpoints: { kind: 'Endpoints', shortNames: ['ep'] },
    events: { kind: 'Event', shortNames: ['ev'], stored: 'events' },
    limitranges: { kind: 'LimitRange', shortNames: ['limits'] },
    namespaces: { kind: 'Namespace', shortNames: ['ns'], ...cluster, subresources: ['status', 'finalize'] },
    nodes: { kind: 'Node', shortNames: ['no'], ...cluster, subresources: ['status', 'proxy'] },
    persistentvolumeclaims: { kind: 'PersistentVolumeClaim', shortNames: ['pvc'], ...status },
    persistentvolumes: { kind: 'PersistentVolume', shortNames: ['pv'], ...cluster, ...status },
    pods: {
      kind: 'Pod',
      shortNames: ['po'],
      categories: ALL,
      subresources: ['status', 'eviction', 'log', 'proxy'],
    },
    podtemplates: { kind: 'PodTemplate', generations: true },
    replicationcontrollers: { kind: 'ReplicationController', shortNames: ['rc'], categories: ALL, ...scaled },
    resourcequotas: { kind: 'ResourceQuota', shortNames: ['quota'], ...status },
    secrets: { kind: 'Secret' },
    serviceaccounts: { kind: 'ServiceAccount', shortNames: ['sa'], subresources: ['token'] },
    services: { kind: 'Service', shortNames: ['svc'], categories: ALL, subresources: ['status', 'proxy'] },
  }),
  ...groupVersion('apiregistration.k8s.io', 'v1', { apiservices: { kind: 'APIService', ...cluster, ...status } }),
  ...groupVersion('apps', 'v1', {
    controllerrevisions: { kind: 'ControllerRevision' },
    daemonsets: { kind: 'DaemonSet', shortNames: ['ds'], categories: ALL, ...status, generations: true },
    deployments: { kind: 'Deployment', shortNames: ['deploy'], categories: ALL, ...scaled },
    replicasets: { kind: 'ReplicaSet', shortNames: ['rs'], categories: ALL, ...scaled },
    statefulsets: { kind: 'StatefulSet', shortNames: ['sts'], categories: ALL, ...scaled },
  }),
  ...groupVersion('events.k8s.io', 'v1', {
    events: { kind: 'Event', shortNames: ['ev'], stored: 'events', conversion: EVENT_VERSIONS },
  }),
  ...groupVersion('authentication.k8s.io', 'v1', {
    selfsubjectreviews: review('SelfSubjectReview'),
    tokenreviews: review('TokenReview'),
  }),
  ...groupVersion('authorization.k8s.io', 'v1', {
    localsubjectaccessreviews: review('LocalSubjectAccessReview', true),
    selfsubjectaccessreviews: review('SelfSubjectAccessReview'),
    selfsubjectrulesreviews: review('SelfSubjectRulesReview'),
    subjectaccessreviews: review('SubjectAccessReview'),
  }),
  ...groupVersion('autoscaling', 'v2', {
    horizontalpodautoscalers: { kind: 'HorizontalPodAutoscaler', shortNames: ['hpa'], categories: ALL, ...status },
  }),
  ...groupVersion('autoscaling', 'v1', {
    horizontalpodautoscalers: {
      kind: 'HorizontalPodAutoscaler',
      shortNames: ['hpa'],
      categories: ALL,
      ...status,
      conversion: HPA_VERSIONS,
    },
  }),
  ...groupVersion('batch', 'v1', {
    cronjobs: { kind: 'CronJob', shortNames: ['cj'], categories: ALL, ...status, generations: true },
    jobs: { kind: 'Job', categories: ALL, ...status, generations: true },
  }),
  ...groupVersion('certificates.k8s.io', 'v1', {
    certificatesigningrequests: {
      kind: 'CertificateSigningRequest',
      shortNames: ['csr'],
      ...cluster,
      subresources: ['status', 'approval'],
    },
  }),
  ...groupVersion('networking.k8s.io', 'v1', {
    ingressclasses: { kind: 'IngressClass', ...cluster, generations: true },
    ingresses: { kind: 'Ingress', shortNames: ['ing'], ...status, generations: true },
    networkpolicies: { kind: 'NetworkPolicy', shortNames: ['netpol'], generations: true },
  }),
  ...groupVersion('policy', 'v1', {
    poddisruptionbudgets: { kind: 'PodDisruptionBudget', shortNames: ['pdb'], ...status, generations: true },
  }),
  ...groupVersion('rbac.authorization.k8s.io', 'v1', {
    clusterrolebindings: { kind: 'ClusterRoleBinding', ...cluster },
    clusterroles: { kind: 'ClusterRole', ...cluster },
    rolebindings: { kind: 'RoleBinding' },
    roles: { kind: 'Role' },
  }),
  ...groupVersion('storage.k8s.io', 'v1', {
    csidrivers: { kind: 'CSIDriver', ...cluster },
    csinodes: { kind: 'CSINode', ...cluster },
    storageclasses: { kind: 'StorageClass', shortNames: ['sc'], ...cluster },
    volumeattachments: { kind: 'VolumeAttachment', ...cluster, ...status },
  }),
  ...groupVersion('admissionregistration.k8s.io', 'v1', {
    mutatingwebhookconfigurations: { kind: 'MutatingWebhookConfiguration', ...cluster, generations: true },
    validatingwebhookconfigurations: { kind: 'ValidatingWebhookConfiguration', ...cluster, generations: true },
  }),
  ...groupVersion('apiextensions.k8s.io', 'v1', {
    customresourcedefinitions: {
      kind: 'CustomResourceDefinition',
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      ...cluster,
      ...status,
      generations: true,
    },
  }),
  ...groupVersion('scheduling.k8s.io', 'v1', {
    priorityclasses: { kind: 'PriorityClass', shortNames: ['pc'], ...cluster },
  }),
  ...groupVersion('coordination.k8s.io', 'v1', { leases: { kind: 'Lease' } }),
  ...groupVersion('discovery.k8s.io', 'v1', { endpointslices: { kind: 'EndpointSlice', generations: true } }),
  ...groupVersion('monitoring.coreos.com', 'v1', {
    podmonitors: custom('PodMonitor', ['pmon']),
    probes: custom('Probe', ['prb']),
    prometheusrules: custom('PrometheusRule', ['promrule']),
    servicemonitors: custom('ServiceMonitor', ['smon']),
  }),
  ...groupVersion('monitoring.coreos.com', 'v1alpha1', {
    scrapeconfigs: custom('ScrapeConfig', ['scfg']),
  }),
  ...groupVersion('alerting.pharos.dev', 'v1', {
    alertpolicies: policy('AlertPolicy', ['apol']),
    clusteralertpolicies: { ...policy('ClusterAlertPolicy', ['capol']), ...cluster },
    autoscalingmetrics: policy('AutoscalingMetric', ['asm']),
    clusterautoscalingmetrics: { ...policy('ClusterAutoscalingMetric', ['casm']), ...cluster },
  }),
];

function policy(kind: string, shortNames: readonly string[]): ShortDefinition {
  return { kind, shortNames, categories: ['pharos'], ...status, generations: true, custom: true };
}

function custom(kind: string, shortNames: readonly string[]): ShortDefinition {
  return { kind, shortNames, categories: ['prometheus-operator'], ...status, generations: true, custom: true };
}
