import { Group, Select, Stack, Switch, Text, UnstyledButton } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { formatDuration } from '../../app/format-time.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { StatusBadge } from '../../app/status-badge.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { type Column, DataTable, type ListAnswer } from '../../lists/data-table.tsx';
import { NameText } from '../../objects/name-text.tsx';
import { type Autoscaler, type AutoscalerMetric, metricShare } from './autoscaler.ts';
import { AutoscalerDrawer } from './autoscaler-drawer.tsx';
import { metricText } from './metric-text.ts';
import { RegistrationNotice } from './registration-notice.tsx';
import { ReplicaMeter } from './replica-meter.tsx';
import { decisionText, scalingLimit } from './scaling-limit.ts';

const SHOWN = 3;
const KINDS = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'];

/** The HorizontalPodAutoscalers that are followed: what they are served, and what they make of it. */
export default function AutoscalingPage() {
  const [kind, setKind] = useUrlState('kind');
  const [problem, setProblem] = useUrlState('problem');
  const [opened, setOpened] = useUrlState('hpa');
  const columns: readonly Column<Autoscaler>[] = [
    {
      key: 'name',
      title: 'Autoscaler',
      sort: 'name',
      cell: ({ namespace, name, target }) => (
        <UnstyledButton onClick={() => setOpened(`${namespace}/${name}`)} aria-haspopup="dialog">
          <Text size="sm" c="var(--mantine-color-anchor)">
            <NameText>{name}</NameText>
          </Text>
          <Text size="xs" c="dimmed">
            <NameText>{`${target.kind}/${target.name}`}</NameText>
          </Text>
        </UnstyledButton>
      ),
    },
    {
      key: 'namespace',
      title: 'Namespace',
      sort: 'namespace',
      cell: ({ namespace }) => <NameText>{namespace}</NameText>,
    },
    { key: 'metrics', title: 'Metrics', isLong: true, cell: ({ metrics }) => <Metrics metrics={metrics} /> },
    {
      key: 'replicas',
      title: 'Replicas',
      sort: 'currentReplicas',
      cell: (autoscaler) => (
        <>
          <ReplicaMeter autoscaler={autoscaler} />
          <Text size="xs" c="dimmed">
            {scalingLimit(autoscaler)}
          </Text>
        </>
      ),
    },
    {
      key: 'decision',
      title: 'Last decision',
      sort: 'lastScale',
      isWideOnly: true,
      cell: (autoscaler) => <LastDecision autoscaler={autoscaler} />,
    },
    { key: 'problems', title: 'Problems', sort: 'problems', cell: ({ problems }) => <Problems problems={problems} /> },
  ];
  return (
    <>
      <PageHeader title="Autoscaling" />
      <RegistrationNotice />
      <DataTable<Autoscaler>
        label="Autoscalers"
        source={loadAutoscalers}
        query={{ kind, problem }}
        columns={columns}
        rowKey={({ namespace, name }) => `${namespace}/${name}`}
        emptyTitle="No autoscalers"
        emptyText="The cluster has no HorizontalPodAutoscaler."
        filters={
          <Group gap="xs">
            <Select
              aria-label="Kind of the target"
              placeholder="Any target"
              w={150}
              clearable
              data={KINDS}
              value={kind === '' ? null : kind}
              onChange={(value) => setKind(value ?? '')}
            />
            <Switch
              label="With problems"
              checked={problem === 'true'}
              onChange={(event) => setProblem(event.currentTarget.checked ? 'true' : '')}
            />
          </Group>
        }
      />
      <AutoscalerDrawer name={opened} onClose={() => setOpened('')} />
    </>
  );
}

function Metrics({ metrics }: { readonly metrics: readonly AutoscalerMetric[] }) {
  return (
    <Stack gap={2} maw={310}>
      {metrics.slice(0, SHOWN).map((metric) => {
        const share = metricShare(metric);
        return (
          <Group key={`${metric.type} ${metric.metric} ${metric.selector}`} gap="0 6px">
            <Text
              size="sm"
              fw={600}
              {...(share !== undefined && share > 1.1 && { c: 'var(--mantine-color-red-text)' })}
              style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}
            >
              {metricText(metric)}
            </Text>
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {metric.metric}
              {metric.served !== null && `, ${formatDuration(metric.served.age)} old`}
            </Text>
          </Group>
        );
      })}
      {metrics.length > SHOWN && (
        <Text size="xs" c="dimmed">
          and {metrics.length - SHOWN} more
        </Text>
      )}
    </Stack>
  );
}

function LastDecision({ autoscaler: { lastDecision, lastScale } }: { readonly autoscaler: Autoscaler }) {
  const time = lastDecision?.time ?? lastScale;
  if (time === null) return <Text c="dimmed">–</Text>;
  return (
    <div title={new Date(time).toLocaleString()} style={{ maxWidth: 280 }}>
      <Text size="sm">
        {lastDecision !== null && (
          <b>
            {lastDecision.from} → {lastDecision.to}{' '}
          </b>
        )}
        {formatDuration((Date.now() - Date.parse(time)) / 1000)} ago
      </Text>
      {lastDecision !== null && (
        <Text size="xs" c="dimmed">
          {decisionText(lastDecision)}
        </Text>
      )}
    </div>
  );
}

function Problems({ problems }: { readonly problems: readonly string[] }) {
  const [first] = problems;
  if (first === undefined) return <StatusBadge status="none" tone="good" />;
  return (
    <Text size="xs" lineClamp={2} maw={320} title={problems.join('\n')} style={{ overflowWrap: 'anywhere' }}>
      {problems.length > 1 && <b>{problems.length}: </b>}
      {first}
    </Text>
  );
}

async function loadAutoscalers(query: URLSearchParams, signal: AbortSignal): Promise<ListAnswer<Autoscaler>> {
  const params = new URLSearchParams(query);
  const text = params.get('filter');
  params.delete('filter');
  // An instance follows one cluster.
  params.delete('cluster');
  if (text !== null) params.set('search', text);
  const { autoscalers, total } = await getJson<{
    readonly autoscalers: readonly Autoscaler[];
    readonly total: number;
  }>(`/api/v1/autoscaling?${params}`, { signal });
  return { items: autoscalers, total };
}
