import type { InstantSample } from '../../api/query-instant.ts';
import { nodePath, podPath, workloadPath } from '../../app/object-paths.ts';
import { selector } from '../../objects/selector.ts';

/** Something that is wrong with an object now. */
export interface Problem {
  readonly level: 'serious' | 'warning';
  /** What is wrong, in a word or two: `CrashLoopBackOff`. */
  readonly what: string;
  /** The object's kind and name, and where it is. */
  readonly kind: string;
  readonly name: string;
  readonly place: string;
  readonly detail: string;
  /** The object's page; undefined where it has none. */
  readonly path: string | undefined;
}

/** Containers that wait only because their pod has just begun. */
const BEGINNING = 'ContainerCreating|PodInitializing';
const POD = 'cluster, namespace, pod';
const CONTAINER = `${POD}, container`;

/** Seconds that a pod may be pending or not ready before it is a problem. */
const PATIENCE = 120;

/** What `problems` reads: of one cluster or, with undefined, of all; what has passed counts when it was in the last `window` seconds. */
export function problemQueries(
  cluster: string | undefined,
  window: number,
): Readonly<Record<keyof ProblemSamples, string>> {
  const within = (...more: readonly string[]): string => selector({ cluster }, ...more);
  const restarts = (least: number): string =>
    `max by (${CONTAINER}) (increase(kube_pod_container_status_restarts_total${within()}[${window}s])) > ${least}`;
  const age = `on (${POD}) group_left () max by (${POD}) (time() - kube_pod_created${within()})`;
  return {
    nodes: `max by (cluster, node) (kube_node_status_condition${within('condition="Ready"', 'status!="true"')}) == 1`,
    pressures: `max by (cluster, node, condition) (kube_node_status_condition${within('condition!="Ready"', 'status="true"')}) == 1`,
    waiting: `max by (${CONTAINER}, reason) (kube_pod_container_status_waiting_reason${within(`reason!~"${BEGINNING}"`)}) == 1`,
    killed:
      `max by (${CONTAINER}) (kube_pod_container_status_last_terminated_reason${within('reason="OOMKilled"')}) == 1 ` +
      `and on (${CONTAINER}) ${restarts(0)}`,
    pending: `(max by (${POD}) (kube_pod_status_phase${within('phase="Pending"')}) == 1) * ${age} > ${PATIENCE}`,
    failed: `max by (${POD}, phase) (kube_pod_status_phase${within('phase=~"Failed|Unknown"')}) == 1`,
    unready:
      `((max by (${POD}) (kube_pod_status_ready${within('condition="false"')}) == 1) ` +
      `and on (${POD}) kube_pod_status_phase${within('phase="Running"')} == 1) * ${age} > ${PATIENCE}`,
    restarted: `topk(10, ${restarts(2.5)})`,
    deployments: `max by (cluster, namespace, deployment) (kube_deployment_status_replicas_unavailable${within()}) > 0`,
    statefulSets:
      `max by (cluster, namespace, statefulset) (kube_statefulset_replicas${within()} ` +
      `- kube_statefulset_status_replicas_ready${within()}) > 0`,
    daemonSets: `max by (cluster, namespace, daemonset) (kube_daemonset_status_number_unavailable${within()}) > 0`,
    jobs: `max by (cluster, namespace, job_name) (kube_job_status_failed${within()}) > 0`,
    idle:
      `max by (cluster, namespace, horizontalpodautoscaler) ` +
      `(kube_horizontalpodautoscaler_status_condition${within('condition="ScalingActive"', 'status="false"')}) == 1`,
    volumes: `max by (cluster, namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_status_phase${within('phase=~"Pending|Lost"')}) == 1`,
  };
}

/** Answers of `problemQueries`. */
export type ProblemSamples = Readonly<
  Record<
    | 'nodes'
    | 'pressures'
    | 'waiting'
    | 'killed'
    | 'pending'
    | 'failed'
    | 'unready'
    | 'restarted'
    | 'deployments'
    | 'statefulSets'
    | 'daemonSets'
    | 'jobs'
    | 'idle'
    | 'volumes',
    readonly InstantSample[]
  >
>;

/**
 * What is wrong now, the worst first. An object is named once: a pod whose container loops is not also one that is not ready. `duration` writes
 * seconds for people.
 */
