import { Group, Loader, SegmentedControl, Select, Tabs, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { alertObject } from './alert-object.ts';
import { LEVELS, severityRank } from './alert-severity.ts';
import { AlertsTable, type Grouping } from './alerts-table.tsx';
import { type CurrentAlert, type CurrentAlerts, loadAlerts } from './current-alerts.ts';
import { HistoryView } from './history-view.tsx';
import { SilencesView } from './silences-view.tsx';

const SEVERITIES = [
  { value: '', label: 'Any severity' },
  { value: 'serious', label: 'Serious, critical' },
  { value: 'warn', label: 'Warn' },
  { value: 'remind', label: 'Remind, info' },
];
/** How many alerts are shown at first, and at most. */
const FIRST = 100;
const MOST = 5_000;
/** What groups are counted by. */
const COUNTED: Readonly<Record<string, string>> = { severity: 'level', name: 'name', object: 'object' };

/** What fires and is pending, of rules and policies together; what did; and what is silenced. */
export default function AlertsPage() {
  const [view, setView] = useUrlState('view', 'now');
  const [text, setText] = useUrlState('filter');
  const [state, setState] = useUrlState('state', 'all');
  const [severity, setSeverity] = useUrlState('severity');
  const [grouping, setGrouping] = useUrlState('group', 'severity');
  const [cluster] = useUrlState('cluster');
  const [limit, setLimit] = useState(FIRST);
  const [filter] = useDebouncedValue(text, 250);
  const counted = COUNTED[grouping] ?? 'level';
  const isNow = view === 'now';
  const query = {
    ...{ filter, cluster, level: severity, count: counted },
    status: isNow && state !== 'all' ? state : '',
    limit: String(isNow ? limit : MOST),
  };
  const {
    data: fresh,
    error,
    reload,
  } = useData(
    `alerts ${JSON.stringify(view === 'silences' ? {} : query)}`,
    async (signal) => (view === 'silences' ? undefined : loadAlerts(query, signal)),
    true,
  );
  // With another filter the alerts stay until those of that are there.
  const last = useRef<CurrentAlerts>(undefined);
  if (fresh !== undefined) last.current = fresh;
  const data = fresh ?? (error === undefined ? last.current : undefined);
  const isWanted = ({ labels }: Pick<CurrentAlert, 'labels'>): boolean =>
    (severity === '' || LEVELS[severityRank(labels.severity)] === severity) &&
    (cluster === '' || labels.cluster === undefined || labels.cluster === cluster) &&
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => searchText(labels).includes(word));
  return (
    <>
      <PageHeader title="Alerts" />
      <Tabs value={view} onChange={(value) => setView(value ?? 'now')} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="now">Now</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="silences">Silences</Tabs.Tab>
        </Tabs.List>
        <Group gap="xs" my="md">
          <TextInput
            aria-label="Filter"
            placeholder={view === 'silences' ? 'Filter by label, comment or author' : 'Filter by name or label'}
            w={260}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {view !== 'silences' && (
            <Select
              aria-label="Severity"
              w={150}
              allowDeselect={false}
              data={SEVERITIES}
              value={severity}
              onChange={(value) => setSeverity(value ?? '')}
            />
          )}
          {view === 'now' && (
            <>
              <SegmentedControl
                size="xs"
                aria-label="State"
                value={state}
                onChange={setState}
                data={[
                  { value: 'all', label: 'All' },
                  { value: 'firing', label: `Firing ${data?.states.firing ?? 0}` },
                  { value: 'pending', label: `Pending ${data?.states.pending ?? 0}` },
                ]}
              />
              <Select
                aria-label="Group by"
                w={150}
                allowDeselect={false}
                data={[
                  { value: 'severity', label: 'By severity' },
                  { value: 'name', label: 'By rule or policy' },
                  { value: 'object', label: 'By object' },
                ]}
                value={grouping}
                onChange={(value) => setGrouping(value ?? 'severity')}
              />
            </>
          )}
        </Group>
        {data === undefined && view !== 'silences' && error !== undefined && (
          <ErrorState title="Alerts cannot be read" error={error} onRetry={reload} />
        )}
        {data === undefined && view !== 'silences' && error === undefined && (
          <Loader role="status" m="xl" aria-label="Loading" />
        )}
        <Tabs.Panel value="now">
          {data !== undefined && (
            <AlertsTable
              alerts={data.alerts}
              total={data.total}
              counts={data.counts[counted] ?? {}}
              isFiltered={text !== '' || severity !== '' || state !== 'all'}
              grouping={grouping as Grouping}
              {...(data.total > data.alerts.length &&
                limit < MOST && { onMore: () => setLimit(Math.min(MOST, limit * 5)) })}
            />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="history">
          {data !== undefined && <HistoryView current={data.alerts} isWanted={isWanted} />}
        </Tabs.Panel>
        <Tabs.Panel value="silences">
          <SilencesView text={text} onChange={reload} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function searchText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return [...pairs, alertObject(labels).text].join(' ').toLowerCase();
}
