import { Group, Select, Text, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { formatDuration } from '../../app/format-time.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { type Column, DataTable } from '../../lists/data-table.tsx';
import { loadTargets, type Target, type TargetPage } from './target-list.ts';

const HEALTH = ['down', 'unknown', 'up'] as const;
const NOTHING = { statuses: {}, counts: { job: {} } };

const COLUMNS: readonly Column<Target>[] = [
  {
    key: 'instance',
    title: 'Target',
    sort: 'instance',
    cell: ({ instance, scrapeUrl, lastError }) => (
      <div>
        <Tooltip label={scrapeUrl} openDelay={400}>
          <Text fz="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
            {instance}
          </Text>
        </Tooltip>
        {lastError !== '' && (
          <Text fz="xs" c="red" maw={520} style={{ overflowWrap: 'anywhere' }}>
            {lastError}
          </Text>
        )}
      </div>
    ),
  },
  { key: 'health', title: 'Health', sort: 'status', cell: ({ status }) => <StatusBadge status={status} /> },
  { key: 'job', title: 'Job', sort: 'job', cell: ({ job }) => job },
  {
    key: 'labels',
    title: 'Labels',
    isWideOnly: true,
    cell: ({ labels }) => (
      <Text fz="xs" c="dimmed" maw={360} lineClamp={2} title={labelText(labels)} style={{ overflowWrap: 'anywhere' }}>
        {labelText(labels)}
      </Text>
    ),
  },
  {
    key: 'last',
    title: 'Last scrape',
    sort: 'lastScraped',
    hint: 'How long ago, and how often it is scraped',
    cell: ({ lastScraped: time, scrapeInterval }) => {
      if (time === undefined) return '–';
      return (
        <span title={new Date(time).toLocaleString()}>
          {formatDuration((Date.now() - time) / 1000)} ago{' '}
          <Text span fz="xs" c="dimmed">
            every {scrapeInterval}
          </Text>
        </span>
      );
    },
  },
  {
    key: 'duration',
    title: 'Duration',
    sort: 'lastScrapeDuration',
    isNumber: true,
    cell: ({ lastScrapeDuration }) => formatValue(lastScrapeDuration, 's'),
  },
  {
    key: 'samples',
    title: 'Samples',
    sort: 'samples',
    isNumber: true,
    hint: 'On its page at the last scrape; in parentheses those that were kept, when some were dropped',
    cell: ({ samples, kept }) =>
      samples !== undefined && kept !== undefined && kept < samples
        ? `${samples.toLocaleString()} (${kept.toLocaleString()})`
        : (samples?.toLocaleString() ?? '–'),
  },
  {
    key: 'added',
    title: 'New series',
    sort: 'added',
    isNumber: true,
    isWideOnly: true,
    hint: 'Series that its scrapes began in the last hour',
    cell: ({ added }) => added?.toLocaleString() ?? '–',
  },
];

/** The targets, those that are down first; by job and health. */
export function TargetsTable() {
  const [job, setJob] = useUrlState('job');
  const [health, setHealth] = useUrlState('health');
  const [{ statuses, counts }, setFound] = useState<Pick<TargetPage, 'statuses' | 'counts'>>(NOTHING);
  const jobs = Object.keys(counts.job).sort();
  const page = async (query: URLSearchParams, signal: AbortSignal) => {
    const found = await loadTargets(query, signal);
    setFound(found);
    return found;
  };
  return (
    <DataTable<Target>
      label="Targets"
      source={page}
      query={{ job, status: health }}
      columns={COLUMNS}
      rowKey={({ labels, scrapePool, scrapeUrl }) => [scrapePool, scrapeUrl, labelText(labels)].join('\0')}
      defaultSort="status"
      emptyTitle="No targets"
      emptyText="This server scrapes nothing. Targets come from scrape_configs in the configuration, and from Kubernetes clusters."
      filters={
        <Group gap="xs">
          <Select
            aria-label="Job"
            placeholder="All jobs"
            data={jobs}
            value={job === '' ? null : job}
            onChange={(value) => setJob(value ?? '')}
            clearable
            searchable
            w={200}
          />
          <Select
            aria-label="Health"
            placeholder="Any health"
            data={HEALTH.map((one) => ({ value: one, label: `${one} (${statuses[one] ?? 0})` }))}
            value={health === '' ? null : health}
            onChange={(value) => setHealth(value ?? '')}
            clearable
            w={140}
          />
        </Group>
      }
    />
  );
}

function labelText(labels: Target['labels']): string {
  return Object.entries(labels)
    .filter(([name]) => name !== 'job' && name !== 'instance')
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
