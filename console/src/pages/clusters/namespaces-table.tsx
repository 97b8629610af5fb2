import { Group, Text } from '@mantine/core';
import { StatusBadge } from '../../app/status-badge.tsx';
import { formatValue } from '../../charts/format-value.ts';
import { type Column, DataTable } from '../../lists/data-table.tsx';
import { filteredPath } from '../../objects/filtered-path.ts';
import { clusterScope, useTimeScope } from '../../objects/inventory-scope.ts';
import { NameText } from '../../objects/name-text.tsx';
import { ageColumn, cpuColumn, memoryColumn } from '../../objects/object-columns.ts';

/** A namespace of the inventory. */
interface NamespaceRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly status: string;
  readonly age?: number | null;
  readonly workloads: number;
  readonly workloadsAbnormal: number;
  readonly pods: number;
  readonly podsAbnormal: number;
  readonly restarts: number;
  readonly cpu?: number | null;
  readonly cpuRequested?: number | null;
  readonly memory?: number | null;
  readonly memoryRequested?: number | null;
}

const COLUMNS: readonly Column<NamespaceRow>[] = [
  {
    key: 'namespace',
    title: 'Namespace',
    sort: 'namespace',
    cell: ({ namespace, status }) => (
      <Group gap={6} component="span">
        <NameText>{namespace}</NameText>
        {status !== '' && status !== 'Active' && <StatusBadge status={status} />}
      </Group>
    ),
  },
  {
    key: 'workloads',
    title: 'Workloads',
    sort: 'workloads',
    isNumber: true,
    cell: ({ workloads, workloadsAbnormal }) => <Counted count={workloads} abnormal={workloadsAbnormal} />,
  },
  {
    key: 'pods',
    title: 'Pods',
    sort: 'pods',
    isNumber: true,
    hint: 'Pods that have not ended',
    cell: ({ pods, podsAbnormal }) => <Counted count={pods} abnormal={podsAbnormal} />,
  },
  {
    key: 'restarts',
    title: 'Restarts',
    sort: 'restarts',
    isNumber: true,
    isWideOnly: true,
    hint: 'Of the pods that there are',
    cell: ({ restarts }) => restarts.toLocaleString(),
  },
  cpuColumn(),
  {
    key: 'cpuRequested',
    title: 'CPU requested',
    sort: 'cpuRequested',
    isNumber: true,
    hint: 'Cores that pods which have not ended request',
    cell: ({ cpuRequested }) => formatValue(cpuRequested, 'cores'),
  },
  memoryColumn(),
  {
    key: 'memoryRequested',
    title: 'Memory requested',
    sort: 'memoryRequested',
    isNumber: true,
    hint: 'What pods which have not ended request',
    cell: ({ memoryRequested }) => formatValue(memoryRequested, 'bytes'),
  },
  { ...ageColumn(), isWideOnly: true },
];

/** The namespaces of a cluster, each a way to its workloads. */
export function NamespacesTable({ cluster }: { readonly cluster: string }) {
  const time = useTimeScope();
  return (
    <DataTable<NamespaceRow>
      label="Namespaces"
      source="/api/v1/inventory/namespaces"
      scope={{ ...clusterScope(cluster), ...time }}
      columns={COLUMNS}
      rowKey={({ namespace }) => namespace}
      rowHref={({ namespace }) => filteredPath('/workloads', { cluster, namespace })}
      defaultSort="-abnormal,-cpu"
      pageSize={10}
      prefix="namespaces."
      emptyTitle="No namespaces"
      emptyText="Nothing is known of the namespaces of this cluster at this time."
    />
  );
}

function Counted({ count, abnormal }: { readonly count: number; readonly abnormal: number }) {
  return (
    <>
      {abnormal > 0 && (
        <Text span c="var(--mantine-color-error)" fz="xs">
          {abnormal} abnormal{' '}
        </Text>
      )}
      {count.toLocaleString()}
    </>
  );
}
