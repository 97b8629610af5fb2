import { Group, Loader, SegmentedControl, Select, Tabs, TextInput } from '@mantine/core';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { alertObject } from './alert-object.ts';
import { severityRank } from './alert-severity.ts';
import { AlertsTable, type Grouping } from './alerts-table.tsx';
import { type CurrentAlert, loadCurrentAlerts } from './current-alerts.ts';
import { HistoryView } from './history-view.tsx';
import { SilencesView } from './silences-view.tsx';

const INTERVAL = 10_000;
const SEVERITIES = [
  { value: '', label: 'Any severity' },
  { value: '0', label: 'Serious, critical' },
  { value: '1', label: 'Warn' },
  { value: '2', label: 'Remind, info' },
];

/** What fires and is pending, of rules and policies together; what did; and what is silenced. */
export default function AlertsPage() {
  const [view, setView] = useUrlState('view', 'now');
  const [text, setText] = useUrlState('filter');
  const [state, setState] = useUrlState('state', 'all');
  const [severity, setSeverity] = useUrlState('severity');
  const [grouping, setGrouping] = useUrlState('group', 'severity');
  const [cluster] = useUrlState('cluster');
  const { data, error, reload } = useData('alerts', loadCurrentAlerts, INTERVAL);
  const isWanted = ({ labels }: Pick<CurrentAlert, 'labels'>): boolean =>
    (severity === '' || severityRank(labels.severity) === Number(severity)) &&
    (cluster === '' || labels.cluster === undefined || labels.cluster === cluster) &&
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => searchText(labels).includes(word));
  const count = (wanted: CurrentAlert['state']): number =>
    data?.filter((alert) => alert.state === wanted && isWanted(alert)).length ?? 0;
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
                  { value: 'firing', label: `Firing ${count('firing')}` },
                  { value: 'pending', label: `Pending ${count('pending')}` },
                ]}
              />
              <Select
                aria-label="Group by"
                w={150}
                allowDeselect={false}
                data={[
                  { value: 'severity', label: 'By severity' },
                  { value: 'name', label: 'By name' },
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
        {data === undefined && view !== 'silences' && error === undefined && <Loader m="xl" aria-label="Loading" />}
        <Tabs.Panel value="now">
          {data !== undefined && (
            <AlertsTable
              alerts={data.filter((alert) => isWanted(alert) && (state === 'all' || alert.state === state))}
              total={data.length}
              grouping={grouping as Grouping}
            />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="history">
          {data !== undefined && <HistoryView current={data} isWanted={isWanted} />}
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
