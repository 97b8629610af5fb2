import { Text } from '@mantine/core';
import { podPath } from '../../app/object-paths.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { formatValue } from '../../charts/format-value.ts';
import { type Column, TableView } from '../../lists/table-view.tsx';
import { NameText } from '../../objects/name-text.tsx';
import classes from '../../objects/objects.module.css';
import { exitCodeText } from './diagnosis.ts';
import type { PodName } from './pod-charts.ts';
import type { ContainerFacts } from './pod-facts.ts';

/** The containers of a pod; each leads to its page. */
export function ContainersTable({
  pod,
  containers,
}: {
  readonly pod: PodName;
  readonly containers: readonly ContainerFacts[];
}) {
  const { cluster, namespace, pod: name } = pod;
  return (
    <TableView
      label="Containers"
      rows={containers}
      columns={COLUMNS}
      rowKey={({ name: container, isInit }) => `${isInit} ${container}`}
      rowHref={({ name: container }) => podPath({ cluster, namespace, name }, container)}
    />
  );
}

/** How a container is, as a badge. */
export function ContainerBadge({ container }: { readonly container: ContainerFacts }) {
  const { state, reason, isReady, isInit } = container;
  const word = reason ?? `${state[0]!.toUpperCase()}${state.slice(1)}`;
  if (state === 'running' && isReady === false && !isInit) return <StatusBadge status="Not ready" tone="bad" />;
  return <StatusBadge status={word} {...(reason === 'Completed' && { tone: 'unknown' as const })} />;
}

/** Why a container ended the last time: `OOMKilled, exit code 137 (killed, SIGKILL)`; undefined when it never did. */
export function lastEndText({ lastReason, lastExitCode }: ContainerFacts): string | undefined {
  const parts = [
    ...(lastReason === undefined ? [] : [lastReason]),
    ...(lastExitCode === undefined ? [] : [`exit code ${exitCodeText(lastExitCode)}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Use beside its limit: `120m of 500m`; `–` when nothing is known of its use. */
export function usedOf(used: number | undefined, limit: number | undefined, unit: 'cores' | 'bytes'): string {
  if (limit === undefined) return formatValue(used, unit);
  return `${formatValue(used, unit)} of ${formatValue(limit, unit)}`;
}

const COLUMNS: readonly Column<ContainerFacts>[] = [
  {
    key: 'name',
    title: 'Container',
    cell: ({ name, isInit }) => (
      <>
        <NameText>{name}</NameText>
        {isInit && (
          <Text component="span" fz="xs" c="dimmed">
            {' '}
            init
          </Text>
        )}
      </>
    ),
  },
  { key: 'state', title: 'State', cell: (container) => <ContainerBadge container={container} /> },
  { key: 'restarts', title: 'Restarts', isNumber: true, cell: ({ restarts }) => restarts.toLocaleString() },
  { key: 'last', title: 'Ended last', cell: (container) => lastEndText(container) ?? '–' },
  {
    key: 'cpu',
    title: 'CPU',
    isNumber: true,
    hint: 'In use, of the limit',
    cell: ({ cpuUsed, cpuLimit }) => usedOf(cpuUsed, cpuLimit, 'cores'),
  },
  {
    key: 'memory',
    title: 'Memory',
    isNumber: true,
    hint: 'In use without page cache, of the limit',
    cell: ({ memoryUsed, memoryLimit }) => usedOf(memoryUsed, memoryLimit, 'bytes'),
  },
  {
    key: 'image',
    title: 'Image',
    isWideOnly: true,
    cell: ({ image }) => <span className={classes.breaking}>{image ?? '–'}</span>,
  },
];
