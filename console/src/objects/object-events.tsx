import { Anchor, Button, Group, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { getJson } from '../api/get-json.ts';
import { useData } from '../api/use-data.ts';
import { ErrorState } from '../app/error-state.tsx';
import { formatDateTime } from '../app/format-time.ts';
import { nodePath, podPath, workloadPath } from '../app/object-paths.ts';
import { StatusBadge } from '../app/status-badge.tsx';
import { useTimeRange } from '../app/time-range.ts';
import { withKept } from '../app/url-state.ts';
import { filteredPath } from './filtered-path.ts';
import classes from './objects.module.css';
import { SectionNote } from './section.tsx';

/** What a component of a Kubernetes cluster said, as the API writes it. */
interface KubernetesEvent {
  /** Of its last occurrence, in ISO format. */
  readonly time: string;
  readonly firstTime: string;
  readonly cluster: string;
  /** '' for objects that are in none. */
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly type: string;
  readonly message: string;
  readonly component: string;
  readonly count: number;
  readonly uid: string;
}

/** Kinds that have pages of their own; a ReplicaSet is mostly one of a Deployment. */
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob']);
const FEW = 5;
const MOST = 200;
/** Characters of a message, from which on its end is not shown at first. */
const LONG = 240;

/**
 * What Kubernetes said of objects in the shared time range, the newest first. `filters` are parameters of /api/v1/kubernetes/events, a
 * name with several values means one of them.
 */
export function ObjectEvents({
  filters,
  showsObject = false,
  none = 'Kubernetes said nothing of it in this time range.',
}: {
  readonly filters: readonly (readonly [string, string])[];
  /** Whether they are about several objects, so that each is named. */
  readonly showsObject?: boolean;
  /** What is said when there is nothing. */
  readonly none?: string;
}) {
  const [range] = useTimeRange();
  const [isWhole, setWhole] = useState(false);
  const key = JSON.stringify([filters, range.from, range.to]);
  const { data, error, isLoading, reload } = useData(
    key,
    async (signal) => {
      const end = range.isLive ? Math.floor(Date.now() / 1000) : range.end;
      const parameters = new URLSearchParams(filters.map(([name, value]) => [name, value]));
      parameters.set('start', String(end - (range.end - range.start)));
      parameters.set('end', String(end));
      parameters.set('limit', String(MOST));
      return newestOfEach(await getJson<KubernetesEvent[]>(`/api/v1/kubernetes/events?${parameters}`, { signal }));
    },
    range.isLive,
  );
  if (data === undefined)
    return error === undefined ? (
      <SectionNote>{isLoading ? 'Loading the events …' : ''}</SectionNote>
    ) : (
      <ErrorState title="The events cannot be had" error={error} onRetry={reload} />
    );
  if (data.length === 0) return <SectionNote>{none}</SectionNote>;
  const shown = isWhole ? data : data.slice(0, FEW);
  return (
    <Stack gap="xs">
      <Table className={classes.stacked}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={180}>Last seen</Table.Th>
            <Table.Th>Reason</Table.Th>
            {showsObject && <Table.Th w={260}>Object</Table.Th>}
            <Table.Th>Message</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((event) => (
            <Table.Tr key={event.uid}>
              <Table.Td>
                <time dateTime={event.time}>{formatDateTime(Date.parse(event.time) / 1000)}</time>
              </Table.Td>
              <Table.Td>
                <Group gap={6}>
                  <StatusBadge status={event.reason} tone={event.type === 'Warning' ? 'warning' : 'unknown'} />
                  {event.count > 1 && (
                    <Text
                      component="span"
                      size="xs"
                      c="dimmed"
                      title={`Since ${formatDateTime(Date.parse(event.firstTime) / 1000)}`}
                    >
                      {event.count} times
                    </Text>
                  )}
                </Group>
              </Table.Td>
              {showsObject && (
                <Table.Td className={classes.breaking}>
                  {event.kind} <EventObject {...event} />
                </Table.Td>
              )}
              <Table.Td className={classes.breaking}>
                <Message text={event.message} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {data.length > FEW && (
        <Group>
          <Button variant="subtle" onClick={() => setWhole(!isWhole)}>
            {isWhole ? `Only the newest ${FEW}` : `All ${data.length === MOST ? `${MOST} newest` : data.length}`}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** Some are long, such as those of autoscalers that say why they have no metric. */
function Message({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  if (text.length <= LONG) return text;
  return (
    <>
      <Text fz="sm" {...(!isWhole && { lineClamp: 3 })}>
        {text}
      </Text>
      <Anchor component="button" type="button" fz="xs" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
        {isWhole ? 'Show less' : 'Show all of it'}
      </Anchor>
    </>
  );
}

function EventObject({ cluster, namespace, kind, name }: KubernetesEvent) {
  const object = { cluster, namespace, name };
  const href =
    kind === 'Pod'
      ? podPath(object)
      : kind === 'Node'
        ? nodePath(cluster, name)
        : WORKLOADS.has(kind)
          ? workloadPath(kind, object)
          : kind === 'HorizontalPodAutoscaler'
            ? filteredPath('/autoscaling', { filter: name })
            : undefined;
  if (href === undefined) return name;
  return (
    <Anchor component={Link} href={withKept(href)} fz="sm" underline="always">
      {name}
    </Anchor>
  );
}

/** Of an event that occurs again, each time is kept; its last one says how often. */
function newestOfEach(events: readonly KubernetesEvent[]): readonly KubernetesEvent[] {
  const seen = new Set<string>();
  return events.filter(({ uid }) => !seen.has(uid) && seen.add(uid));
}
