import type { KubeObject } from '../../kube-object.ts';
import type { Container, PodSpec, PodTemplate } from '../objects.ts';
import type { Quantities } from '../quantity.ts';

/** The fields of a container that differ from one to the other. */
export interface ContainerSketch {
  readonly name: string;
  readonly image: string;
  readonly port?: number;
  readonly portName?: string;
  readonly requests?: Quantities;
  readonly limits?: Quantities;
  readonly probes?: boolean;
  readonly args?: readonly string[];
  readonly mounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export function makeContainer(sketch: ContainerSketch): Container {
  const { name, image, port, portName = 'http', requests, limits, probes = port !== undefined, args, mounts } = sketch;
  const httpGet = { path: '/healthz', port: portName, scheme: 'HTTP' };
  return {
    name,
    image,
    ...(args !== undefined && { args }),
    ...(port !== undefined && { ports: [{ name: portName, containerPort: port, protocol: 'TCP' }] }),
    resources: { ...(requests !== undefined && { requests }), ...(limits !== undefined && { limits }) },
    ...(mounts !== undefined && { volumeMounts: mounts }),
    ...(probes && {
      livenessProbe: { httpGet, initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 },
      readinessProbe: { httpGet, initialDelaySeconds: 2, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 },
    }),
    imagePullPolicy: 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  };
}

export interface WorkloadSketch {
  readonly namespace: string;
  readonly name: string;
  /** Selects the pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** On the pods beside those. */
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  readonly created: string;
}

export function templateOf({ labels, podLabels, annotations, spec }: WorkloadSketch): PodTemplate {
  return { metadata: { labels: { ...labels, ...podLabels }, ...(annotations !== undefined && { annotations }) }, spec };
}

export function metadataOf({ namespace, name, labels, created }: WorkloadSketch) {
  return { name, namespace, creationTimestamp: created, generation: 1, labels };
}

export function makeDeployment(sketch: WorkloadSketch, replicas: number): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(sketch),
    spec: {
      replicas,
      selector: { matchLabels: sketch.labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: templateOf(sketch),
    },
    status: {},
  };
}

export function makeDaemonSet(sketch: WorkloadSketch): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadataOf(sketch),
    spec: {
      selector: { matchLabels: sketch.labels },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%', maxSurge: 0 } },
      revisionHistoryLimit: 10,
      template: templateOf(sketch),
    },
    status: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  };
}

export interface StatefulSetSketch extends WorkloadSketch {
  /** Size of each pod's claim. */
  readonly storage?: string;
  readonly storageClass?: string;
}

export function makeStatefulSet(sketch: StatefulSetSketch, replicas: number): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadataOf(sketch),
    spec: {
      replicas,
      serviceName: sketch.name,
      selector: { matchLabels: sketch.labels },
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      template: templateOf(sketch),
      ...(sketch.storage !== undefined && {
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'data' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: sketch.storage } },
              storageClassName: sketch.storageClass ?? 'standard',
              volumeMode: 'Filesystem',
            },
          },
        ],
      }),
    },
    status: { replicas: 0 },
  };
}

export interface ServiceSketch {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: number | string }[];
  readonly created: string;
  /** `None` for a headless one. */
  readonly clusterIp: string;
  readonly type?: string;
}

export function makeService({
  namespace,
  name,
  labels,
  selector,
  ports,
  created,
  clusterIp,
  type,
}: ServiceSketch): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, creationTimestamp: created, labels },
    spec: {
      type: type ?? 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      selector,
      ports: ports.map((port) => ({ ...port, protocol: 'TCP' })),
    },
    status: { loadBalancer: type === 'LoadBalancer' ? { ingress: [{ ip: '203.0.113.10' }] } : {} },
  };
}
