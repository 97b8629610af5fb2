import type { KubeObject } from '../../kube-object.ts';
import { age, type Cell, columns, orNone, since, type TableDefinition } from './cells.ts';

/** Part of an object whose shape depends on its kind. */
interface Loose extends KubeObject {
  // biome-ignore lint/suspicious/noExplicitAny: each table below reads the fields of its own kind
  readonly [field: string]: any;
}

function table(text: string, cells: (object: Loose, now: number) => readonly Cell[]): TableDefinition {
  return { columns: columns(text), cells: (object, now) => cells(object as Loose, now) };
}

const nodes = table(
  'Name, Status, Roles, Age, Version | Internal-IP, External-IP, OS-Image, Kernel-Version, Container-Runtime',
  (node, now) => {
    const { nodeInfo = {}, addresses = [] } = node.status ?? {};
    const address = (type: string) => orNone(addresses.find((one: { type: string }) => one.type === type)?.address);
    return [
      node.metadata.name,
      nodeStatus(node),
      nodeRoles(node),
      age(node, now),
      nodeInfo.kubeletVersion ?? '',
      address('InternalIP'),
      address('ExternalIP'),
      nodeInfo.osImage || '<unknown>',
      nodeInfo.kernelVersion || '<unknown>',
      nodeInfo.containerRuntimeVersion || '<unknown>',
    ];
  },
);

