import type { KubeObject } from '../../kube-object.ts';
import { ANNOTATION } from '../load/profile.ts';
import type { Container, PodSpec } from '../objects.ts';
import { fraction } from '../random.ts';
import type { Application, HpaPlan } from './applications.ts';
import { makeContainer, makeDeployment, makeService, makeStatefulSet, type WorkloadSketch } from './object-makers.ts';

const PORT = 8080;

export interface ApplicationObjectOptions {
  readonly created: string;
  readonly clusterIp: string;
  /** Whether the classes for pods on virtual and GPU nodes may be used. */
  readonly monitorObjects: boolean;
}

/** The objects of one application by resource, what is needed by others first. */
export function applicationObjects(
  application: Application,
  { created, clusterIp, monitorObjects }: ApplicationObjectOptions,
): (readonly [string, KubeObject])[] {
  const { namespace, name, kind, replicas } = application;
  const sketch = sketchOf(application, created);
  const metadata = { name, namespace, creationTimestamp: created, labels: sketch.labels };
  const objects: (readonly [string, KubeObject])[] = [
    [
      'configmaps',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...metadata, name: `${name}-config` },
        data: { 'config.yaml': `service: ${name}\nlogLevel: info\n` },
      },
    ],
  ];
  const batch = kind === 'Job' || kind === 'CronJob';
  if (!batch) {
    const headless = kind === 'StatefulSet';
    const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
    objects.push([
      'services',
      makeService({
        namespace,
        name,
        labels: sketch.labels,
        selector: sketch.labels,
        ports,
        created,
        clusterIp: headless ? 'None' : clusterIp,
      }),
    ]);
    if (fraction(`${namespace}/${name}/secret`) < 0.5) {
      objects.push([
        'secrets',
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { ...metadata, name: `${name}-credentials` },
          type: 'Opaque',
          data: { password: 'c2ltdWxhdGVk' },
        },
      ]);
    }
  }
  if (kind === 'Deployment') objects.push(['deployments.apps', makeDeployment(sketch, replicas)]);
  else if (kind === 'StatefulSet') {
    objects.push([
      'statefulsets.apps',
      makeStatefulSet(
        { ...sketch, ...(application.storage !== undefined && { storage: application.storage }) },
        replicas,
      ),
    ]);
  } else objects.push(batchObject(application, sketch));
  if (application.ingress === true) {
    const host = `${name}.${namespace}.example.com`;
    const backend = { service: { name, port: { name: 'http' } } };
    objects.push([
      'ingresses.networking.k8s.io',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { ...metadata, generation: 1 },
        spec: {
          ingressClassName: 'nginx',
          tls: [{ hosts: [host], secretName: `${name}-tls` }],
          rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
        },
        status: { loadBalancer: { ingress: [{ ip: '203.0.113.10' }] } },
      },
    ]);
  }
  if (application.pdb === true) {
    objects.push([
      'poddisruptionbudgets.policy',
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { ...metadata, generation: 1 },
        spec: { maxUnavailable: 1, selector: { matchLabels: sketch.labels } },
        status: {},
      },
    ]);
  }
  if (application.hpa !== undefined)
    objects.push(['horizontalpodautoscalers.autoscaling', hpaObject(application, metadata)]);
  if (application.hpa?.kind === 'External')
    objects.push(['autoscalingmetrics.alerting.pharos.dev', queueMetric(application, created)]);
  if (monitorObjects && application.scraped === true && fraction(`${namespace}/${name}/monitor`) < 0.5) {
    const endpoint = { port: 'http', path: '/metrics', interval: '30s' };
    const pods = fraction(`${namespace}/${name}/pod-monitor`) < 0.3;
    objects.push([
      pods ? 'podmonitors.monitoring.coreos.com' : 'servicemonitors.monitoring.coreos.com',
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: pods ? 'PodMonitor' : 'ServiceMonitor',
        metadata: { ...metadata, generation: 1 },
        spec: { selector: { matchLabels: sketch.labels }, [pods ? 'podMetricsEndpoints' : 'endpoints']: [endpoint] },
      },
    ]);
  }
  return objects;
}

function sketchOf(application: Application, created: string): WorkloadSketch {
  const { namespace, name, profile, replicas, requestsPerReplica, duration, failures, leakSeconds, waveSeconds } =
    application;
  const labels = { 'app.kubernetes.io/name': name, app: name };
  const serves = requestsPerReplica !== undefined && requestsPerReplica > 0;
  const batch = application.kind === 'Job' || application.kind === 'CronJob';
  return {
    namespace,
    name,
    labels,
    podLabels: { 'app.kubernetes.io/version': versionOf(application, 0), tier: serves ? 'frontend' : 'backend' },
    annotations: {
      [ANNOTATION.profile]: profile,
      ...(serves && {
        [ANNOTATION.requestsPerSecond]: String(Math.round(requestsPerReplica * replicas * 0.85)),
        [ANNOTATION.requestsPerReplica]: String(requestsPerReplica),
      }),
      ...(batch && { [ANNOTATION.duration]: String(duration ?? 120) }),
      ...(failures !== undefined && { [ANNOTATION.failures]: String(failures) }),
      ...(leakSeconds !== undefined && { [ANNOTATION.leakTime]: String(leakSeconds) }),
      ...(waveSeconds !== undefined && { [ANNOTATION.wave]: String(waveSeconds) }),
      ...(application.scraped === true && {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': String(PORT),
        'prometheus.io/path': '/metrics',
      }),
    },
    spec: podSpecOf(application),
    created,
  };
}

