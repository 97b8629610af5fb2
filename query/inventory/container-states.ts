import type { Labels } from '../../storage/labels.ts';
import { type Part, type Reading, read } from './reading.ts';
import { RowIndex } from './row-index.ts';

/** What a container is doing, as kube-state-metrics tells it. */
export interface ContainerState {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of the pod's init containers; sidecars are among them. */
  readonly isInit: boolean;
  readonly image: string;
  readonly state: 'running' | 'waiting' | 'terminated' | 'unknown';
  /** Why it waits or has ended, such as CrashLoopBackOff; '' when it runs. */
  readonly reason: string;
  /** Why it ended the last time, such as OOMKilled; '' when it never did. */
  readonly lastReason: string;
  readonly ready: boolean;
  readonly restarts: number;
}

/** The labels that tell containers from each other. */
export const CONTAINER_LABELS = ['cluster', 'namespace', 'pod', 'container'] as const;

/** Every container of every pod, init containers too. */
export async function readContainerStates(reading: Reading): Promise<RowIndex<ContainerState>> {
  const index = new RowIndex<ContainerState>(CONTAINER_LABELS);
  await read(reading, [...parts(index, 'kube_pod_container', false), ...parts(index, 'kube_pod_init_container', true)]);
  return index;
}

function parts(index: RowIndex<ContainerState>, prefix: string, isInit: boolean): Part[] {
  const started = (labels: Labels): ContainerState => ({
    cluster: labels.get('cluster'),
    namespace: labels.get('namespace'),
    pod: labels.get('pod'),
    container: labels.get('container'),
    isInit,
    image: labels.get('image_spec') || labels.get('image'),
    state: 'unknown',
    reason: '',
    lastReason: '',
    ready: false,
    restarts: 0,
  });
  const state = (name: ContainerState['state']): Part => ({
    expr: `${prefix}_status_${name} == 1`,
    take: (labels) => {
      const row = index.get(labels);
      if (row !== undefined) row.state = name;
    },
  });
  const reason = (metric: string, column: 'reason' | 'lastReason'): Part => ({
    expr: `${prefix}_status_${metric} == 1`,
    take: (labels) => {
      const row = index.get(labels);
      if (row !== undefined) row[column] = labels.get('reason');
    },
  });
  return [
    { expr: `${prefix}_info`, take: (labels) => void index.add(labels, () => started(labels)) },
    state('running'),
    state('waiting'),
    state('terminated'),
    reason('waiting_reason', 'reason'),
    reason('terminated_reason', 'reason'),
    reason('last_terminated_reason', 'lastReason'),
    {
      expr: `${prefix}_status_ready == 1`,
      take: (labels) => {
        const row = index.get(labels);
        if (row !== undefined) row.ready = true;
      },
    },
    index.column('restarts', `${prefix}_status_restarts_total`),
  ];
}
