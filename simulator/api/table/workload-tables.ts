import type { KubeObject } from '../../kube-object.ts';
import { labelSelectorText } from '../selectors.ts';
import {
  age,
  type Cell,
  columns,
  containerCells,
  firstOf,
  labelText,
  orNone,
  since,
  type TableDefinition,
} from './cells.ts';
import { POD_TABLE } from './pod-table.ts';
import { shortDuration } from './short-duration.ts';

interface Template {
  readonly spec?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly containers?: readonly { readonly name: string; readonly image?: string }[];
  };
}

interface Workload extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly selector?: object; readonly template?: Template };
  readonly status?: Readonly<Record<string, number>>;
}

function workload(text: string, cells: (object: Workload, now: number) => readonly Cell[]): TableDefinition {
  return { columns: columns(text), cells: (object, now) => cells(object as Workload, now) };
}

const replicas = workload(
  'Name, Desired#, Current#, Ready#, Age | Containers, Images, Selector',
  ({ metadata, spec, status, ...object }, now) => [
    metadata.name,
    spec?.replicas ?? 1,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    since(metadata.creationTimestamp, now),
    ...containerCells(spec?.template),
    object.kind === 'ReplicationController'
      ? labelText(spec?.selector as Record<string, string> | undefined)
      : orNone(labelSelectorText(spec?.selector)),
  ],
);

const deployments = workload(
  'Name, Ready, Up-to-date#, Available#, Age | Containers, Images, Selector',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    since(metadata.creationTimestamp, now),
    ...containerCells(spec?.template),
    orNone(labelSelectorText(spec?.selector)),
  ],
);

const statefulSets = workload('Name, Ready, Age | Containers, Images', ({ metadata, spec, status }, now) => [
  metadata.name,
  `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`,
  since(metadata.creationTimestamp, now),
  ...containerCells(spec?.template),
]);

const daemonSets = workload(
  'Name, Desired#, Current#, Ready#, Up-to-date#, Available#, Node Selector, Age | Containers, Images, Selector',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    labelText(spec?.template?.spec?.nodeSelector),
    since(metadata.creationTimestamp, now),
    ...containerCells(spec?.template),
    orNone(labelSelectorText(spec?.selector)),
  ],
);

