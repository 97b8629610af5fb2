import { Group, Text } from '@mantine/core';
import { StatusBadge } from '../../app/status-badge.tsx';
import { formatValue, type Unit } from '../../charts/format-value.ts';
import { Meter } from '../../charts/meter.tsx';
import type { Column } from '../../lists/data-table.tsx';
import { NameText } from '../../objects/name-text.tsx';
import { ageColumn } from '../../objects/object-columns.ts';
import classes from '../../objects/objects.module.css';

/** A node, as /api/v1/inventory/nodes answers it. What is not known is absent. */
export interface NodeRow {
  readonly cluster: string;
  readonly node: string;
  /** Separated by commas. */
  readonly roles: string;
  readonly status: string;
  /** Those that are wrong, separated by commas. */
  readonly conditions: string;
  readonly schedulable: boolean;
  readonly version: string;
  readonly ip: string;
  /** Seconds. */
  readonly age?: number | null;
  readonly pods: number;
  readonly podsAllocatable?: number | null;
  readonly podsAbnormal: number;
  /** Cores, and percent of what there is. */
  readonly cpu?: number | null;
  readonly cpuPercent?: number | null;
  readonly cpuCapacity?: number | null;
  readonly cpuRequestedPercent?: number | null;
  /** Bytes, and percent of what there is. */
  readonly memory?: number | null;
  readonly memoryPercent?: number | null;
  readonly memoryCapacity?: number | null;
  readonly memoryRequestedPercent?: number | null;
  readonly networkReceive?: number | null;
  readonly networkTransmit?: number | null;
}

const COLUMNS: readonly Column<NodeRow>[] = [
  { key: 'node', title: 'Node', sort: 'node', cell: ({ node }) => <NameText>{node}</NameText> },
  {
    key: 'status',
    title: 'Status',
    sort: 'status',
    cell: ({ status, conditions, schedulable }) => (
      <Group gap={4}>
        <StatusBadge status={status} />
        {conditions
          .split(',')
          .filter((condition) => condition !== '')
          .map((condition) => (
            <StatusBadge key={condition} status={condition} tone="warning" />
          ))}
        {!schedulable && <StatusBadge status="cordoned" />}
      </Group>
    ),
  },
  {
    key: 'roles',
    title: 'Roles',
    sort: 'roles',
    isWideOnly: true,
    cell: ({ roles }) => <span className={classes.short}>{roles.replaceAll(',', ', ')}</span>,
  },
  {
    key: 'cpu',
    title: 'CPU',
    sort: 'cpuPercent',
    isNumber: true,
    hint: 'In use on the whole machine, of its capacity; the tick is what pods request',
    cell: ({ cpuPercent, cpuCapacity, cpuRequestedPercent }) => (
      <Share name="CPU" percent={cpuPercent} requested={cpuRequestedPercent} total={cpuCapacity} unit="cores" />
    ),
  },
  {
    key: 'memory',
    title: 'Memory',
    sort: 'memoryPercent',
    isNumber: true,
    hint: 'In use on the whole machine with page cache, of its capacity; the tick is what pods request',
    cell: ({ memoryPercent, memoryCapacity, memoryRequestedPercent }) => (
      <Share
        name="Memory"
        percent={memoryPercent}
        requested={memoryRequestedPercent}
        total={memoryCapacity}
        unit="bytes"
      />
    ),
  },
  {
    key: 'pods',
    title: 'Pods',
    sort: 'pods',
    isNumber: true,
    hint: 'Pods that have not ended, and how many it takes',
    cell: ({ pods, podsAllocatable, podsAbnormal }) => (
      <>
        {podsAbnormal > 0 && (
          <Text span c="var(--mantine-color-error)" fz="xs">
            {podsAbnormal} abnormal{' '}
          </Text>
        )}
        {pods}
        <Text span c="dimmed" fz="xs">
          /{podsAllocatable ?? '–'}
        </Text>
      </>
    ),
  },
  {
    key: 'traffic',
    title: 'In / out',
    sort: 'networkReceive',
    isNumber: true,
    isWideOnly: true,
    cell: ({ networkReceive, networkTransmit }) =>
      `${formatValue(networkReceive, 'bytes/s')} / ${formatValue(networkTransmit, 'bytes/s')}`,
  },
  {
    key: 'version',
    title: 'Version',
    sort: 'version',
    isWideOnly: true,
    cell: ({ version }) => <span className={classes.short}>{version}</span>,
  },
  { ...ageColumn(), isWideOnly: true },
];

const CLUSTER: Column<NodeRow> = {
  key: 'cluster',
  title: 'Cluster',
  sort: 'cluster',
  cell: ({ cluster }) => <NameText>{cluster}</NameText>,
};

/** What the list of nodes shows; of several clusters, to which of them each belongs. */
export function nodeColumns(hasClusters: boolean): readonly Column<NodeRow>[] {
  const [name, ...others] = COLUMNS;
  return hasClusters ? [name!, CLUSTER, ...others] : COLUMNS;
}

function Share({
  name,
  percent,
  requested,
  total,
  unit,
}: {
  readonly name: string;
  readonly percent: number | null | undefined;
  readonly requested: number | null | undefined;
  readonly total: number | null | undefined;
  readonly unit: Unit;
}) {
  const said = `${formatValue(percent, '%')} of ${formatValue(total, unit)}, ${formatValue(requested, '%')} requested`;
  return (
    <Group gap={8} wrap="nowrap" justify="flex-end" miw={130}>
      <div style={{ flex: '1 1 60px', maxWidth: 110 }}>
        <Meter
          label={name}
          text={said}
          share={percent === undefined || percent === null ? undefined : percent / 100}
          mark={requested === undefined || requested === null ? undefined : requested / 100}
        />
      </div>
      <span style={{ minWidth: 48 }}>{formatValue(percent, '%')}</span>
    </Group>
  );
}
