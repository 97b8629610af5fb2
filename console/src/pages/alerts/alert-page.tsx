import { Anchor, Badge, Button, Card, Code, Group, List, Loader, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { useRangedData } from '../../api/use-ranged-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { formatDuration } from '../../app/format-time.ts';
import { OldNote } from '../../app/old-note.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { useTimeRange } from '../../app/time-range.ts';
import { keptSearch } from '../../app/url-state.ts';
import { AlertStateBadges, SeverityBadge } from './alert-badges.tsx';
import { loadCause } from './alert-cause.ts';
import { AlertChart } from './alert-chart.tsx';
import { alertObject } from './alert-object.ts';
import { AlertStory, type Changed, type StoryEntry } from './alert-story.tsx';
import { loadTimeline } from './alert-timeline.ts';
import { type AlertLabels, type CurrentAlert, loadAlerts } from './current-alerts.ts';
import { LaneChart } from './lane-chart.tsx';
import { loadSilences, matchersOf, type Silence } from './silence.ts';
import { SilenceDialog } from './silence-dialog.tsx';
import { ExpireButton } from './silences-view.tsx';
import { TimeAxis } from './time-axis.tsx';

interface KnownAlert {
  /** Undefined when it is neither pending nor fires. */
  readonly current: CurrentAlert | undefined;
  readonly labels: AlertLabels | undefined;
  readonly entries: readonly StoryEntry[];
  readonly silences: readonly Silence[];
}

/** One alert: how it is, why, what happened to it, who was told; and a way to silence it. */
export default function AlertPage() {
  const { fingerprint = '' } = useParams();
  const { data, error, reload } = useData(fingerprint, (signal) => loadAlert(fingerprint, signal), true);
  if (data === undefined) {
    if (error !== undefined) {
      return (
        <>
          <PageHeader title="Alert" crumbs={[{ title: 'Alerts', href: '/alerts' }]} />
          <ErrorState title="The alert cannot be read" error={error} onRetry={reload} />
        </>
      );
    }
    return <Loader role="status" m="xl" aria-label="Loading" />;
  }
  const { labels, current, entries, silences } = data;
  if (labels === undefined) {
    return (
      <>
        <PageHeader title="Alert" crumbs={[{ title: 'Alerts', href: '/alerts' }]} />
        <EmptyState
          title="Nothing is known of this alert"
          text="It is neither pending nor fires, and its history is empty or older than what is kept."
        />
      </>
    );
  }
  const known = { fingerprint, labels, current, entries, silences };
  return <KnownAlertPage {...known} onChange={reload} />;
}

function KnownAlertPage({
  fingerprint,
  labels,
  current,
  entries,
  silences,
  onChange,
}: Omit<KnownAlert, 'labels'> & {
  readonly fingerprint: string;
  readonly labels: AlertLabels;
  readonly onChange: () => void;
}) {
  const [isSilencing, silencing] = useDisclosure(false);
  const annotations = current?.annotations ?? entries.find(isTransition)?.annotations ?? {};
  return (
    <>
      <PageHeader
        title={labels.alertname ?? 'Alert'}
        crumbs={[{ title: 'Alerts', href: '/alerts' }]}
        badges={
          <Group gap={6}>
            <SeverityBadge severity={labels.severity} />
            <AlertStateBadges
              state={current?.state ?? 'inactive'}
              silencedBy={silences.map(({ id }) => id)}
              inhibitedBy={current?.inhibitedBy ?? []}
            />
          </Group>
        }
        description={annotations.summary ?? annotations.description}
        actions={<Button onClick={silencing.open}>Silence</Button>}
      />
      <Stack gap="md">
        <Facts labels={labels} current={current} />
        <Lanes fingerprint={fingerprint} />
        <Cause labels={labels} about={aboutOf(labels)} />
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          <section aria-label="What happened">
            <Title order={2} size="h5" mb="sm">
              What happened
            </Title>
            {entries.length === 0 ? (
              <Text size="sm" c="dimmed">
                Nothing is in its history yet.
              </Text>
            ) : (
              <AlertStory entries={entries} />
            )}
          </section>
          <Stack gap="md">
            <SilenceList silences={silences} onChange={onChange} />
            <section aria-label="Labels">
              <Title order={2} size="h5" mb="sm">
                Labels
              </Title>
              <Group gap={4}>
                {Object.entries(labels).map(([name, value]) => (
                  <Badge key={name} color="gray" ff="monospace" fw={400} maw="100%">
                    {name}={value}
                  </Badge>
                ))}
              </Group>
            </section>
          </Stack>
        </SimpleGrid>
      </Stack>
      <SilenceDialog matchers={matchersOf(labels)} opened={isSilencing} onClose={silencing.close} onDone={onChange} />
    </>
  );
}

function Facts({ labels, current }: { readonly labels: AlertLabels; readonly current: CurrentAlert | undefined }) {
  const { kind, text, path } = alertObject(labels);
  return (
    <Group gap="xl">
      <Fact title={kind === '' ? 'About' : kind}>
        {path === undefined ? (
          text
        ) : (
          <Anchor component={Link} href={path + keptSearch()} size="sm">
            {text}
          </Anchor>
        )}
      </Fact>
      {current !== undefined && (
        <>
          <Fact title="For">
            <span title={new Date(current.activeAt).toLocaleString()}>
              {formatDuration((Date.now() - current.activeAt) / 1000)}
            </span>
          </Fact>
          {!Number.isNaN(current.value) && (
            <Fact title="Value">{Number(current.value.toPrecision(4)).toLocaleString()}</Fact>
          )}
        </>
      )}
    </Group>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  );
}

function Lanes({ fingerprint }: { readonly fingerprint: string }) {
  const [range] = useTimeRange();
  const { data, error } = useRangedData(fingerprint, range, (signal) => loadTimeline(range, { fingerprint }, signal));
  const { start, end, alerts } = data ?? { start: range.start * 1000, end: range.end * 1000, alerts: [] };
  return (
    <section aria-label="States over time">
      {data === undefined && error !== undefined ? (
        <Text size="sm" c="dimmed">
          Its states cannot be read: {error.message}
        </Text>
      ) : (
        <OldNote error={error} />
      )}
      <LaneChart spans={alerts[0]?.spans ?? []} start={start} end={end} label="States over time" />
      <TimeAxis start={start} end={end} />
    </section>
  );
}

function Cause({ labels, about }: { readonly labels: AlertLabels; readonly about: AlertLabels }) {
  const { data, error } = useData(JSON.stringify(labels), (signal) => loadCause(labels, about, signal));
  if (data === undefined) {
    return error === undefined ? null : (
      <Text size="sm" c="dimmed">
        Its rule cannot be read: {error.message}
      </Text>
    );
  }
  return (
    <section aria-label="Why">
      <Group gap="xs" mb="xs">
        <Title order={2} size="h5">
          Why
        </Title>
        <Text size="xs" c="dimmed">
          {data.kind}, {data.source}
        </Text>
        {data.path !== undefined && (
          <Anchor component={Link} href={data.path + keptSearch()} size="sm">
            Open the policy
          </Anchor>
        )}
      </Group>
      <Stack gap="xs">
        {data.kind === 'rule' && (
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {data.text}
          </Code>
        )}
        {data.charts.map((chart) => (
          <AlertChart key={chart.query} chart={chart} labels={labels} />
        ))}
      </Stack>
    </section>
  );
}

function SilenceList({ silences, onChange }: { readonly silences: readonly Silence[]; readonly onChange: () => void }) {
  return (
    <section aria-label="Silences">
      <Title order={2} size="h5" mb="sm">
        Silences
      </Title>
      {silences.length === 0 ? (
        <Text size="sm" c="dimmed">
          It is not silenced.
        </Text>
      ) : (
        <Stack gap="xs">
          {silences.map(({ id, comment, createdBy, endsAt }) => (
            <Card key={id} withBorder padding="xs">
              <Group justify="space-between" wrap="nowrap">
                <div>
                  <Text size="sm">{comment}</Text>
                  <List size="xs" c="dimmed" listStyleType="none">
                    <List.Item>
                      by {createdBy}, until {new Date(endsAt).toLocaleString()}
                    </List.Item>
                  </List>
                </div>
                <ExpireButton id={id} onChange={onChange} />
              </Group>
            </Card>
          ))}
        </Stack>
      )}
    </section>
  );
}

async function loadAlert(fingerprint: string, signal: AbortSignal): Promise<KnownAlert> {
  const [{ alerts: own }, { entries }, silences] = await Promise.all([
    loadAlerts({ fingerprint }, signal),
    getJson<{ readonly entries: readonly StoryEntry[] }>(`/api/v1/alerts/history/${fingerprint}?limit=200`, {
      signal,
    }).catch((error: unknown) => {
      if ((error as { status?: number }).status === 404) return { entries: [] as readonly StoryEntry[] };
      throw error;
    }),
    loadSilences(signal),
  ]);
  const newest = entries.find(isTransition);
  const same = (labels: AlertLabels): boolean => newest !== undefined && identity(labels) === identity(newest.labels);
  // At another severity it has another fingerprint and is the same alert.
  const name = newest?.labels.alertname ?? '';
  const namesakes = own.length > 0 || name === '' ? [] : (await loadAlerts({ name, limit: '5000' }, signal)).alerts;
  const current = own[0] ?? namesakes.find(({ labels }) => same(labels));
  const labels = current?.labels ?? newest?.labels;
  const active = silences.filter(
    ({ status, matchers }) => status.state === 'active' && isMatched(matchers, labels ?? {}),
  );
  return { current, labels, entries, silences: active };
}

function isMatched(matchers: Silence['matchers'], labels: AlertLabels): boolean {
  return matchers.every(({ name, value, isRegex, isEqual }) => {
    const own = labels[name] ?? '';
    return isEqual === (isRegex ? matchesWhole(value, own) : own === value);
  });
}

function matchesWhole(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 's').test(text);
  } catch {
    return false;
  }
}

function identity(labels: AlertLabels): string {
  const names = Object.keys(labels).filter((name) => name !== 'severity');
  return JSON.stringify(names.sort().map((name) => [name, labels[name]]));
}

/** The labels that say which object it is, of which metrics of the catalogue have those of their level. */
function aboutOf({
  cluster,
  namespace,
  node,
  service,
  workload_kind,
  workload_name,
  pod,
  container,
}: AlertLabels): AlertLabels {
  const about =
    pod !== undefined
      ? { cluster, namespace, pod, container }
      : workload_name !== undefined
        ? { cluster, namespace, workload_kind, workload_name }
        : { cluster, namespace, service, node };
  return Object.fromEntries(
    Object.entries(about).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function isTransition(entry: StoryEntry): entry is Changed {
  return entry.kind === 'transition';
}