interface Job extends KubeObject {
  readonly spec?: {
    readonly completions?: number;
    readonly parallelism?: number;
    readonly selector?: object;
    readonly template?: Template;
  };
  readonly status?: {
    readonly succeeded?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const jobs: TableDefinition = {
  columns: columns('Name, Status, Completions, Duration, Age | Containers, Images, Selector'),
  cells: (object, now) => {
    const job = object as Job;
    const { completions, parallelism = 0 } = job.spec ?? {};
    const { succeeded = 0, startTime, completionTime } = job.status ?? {};
    const wanted = completions === undefined ? (parallelism > 1 ? `1 of ${parallelism}` : '1') : String(completions);
    const end = completionTime === undefined ? now : Date.parse(completionTime);
    return [
      job.metadata.name,
      jobStatus(job),
      `${succeeded}/${wanted}`,
      startTime === undefined ? '' : shortDuration(end - Date.parse(startTime)),
      age(job, now),
      ...containerCells(job.spec?.template),
      orNone(labelSelectorText(job.spec?.selector)),
    ];
  },
};

function jobStatus({ metadata, status }: Job): string {
  const has = (wanted: string) =>
    (status?.conditions ?? []).some(({ type, status }) => type === wanted && status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

interface CronJob extends KubeObject {
  readonly spec?: {
    readonly schedule?: string;
    readonly timeZone?: string;
    readonly suspend?: boolean;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Template; readonly selector?: object } };
  };
  readonly status?: { readonly active?: readonly object[]; readonly lastScheduleTime?: string };
}

const cronJobs: TableDefinition = {
  columns: columns('Name, Schedule, Timezone, Suspend, Active#, Last Schedule, Age | Containers, Images, Selector'),
  cells: (object, now) => {
    const { metadata, spec, status } = object as CronJob;
    const { template, selector } = spec?.jobTemplate?.spec ?? {};
    return [
      metadata.name,
      spec?.schedule ?? '',
      orNone(spec?.timeZone),
      spec?.suspend === true ? 'True' : 'False',
      status?.active?.length ?? 0,
      status?.lastScheduleTime === undefined ? '<none>' : since(status.lastScheduleTime, now),
      age(object, now),
      ...containerCells(template),
      orNone(labelSelectorText(selector)),
    ];
  },
};

interface MetricValue {
  readonly averageValue?: string;
  readonly value?: string;
  readonly averageUtilization?: number;
}

/** Of a spec with `target`, of a status with `current`. */
interface Metric {
  readonly type: string;
  readonly [source: string]: unknown;
}

interface Autoscaler extends KubeObject {
  readonly spec?: {
    readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
    readonly metrics?: readonly Metric[];
  };
  readonly status?: { readonly currentReplicas?: number; readonly currentMetrics?: readonly Metric[] };
}

const autoscalers: TableDefinition = {
  columns: columns('Name, Reference, Targets, MinPods, MaxPods, Replicas#, Age'),
  cells: (object, now) => {
    const { metadata, spec, status } = object as Autoscaler;
    const { kind = '', name = '' } = spec?.scaleTargetRef ?? {};
    const targets = (spec?.metrics ?? []).map((metric, i) => metricTarget(metric, status?.currentMetrics?.[i]));
    return [
      metadata.name,
      `${kind}/${name}`,
      targets.length === 0 ? '<none>' : firstOf(targets, 2).replace(',', ', '),
      orNone(spec?.minReplicas),
      String(spec?.maxReplicas ?? 0),
      status?.currentReplicas ?? 0,
      age(object, now),
    ];
  },
};

/** `cpu: 40%/80%` of a resource, `12/10` of other metrics. */
function metricTarget(metric: Metric, current: Metric | undefined): string {
  const source = metric.type.charAt(0).toLowerCase() + metric.type.slice(1);
  const wanted = metric[source] as { readonly name?: string; readonly target?: MetricValue } | undefined;
  const seen =
    current?.type === metric.type ? (current[source] as { readonly current?: MetricValue } | undefined) : undefined;
  const target = wanted?.target ?? {};
  const now = seen?.current ?? {};
  const unknown = '<unknown>';
  if (metric.type === 'Resource' || metric.type === 'ContainerResource') {
    const text =
      target.averageValue === undefined
        ? `${now.averageUtilization === undefined ? unknown : `${now.averageUtilization}%`}/${
            target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`
          }`
        : `${now.averageValue ?? unknown}/${target.averageValue}`;
    return `${wanted?.name ?? ''}: ${text}`;
  }
  if (target.averageValue === undefined) return `${now.value ?? unknown}/${target.value ?? ''}`;
  return `${now.averageValue ?? unknown}/${target.averageValue}${metric.type === 'Pods' ? '' : ' (avg)'}`;
}

interface Budget extends KubeObject {
  readonly spec?: { readonly minAvailable?: number | string; readonly maxUnavailable?: number | string };
  readonly status?: { readonly disruptionsAllowed?: number };
}

const budgets: TableDefinition = {
  columns: columns('Name, Min Available, Max Unavailable, Allowed Disruptions#, Age'),
  cells: (object, now) => {
    const { metadata, spec, status } = object as Budget;
    return [
      metadata.name,
      String(spec?.minAvailable ?? 'N/A'),
      String(spec?.maxUnavailable ?? 'N/A'),
      status?.disruptionsAllowed ?? 0,
      age(object, now),
    ];
  },
};

/** By the store's resource. */
export const WORKLOAD_TABLES: Readonly<Record<string, TableDefinition>> = {
  pods: POD_TABLE,
  replicationcontrollers: replicas,
  'replicasets.apps': replicas,
  'deployments.apps': deployments,
  'statefulsets.apps': statefulSets,
  'daemonsets.apps': daemonSets,
  'jobs.batch': jobs,
  'cronjobs.batch': cronJobs,
  'horizontalpodautoscalers.autoscaling': autoscalers,
  'poddisruptionbudgets.policy': budgets,
};
