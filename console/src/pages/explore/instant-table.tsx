import { Button, Group, Loader, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { getAnswer } from '../../api/get-json.ts';
import { useRangedData } from '../../api/use-ranged-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { formatDateTime } from '../../app/format-time.ts';
import { OldNote } from '../../app/old-note.tsx';
import { useTimeRange } from '../../app/time-range.ts';
import { useUrlState } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { TRUNCATED } from '../../charts/range-query.ts';
import { seriesText } from '../../charts/series-labels.ts';
import { type Column, TableView } from '../../lists/table-view.tsx';
import styles from './explore.module.css';
import { expressionUnit } from './expression-unit.ts';
import { HistogramNote } from './histogram-note.tsx';
import { type InstantResult, type InstantRow, instantRows, partedNames, sortedRows, VALUE } from './instant-rows.ts';
import { Notes } from './notes.tsx';
import type { QueryProblem } from './query-error.ts';
import { QueryErrorState } from './query-error-state.tsx';

/** Rows are cards on a phone, and take more room. */
const PAGE = globalThis.matchMedia?.('(max-width: 48em)').matches ? 20 : 100;
const MOST = 5_000;

/** A query's values at the end of the shared time range. */
export function InstantTable({
  expr,
  prefix,
  onProblem,
  onAsk,
}: {
  readonly expr: string;
  /** Before the names of its state in the URL. */
  readonly prefix: string;
  readonly onProblem: (problem: QueryProblem | undefined) => void;
  /** Asks something else instead. */
  readonly onAsk: (expr: string) => void;
}) {
  const [range] = useTimeRange();
  const { end } = range;
  const [sort, setSort] = useUrlState(`${prefix}sort`);
  const [count, setCount] = useState(PAGE);
  const params = new URLSearchParams({ query: expr, time: String(end), limit: String(MOST) });
  const { data, error, isLoading, reload } = useRangedData(`instant ${expr}`, range, (signal) =>
    getAnswer<InstantResult>(`/api/v1/query?${params}`, { signal }),
  );
  const unit = expressionUnit(expr);
  const rows = useMemo(() => (data === undefined ? [] : instantRows(data.data)), [data]);
  const { differing, same } = useMemo(() => partedNames(rows), [rows]);
  const columns = useMemo(
    (): readonly Column<InstantRow>[] => [
      ...differing.map((name) => ({
        key: name,
        title: name === '__name__' ? 'metric' : name,
        sort: name,
        cell: ({ labels }: InstantRow) => (
          <span className={styles.label} title={labels[name]}>
            {labels[name]}
          </span>
        ),
      })),
      {
        key: VALUE,
        title: 'value',
        sort: VALUE,
        isNumber: true,
        isPinned: true,
        cell: ({ value, number }: InstantRow) =>
          Number.isNaN(number) || unit === '1' ? value : <span title={value}>{formatValue(number, unit)}</span>,
      },
    ],
    [differing, unit],
  );
  if (error !== undefined && data === undefined)
    return <QueryErrorState expr={expr} error={error} onProblem={onProblem} onRetry={reload} />;
  if (data === undefined) return <Loader size="sm" m="md" aria-label="Loading the table" />;
  return (
    <div aria-busy={isLoading}>
      <OldNote error={error} />
      <Notes notes={data.notes.filter((note) => !note.includes(TRUNCATED))} />
      {same.length > 0 && (
        <Text fz="xs" c="dimmed" mb={4} className={styles.same}>
          All: {seriesText(Object.fromEntries(same.map((name) => [name, rows[0]!.labels[name] ?? ''])))}
        </Text>
      )}
      {rows.length === 0 ? (
        <>
          <HistogramNote expr={expr} onAsk={onAsk} />
          <EmptyState title="No series" text={`Nothing has a value at ${formatDateTime(end)}.`} />
        </>
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
          {data.notes.some((note) => note.includes(TRUNCATED)) && 'more than '}
          {rows.length.toLocaleString()} series at {formatDateTime(end)}
        </Text>
        {rows.length > count && (
          <Button variant="default" onClick={() => setCount((before) => before + 5 * PAGE)}>
            Show {Math.min(5 * PAGE, rows.length - count).toLocaleString()} more
          </Button>
        )}
      </Group>
    </div>
  );
}
