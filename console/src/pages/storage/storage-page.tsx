import { Loader, Select, SimpleGrid, Stack } from '@mantine/core';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { FigureCard } from '../../app/figure-card.tsx';
import { formatDuration } from '../../app/format-time.ts';
import { OldNote } from '../../app/old-note.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { QueryChart } from '../../charts/query-chart.tsx';
import { type Column, TableView } from '../../lists/table-view.tsx';
import { Section } from '../../objects/section.tsx';
import {
  type ColumnStatistics,
  loadStatistics,
  type StoreStatistics,
  type TableStatistics,
} from './storage-statistics.ts';

/** Tables of which a partition is a month; of the others it is a day. */
const MONTHLY: ReadonlySet<string> = new Set(['alert_events', 'notifications', 'leases']);

const TABLE_COLUMNS: readonly Column<TableStatistics>[] = [
  { key: 'name', title: 'Table', cell: ({ name }) => name },
  { key: 'rows', title: 'Rows', isNumber: true, cell: ({ rows }) => rows.toLocaleString() },
  { key: 'disk', title: 'On disk', isNumber: true, cell: ({ bytesOnDisk }) => formatValue(bytesOnDisk, 'bytes') },
  {
    key: 'row',
    title: 'Bytes a row',
    isNumber: true,
    cell: ({ bytesOnDisk, rows }) => (rows === 0 ? '–' : formatValue(bytesOnDisk / rows)),
  },
  {
    key: 'ratio',
    title: 'Compressed',
    isNumber: true,
    hint: 'How many times smaller its columns are than without compression',
    cell: (table) => ratio(table),
  },
  { key: 'parts', title: 'Parts', isNumber: true, cell: ({ parts }) => parts.toLocaleString() },
  {
    key: 'days',
    title: 'Partitions',
    isWideOnly: true,
    cell: ({ name, firstDay, lastDay }) => {
      if (firstDay === undefined) return '–';
      const text = MONTHLY.has(name) ? monthText : dayText;
      return firstDay === lastDay ? text(firstDay) : `${text(firstDay)} – ${text(lastDay!)}`;
    },
  },
];

const COLUMN_COLUMNS: readonly Column<ColumnStatistics>[] = [
  { key: 'name', title: 'Column', cell: ({ name }) => name },
  { key: 'type', title: 'Type', isWideOnly: true, cell: ({ type }) => type },
  {
    key: 'compressed',
    title: 'Compressed',
    isNumber: true,
    hint: 'Small parts are written as one file, which says nothing of columns',
    cell: ({ compressedBytes }) => formatValue(compressedBytes || undefined, 'bytes'),
  },
  {
    key: 'plain',
    title: 'Uncompressed',
    isNumber: true,
    cell: ({ uncompressedBytes }) => formatValue(uncompressedBytes || undefined, 'bytes'),
  },
  { key: 'ratio', title: 'Ratio', isNumber: true, cell: (column) => ratio(column) },
];

/** What the store holds, what that costs, and what is still on its way into it. */
export default function StoragePage() {
  const { data, error, isLoading, reload } = useData('storage', loadStatistics, true);
  return (
    <>
      <PageHeader title="Storage" description={data?.engine} />
      {error !== undefined && data === undefined && (
        <ErrorState title="The store did not answer" error={error} onRetry={reload} />
      )}
      {data !== undefined && <OldNote error={error} />}
      {data === undefined && isLoading && <Loader m="xl" aria-label="Loading the store" />}
      {data !== undefined && <Filled store={data} />}
    </>
  );
}

