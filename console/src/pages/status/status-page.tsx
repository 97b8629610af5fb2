import { Code, Loader, SimpleGrid, Stack } from '@mantine/core';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { FigureCard } from '../../app/figure-card.tsx';
import { formatDateTime, formatDuration } from '../../app/format-time.ts';
import { OldNote } from '../../app/old-note.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { StatusBadge } from '../../app/status-badge.tsx';
import { formatValue } from '../../charts/format-value.ts';
import { QueryChart } from '../../charts/query-chart.tsx';
import { type Column, TableView } from '../../lists/table-view.tsx';
import { Facts } from '../../objects/facts.tsx';
import { Section, SectionNote } from '../../objects/section.tsx';
import { type ClusterStatus, loadStatus, type ProcessStatus, type ServerStatus } from './server-status.ts';

const PROCESS_COLUMNS: readonly Column<ProcessStatus>[] = [
  { key: 'instance', title: 'Process', cell: ({ instance }) => instance },
  { key: 'role', title: 'Role', cell: ({ role }) => role },
  { key: 'version', title: 'Version', cell: ({ version }) => version },
  {
    key: 'leader',
    title: 'Alerts',
    hint: 'Which of several that share a store evaluates rules and policies',
    cell: ({ leader }) => (leader === undefined ? '–' : leader ? 'leads' : 'stands by'),
  },
  { key: 'memory', title: 'Memory', isNumber: true, cell: ({ memory }) => formatValue(memory, 'bytes') },
  { key: 'cpu', title: 'CPU', isNumber: true, cell: ({ cpu }) => formatValue(cpu, 'cores') },
  {
    key: 'queries',
    title: 'Queries',
    isNumber: true,
    hint: 'That run, and that wait',
    cell: ({ running, waiting }) =>
      running === undefined ? '–' : `${running}${waiting !== undefined && waiting > 0 ? ` + ${waiting} waiting` : ''}`,
  },
];

const CLUSTER_COLUMNS: readonly Column<ClusterStatus>[] = [
  { key: 'name', title: 'Cluster', cell: ({ name }) => name || 'without a name' },
  { key: 'server', title: 'API server', isWideOnly: true, cell: ({ server }) => server },
  {
    key: 'leader',
    title: 'This collector',
    hint: 'Whether it says what only one of several collectors may say',
    cell: ({ isLeader }) => <StatusBadge status={isLeader ? 'leader' : 'follower'} tone={isLeader ? 'good' : 'busy'} />,
  },
  { key: 'interval', title: 'Every', cell: ({ scrapeInterval }) => scrapeInterval },
  { key: 'pools', title: 'Jobs', isNumber: true, cell: ({ scrapePools }) => scrapePools.length.toLocaleString() },
  {
    key: 'state',
    title: 'Objects',
    isNumber: true,
    hint: 'Objects of which kube_* metrics are made',
    cell: ({ stateMetrics }) => stateMetrics?.objects.toLocaleString() ?? 'off',
  },
  {
    key: 'catalogue',
    title: 'Catalogue series',
    isNumber: true,
    hint: 'k8s_* series that are computed',
    cell: ({ catalogue }) => catalogue?.series.toLocaleString() ?? 'off',
  },
  {
    key: 'operator',
    title: 'Operator objects',
    hint: "Prometheus Operator's objects that are followed",
    cell: ({ operatorObjects }) => <OperatorObjects objects={operatorObjects} />,
  },
];

/** What runs here, how it is set up and how it is doing. */
export default function StatusPage() {
  const { data, error, isLoading, reload } = useData('status', loadStatus, true);
  return (
    <>
      <PageHeader
        title="Status"
        description={
          data === undefined ? undefined : `Pharos ${data.build.pharosVersion ?? ''} on ${data.runtime.hostname}`
        }
      />
      {error !== undefined && data === undefined && (
        <ErrorState title="The server did not answer" error={error} onRetry={reload} />
      )}
      {data !== undefined && <OldNote error={error} />}
      {data === undefined && isLoading && <Loader m="xl" aria-label="Loading the status" />}
      {data !== undefined && <Filled status={data} />}
    </>
  );
}