export function problems(samples: ProblemSamples, duration: (seconds: number) => string): readonly Problem[] {
  const found: Problem[] = [];
  const told = new Set<string>();
  const ofPod = (sample: InstantSample, what: Pick<Problem, 'level' | 'what' | 'detail'>): void => {
    const { namespace = '', pod = '', container } = sample.labels;
    const object = { cluster: clusterOf(sample), namespace, name: pod };
    const path = podPath(object);
    if (told.has(path)) return;
    told.add(path);
    const detail = [container === undefined ? '' : `container ${container}`, what.detail].filter((part) => part !== '');
    found.push({
      ...what,
      detail: detail.join(': '),
      kind: 'Pod',
      name: pod,
      place: place(object.cluster, namespace),
      path,
    });
  };
  const ofWorkload = (kind: string, label: string, sample: InstantSample, what: Omit<Problem, ObjectPart>): void => {
    const { namespace = '', [label]: name = '' } = sample.labels;
    const object = { cluster: clusterOf(sample), namespace, name };
    found.push({ ...what, kind, name, place: place(object.cluster, namespace), path: workloadPath(kind, object) });
  };
  const ofNode = (sample: InstantSample, what: Omit<Problem, ObjectPart>): void => {
    const { node = '' } = sample.labels;
    const cluster = clusterOf(sample);
    found.push({ ...what, kind: 'Node', name: node, place: cluster, path: nodePath(cluster, node) });
  };

  for (const sample of samples.nodes)
    ofNode(sample, { level: 'serious', what: 'Not ready', detail: 'its pods are not counted on any more' });
  for (const sample of samples.waiting)
    ofPod(sample, { level: 'serious', what: sample.labels.reason ?? 'Waiting', detail: '' });
  for (const sample of samples.killed)
    ofPod(sample, { level: 'serious', what: 'OOMKilled', detail: 'it needed more memory than its limit' });
  for (const sample of samples.failed)
    ofPod(sample, { level: 'serious', what: sample.labels.phase ?? 'Failed', detail: '' });
  for (const sample of samples.pending)
    ofPod(sample, { level: 'warning', what: 'Pending', detail: `for ${duration(sample.value)}` });
  for (const sample of samples.unready)
    ofPod(sample, { level: 'warning', what: 'Not ready', detail: 'it runs and gets no traffic' });
  for (const sample of samples.restarted)
    ofPod(sample, { level: 'warning', what: 'Restarts', detail: `${Math.round(sample.value)} times` });
  for (const sample of samples.pressures)
    ofNode(sample, { level: 'warning', what: sample.labels.condition ?? 'Pressure', detail: '' });
  const short = (sample: InstantSample): Omit<Problem, ObjectPart> => ({
    level: 'warning',
    what: 'Too few pods',
    detail: `${sample.value} ${sample.value === 1 ? 'is' : 'are'} missing or not ready`,
  });
  for (const sample of samples.deployments) ofWorkload('Deployment', 'deployment', sample, short(sample));
  for (const sample of samples.statefulSets) ofWorkload('StatefulSet', 'statefulset', sample, short(sample));
  for (const sample of samples.daemonSets) ofWorkload('DaemonSet', 'daemonset', sample, short(sample));
  for (const sample of samples.jobs)
    ofWorkload('Job', 'job_name', sample, {
      level: 'warning',
      what: 'Failed pods',
      detail: `${sample.value} of its pods failed`,
    });
  for (const { labels } of samples.idle)
    found.push({
      level: 'warning',
      what: 'Cannot scale',
      kind: 'HPA',
      name: labels.horizontalpodautoscaler ?? '',
      place: place(labels.cluster ?? '', labels.namespace ?? ''),
      detail: 'its metric cannot be had',
      path: '/autoscaling',
    });
  for (const { labels } of samples.volumes)
    found.push({
      level: 'warning',
      what: 'Not bound',
      kind: 'Volume claim',
      name: labels.persistentvolumeclaim ?? '',
      place: place(labels.cluster ?? '', labels.namespace ?? ''),
      detail: '',
      path: undefined,
    });
  return [...found.filter(({ level }) => level === 'serious'), ...found.filter(({ level }) => level === 'warning')];
}

type ObjectPart = 'kind' | 'name' | 'place' | 'path';

function clusterOf({ labels }: InstantSample): string {
  return labels.cluster ?? '';
}

function place(cluster: string, namespace: string): string {
  return [cluster, namespace].filter((part) => part !== '').join(' / ');
}
