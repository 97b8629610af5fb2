import { Anchor, Badge, Group, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { getJson } from '../api/get-json.ts';
import { useData } from '../api/use-data.ts';
import { ErrorState } from '../app/error-state.tsx';
import { keptSearch } from '../app/url-state.ts';
import classes from './objects.module.css';
import { SectionNote } from './section.tsx';
import { quoted } from './selector.ts';

type Labels = Readonly<Record<string, string>>;

/** An alert that fires, as Alertmanager's API writes it. */
interface FiringAlert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly status: { readonly state: string; readonly silencedBy: readonly string[] };
}

/** A change of an alert's state, as the history writes it. */
interface AlertChange {
  readonly position: string;
  readonly time: string;
  readonly fingerprint: string;
  readonly state: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

const LATELY = 5;
const DAY = 86_400;

/** What fires about an object, and what its alerts did in the last day. `isAbout` tells an alert of the namespace by its labels. */
export function ObjectAlerts({
  cluster,
  namespace,
  isAbout,
}: {
  readonly cluster: string;
  readonly namespace: string;
  readonly isAbout: (labels: Labels) => boolean;
}) {
  const isOurs = (labels: Labels): boolean => (labels.cluster ?? '') === cluster && isAbout(labels);
  const matcher = `namespace=${quoted(namespace)}`;
  const firing = useData(
    `firing ${cluster} ${namespace}`,
    (signal) => getJson<FiringAlert[]>(`/api/v2/alerts?${new URLSearchParams({ filter: matcher })}`, { signal }),
    15_000,
  );
  const history = useData(
    `history ${cluster} ${namespace}`,
    async (signal) => {
      const start = String(Math.floor(Date.now() / 1000) - DAY);
      const parameters = new URLSearchParams({ 'match[]': `{${matcher}}`, start, limit: '500' });
      const { events } = await getJson<{ readonly events: AlertChange[] }>(`/api/v1/alerts/history?${parameters}`, {
        signal,
      });
      return events;
    },
    30_000,
  );
  const error = firing.error ?? history.error;
  if (firing.data === undefined)
    return error === undefined ? (
      <SectionNote>Loading the alerts …</SectionNote>
    ) : (
      <ErrorState title="The alerts cannot be had" error={error} onRetry={firing.reload} />
    );
  const now = firing.data.filter(({ labels }) => isOurs(labels));
  const firingPrints = new Set(now.map(({ fingerprint }) => fingerprint));
  const lately = (history.data ?? [])
    .filter(({ labels, fingerprint }) => isOurs(labels) && !firingPrints.has(fingerprint))
    .slice(0, LATELY);
  if (now.length === 0 && lately.length === 0)
    return <SectionNote>Nothing fires on it, and nothing did in the last day.</SectionNote>;
  return (
    <Table className={classes.stacked}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={180}>Since</Table.Th>
          <Table.Th w={110}>State</Table.Th>
          <Table.Th w={240}>Alert</Table.Th>
          <Table.Th>What it says</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {now.map((alert) => (
          <AlertRow
            key={alert.fingerprint}
            {...alert}
            time={alert.startsAt}
            state={alert.status.silencedBy.length > 0 ? 'silenced' : 'firing'}
          />
        ))}
        {lately.map((change) => (
          <AlertRow key={change.position} {...change} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

const COLORS: Readonly<Record<string, string>> = {
  firing: 'red',
  pending: 'yellow',
  silenced: 'gray',
  inactive: 'green',
};
const WORDS: Readonly<Record<string, string>> = { inactive: 'resolved' };

function AlertRow({ fingerprint, labels, annotations, time, state }: Omit<AlertChange, 'position'>) {
  return (
    <Table.Tr>
      <Table.Td>
        <time dateTime={time}>{new Date(time).toLocaleString()}</time>
      </Table.Td>
      <Table.Td>
        <Badge color={COLORS[state] ?? 'gray'}>{WORDS[state] ?? state}</Badge>
      </Table.Td>
      <Table.Td>
        <Group gap={6}>
          <Anchor component={Link} size="sm" href={`/alerts/${encodeURIComponent(fingerprint)}${keptSearch()}`}>
            {labels.alertname ?? fingerprint}
          </Anchor>
          {labels.severity !== undefined && (
            <Text component="span" size="xs" c="dimmed">
              {labels.severity}
            </Text>
          )}
        </Group>
      </Table.Td>
      <Table.Td className={classes.breaking}>{annotations.summary ?? annotations.description ?? ''}</Table.Td>
    </Table.Tr>
  );
}