function Filled({ status: { build, runtime, flags, config, clusters, processes } }: { readonly status: ServerStatus }) {
  const started = new Date(runtime.startTime);
  const total = (pick: (process: ProcessStatus) => number | undefined) => {
    const values = (processes instanceof Error ? [] : processes).map(pick).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  };
  const waiting = total(({ waiting: some }) => some);
  return (
    <Stack gap="xl">
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
        <FigureCard
          title="Up for"
          value={formatDuration((Date.now() - started.getTime()) / 1000)}
          text={`since ${formatDateTime(started.getTime() / 1000)}`}
        />
        <FigureCard
          title="Memory"
          value={formatValue(
            total(({ memory }) => memory),
            'bytes',
          )}
          text={`heap up to ${formatValue(runtime.GOMEMLIMIT, 'bytes')}`}
        />
        <FigureCard
          title="CPU"
          value={formatValue(
            total(({ cpu }) => cpu),
            'cores',
          )}
          text={`of ${runtime.GOMAXPROCS} ${runtime.GOMAXPROCS === 1 ? 'core' : 'cores'}`}
        />
        <FigureCard
          title="Queries running"
          value={formatValue(total(({ running }) => running))}
          text={waiting === undefined ? undefined : `${waiting} waiting`}
        />
        <FigureCard title="Clusters" value={clusters.length.toLocaleString()} text={leaderText(clusters)} />
        <FigureCard
          title="Configuration"
          value={
            <StatusBadge
              status={runtime.reloadConfigSuccess ? 'in force' : 'refused'}
              tone={runtime.reloadConfigSuccess ? 'good' : 'bad'}
            />
          }
          text={`loaded ${formatDateTime(new Date(runtime.lastConfigTime).getTime() / 1000)}`}
        />
      </SimpleGrid>
      <Section title="Clusters">
        {clusters.length === 0 ? (
          <SectionNote>This process monitors no Kubernetes cluster.</SectionNote>
        ) : (
          <TableView
            label="Clusters"
            rows={clusters}
            columns={CLUSTER_COLUMNS}
            rowKey={({ name, server }) => `${name} ${server}`}
          />
        )}
      </Section>
      <Section title="Processes">
        {processes instanceof Error ? (
          <SectionNote>What is stored of the processes cannot be read: {processes.message}.</SectionNote>
        ) : processes.length === 0 ? (
          <SectionNote>
            Nothing is stored of Pharos’ own metrics: it does not scrape itself, or has just started.
          </SectionNote>
        ) : (
          <TableView
            label="Processes"
            rows={processes}
            columns={PROCESS_COLUMNS}
            rowKey={({ instance, role }) => `${instance} ${role}`}
          />
        )}
      </Section>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <QueryChart
          title="Memory"
          unit="bytes"
          queries={[
            { query: 'process_resident_memory_bytes and on (job, instance) pharos_build_info', legend: '{{instance}}' },
          ]}
        />
        <QueryChart
          title="CPU"
          unit="cores"
          queries={[
            {
              query: 'rate(process_cpu_seconds_total[2m]) and on (job, instance) pharos_build_info',
              legend: '{{instance}}',
            },
          ]}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <Section title="Build">
          <Facts
            items={[
              ['Pharos', build.pharosVersion],
              ['API of Prometheus', build.version],
              ['Node.js', runtime.nodeVersion],
              ['Samples are kept', runtime.storageRetention],
            ]}
          />
        </Section>
        <Section title="Options">
          <Facts
            items={Object.entries(flags).map(
              ([name, value]) => [`--${name}`, value === '' ? 'not given' : value] as const,
            )}
          />
        </Section>
      </SimpleGrid>
      <Section title="Configuration">
        <Code
          block
          mah={480}
          tabIndex={0}
          aria-label="The configuration in force, without secrets"
          style={{ overflow: 'auto' }}
        >
          {config}
        </Code>
      </Section>
    </Stack>
  );
}

function OperatorObjects({ objects }: { readonly objects: ClusterStatus['operatorObjects'] }) {
  const refused = objects.filter(({ state }) => state === 'refused');
  if (refused.length === 0) return objects.length.toLocaleString();
  const problems = refused.map(({ kind, namespace, name, problem }) => `${kind} ${namespace}/${name}: ${problem}`);
  return (
    <span title={problems.join('\n')}>
      {objects.length.toLocaleString()} <StatusBadge status={`${refused.length} refused`} tone="bad" />
    </span>
  );
}

function leaderText(clusters: readonly ClusterStatus[]): string {
  const led = clusters.filter(({ isLeader }) => isLeader).length;
  return led === clusters.length ? 'leader of all' : `leader of ${led}`;
}
