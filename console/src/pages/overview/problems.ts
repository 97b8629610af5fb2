import type { InstantSample } from '../../api/query-instant.ts';
import { nodePath, workloadPath } from '../../app/object-paths.ts';
import { plural } from '../../app/plural.ts';
import { selector } from '../../objects/selector.ts';
import { workloadTone } from '../workloads/workload-tone.ts';

/** Something that is wrong with an object now. */
export interface Problem {
  readonly level: 'serious' | 'warning';
  /** What is wrong, in a word or two: `Unavailable`. */
  readonly what: string;
  /** The object's kind and name, and where it is. */
  readonly kind: string;
  readonly name: string;
  readonly place: string;
  readonly detail: string;
  /** The object's page; undefined where it has none. */
  readonly path: string | undefined;
}

/** A node of the inventory that is abnormal. */
export interface AilingNode {
  readonly cluster: string;
  readonly node: string;
  readonly status: string;
  /** Separated by commas. */
  readonly conditions: string;
}

/** A workload of the inventory that is abnormal. */
export interface AilingWorkload {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly abnormal: boolean;
  readonly problem: string;
}

/** What the API of autoscaling says: autoscalers with problems, and how the metrics APIs are registered. */
export interface AutoscalingState {
  readonly autoscalers: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly problems: readonly string[];
  }[];
  readonly registration?:
    | readonly {
        readonly group: string;
        readonly version: string;
        readonly state: string;
        readonly detail: string;
        readonly available: { readonly status: string; readonly reason: string; readonly message: string } | null;
      }[]
    | null;
}

/** What problems are found in. */
export interface ProblemSources {
  readonly nodes: readonly AilingNode[];
  readonly workloads: readonly AilingWorkload[];
  /** Answers of `problemQueries`. */
  readonly samples: Readonly<Record<ProblemQuery, readonly InstantSample[]>>;
  /** Undefined where no metrics are served to autoscalers. */
  readonly autoscaling: AutoscalingState | undefined;
}

type ProblemQuery = 'killed' | 'restarted' | 'limited' | 'idle' | 'autoscalers' | 'volumes';

const WORKLOAD = 'cluster, namespace, workload_kind, workload_name';
const HPA = 'cluster, namespace, horizontalpodautoscaler';

/** What is read besides the inventory: of one cluster or, with undefined, of all; what has passed counts when it was in the last `window` seconds. */
export function problemQueries(cluster: string | undefined, window: number): Readonly<Record<ProblemQuery, string>> {
  const within = (...more: readonly string[]): string => selector({ cluster }, ...more);
  const hpa = (metric: string, ...more: readonly string[]): string =>
    `max by (${HPA}) (kube_horizontalpodautoscaler_${metric}${within(...more)})`;
  const restarts = (least: number): string =>
    `max by (cluster, namespace, pod, container) (increase(kube_pod_container_status_restarts_total${within()}[${window}s])) > ${least}`;
  // The catalogue knows whose pods they are; its value is of no use here.
  const ofWorkload = (of: string, aggregation: string): string =>
    `${aggregation} by (${WORKLOAD}) ((${of}) + on (cluster, namespace, pod) group_left (workload_kind, workload_name) ` +
    `0 * max by (pod, ${WORKLOAD}) (k8s_pod_status_ready${within()}))`;
  const killed =
    `max by (cluster, namespace, pod, container) (kube_pod_container_status_last_terminated_reason${within('reason="OOMKilled"')}) == 1 ` +
    `and on (cluster, namespace, pod, container) ${restarts(0)}`;
  return {
    killed: ofWorkload(killed, 'count'),
    restarted: `topk(10, ${ofWorkload(restarts(2.5), 'max')})`,
    limited: `${hpa('status_desired_replicas')} >= ${hpa('spec_max_replicas')} > ${hpa('spec_min_replicas')}`,
    idle: `${hpa('status_condition', 'condition="ScalingActive"', 'status="false"')} == 1`,
    autoscalers: hpa('spec_max_replicas'),
    volumes: `max by (cluster, namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_status_phase${within('phase=~"Pending|Lost"')}) == 1`,
  };
}

/** What is wrong now, the worst first. An object is named once: a workload that is Degraded is not also one that restarts. */
export function problems(sources: ProblemSources): readonly Problem[] {
  const found = [...ofNodes(sources), ...ofWorkloads(sources), ...ofAutoscaling(sources), ...ofVolumes(sources)];
  return [...found.filter(({ level }) => level === 'serious'), ...found.filter(({ level }) => level === 'warning')];
}

