import { Anchor, Group, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { clusterPath } from '../../app/object-paths.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { withKept } from '../../app/url-state.ts';
import { formatValue, type Unit } from '../../charts/format-value.ts';
import { Meter } from '../../charts/meter.tsx';
import classes from './cluster-panel.module.css';
import { type Capacity, type ClusterSummary, HEALTH } from './cluster-summary.ts';
import { withKeptSearch } from './object-link.tsx';
import { Panel } from './panel.tsx';

/** A cluster at a glance: whether it is well and if not why, what it consists of, and how much of it is in use. */
export function ClusterPanel({ summary }: { readonly summary: ClusterSummary }) {
  const { cluster, components, nodes, pods, cpu, memory, places, health, reasons } = summary;
  const { word, tone } = HEALTH[health];
  const within = `cluster=${encodeURIComponent(cluster)}`;
  return (
    <Panel
      title={
        <Anchor component={Link} href={withKept(clusterPath(cluster))} fz="inherit" fw="inherit">
          {cluster === '' ? 'Cluster' : cluster}
        </Anchor>
      }
      aside={<StatusBadge status={word} tone={tone} />}
    >
      <div className={classes.columns}>
        <Stack gap="xs">
          <div className={classes.figures}>
            <Figure
              title="Nodes ready"
              value={`${nodes.ready}/${nodes.total}`}
              isBad={nodes.ready < nodes.total}
              path={`/nodes?${within}`}
              note={nodes.cordoned > 0 ? `${nodes.cordoned} cordoned` : ''}
            />
            <Figure title="Pods running" value={String(pods.running)} path={`/pods?${within}`} />
            <Figure
              title="Pending"
              value={String(pods.pending)}
              isBad={pods.pending > 0}
              path={`/pods?${within}&status=Pending`}
            />
            <Figure
              title="Not ready or failed"
              value={String(pods.unready + pods.failed)}
              isBad={pods.unready + pods.failed > 0}
              path={`/pods?${within}&sort=status`}
            />
          </div>
          {reasons.length > 0 && (
            <Text fz="sm" c={health === 'serious' ? 'var(--mantine-color-error)' : 'inherit'}>
              {sentence(reasons)}
            </Text>
          )}
          <Group gap="md">
            {components.map(({ name, isHealthy }) => (
              <Group key={name} gap={6} wrap="nowrap">
                <span className={classes.dot} data-healthy={isHealthy} aria-hidden />
                <Text fz="xs" c="dimmed">
                  {name}
                  {!isHealthy && <b> down</b>}
                </Text>
              </Group>
            ))}
            {components.length === 0 && (
              <Text fz="xs" c="dimmed">
                Nothing is heard of the control plane yet
              </Text>
            )}
          </Group>
        </Stack>
        <div className={classes.meters}>
          <Use name="CPU" capacity={cpu} unit="cores" />
          <Use name="Memory" capacity={memory} unit="bytes" />
          <Use name="Pods" capacity={places} unit="1" />
        </div>
      </div>
    </Panel>
  );
}

function Figure({
  title,
  value,
  path,
  isBad = false,
  note = '',
}: {
  readonly title: string;
  readonly value: string;
  readonly path: string;
  readonly isBad?: boolean;
  readonly note?: string;
}) {
  return (
    <div>
      <Text fz="xs" c="dimmed">
        {title}
      </Text>
      <div className={classes.figure} data-bad={isBad}>
        <Anchor component={Link} href={withKeptSearch(path)}>
          {value}
        </Anchor>
      </div>
      {note !== '' && (
        <Text fz="xs" c="dimmed">
          {note}
        </Text>
      )}
    </div>
  );
}

function Use({
  name,
  capacity: { total, used, requested },
  unit,
}: {
  readonly name: string;
  readonly capacity: Capacity;
  readonly unit: Unit;
}) {
  const share = (part: number | undefined): number | undefined =>
    part === undefined || total === undefined || total === 0 ? undefined : part / total;
  const percent = (part: number | undefined): string => formatValue((share(part) ?? Number.NaN) * 100, '%');
  const text =
    total === undefined
      ? 'not known yet'
      : `${used === undefined ? 'use not known yet' : `${formatValue(used, unit)} used`} of ${formatValue(total, unit)}${unit === 'cores' ? ' cores' : ''}`;
  const asked = requested === undefined ? '' : `${percent(requested)} requested`;
  return (
    <div className={classes.use}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text fz="sm" fw={500}>
          {name}
        </Text>
        <Text fz="sm" fw={600} className={classes.number}>
          {percent(used)}
        </Text>
      </Group>
      <Meter
        label={name}
        text={[text, asked].filter((part) => part !== '').join(', ')}
        share={share(used)}
        mark={share(requested)}
      />
      <Group justify="space-between" gap="xs">
        <Text fz="xs" c="dimmed">
          {text}
        </Text>
        {asked !== '' && (
          <Text fz="xs" c="dimmed">
            {asked}
          </Text>
        )}
      </Group>
    </div>
  );
}

function sentence(parts: readonly string[]): string {
  const text = parts.join('; ');
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
