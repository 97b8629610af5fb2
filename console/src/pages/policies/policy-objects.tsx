import { Anchor, Text } from '@mantine/core';
import { Link } from 'wouter';
import { getJson } from '../../api/get-json.ts';
import { formatDuration } from '../../app/format-time.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { keptSearch } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { type Column, DataTable, type ListAnswer } from '../../lists/data-table.tsx';
import { SeverityBadge } from '../alerts/alert-badges.tsx';
import { alertObject } from '../alerts/alert-object.ts';
import { metricUnit } from './metric-catalogue.ts';
import type { Severity } from './policy-draft.ts';

/** An object that is not fine. */
interface PolicyObject {
  readonly object: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing' | 'noData';
  readonly severity: Severity;
  readonly metric?: string;
  readonly value: number | string | null;
  readonly threshold: number | string | null;
  readonly breachedPeriods: number;
  readonly periods: number;
  readonly outOf: number;
  readonly since: string | null;
}

const COLUMNS: readonly Column<PolicyObject>[] = [
  { key: 'object', title: 'Object', cell: ({ object }) => <ObjectLink labels={object} /> },
  {
    key: 'state',
    title: 'State',
    cell: ({ state }) => (
      <StatusBadge
        status={state === 'noData' ? 'no data' : state}
        tone={state === 'firing' ? 'bad' : state === 'pending' ? 'warning' : 'unknown'}
      />
    ),
  },
  { key: 'severity', title: 'Severity', cell: ({ severity }) => <SeverityBadge severity={severity} /> },
  { key: 'value', title: 'Value', isNumber: true, cell: ({ value, metric }) => shown(value, metric) },
  { key: 'threshold', title: 'Threshold', isNumber: true, cell: ({ threshold, metric }) => shown(threshold, metric) },
  {
    key: 'periods',
    title: 'Periods',
    hint: 'Breached of those that are needed',
    isNumber: true,
    isWideOnly: true,
    cell: ({ breachedPeriods, periods }) => `${breachedPeriods}/${periods}`,
  },
  {
    key: 'since',
    title: 'For',
    isNumber: true,
    cell: ({ since }) =>
      since === null ? (
        '–'
      ) : (
        <span title={new Date(since).toLocaleString()}>{formatDuration((Date.now() - Date.parse(since)) / 1000)}</span>
      ),
  },
];

/** The objects of a policy that are not fine, the worst first. */
export function PolicyObjects({
  id,
  objects,
  enabled,
}: {
  readonly id: string;
  readonly objects: number;
  readonly enabled: boolean;
}) {
  const load = async (query: URLSearchParams, signal: AbortSignal): Promise<ListAnswer<PolicyObject>> => {
    const params = new URLSearchParams();
    for (const name of ['limit', 'offset']) if (query.has(name)) params.set(name, query.get(name)!);
    const { notFine, total } = await getJson<{ readonly notFine: readonly PolicyObject[]; readonly total: number }>(
      `/api/v1/policies/${encodeURIComponent(id)}/state?${params}`,
      { signal },
    );
    return { items: notFine, total };
  };
  return (
    <DataTable<PolicyObject>
      label={`Objects of ${id}`}
      source={load}
      columns={COLUMNS}
      rowKey={({ object, state }) => JSON.stringify([object, state])}
      hasFilter={false}
      emptyTitle={enabled ? 'All of them are fine' : 'It is disabled'}
      emptyText={
        enabled
          ? `None of its objects, ${objects.toLocaleString()} in all, is pending or fires.`
          : 'Nothing is evaluated.'
      }
    />
  );
}

function ObjectLink({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const { text, path } = alertObject(labels);
  if (path === undefined) return <Text size="sm">{text}</Text>;
  return (
    <Anchor component={Link} href={path + keptSearch()} size="sm">
      {text}
    </Anchor>
  );
}

function shown(value: number | string | null, metric = ''): string {
  return formatValue(value === null ? undefined : Number(value), metricUnit(metric));
}