function nodeStatus({ spec, status }: Loose): string {
  const ready = (status?.conditions ?? []).find(({ type }: { type: string }) => type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable === true ? `${word},SchedulingDisabled` : word;
}

function nodeRoles({ metadata: { labels = {} } }: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(prefix) && key !== prefix) return [key.slice(prefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return orNone([...new Set(roles)].sort().join(','));
}

const events = table(
  'Last Seen, Type, Reason, Object, Message | Subobject, Source, First Seen, Count#, Name',
  (event, now) => {
    const first = event.firstTimestamp ?? event.eventTime;
    const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first;
    const { kind = '', name = '', fieldPath = '' } = event.involvedObject ?? {};
    const source = event.source?.component ?? event.reportingComponent ?? '';
    return [
      since(last, now),
      event.type ?? '',
      event.reason ?? '',
      name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
      (event.message ?? '').trim(),
      fieldPath,
      event.source?.host ? `${source}, ${event.source.host}` : source,
      since(first, now),
      event.series?.count ?? event.count ?? 1,
      event.metadata.name,
    ];
  },
);

const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes(modes: readonly string[] | undefined): string {
  return [...new Set(modes)].map((mode) => ACCESS_MODES[mode] ?? mode).join(',');
}

const persistentVolumes = table(
  'Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age | VolumeMode',
  (volume, now) => {
    const { capacity, claimRef, storageClassName, volumeMode, volumeAttributesClassName } = volume.spec ?? {};
    return [
      volume.metadata.name,
      capacity?.storage ?? '0',
      accessModes(volume.spec?.accessModes),
      volume.spec?.persistentVolumeReclaimPolicy ?? '',
      volume.metadata.deletionTimestamp === undefined ? (volume.status?.phase ?? '') : 'Terminating',
      claimRef === undefined ? '' : `${claimRef.namespace}/${claimRef.name}`,
      storageClassName ?? '',
      volumeAttributesClassName ?? '<unset>',
      volume.status?.reason ?? '',
      age(volume, now),
      volumeMode ?? '<unset>',
    ];
  },
);

const persistentVolumeClaims = table(
  'Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age | VolumeMode',
  (claim, now) => {
    const { volumeName = '', storageClassName = '', volumeMode, volumeAttributesClassName } = claim.spec ?? {};
    const bound = volumeName !== '';
    return [
      claim.metadata.name,
      claim.metadata.deletionTimestamp === undefined ? (claim.status?.phase ?? '') : 'Terminating',
      volumeName,
      bound ? (claim.status?.capacity?.storage ?? '0') : '',
      bound ? accessModes(claim.status?.accessModes) : '',
      storageClassName,
      volumeAttributesClassName ?? '<unset>',
      age(claim, now),
      volumeMode ?? '<unset>',
    ];
  },
);

const count = (object: object | undefined): number => Object.keys(object ?? {}).length;

function quantities(names: object | undefined, used: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(names ?? {})
    .map(([name, hard]) => `${name}: ${used?.[name] ?? '0'}/${hard}`)
    .sort()
    .join(', ');
}

const resourceQuotas = table('Name, Request, Limit, Age', (quota, now) => {
  const { hard = {}, used } = quota.status ?? {};
  const limits = Object.fromEntries(Object.entries(hard).filter(([name]) => name.startsWith('limits')));
  const requests = Object.fromEntries(Object.entries(hard).filter(([name]) => !name.startsWith('limits')));
  return [quota.metadata.name, quantities(requests, used), quantities(limits, used), age(quota, now)];
});

const createdAt = table('Name, Created At', ({ metadata }) => [
  metadata.name,
  metadata.creationTimestamp ?? '<unknown>',
]);

const bindings = table('Name, Role, Age | Users, Groups, ServiceAccounts', (binding, now) => {
  const { kind = '', name = '' } = binding.roleRef ?? {};
  const subjects: readonly { kind: string; name: string; namespace?: string }[] = binding.subjects ?? [];
  const of = (kind: string) => subjects.filter((subject) => subject.kind === kind);
  return [
    binding.metadata.name,
    `${kind}/${name}`,
    age(binding, now),
    of('User')
      .map(({ name }) => name)
      .join(', '),
    of('Group')
      .map(({ name }) => name)
      .join(', '),
    of('ServiceAccount')
      .map(({ namespace = '', name }) => `${namespace}/${name}`)
      .join(', '),
  ];
});

const webhooks = table('Name, Webhooks#, Age', (object, now) => [
  object.metadata.name,
  (object.webhooks ?? []).length,
  age(object, now),
]);

/** As the columns of their definition say. */
const policies = table('Name, Level, Accepted, Firing#, Age | Message', (object, now) => {
  const accepted = (object.status?.conditions ?? []).find(({ type }: { type: string }) => type === 'Accepted');
  return [
    object.metadata.name,
    object.spec?.level ?? '',
    accepted?.status ?? '',
    object.status?.firing ?? '',
    age(object, now),
    accepted?.message ?? '',
  ];
});

const autoscalingMetrics = table('Name, Metric, Type, Accepted, Age | Message', (object, now) => {
  const accepted = (object.status?.conditions ?? []).find(({ type }: { type: string }) => type === 'Accepted');
  return [
    object.metadata.name,
    object.spec?.name ?? '',
    object.spec?.type ?? '',
    accepted?.status ?? '',
    age(object, now),
    accepted?.message ?? '',
  ];
});

/** By the store's resource. */
export const CLUSTER_TABLES: Readonly<Record<string, TableDefinition>> = {
  nodes,
  events,
  namespaces: table('Name, Status, Age', (object, now) => [
    object.metadata.name,
    object.status?.phase ?? '',
    age(object, now),
  ]),
  persistentvolumes: persistentVolumes,
  persistentvolumeclaims: persistentVolumeClaims,
  configmaps: table('Name, Data#, Age', (object, now) => [
    object.metadata.name,
    count(object.data) + count(object.binaryData),
    age(object, now),
  ]),
  secrets: table('Name, Type, Data#, Age', (object, now) => [
    object.metadata.name,
    object.type ?? 'Opaque',
    count(object.data),
    age(object, now),
  ]),
  serviceaccounts: table('Name, Secrets#, Age', (object, now) => [
    object.metadata.name,
    (object.secrets ?? []).length,
    age(object, now),
  ]),
  resourcequotas: resourceQuotas,
  limitranges: createdAt,
  'leases.coordination.k8s.io': table('Name, Holder, Age', (object, now) => [
    object.metadata.name,
    object.spec?.holderIdentity ?? '',
    age(object, now),
  ]),
  'storageclasses.storage.k8s.io': table(
    'Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age',
    (object, now) => [
      object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
        ? `${object.metadata.name} (default)`
        : object.metadata.name,
      object.provisioner ?? '',
      object.reclaimPolicy ?? 'Delete',
      object.volumeBindingMode ?? 'Immediate',
      object.allowVolumeExpansion === true ? 'true' : 'false',
      age(object, now),
    ],
  ),
  'volumeattachments.storage.k8s.io': table('Name, Attacher, PV, Node, Attached, Age', (object, now) => [
    object.metadata.name,
    object.spec?.attacher ?? '',
    object.spec?.source?.persistentVolumeName ?? '',
    object.spec?.nodeName ?? '',
    String(object.status?.attached ?? false),
    age(object, now),
  ]),
  'apiservices.apiregistration.k8s.io': table('Name, Service, Available, Age', (object, now) => {
    const { service } = object.spec ?? {};
    const available = (object.status?.conditions ?? []).find(({ type }: { type: string }) => type === 'Available');
    const why = available?.status === 'True' ? 'True' : `False (${available?.reason ?? 'Unknown'})`;
    return [
      object.metadata.name,
      service === undefined || service === null ? 'Local' : `${service.namespace}/${service.name}`,
      available === undefined ? 'Unknown' : why,
      age(object, now),
    ];
  }),
  'certificatesigningrequests.certificates.k8s.io': table(
    'Name, Age, SignerName, Requestor, RequestedDuration, Condition',
    (object, now) => {
      const types = (object.status?.conditions ?? []).map(({ type }: { type: string }) => type);
      const state = ['Denied', 'Approved', 'Failed'].find((type) => types.includes(type)) ?? 'Pending';
      return [
        object.metadata.name,
        age(object, now),
        object.spec?.signerName ?? '<none>',
        object.spec?.username ?? '',
        object.spec?.expirationSeconds === undefined ? '<none>' : `${object.spec.expirationSeconds}s`,
        object.status?.certificate ? `${state},Issued` : state,
      ];
    },
  ),
  'priorityclasses.scheduling.k8s.io': table('Name, Value#, Global-Default, Age, PreemptionPolicy', (object, now) => [
    object.metadata.name,
    object.value ?? 0,
    String(object.globalDefault ?? false),
    age(object, now),
    object.preemptionPolicy ?? 'PreemptLowerPriority',
  ]),
  'controllerrevisions.apps': table('Name, Controller, Revision#, Age', (object, now) => {
    const owner = (object.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
    return [
      object.metadata.name,
      owner === undefined ? '<none>' : `${owner.kind.toLowerCase()}/${owner.name}`,
      object.revision ?? 0,
      age(object, now),
    ];
  }),
  'alertpolicies.alerting.pharos.dev': policies,
  'clusteralertpolicies.alerting.pharos.dev': policies,
  'autoscalingmetrics.alerting.pharos.dev': autoscalingMetrics,
  'clusterautoscalingmetrics.alerting.pharos.dev': autoscalingMetrics,
  'customresourcedefinitions.apiextensions.k8s.io': createdAt,
  'roles.rbac.authorization.k8s.io': createdAt,
  'clusterroles.rbac.authorization.k8s.io': createdAt,
  'rolebindings.rbac.authorization.k8s.io': bindings,
  'clusterrolebindings.rbac.authorization.k8s.io': bindings,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
};
