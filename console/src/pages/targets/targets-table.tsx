import { Group, Select, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { formatDuration } from '../../app/format-time.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { type Column, DataTable } from '../../lists/data-table.tsx';
import { NameText } from '../../objects/name-text.tsx';
import { LabelList } from './label-list.tsx';
import { ownLabels, type SharedLabels, sharedLabels } from './shared-labels.ts';
import { SharedLabelsButton } from './shared-labels-button.tsx';
import { loadTargets, type Target, type TargetPage } from './target-list.ts';

const HEALTH = ['down', 'unknown', 'up'] as const;
const NOTHING = { items: [], statuses: {}, counts: { job: {} } };

const COLUMNS: readonly Column<Target>[] = [
  { key: 'health', title: 'Health', sort: 'status', cell: ({ status }) => <StatusBadge status={status} /> },
  { key: 'job', title: 'Job', sort: 'job', cell: ({ job }) => <NameText>{job}</NameText> },
  {
    key: 'last',
    title: 'Last scrape',
    sort: 'lastScraped',
    hint: 'How long ago, and how often it is scraped',
    cell: ({ lastScraped: time, scrapeInterval }) => {
      if (time === undefined) return '–';
      return (
        <span title={new Date(time).toLocaleString()} style={{ whiteSpace: 'nowrap' }}>
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

/** What a target is called, by which of its labels it differs from the others of its job, and why it is down. */
function nameColumn(shared: readonly SharedLabels[]): Column<Target> {
  return {
    key: 'instance',
    title: 'Target',
    sort: 'instance',
    cell: (target) => (
      <div title={target.scrapeUrl}>
        <Text fz="sm" fw={500}>
          <NameText>{target.instance}</NameText>
        </Text>
        <LabelList labels={ownLabels(target, shared)} />
        {target.lastError !== '' && (
          <Text fz="xs" c="var(--mantine-color-error)" maw={520} style={{ overflowWrap: 'anywhere' }}>
            {target.lastError}
          </Text>
        )}
      </div>
    ),
  };
}

/** The targets, those that are down first; by job and health. */
export function TargetsTable() {
  const [job, setJob] = useUrlState('job');
  const [health, setHealth] = useUrlState('health');
  const [{ items, statuses, counts }, setFound] = useState<Pick<TargetPage, 'items' | 'statuses' | 'counts'>>(NOTHING);
  const shared = useMemo(() => sharedLabels(items), [items]);
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
      columns={[nameColumn(shared), ...COLUMNS]}
      rowKey={({ labels, scrapePool, scrapeUrl }) => [scrapePool, scrapeUrl, JSON.stringify(labels)].join('\0')}
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
          <SharedLabelsButton shared={shared} />
        </Group>
      }
    />
  );
}
