import { Group, Loader, SegmentedControl, Select, Tabs, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { OldNote } from '../../app/old-note.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { useUrlState, withParams } from '../../app/url-state.ts';
import { AlertsTable, type Grouping } from './alerts-table.tsx';
import { type CurrentAlerts, loadAlerts } from './current-alerts.ts';
import { EvaluationNote } from './evaluation-note.tsx';
import { HistoryView } from './history-view.tsx';
import { loadEvaluationFault } from './rule-evaluation.ts';
import { SilencesView } from './silences-view.tsx';

/** The history's orders, the first by default. */
const LONGEST = '-firing';
const ORDERS = [
  { value: LONGEST, label: 'Longest firing' },
  { value: '-changed', label: 'Latest change' },
  { value: 'name', label: 'Name' },
];
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
  const [params, setParams] = useSearchParams();
  const [view, setView] = useUrlState('view', 'now');
  const [state, setState] = useUrlState('state', 'all');
  const [grouping, setGrouping] = useUrlState('group', 'severity');
  const [cluster] = useUrlState('cluster');
  const [limit, setLimit] = useState(FIRST);
  const text = params.get('filter') ?? '';
  const severity = params.get('severity') ?? '';
  const order = params.get('sort') ?? LONGEST;
  // With another filter or order one begins at the first page.
  const narrow = (change: Readonly<Record<string, string>>): void =>
    setParams((before) => withParams(before, { ...change, page: undefined }), { replace: true });
  const [filter] = useDebouncedValue(text, 250);
  const counted = COUNTED[grouping] ?? 'level';
  const isNow = view === 'now';
  const query = {
    ...{ filter, cluster, level: severity, count: counted },
    status: state === 'all' ? '' : state,
    limit: String(limit),
  };
  const {
    data: fresh,
    error,
    reload,
  } = useData(
    `alerts ${JSON.stringify(isNow ? query : {})}`,
    async (signal) => (isNow ? loadAlerts(query, signal) : undefined),
    true,
  );
  const evaluation = useData(
    `evaluation ${isNow}`,
    async (signal) => (isNow ? loadEvaluationFault(signal) : null),
    true,
  );
  // With another filter the alerts stay until those of that are there.
  const last = useRef<CurrentAlerts>(undefined);
  if (fresh !== undefined) last.current = fresh;
  const data = fresh ?? (error === undefined ? last.current : undefined);
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
            onChange={(event) => narrow({ filter: event.currentTarget.value })}
          />
          {view !== 'silences' && (
            <Select
              aria-label="Severity"
              w={150}
              allowDeselect={false}
              data={SEVERITIES}
              value={severity}
              onChange={(value) => narrow({ severity: value ?? '' })}
            />
          )}
          {isNow && (
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
          {view === 'history' && (
            <Select
              aria-label="Sort by"
              w={150}
              allowDeselect={false}
              data={ORDERS}
              value={order}
              onChange={(value) => narrow({ sort: value === LONGEST ? '' : (value ?? '') })}
            />
          )}
        </Group>
        <Tabs.Panel value="now">
          <OldNote error={data === undefined ? undefined : error} />
          <EvaluationNote fault={evaluation.data ?? undefined} />
          {data === undefined && error !== undefined && (
            <ErrorState title="Alerts cannot be read" error={error} onRetry={reload} />
          )}
          {data === undefined && error === undefined && <Loader role="status" m="xl" aria-label="Loading" />}
          {data !== undefined && (
            <AlertsTable
              alerts={data.alerts}
              total={data.total}
              counts={data.counts[counted] ?? {}}
              isKnown={evaluation.data === null || evaluation.data === undefined}
              isFiltered={text !== '' || severity !== '' || state !== 'all'}
              grouping={grouping as Grouping}
              {...(data.total > data.alerts.length &&
                limit < MOST && { onMore: () => setLimit(Math.min(MOST, limit * 5)) })}
            />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <HistoryView query={{ filter, cluster, level: severity, sort: order }} />
        </Tabs.Panel>
        <Tabs.Panel value="silences">
          <SilencesView text={text} onChange={reload} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
