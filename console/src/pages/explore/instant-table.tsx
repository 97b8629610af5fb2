import { Button, Group, Loader, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { getAnswer } from '../../api/get-json.ts';
import { useRangedData } from '../../api/use-ranged-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { formatDateTime } from '../../app/format-time.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { useUrlState } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { type Column, TableView } from '../../lists/table-view.tsx';
import { expressionUnit } from './expression-unit.ts';
import { type InstantResult, type InstantRow, instantRows, labelNames, sortedRows, VALUE } from './instant-rows.ts';
import { Notes } from './notes.tsx';
import type { QueryProblem } from './query-error.ts';
import { QueryErrorState } from './query-error-state.tsx';

const PAGE = 100;

/** A query's values at the end of the shared time range. */
export function InstantTable({
  expr,
  prefix,
  onProblem,
}: {
  readonly expr: string;
  /** Before the names of its state in the URL. */
  readonly prefix: string;
  readonly onProblem: (problem: QueryProblem | undefined) => void;
}) {
  const [range] = useTimeRange();
  const { end } = range;
  const [sort, setSort] = useUrlState(`${prefix}sort`);
  const [count, setCount] = useState(PAGE);
  const params = new URLSearchParams({ query: expr, time: String(end) });
  const { data, error, isLoading, reload } = useRangedData(`instant ${expr}`, range, (signal) =>
    getAnswer<InstantResult>(`/api/v1/query?${params}`, { signal }),
  );
  const unit = expressionUnit(expr);
  const rows = useMemo(() => (data === undefined ? [] : instantRows(data.data)), [data]);
  const columns = useMemo(
    (): readonly Column<InstantRow>[] => [
      ...labelNames(rows).map((name) => ({
        key: name,
        title: name === '__name__' ? 'metric' : name,
        sort: name,
        cell: ({ labels }: InstantRow) => labels[name] ?? '',
      })),
      {
        key: VALUE,
        title: 'value',
        sort: VALUE,
        isNumber: true,
        cell: ({ value, number }: InstantRow) =>
          Number.isNaN(number) || unit === '1' ? value : <span title={value}>{formatValue(number, unit)}</span>,
      },
    ],
    [rows, unit],
  );
  if (error !== undefined && data === undefined)
    return <QueryErrorState expr={expr} error={error} onProblem={onProblem} onRetry={reload} />;
  if (data === undefined) return <Loader size="sm" m="md" aria-label="Loading the table" />;
  return (
    <div aria-busy={isLoading}>
      <Notes notes={data.notes} />
      {rows.length === 0 ? (
        <EmptyState title="No series" text={`Nothing has a value at ${formatDateTime(end)}.`} />
      ) : (
        <TableView
          label={`Values of ${expr}`}
          rows={sortedRows(rows, sort).slice(0, count)}
          columns={columns}
          rowKey={({ key }) => key}
          sort={sort}
          onSort={setSort}
        />
      )}
      <Group mt="xs" gap="md">
        <Text fz="xs" c="dimmed">
          {rows.length.toLocaleString()} series at {formatDateTime(end)}
        </Text>
        {rows.length > count && (
          <Button variant="default" onClick={() => setCount((before) => before + 5 * PAGE)}>
            Show more than {count}
          </Button>
        )}
      </Group>
    </div>
  );
}
