import type { KubeObject } from '../kube-object.ts';

/** Part of an object, of whatever shape. */
type Fields = Readonly<Record<string, unknown>>;

/** What the API server adds to an object that is created or changed, where the client has said nothing. */
export function withDefaults(stored: string, object: KubeObject): KubeObject {
  const spec = object.spec as Fields | undefined;
  switch (stored) {
    case 'pods':
      return { ...object, spec: podSpec(spec ?? {}), status: { phase: 'Pending', ...(object.status as Fields) } };
    case 'deployments.apps':
      return { ...object, spec: { ...DEPLOYMENT, ...spec, ...template(spec), strategy: strategy(spec?.strategy) } };
    case 'replicasets.apps':
    case 'replicationcontrollers':
      return {
        ...object,
        spec: { replicas: 1, ...spec, ...template(spec) },
        status: { replicas: 0, ...(object.status as Fields) },
      };
    case 'statefulsets.apps':
      return {
        ...object,
        spec: { ...STATEFUL_SET, ...spec, ...template(spec) },
        status: { replicas: 0, availableReplicas: 0, ...(object.status as Fields) },
      };
    case 'daemonsets.apps':
      return {
        ...object,
        spec: { ...DAEMON_SET, ...spec, ...template(spec) },
        status: { ...DAEMON_SET_STATUS, ...(object.status as Fields) },
      };
    case 'jobs.batch':
      return { ...object, spec: job(spec ?? {}) };
    case 'cronjobs.batch':
      return { ...object, spec: { ...CRON_JOB, ...spec } };
    case 'services':
      return { ...object, spec: service(spec ?? {}), status: { loadBalancer: {}, ...(object.status as Fields) } };
    case 'namespaces': {
      const { name, labels } = object.metadata;
      return {
        ...object,
        metadata: { ...object.metadata, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
        spec: { finalizers: ['kubernetes'], ...spec },
        status: { phase: 'Active', ...(object.status as Fields) },
      };
    }
    case 'persistentvolumeclaims':
      return {
        ...object,
        spec: { volumeMode: 'Filesystem', ...spec },
        status: { phase: 'Pending', ...(object.status as Fields) },
      };
    case 'persistentvolumes':
      return {
        ...object,
        spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem', ...spec },
        status: { phase: 'Available', ...(object.status as Fields) },
      };
    case 'horizontalpodautoscalers.autoscaling':
      return { ...object, spec: { minReplicas: 1, ...spec } };
    case 'apiservices.apiregistration.k8s.io': {
      const service = spec?.service as Fields | null | undefined;
      if (service === undefined || service === null) return object;
      return { ...object, spec: { ...spec, service: { port: 443, ...service } } };
    }
    case 'secrets':
      return { type: 'Opaque', ...object };
    case 'storageclasses.storage.k8s.io':
      return { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', ...object };
    default:
      return object;
  }
}

const DEPLOYMENT = { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 };
const STATEFUL_SET = {
  replicas: 1,
  revisionHistoryLimit: 10,
  podManagementPolicy: 'OrderedReady',
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
};
const DAEMON_SET = {
  revisionHistoryLimit: 10,
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
};
const DAEMON_SET_STATUS = {
  currentNumberScheduled: 0,
  desiredNumberScheduled: 0,
  numberMisscheduled: 0,
  numberReady: 0,
};
const CRON_JOB = {
  concurrencyPolicy: 'Allow',
  suspend: false,
  successfulJobsHistoryLimit: 3,
  failedJobsHistoryLimit: 1,
};

function strategy(given: unknown): Fields {
  const { type = 'RollingUpdate', rollingUpdate } = (given ?? {}) as { type?: string; rollingUpdate?: Fields };
  if (type !== 'RollingUpdate') return { type };
  return { type, rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%', ...rollingUpdate } };
}

function template(spec: Fields | undefined): Fields {
  const given = spec?.template as { readonly spec?: Fields } | undefined;
  return given === undefined ? {} : { template: { ...given, spec: podSpec(given.spec ?? {}) } };
}

function job(spec: Fields): Fields {
  const { parallelism, completions } = spec;
  const single = parallelism === undefined && completions === undefined;
  return {
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    ...(single && { completions: 1 }),
    parallelism: 1,
    ...spec,
    ...template(spec),
  };
}

function podSpec(spec: Fields): Fields {
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    ...(Array.isArray(spec.initContainers) && { initContainers: spec.initContainers.map(container) }),
    ...(Array.isArray(spec.containers) && { containers: spec.containers.map(container) }),
  };
}

function container(given: Fields): Fields {
  const image = String(given.image ?? '');
  const latest = !image.includes('@') && (image.endsWith(':latest') || !/:[^/]*$/.test(image));
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: latest ? 'Always' : 'IfNotPresent',
    ...given,
    ...(Array.isArray(given.ports) && { ports: given.ports.map((port: Fields) => ({ protocol: 'TCP', ...port })) }),
  };
}

function service(spec: Fields): Fields {
  const { type = 'ClusterIP' } = spec;
  return {
    type,
    sessionAffinity: 'None',
    ...(type !== 'ExternalName' && {
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    }),
    ...spec,
    ...(Array.isArray(spec.ports) && {
      ports: spec.ports.map((port: Fields) => ({ protocol: 'TCP', targetPort: port.port, ...port })),
    }),
  };
}
