import { Text } from '@mantine/core';
import { useSearchParams } from 'wouter';
import { workloadPath } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { StatusBadge } from '../../app/status-badge.tsx';
import { type Column, DataTable } from '../../lists/data-table.tsx';
import { useTimeScope } from '../../objects/inventory-scope.ts';
import { ListFilter, useNames } from '../../objects/list-filter.tsx';
import { NameText } from '../../objects/name-text.tsx';
import { ageColumn, cpuColumn, memoryColumn } from '../../objects/object-columns.ts';
import classes from '../../objects/objects.module.css';
import { ShareText } from '../../objects/share-text.tsx';
import { workloadTone } from './workload-tone.ts';

/** A workload of the inventory. */
interface WorkloadRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly abnormal: boolean;
  readonly problem: string;
  readonly ready?: number | null;
  readonly desired?: number | null;
  readonly podsAbnormal: number;
  readonly restarts: number;
  readonly age?: number | null;
  readonly cpu?: number | null;
  readonly cpuOfResource?: number | null;
  readonly memory?: number | null;
  readonly memoryOfResource?: number | null;
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'ReplicaSet', 'Pod', 'StaticPod'];
const STATUSES = [
  ...['Unavailable', 'Degraded', 'Rolling out', 'Starting', 'Ready', 'Paused', 'Stopped'],
  ...['Failed', 'Running', 'Complete', 'Active', 'Scheduled', 'Suspended'],
];

const NAME: Column<WorkloadRow> = {
  key: 'name',
  title: 'Workload',
  sort: 'name',
  cell: ({ name }) => <NameText>{name}</NameText>,
};
const NAMESPACE: Column<WorkloadRow> = {
  key: 'namespace',
  title: 'Namespace',
  sort: 'namespace',
  cell: ({ namespace }) => <NameText>{namespace}</NameText>,
};
const CLUSTER: Column<WorkloadRow> = {
  key: 'cluster',
  title: 'Cluster',
  sort: 'cluster',
  cell: ({ cluster }) => <NameText>{cluster}</NameText>,
};
const OTHERS: readonly Column<WorkloadRow>[] = [
  { key: 'kind', title: 'Kind', sort: 'kind', cell: ({ kind }) => kind },
  {
    key: 'status',
    title: 'Status',
    sort: 'status',
    cell: ({ status, abnormal, problem }) => (
      <>
        <StatusBadge status={status} tone={workloadTone({ status, abnormal })} />
        {problem !== '' && (
          <Text component="div" fz="xs" c="dimmed" mt={2} className={classes.note}>
            {problem}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'ready',
    title: 'Ready',
    isNumber: true,
    hint: 'Pods that are ready, of those that are wanted; of a Job those that succeeded, of those that have to',
    cell: ({ ready, desired }) =>
      ready === undefined && desired === undefined ? '–' : `${ready ?? 0}/${desired ?? '–'}`,
  },
  {
    key: 'restarts',
    title: 'Restarts',
    sort: 'restarts',
    isNumber: true,
    hint: 'Of the pods that there are',
    cell: ({ restarts }) => restarts.toLocaleString(),
  },
  cpuColumn(),
  {
    key: 'cpuOfResource',
    title: 'Of share',
    sort: 'cpuOfResource',
    isNumber: true,
    isWideOnly: true,
    hint: "CPU in use, of the pods' limits, else requests, else nodes",
    cell: ({ cpuOfResource }) => <ShareText percent={cpuOfResource} />,
  },
  memoryColumn(),
  {
    key: 'memoryOfResource',
    title: 'Of share',
    sort: 'memoryOfResource',
    isNumber: true,
    isWideOnly: true,
    hint: "Memory in use, of the pods' limits, else requests, else nodes",
    cell: ({ memoryOfResource }) => <ShareText percent={memoryOfResource} />,
  },
  ageColumn(),
];

/** All workloads: how many of their pods are ready, and what they use. */
export default function WorkloadsPage() {
  const [params] = useSearchParams();
  const given = (name: string): string => params.get(name) ?? '';
  const cluster = given('cluster');
  const clusters = useNames('clusters', 'cluster');
  const time = useTimeScope();
  const namespaces = useNames('namespaces', 'namespace', cluster === '' ? {} : { cluster });
  return (
    <>
      <PageHeader title="Workloads" />
      <DataTable<WorkloadRow>
        label="Workloads"
        source="/api/v1/inventory/workloads"
        query={{ namespace: given('namespace'), kind: given('kind'), status: given('status') }}
        scope={time}
        columns={[
          NAME,
          ...(given('namespace') === '' ? [NAMESPACE] : []),
          ...(clusters.length > 1 && cluster === '' ? [CLUSTER] : []),
          ...OTHERS,
        ]}
        rowKey={(row) => `${row.cluster}/${row.namespace}/${row.kind}/${row.name}`}
        rowHref={({ cluster: of, namespace, kind, name }) => workloadPath(kind, { cluster: of, namespace, name })}
        filters={
          <>
            <ListFilter name="namespace" label="All namespaces" values={namespaces} />
            <ListFilter name="kind" label="All kinds" values={KINDS} width={140} />
            <ListFilter
              name="status"
              label="Any status"
              values={[{ value: 'abnormal', label: 'Needs attention' }, ...STATUSES]}
            />
          </>
        }
        defaultSort="-abnormal,namespace,name"
        emptyTitle="No workloads"
        emptyText="There are none in the clusters that are monitored, or nothing is known of them yet."
      />
    </>
  );
}