function podSpecOf(application: Application): PodSpec {
  const { name, kind, storage, gpus, requests, limits } = application;
  const batch = kind === 'Job' || kind === 'CronJob';
  const gpu = gpus === undefined ? {} : { 'nvidia.com/gpu': String(gpus) };
  const main = makeContainer({
    name,
    image: imageOf(application, 0),
    ...(!batch && { port: PORT }),
    ...((requests !== undefined || gpus !== undefined) && { requests: { ...requests, ...gpu } }),
    ...((limits !== undefined || gpus !== undefined) && { limits: { ...limits, ...gpu } }),
    ...(storage !== undefined && { mounts: [{ name: 'data', mountPath: '/data' }] }),
  });
  const containers: Container[] = [main];
  if (application.sidecar === true) {
    containers.push(
      makeContainer({
        name: 'log-shipper',
        image: 'registry.example/log-shipper:2.8.0',
        ...(requests !== undefined && { requests: { cpu: '20m', memory: '32Mi' } }),
      }),
    );
  }
  const tolerations = [
    ...(gpus === undefined ? [] : [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]),
    ...(application.virtual === true ? [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }] : []),
  ];
  return {
    ...(batch && { restartPolicy: 'Never' }),
    ...(application.init === true && {
      initContainers: [
        makeContainer({ name: 'migrate', image: imageOf(application, 0), requests: { cpu: '50m', memory: '64Mi' } }),
      ],
    }),
    containers,
    ...(tolerations.length > 0 && { tolerations }),
    ...(application.virtual === true && { nodeSelector: { type: 'virtual-kubelet' } }),
  };
}

function batchObject(application: Application, sketch: WorkloadSketch): readonly [string, KubeObject] {
  const { namespace, name, labels, created, podLabels, annotations, spec } = sketch;
  const template = {
    metadata: { labels: { ...labels, ...podLabels }, ...(annotations !== undefined && { annotations }) },
    spec,
  };
  const job = { parallelism: 1, completions: 1, backoffLimit: 3, template };
  const metadata = { name, namespace, creationTimestamp: created, generation: 1, labels };
  if (application.kind === 'Job')
    return ['jobs.batch', { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: job, status: {} }];
  return [
    'cronjobs.batch',
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: {
        schedule: application.schedule,
        concurrencyPolicy: application.concurrencyPolicy ?? 'Allow',
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
        jobTemplate: { spec: { ...job, backoffLimit: 1 } },
      },
      status: {},
    },
  ];
}

function hpaObject({ name, hpa }: Application, metadata: KubeObject['metadata']): KubeObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: hpa!.min,
      maxReplicas: hpa!.max,
      ...(hpa!.quick === true && { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } }),
      metrics: [hpaMetric(hpa!.kind, name)],
    },
    status: { currentReplicas: 0, desiredReplicas: 0 },
  };
}

/** A name for the length of the queue, which the pages of the pods tell. */
function queueMetric({ namespace, name }: Application, created: string): KubeObject {
  return {
    apiVersion: 'alerting.pharos.dev/v1',
    kind: 'AutoscalingMetric',
    metadata: { name: 'queue-messages', namespace, creationTimestamp: created, generation: 1 },
    spec: {
      name: 'queue_messages',
      description: `How much waits for ${name}.`,
      type: 'External',
      expr: 'max by (namespace, queue) (queue_messages{$selector})',
    },
    status: {},
  };
}

function hpaMetric(kind: HpaPlan['kind'], name: string): object {
  const utilization = { type: 'Utilization', averageUtilization: 70 };
  switch (kind) {
    case 'Resource':
      return { type: kind, resource: { name: 'cpu', target: utilization } };
    case 'ContainerResource':
      return { type: kind, containerResource: { name: 'cpu', container: name, target: utilization } };
    case 'Pods': {
      const metric = { name: 'k8s_pod_rate_cpu_core_used_request' };
      return { type: kind, pods: { metric, target: { type: 'AverageValue', averageValue: '70' } } };
    }
    case 'Object': {
      const describedObject = { apiVersion: 'apps/v1', kind: 'Deployment', name };
      const metric = { name: 'k8s_workload_cpu_core_used' };
      return { type: kind, object: { metric, describedObject, target: { type: 'AverageValue', averageValue: '70m' } } };
    }
    case 'External': {
      const metric = { name: 'queue_messages', selector: { matchLabels: { queue: name } } };
      return { type: kind, external: { metric, target: { type: 'AverageValue', averageValue: '30' } } };
    }
    default:
      return kind satisfies never;
  }
}

/** The image some versions ago. */
export function imageOf({ namespace, name }: Application, ago: number): string {
  return `registry.example/${namespace}/${name}:${versionOf({ namespace, name }, ago)}`;
}

function versionOf({ namespace, name }: Pick<Application, 'namespace' | 'name'>, ago: number): string {
  const seed = fraction(`${namespace}/${name}/version`);
  return `1.${4 + Math.floor(seed * 20) - ago}.${Math.floor(seed * 700) % 10}`;
}
