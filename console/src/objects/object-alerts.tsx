import { Anchor, Button, Group, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { getJson } from '../api/get-json.ts';
import { useData } from '../api/use-data.ts';
import { ErrorState } from '../app/error-state.tsx';
import { formatDateTime } from '../app/format-time.ts';
import { StatusBadge } from '../app/status-badge.tsx';
import type { Tone } from '../app/status-tone.ts';
import { useTimeRange } from '../app/time-range.ts';
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

/** How many that fire are shown at first. */
const FEW = 10;
const LATELY = 5;
const DAY = 86_400;

/**
 * What fires about an object, and what its alerts did in the shared time range, at least its last day. `isAbout` tells them by their labels, of
 * those of the namespace, if there is one.
 */
export function ObjectAlerts({
  cluster,
  namespace,
  isAbout,
}: {
  readonly cluster: string;
  readonly namespace?: string;
  readonly isAbout: (labels: Labels) => boolean;
}) {
  const [range] = useTimeRange();
  const [isWhole, setWhole] = useState(false);
  const isOurs = (labels: Labels): boolean => (labels.cluster ?? '') === cluster && isAbout(labels);
  const matchers = [
    `cluster=${quoted(cluster)}`,
    ...(namespace === undefined ? [] : [`namespace=${quoted(namespace)}`]),
  ];
  const within = matchers.join(',');
  const firing = useData(
    `firing ${within} ${range.isLive}`,
    async (signal) => {
      if (!range.isLive) return [];
      const filters = new URLSearchParams(matchers.map((matcher) => ['filter', matcher]));
      return getJson<FiringAlert[]>(`/api/v2/alerts?${filters}`, { signal });
    },
    true,
  );
  const history = useData(
    `history ${within} ${range.from} ${range.to}`,
    async (signal) => {
      const end = range.isLive ? Math.floor(Date.now() / 1000) : range.end;
      const start = Math.floor(end - Math.max(DAY, range.end - range.start));
      const parameters = new URLSearchParams({
        ...{ 'match[]': `{${within}}`, start: String(start), end: String(end), limit: '500' },
      });
      const { events } = await getJson<{ readonly events: AlertChange[] }>(`/api/v1/alerts/history?${parameters}`, {
        signal,
      });
      return events;
    },
    range.isLive,
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
    return (
      <SectionNote>
        {range.isLive ? 'Nothing fires on it, and nothing did in the last day.' : 'Nothing fired on it at this time.'}
      </SectionNote>
    );
  return (
    <Stack gap="xs">
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
          {now.slice(0, isWhole ? undefined : FEW).map((alert) => (
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
      {now.length > FEW && (
        <Group>
          <Button variant="subtle" onClick={() => setWhole(!isWhole)}>
            {isWhole ? `Only ${FEW} of those that fire` : `All ${now.length} that fire`}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

const TONES: Readonly<Record<string, Tone>> = {
  firing: 'bad',
  pending: 'warning',
  silenced: 'unknown',
  inactive: 'good',
};
const WORDS: Readonly<Record<string, string>> = { inactive: 'resolved' };

function AlertRow({ fingerprint, labels, annotations, time, state }: Omit<AlertChange, 'position'>) {
  return (
    <Table.Tr>
      <Table.Td>
        <time dateTime={time}>{formatDateTime(Date.parse(time) / 1000)}</time>
      </Table.Td>
      <Table.Td>
        <StatusBadge status={WORDS[state] ?? state} tone={TONES[state] ?? 'unknown'} />
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