function Filled({ store }: { readonly store: StoreStatistics }) {
  const { tables, disks, outbox, retention } = store;
  const [shown, setShown] = useUrlState('table', 'samples');
  const samples = tables.find(({ name }) => name === 'samples');
  const table = tables.find(({ name }) => name === shown) ?? samples;
  const [disk] = disks;
  const waits = outbox.oldest === undefined ? 0 : (Date.now() - outbox.oldest) / 1000;
  return (
    <Stack gap="xl">
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
        <FigureCard
          title="Samples"
          value={formatValue(samples?.rows)}
          text={`${samples?.rows.toLocaleString() ?? '–'} in all`}
        />
        <FigureCard
          title="Bytes a sample"
          value={samples === undefined || samples.rows === 0 ? '–' : formatValue(samples.bytesOnDisk / samples.rows)}
          text={samples === undefined ? undefined : `${ratio(samples)} compressed`}
        />
        <FigureCard
          title="On disk"
          value={formatValue(
            tables.reduce((sum, { bytesOnDisk }) => sum + bytesOnDisk, 0),
            'bytes',
          )}
          text={
            disk === undefined
              ? undefined
              : `${formatValue(disk.free, 'bytes')} of ${formatValue(disk.total, 'bytes')} free`
          }
        />
        <FigureCard
          title="Parts"
          value={tables.reduce((sum, { parts }) => sum + parts, 0).toLocaleString()}
          text={`in ${tables.length} tables`}
        />
        <FigureCard
          title="Samples are kept"
          value={retention === 0 ? 'for ever' : formatDuration(retention / 1000)}
          text={samples?.firstDay === undefined ? undefined : `since ${dayText(samples.firstDay)}`}
        />
        <FigureCard
          title="Outbox"
          value={formatValue(outbox.bytes, 'bytes')}
          text={
            outbox.segments === 0
              ? `empty, takes ${formatValue(outbox.maxBytes, 'bytes')}`
              : `${outbox.segments.toLocaleString()} waiting, the oldest for ${formatValue(waits, 's')}`
          }
        />
      </SimpleGrid>
      <Section title="Tables">
        <TableView label="Tables" rows={tables} columns={TABLE_COLUMNS} rowKey={({ name }) => name} />
      </Section>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <QueryChart
          title="Samples appended and stored"
          unit="samples/s"
          queries={[
            { query: 'sum(rate(pharos_storage_samples_appended_total[2m]))', legend: 'appended' },
            { query: 'sum(rate(pharos_storage_samples_inserted_total[2m]))', legend: 'stored' },
          ]}
        />
        <QueryChart
          title="Outbox"
          unit="bytes"
          queries={[{ query: 'sum(pharos_outbox_bytes)', legend: 'not in the store yet' }]}
        />
        <QueryChart
          title="Time to store a segment"
          unit="s"
          queries={[
            {
              query: 'histogram_quantile(0.5, sum by (le) (rate(pharos_outbox_insert_duration_seconds_bucket[5m])))',
              legend: 'half are faster',
            },
            {
              query: 'histogram_quantile(0.99, sum by (le) (rate(pharos_outbox_insert_duration_seconds_bucket[5m])))',
              legend: '99 % are faster',
            },
          ]}
        />
        <QueryChart
          title="Active series"
          unit="1"
          queries={[{ query: 'sum(pharos_storage_active_series)', legend: 'series' }]}
        />
      </SimpleGrid>
      {table !== undefined && (
        <Section title="Columns">
          <Select
            aria-label="Table"
            data={tables.map(({ name }) => name)}
            value={table.name}
            onChange={(value) => setShown(value ?? 'samples')}
            allowDeselect={false}
            w={220}
          />
          <TableView
            label={`Columns of ${table.name}`}
            rows={table.columns}
            columns={COLUMN_COLUMNS}
            rowKey={({ name }) => name}
          />
        </Section>
      )}
    </Stack>
  );
}

function ratio({
  compressedBytes,
  uncompressedBytes,
}: {
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
}) {
  return compressedBytes === 0 ? '–' : `${formatValue(uncompressedBytes / compressedBytes)}×`;
}

/** A day of UTC, as its partitions are cut. */
function dayText(day: string): string {
  return dateText(day, { year: 'numeric', month: 'short', day: 'numeric' });
}

function monthText(firstDay: string): string {
  return dateText(firstDay, { year: 'numeric', month: 'short' });
}

function dateText(day: string, options: Intl.DateTimeFormatOptions): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(undefined, { ...options, timeZone: 'UTC' });
}
