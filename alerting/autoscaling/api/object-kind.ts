/** How an object of a resource is named in answers. */
export interface ObjectKind {
  readonly kind: string;
  /** `/v1`, `apps/v1`: with the group even where that is empty. */
  readonly apiVersion: string;
  /** Undefined when nobody knows. */
  readonly namespaced: boolean | undefined;
}

/** Finds kinds of resources that are not built in, such as by the discovery of the cluster; undefined when it does not know. */
export type KindLookup = (resource: string) => ObjectKind | undefined;

const KINDS: ReadonlyMap<string, ObjectKind> = new Map([
  ...inGroup('', 'v1', true, {
    pods: 'Pod',
    services: 'Service',
    endpoints: 'Endpoints',
    configmaps: 'ConfigMap',
    secrets: 'Secret',
    serviceaccounts: 'ServiceAccount',
    replicationcontrollers: 'ReplicationController',
    persistentvolumeclaims: 'PersistentVolumeClaim',
    resourcequotas: 'ResourceQuota',
    limitranges: 'LimitRange',
  }),
  ...inGroup('', 'v1', false, { nodes: 'Node', namespaces: 'Namespace', persistentvolumes: 'PersistentVolume' }),
  ...inGroup('apps', 'v1', true, {
    deployments: 'Deployment',
    statefulsets: 'StatefulSet',
    daemonsets: 'DaemonSet',
    replicasets: 'ReplicaSet',
  }),
  ...inGroup('batch', 'v1', true, { jobs: 'Job', cronjobs: 'CronJob' }),
  ...inGroup('networking.k8s.io', 'v1', true, { ingresses: 'Ingress', networkpolicies: 'NetworkPolicy' }),
  ...inGroup('autoscaling', 'v2', true, { horizontalpodautoscalers: 'HorizontalPodAutoscaler' }),
  ...inGroup('policy', 'v1', true, { poddisruptionbudgets: 'PodDisruptionBudget' }),
]);

/** By the table of what is built in, then by the lookup, then by the rules by which most resources are named. */
export function objectKind(resource: string, lookup?: KindLookup): ObjectKind {
  const known = KINDS.get(resource) ?? lookup?.(resource);
  if (known !== undefined) return known;
  const dot = resource.indexOf('.');
  const plural = dot < 0 ? resource : resource.slice(0, dot);
  const group = dot < 0 ? '' : resource.slice(dot + 1);
  return { kind: singular(plural), apiVersion: `${group}/v1`, namespaced: undefined };
}

/** `ingresses` is an Ingress, `policies` a Policy, `rollouts` a Rollout. Where words begin inside of it cannot be told. */
function singular(plural: string): string {
  const word = plural
    .replace(/ies$/, 'y')
    .replace(/(ss|x|ch|sh)es$/, '$1')
    .replace(/([^s])s$/, '$1');
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function inGroup(
  group: string,
  version: string,
  namespaced: boolean,
  kinds: Readonly<Record<string, string>>,
): readonly (readonly [string, ObjectKind])[] {
  return Object.entries(kinds).map(([plural, kind]) => [
    group === '' ? plural : `${plural}.${group}`,
    { kind, apiVersion: `${group}/${version}`, namespaced },
  ]);
}
