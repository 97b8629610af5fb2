import type { RawObject } from './kube-client.ts';
import type { ContainerState, KubeObject, ObjectTypes, ResourceName } from './objects.ts';
import { alike, compileShape, having, type ObjectShape, type Shape } from './shape.ts';

/** Where a resource is found in the API, and what a cache keeps of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Only the metadata is asked for, so that the content never leaves the API server. */
  readonly metadataOnly: boolean;
  /** Copies what is kept out of an object as the API gives it. */
  slim(raw: RawObject): T;
}

/** The path of a list or watch of all objects, or of those of a namespace. */
export function resourcePath({ group, version, plural }: Resource, namespace = ''): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === '' ? `${root}/${plural}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

const CONDITIONS = [{ type: 'shared', status: 'shared', reason: 'shared', lastTransitionTime: 'time' }] as const;

const LABEL_SELECTOR = {
  matchLabels: 'map',
  matchExpressions: [{ key: 'shared', operator: 'shared', values: ['shared'] }],
} as const;

const CONTAINERS = alike([
  {
    name: 'shared',
    image: 'shared',
    ports: [{ name: 'shared', containerPort: 'own', protocol: 'shared' }],
    resources: { requests: 'map', limits: 'map' },
    restartPolicy: 'shared',
  },
] as const);

const CONTAINER_STATE = {
  waiting: { reason: 'shared' },
  running: { startedAt: 'time' },
  terminated: { reason: 'shared', exitCode: 'own', startedAt: 'time', finishedAt: 'time' },
} as const satisfies Shape<ContainerState>;

const CONTAINER_STATUSES = [
  {
    name: 'shared',
    image: 'shared',
    imageID: 'shared',
    containerID: 'own',
    ready: 'own',
    restartCount: 'own',
    state: CONTAINER_STATE,
    // Mostly empty.
    lastState: alike({ ...CONTAINER_STATE }),
  },
] as const;

const OBJECT_REFERENCE = { kind: 'shared', namespace: 'shared', name: 'own', uid: 'own' } as const;

const ENDPOINT_ADDRESSES = [{ ip: 'own', hostname: 'own', nodeName: 'shared', targetRef: OBJECT_REFERENCE }] as const;

const METRIC_IDENTIFIER = { name: 'shared', selector: LABEL_SELECTOR } as const;

const METRIC_VALUE = { value: 'own', averageValue: 'own', averageUtilization: 'own' } as const;

const WEBHOOKS = [{ name: 'own', clientConfig: { service: { name: 'own', namespace: 'shared' } } }] as const;

const ENDPOINT_PORTS = [{ name: 'shared', port: 'own', protocol: 'shared', appProtocol: 'shared' }] as const;

/**
 * Every resource that is watched. To add one: its type in `objects.ts` (interface and `ObjectTypes`), and a line here, whose
 * shape must name the type's fields. A field that is added to a type is a compile error here until it is in the shape.
 */
export const RESOURCES: { readonly [R in ResourceName]: Resource<ObjectTypes[R]> } = {
  pods: resource('', 'v1', 'Pod', 'pods', {
    spec: {
      nodeName: 'shared',
      hostNetwork: 'own',
      serviceAccountName: 'shared',
      priorityClassName: 'shared',
      schedulerName: 'shared',
      restartPolicy: 'shared',
      runtimeClassName: 'shared',
      nodeSelector: 'map',
      tolerations: alike([
        { key: 'shared', operator: 'shared', value: 'shared', effect: 'shared', tolerationSeconds: 'own' },
      ] as const),
      overhead: 'map',
      containers: CONTAINERS,
      initContainers: CONTAINERS,
      volumes: having('persistentVolumeClaim', [
        { name: 'shared', persistentVolumeClaim: { claimName: 'own', readOnly: 'own' } },
      ] as const),
    },
    status: {
      phase: 'shared',
      reason: 'shared',
      podIP: 'own',
      podIPs: [{ ip: 'own' }],
      hostIP: 'shared',
      startTime: 'time',
      qosClass: 'shared',
      nominatedNodeName: 'shared',
      conditions: CONDITIONS,
      containerStatuses: CONTAINER_STATUSES,
      initContainerStatuses: CONTAINER_STATUSES,
    },
  }),
  nodes: clusterResource('', 'v1', 'Node', 'nodes', {
    spec: {
      unschedulable: 'own',
      podCIDR: 'own',
      providerID: 'own',
      taints: [{ key: 'shared', value: 'shared', effect: 'shared' }],
    },
    status: {
      capacity: 'map',
      allocatable: 'map',
      conditions: CONDITIONS,
      addresses: [{ type: 'shared', address: 'own' }],
      daemonEndpoints: { kubeletEndpoint: { Port: 'own' } },
      nodeInfo: 'map',
    },
  }),
  namespaces: clusterResource('', 'v1', 'Namespace', 'namespaces', {
    status: { phase: 'shared', conditions: CONDITIONS },
  }),
  deployments: resource('apps', 'v1', 'Deployment', 'deployments', {
    spec: {
      replicas: 'own',
      paused: 'own',
      selector: LABEL_SELECTOR,
      strategy: { type: 'shared', rollingUpdate: { maxUnavailable: 'shared', maxSurge: 'shared' } },
    },
    status: {
      replicas: 'own',
      readyReplicas: 'own',
      availableReplicas: 'own',
      unavailableReplicas: 'own',
      updatedReplicas: 'own',
      terminatingReplicas: 'own',
      observedGeneration: 'own',
      conditions: CONDITIONS,
    },
  }),
  replicasets: resource('apps', 'v1', 'ReplicaSet', 'replicasets', {
    spec: { replicas: 'own', selector: LABEL_SELECTOR },
    status: {
      replicas: 'own',
      fullyLabeledReplicas: 'own',
      readyReplicas: 'own',
      terminatingReplicas: 'own',
      observedGeneration: 'own',
    },
  }),
  replicationcontrollers: resource('', 'v1', 'ReplicationController', 'replicationcontrollers', {
    spec: { replicas: 'own', selector: 'map' },
    status: {
      replicas: 'own',
      fullyLabeledReplicas: 'own',
      readyReplicas: 'own',
      availableReplicas: 'own',
      observedGeneration: 'own',
    },
  }),
  statefulsets: resource('apps', 'v1', 'StatefulSet', 'statefulsets', {
    spec: {
      replicas: 'own',
      selector: LABEL_SELECTOR,
      ordinals: { start: 'own' },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'shared', whenScaled: 'shared' },
    },
    status: {
      replicas: 'own',
      readyReplicas: 'own',
      currentReplicas: 'own',
      updatedReplicas: 'own',
      availableReplicas: 'own',
      observedGeneration: 'own',
      currentRevision: 'own',
      updateRevision: 'own',
    },
  }),
  daemonsets: resource('apps', 'v1', 'DaemonSet', 'daemonsets', {
    status: {
      currentNumberScheduled: 'own',
      desiredNumberScheduled: 'own',
      numberAvailable: 'own',
      numberMisscheduled: 'own',
      numberReady: 'own',
      numberUnavailable: 'own',
      updatedNumberScheduled: 'own',
      observedGeneration: 'own',
    },
  }),
  jobs: resource('batch', 'v1', 'Job', 'jobs', {
    spec: { parallelism: 'own', completions: 'own', activeDeadlineSeconds: 'own', suspend: 'own' },
    status: {
      active: 'own',
      ready: 'own',
      succeeded: 'own',
      failed: 'own',
      startTime: 'time',
      completionTime: 'time',
      conditions: CONDITIONS,
    },
  }),
  cronjobs: resource('batch', 'v1', 'CronJob', 'cronjobs', {
    spec: {
      schedule: 'own',
      timeZone: 'shared',
      concurrencyPolicy: 'shared',
      suspend: 'own',
      startingDeadlineSeconds: 'own',
      successfulJobsHistoryLimit: 'own',
      failedJobsHistoryLimit: 'own',
    },
    status: { active: [{ name: 'own' }], lastScheduleTime: 'time', lastSuccessfulTime: 'time' },
  }),
  services: resource('', 'v1', 'Service', 'services', {
    spec: {
      type: 'shared',
      clusterIP: 'own',
      externalName: 'own',
      externalTrafficPolicy: 'shared',
      loadBalancerIP: 'own',
      externalIPs: ['own'],
      selector: 'map',
      ports: [{ name: 'shared', port: 'own', protocol: 'shared', targetPort: 'shared', appProtocol: 'shared' }],
    },
    status: { loadBalancer: { ingress: [{ ip: 'own', hostname: 'own' }] } },
  }),
  events: resource('', 'v1', 'Event', 'events', {
    involvedObject: OBJECT_REFERENCE,
    reason: 'shared',
    message: 'own',
    type: 'shared',
    count: 'own',
    firstTimestamp: 'own',
    lastTimestamp: 'own',
    eventTime: 'own',
    series: { count: 'own', lastObservedTime: 'own' },
    source: { component: 'shared', host: 'shared' },
    reportingComponent: 'shared',
    reportingInstance: 'shared',
  }),
  endpoints: resource('', 'v1', 'Endpoints', 'endpoints', {
    subsets: [{ addresses: ENDPOINT_ADDRESSES, notReadyAddresses: ENDPOINT_ADDRESSES, ports: ENDPOINT_PORTS }],
  }),
  endpointslices: resource('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices', {
    addressType: 'shared',
    endpoints: [
      {
        addresses: ['own'],
        conditions: { ready: 'own', serving: 'own', terminating: 'own' },
        hostname: 'own',
        nodeName: 'shared',
        zone: 'shared',
        hints: { forZones: [{ name: 'shared' }] },
        targetRef: OBJECT_REFERENCE,
        deprecatedTopology: 'map',
      },
    ],
    ports: ENDPOINT_PORTS,
  }),
  ingresses: resource('networking.k8s.io', 'v1', 'Ingress', 'ingresses', {
    spec: {
      ingressClassName: 'shared',
      tls: [{ hosts: ['own'], secretName: 'own' }],
      rules: [
        {
          host: 'own',
          http: {
            paths: [
              {
                path: 'own',
                pathType: 'shared',
                backend: {
                  service: { name: 'own', port: { number: 'own', name: 'shared' } },
                  resource: { apiGroup: 'shared', kind: 'shared', name: 'own' },
                },
              },
            ],
          },
        },
      ],
    },
  }),
  horizontalpodautoscalers: resource('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    spec: {
      minReplicas: 'own',
      maxReplicas: 'own',
      scaleTargetRef: { apiVersion: 'shared', kind: 'shared', name: 'own' },
      metrics: [
        {
          type: 'shared',
          resource: { name: 'shared', target: METRIC_VALUE },
          containerResource: { name: 'shared', container: 'shared', target: METRIC_VALUE },
          pods: { metric: METRIC_IDENTIFIER, target: METRIC_VALUE },
          object: {
            metric: METRIC_IDENTIFIER,
            describedObject: { apiVersion: 'shared', kind: 'shared', name: 'own' },
            target: METRIC_VALUE,
          },
          external: { metric: METRIC_IDENTIFIER, target: METRIC_VALUE },
        },
      ],
    },
    status: {
      currentReplicas: 'own',
      desiredReplicas: 'own',
      observedGeneration: 'own',
      lastScaleTime: 'time',
      conditions: [{ ...CONDITIONS[0], message: 'own' }],
      currentMetrics: [
        {
          type: 'shared',
          resource: { name: 'shared', current: METRIC_VALUE },
          containerResource: { name: 'shared', container: 'shared', current: METRIC_VALUE },
          pods: { metric: { name: 'shared' }, current: METRIC_VALUE },
          object: { metric: { name: 'shared' }, current: METRIC_VALUE },
          external: { metric: { name: 'shared' }, current: METRIC_VALUE },
        },
      ],
    },
  }),
  persistentvolumeclaims: resource('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', {
    spec: {
      accessModes: ['shared'],
      storageClassName: 'shared',
      volumeName: 'own',
      volumeMode: 'shared',
      resources: { requests: 'map' },
    },
    status: { phase: 'shared', capacity: 'map', conditions: CONDITIONS },
  }),
  persistentvolumes: clusterResource('', 'v1', 'PersistentVolume', 'persistentvolumes', {
    spec: {
      capacity: 'map',
      storageClassName: 'shared',
      volumeMode: 'shared',
      persistentVolumeReclaimPolicy: 'shared',
      claimRef: OBJECT_REFERENCE,
      gcePersistentDisk: { pdName: 'own' },
      awsElasticBlockStore: { volumeID: 'own' },
      azureDisk: { diskName: 'own' },
      fc: { lun: 'own', targetWWNs: ['own'], wwids: ['own'] },
      iscsi: { targetPortal: 'shared', iqn: 'own', lun: 'own', initiatorName: 'own' },
      nfs: { server: 'shared', path: 'own' },
      csi: { driver: 'shared', volumeHandle: 'own', volumeAttributes: 'map' },
      local: { path: 'own', fsType: 'shared' },
      hostPath: { path: 'own', type: 'shared' },
    },
    status: { phase: 'shared' },
  }),
  storageclasses: clusterResource('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses', {
    provisioner: 'shared',
    reclaimPolicy: 'shared',
    volumeBindingMode: 'shared',
  }),
  volumeattachments: clusterResource('storage.k8s.io', 'v1', 'VolumeAttachment', 'volumeattachments', {
    spec: { attacher: 'shared', nodeName: 'shared', source: { persistentVolumeName: 'own' } },
    status: { attached: 'own', attachmentMetadata: 'map' },
  }),
  resourcequotas: resource('', 'v1', 'ResourceQuota', 'resourcequotas', { status: { hard: 'map', used: 'map' } }),
  limitranges: resource('', 'v1', 'LimitRange', 'limitranges', {
    spec: {
      limits: [
        {
          type: 'shared',
          min: 'map',
          max: 'map',
          default: 'map',
          defaultRequest: 'map',
          maxLimitRequestRatio: 'map',
        },
      ],
    },
  }),
  poddisruptionbudgets: resource('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets', {
    status: {
      currentHealthy: 'own',
      desiredHealthy: 'own',
      disruptionsAllowed: 'own',
      expectedPods: 'own',
      observedGeneration: 'own',
    },
  }),
  networkpolicies: resource('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies', {
    spec: { ingress: ['all'], egress: ['all'] },
  }),
  leases: resource('coordination.k8s.io', 'v1', 'Lease', 'leases', {
    spec: { holderIdentity: 'own', renewTime: 'own' },
  }),
  certificatesigningrequests: clusterResource(
    'certificates.k8s.io',
    'v1',
    'CertificateSigningRequest',
    'certificatesigningrequests',
    { spec: { signerName: 'shared' }, status: { certificate: 'own', conditions: CONDITIONS } },
  ),
  serviceaccounts: resource('', 'v1', 'ServiceAccount', 'serviceaccounts', {
    automountServiceAccountToken: 'own',
    secrets: [{ name: 'own' }],
    imagePullSecrets: [{ name: 'shared' }],
  }),
  mutatingwebhookconfigurations: clusterResource(
    'admissionregistration.k8s.io',
    'v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    { webhooks: WEBHOOKS },
  ),
  validatingwebhookconfigurations: clusterResource(
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    { webhooks: WEBHOOKS },
  ),
  ingressclasses: clusterResource('networking.k8s.io', 'v1', 'IngressClass', 'ingressclasses', {
    spec: { controller: 'shared' },
  }),
  rolebindings: resource('rbac.authorization.k8s.io', 'v1', 'RoleBinding', 'rolebindings', {
    roleRef: { kind: 'shared', name: 'shared' },
  }),
  clusterrolebindings: clusterResource('rbac.authorization.k8s.io', 'v1', 'ClusterRoleBinding', 'clusterrolebindings', {
    roleRef: { kind: 'shared', name: 'shared' },
  }),
  roles: metadataResource('rbac.authorization.k8s.io', 'v1', 'Role', 'roles'),
  clusterroles: {
    ...metadataResource('rbac.authorization.k8s.io', 'v1', 'ClusterRole', 'clusterroles'),
    namespaced: false,
  },
  configmaps: metadataResource('', 'v1', 'ConfigMap', 'configmaps'),
  secrets: metadataResource('', 'v1', 'Secret', 'secrets'),
  servicemonitors: resource('monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors', { spec: 'all' }),
  podmonitors: resource('monitoring.coreos.com', 'v1', 'PodMonitor', 'podmonitors', { spec: 'all' }),
  probes: resource('monitoring.coreos.com', 'v1', 'Probe', 'probes', { spec: 'all' }),
  scrapeconfigs: resource('monitoring.coreos.com', 'v1alpha1', 'ScrapeConfig', 'scrapeconfigs', { spec: 'all' }),
  prometheusrules: resource('monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules', { spec: 'all' }),
  alertpolicies: resource('alerting.pharos.dev', 'v1', 'AlertPolicy', 'alertpolicies', { spec: 'all', status: 'all' }),
  clusteralertpolicies: clusterResource('alerting.pharos.dev', 'v1', 'ClusterAlertPolicy', 'clusteralertpolicies', {
    spec: 'all',
    status: 'all',
  }),
  autoscalingmetrics: resource('alerting.pharos.dev', 'v1', 'AutoscalingMetric', 'autoscalingmetrics', {
    spec: 'all',
    status: 'all',
  }),
  clusterautoscalingmetrics: clusterResource(
    'alerting.pharos.dev',
    'v1',
    'ClusterAutoscalingMetric',
    'clusterautoscalingmetrics',
    { spec: 'all', status: 'all' },
  ),
};

/** A resource whose objects are in namespaces. */
function resource<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
  shape: ObjectShape<T>,
): Resource<T> {
  return { group, version, kind, plural, namespaced: true, metadataOnly: false, slim: compileShape<T>(shape) };
}

/** A resource whose objects are in no namespace. */
function clusterResource<T extends KubeObject>(...of: Parameters<typeof resource<T>>): Resource<T> {
  return { ...resource<T>(...of), namespaced: false };
}

/** A resource in namespaces of which only the metadata is asked for. */
function metadataResource(group: string, version: string, kind: string, plural: string): Resource {
  return { ...resource<KubeObject>(group, version, kind, plural, {}), metadataOnly: true };
}