function ofNodes({ nodes }: ProblemSources): readonly Problem[] {
  return nodes.map(({ cluster, node, status, conditions }) => {
    const isReady = status === 'Ready';
    const pressures = conditions.split(',').filter((condition) => condition !== '');
    return {
      level: isReady ? 'warning' : 'serious',
      what: isReady ? (pressures[0] ?? 'Not well') : 'Not ready',
      detail: isReady
        ? pressures.slice(1).join(', ')
        : [status === 'Unknown' ? 'nothing is heard from it' : '', ...pressures].filter(Boolean).join(', '),
      kind: 'Node',
      name: node,
      place: cluster,
      path: nodePath(cluster, node),
    };
  });
}

function ofWorkloads({ workloads, samples }: ProblemSources): readonly Problem[] {
  const found = new Map<string, Problem>();
  for (const workload of workloads) {
    const { cluster, namespace, kind, name, status, problem } = workload;
    const path = workloadPath(kind, { cluster, namespace, name });
    const level = workloadTone(workload) === 'bad' ? 'serious' : 'warning';
    found.set(path, { level, what: status, kind, name, place: place(cluster, namespace), detail: problem, path });
  }
  const add = (sample: InstantSample, what: string, detail: string): void => {
    const { cluster = '', namespace = '', workload_kind: kind = '', workload_name: name = '' } = sample.labels;
    const path = workloadPath(kind, { cluster, namespace, name });
    const told = found.get(path);
    if (told !== undefined) {
      if (what === 'OOMKilled' && !told.detail.includes(what))
        found.set(path, { ...told, detail: `${told.detail}; ${detail}` });
      return;
    }
    found.set(path, { level: 'warning', what, kind, name, place: place(cluster, namespace), detail, path });
  };
  for (const sample of samples.killed)
    add(sample, 'OOMKilled', `${plural(sample.value, 'container')} needed more memory than the limit`);
  for (const sample of samples.restarted)
    add(sample, 'Restarts', `a container was restarted ${Math.round(sample.value)} times`);
  return [...found.values()];
}

function ofAutoscaling({ samples, autoscaling }: ProblemSources): readonly Problem[] {
  const found = new Map<string, Problem>();
  const add = (labels: InstantSample['labels'], what: string, detail: string): void => {
    const { cluster = '', namespace = '', horizontalpodautoscaler: name = '' } = labels;
    const key = `${namespace}/${name}`;
    if (found.has(key)) return;
    const path = `/autoscaling?filter=${encodeURIComponent(name)}`;
    found.set(key, { level: 'warning', what, kind: 'HPA', name, place: place(cluster, namespace), detail, path });
  };
  const known = new Map(
    samples.autoscalers.map(({ labels }) => [`${labels.namespace}/${labels.horizontalpodautoscaler}`, labels]),
  );
  for (const { namespace, name, problems: told } of autoscaling?.autoscalers ?? []) {
    const labels = known.get(`${namespace}/${name}`);
    if (labels !== undefined && told.length > 0) add(labels, 'Cannot scale', told.join('; '));
  }
  for (const { labels } of samples.idle)
    add(labels, 'Cannot scale', 'its metric cannot be had, or its target is not there');
  for (const { labels, value } of samples.limited)
    add(labels, 'At its maximum', `it wants ${plural(value, 'pod')} and may have no more`);
  return [...ofRegistration(autoscaling?.registration ?? []), ...found.values()];
}

function ofRegistration(registration: NonNullable<AutoscalingState['registration']>): readonly Problem[] {
  return registration.flatMap(({ group, version, state, detail, available }) => {
    const isRegistered = state !== 'missing' && state !== 'failed';
    const isRefused = available?.status === 'False';
    if (isRegistered && !isRefused) return [];
    return {
      level: 'warning',
      what: isRegistered ? 'Not available' : 'Not registered',
      kind: 'Metrics API',
      name: `${group}/${version}`,
      place: '',
      detail: isRegistered && isRefused ? `${available.reason}: ${available.message}` : detail,
      path: '/autoscaling',
    };
  });
}

function ofVolumes({ samples }: ProblemSources): readonly Problem[] {
  return samples.volumes.map(({ labels }) => ({
    level: 'warning',
    what: 'Not bound',
    kind: 'Volume claim',
    name: labels.persistentvolumeclaim ?? '',
    place: place(labels.cluster ?? '', labels.namespace ?? ''),
    detail: 'no volume has been found for it, or it is lost',
    path: undefined,
  }));
}

function place(cluster: string, namespace: string): string {
  return [cluster, namespace].filter((part) => part !== '').join(' / ');
}
