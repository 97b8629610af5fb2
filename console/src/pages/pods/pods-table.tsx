import type { ReactNode } from 'react';
import { podPath } from '../../app/object-paths.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { type Column, DataTable } from '../../lists/data-table.tsx';
import { useTimeScope } from '../../objects/inventory-scope.ts';
import { NameText } from '../../objects/name-text.tsx';
import { ageColumn, cpuColumn, memoryColumn } from '../../objects/object-columns.ts';
import { ShareText } from '../../objects/share-text.tsx';

/** A pod of the inventory. */
interface PodRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly status: string;
  readonly abnormal: boolean;
  readonly ready: string;
  readonly restarts: number;
  readonly age?: number | null;
  readonly cpu?: number | null;
  readonly cpuOfLimit?: number | null;
  readonly memory?: number | null;
  readonly memoryOfLimit?: number | null;
}

const COLUMNS: readonly Column<PodRow>[] = [
  { key: 'pod', title: 'Pod', sort: 'pod', cell: ({ pod }) => <NameText>{pod}</NameText> },
  {
    key: 'status',
    title: 'Status',
    sort: 'status',
    cell: ({ status, abnormal }) => <StatusBadge status={status} {...(abnormal && { tone: 'bad' as const })} />,
  },
  {
    key: 'ready',
    title: 'Ready',
    isNumber: true,
    hint: 'Containers that are ready, of all',
    cell: ({ ready }) => ready,
  },
  {
    key: 'restarts',
    title: 'Restarts',
    sort: 'restarts',
    isNumber: true,
    hint: 'Of its containers, since it began',
    cell: ({ restarts }) => restarts.toLocaleString(),
  },
  cpuColumn(),
  {
    key: 'cpuOfLimit',
    title: 'Of limit',
    sort: 'cpuOfLimit',
    isNumber: true,
    isWideOnly: true,
    hint: 'CPU in use, of the limit',
    cell: ({ cpuOfLimit }) => <ShareText percent={cpuOfLimit} />,
  },
  memoryColumn(),
  {
    key: 'memoryOfLimit',
    title: 'Of limit',
    sort: 'memoryOfLimit',
    isNumber: true,
    isWideOnly: true,
    hint: 'Memory in use, of the limit',
    cell: ({ memoryOfLimit }) => <ShareText percent={memoryOfLimit} />,
  },
  {
    key: 'node',
    title: 'Node',
    sort: 'node',
    cell: ({ node }) => (node === '' ? '–' : <NameText>{node}</NameText>),
  },
  ageColumn(),
];

const NAMESPACE: Column<PodRow> = {
  key: 'namespace',
  title: 'Namespace',
  sort: 'namespace',
  cell: ({ namespace }) => <NameText>{namespace}</NameText>,
};
const CLUSTER: Column<PodRow> = {
  key: 'cluster',
  title: 'Cluster',
  sort: 'cluster',
  cell: ({ cluster }) => <NameText>{cluster}</NameText>,
};

/** Pods of the inventory, those that `query` selects; each leads to its page. */
export function PodsTable({
  query = {},
  scope = {},
  shows,
  filters,
  pageSize,
  prefix,
}: {
  readonly query?: Readonly<Record<string, string>>;
  /** What they are the pods of. */
  readonly scope?: Readonly<Record<string, string>>;
  /** Columns that tell nothing where all pods have the same. */
  readonly shows: { readonly cluster?: boolean; readonly namespace?: boolean; readonly node?: boolean };
  readonly filters?: ReactNode;
  readonly pageSize?: number;
  readonly prefix?: string;
}) {
  const [first, ...others] = COLUMNS;
  const time = useTimeScope();
  return (
    <DataTable<PodRow>
      label="Pods"
      source="/api/v1/inventory/pods"
      query={query}
      scope={{ ...scope, ...time }}
      columns={[
        first!,
        ...(shows.namespace === true ? [NAMESPACE] : []),
        ...(shows.cluster === true ? [CLUSTER] : []),
        ...others.filter(({ key }) => key !== 'node' || shows.node !== false),
      ]}
      rowKey={({ cluster, namespace, pod }) => `${cluster}/${namespace}/${pod}`}
      rowHref={({ cluster, namespace, pod }) => podPath({ cluster, namespace, name: pod })}
      filters={filters}
      defaultSort="-abnormal,namespace,pod"
      emptyTitle="No pods"
      emptyText="There are none in the clusters that are monitored, or nothing is known of them yet."
      {...(pageSize !== undefined && { pageSize })}
      {...(prefix !== undefined && { prefix })}
    />
  );
}
