import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore } from '../object-store.ts';

const GROUP = 'rbac.authorization.k8s.io';
const VIEW = ['get', 'list', 'watch'];
const EVENTS = { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] };

/** The roles that every cluster has and manifests refer to, with their bindings. What is there already stays as it is. */
export function createBootstrapRoles(store: ObjectStore): void {
  for (const [name, { rules, subject, labels, aggregationRule, namespace }] of Object.entries(ROLES)) {
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const metadata = {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    };
    create(kind, { metadata, ...(aggregationRule !== undefined && { aggregationRule }), rules: rules ?? [] });
    if (subject === undefined) continue;
    create('ClusterRoleBinding', {
      metadata,
      roleRef: { apiGroup: GROUP, kind, name },
      subjects: [subject].flat(),
    });
  }

  function create(kind: string, object: Pick<KubeObject, 'metadata'> & Readonly<Record<string, unknown>>): void {
    store.create(`${kind.toLowerCase()}s.${GROUP}`, { apiVersion: `${GROUP}/v1`, kind, ...object });
  }
}

interface BootstrapRole {
  readonly namespace?: string;
  readonly rules?: readonly object[];
  readonly aggregationRule?: object;
  readonly labels?: Readonly<Record<string, string>>;
  readonly subject?: object | readonly object[];
}

function group(name: string): object {
  return { apiGroup: GROUP, kind: 'Group', name };
}

function aggregated(name: string): BootstrapRole {
  return {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`${GROUP}/aggregate-to-${name}`]: 'true' } }] },
  };
}

const ROLES: Readonly<Record<string, BootstrapRole>> = {
  'cluster-admin': {
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ],
    subject: group('system:masters'),
  },
  admin: aggregated('admin'),
  edit: aggregated('edit'),
  view: aggregated('view'),
  'system:aggregate-to-view': {
    labels: {
      [`${GROUP}/aggregate-to-view`]: 'true',
      [`${GROUP}/aggregate-to-edit`]: 'true',
      [`${GROUP}/aggregate-to-admin`]: 'true',
    },
    rules: [
      {
        apiGroups: [''],
        resources: ['configmaps', 'endpoints', 'events', 'namespaces', 'persistentvolumeclaims', 'pods', 'pods/log'],
        verbs: VIEW,
      },
      { apiGroups: [''], resources: ['replicationcontrollers', 'resourcequotas', 'services'], verbs: VIEW },
      {
        apiGroups: ['apps'],
        resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
        verbs: VIEW,
      },
      { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: VIEW },
      { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: VIEW },
    ],
  },
  'system:auth-delegator': {
    rules: [
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ],
  },
  'system:controller:horizontal-pod-autoscaler': {
    rules: [
      { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: VIEW },
      { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers/status'], verbs: ['update'] },
      { apiGroups: ['*'], resources: ['*/scale'], verbs: ['get', 'update'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] },
      { apiGroups: ['custom.metrics.k8s.io'], resources: ['*'], verbs: ['get', 'list'] },
      { apiGroups: ['external.metrics.k8s.io'], resources: ['*'], verbs: ['get', 'list'] },
      EVENTS,
    ],
    subject: { kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' },
  },
  'extension-apiserver-authentication-reader': {
    namespace: 'kube-system',
    rules: [
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['extension-apiserver-authentication'],
        verbs: VIEW,
      },
    ],
  },
};
