import { SimpleGrid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { getJson } from '../../api/get-json.ts';
import { DataTable, type ListAnswer } from '../../lists/data-table.tsx';
import { Section } from '../../objects/section.tsx';

interface Metric {
  readonly name: string;
  readonly series: number;
  readonly newSeries: number;
}

interface Label {
  readonly name: string;
  readonly series: number;
  readonly values: number;
  readonly newValues: number;
}

interface Totals {
  readonly series: number;
  readonly newSeries: number;
}

/** How many series there are, by metric and by label, and how many came newly. */
export function CardinalityTables() {
  const [totals, setTotals] = useState<Totals>();
  const metrics = async (query: URLSearchParams, signal: AbortSignal) => {
    const page = await getJson<ListAnswer<Metric> & { readonly totals?: Totals }>(
      `/api/v1/inventory/metrics?${withoutCluster(query)}`,
      { signal },
    );
    setTotals(page.totals);
    return page;
  };
  const labels = (query: URLSearchParams, signal: AbortSignal) =>
    getJson<ListAnswer<Label>>(`/api/v1/inventory/labels?${withoutCluster(query)}`, { signal });
  return (
    <Stack>
      <Text fz="sm" c="dimmed" role="status">
        {totals === undefined
          ? 'Counting series…'
          : `${totals.series.toLocaleString()} series had samples in the last two hours; ${totals.newSeries.toLocaleString()} of them are new since then.`}
      </Text>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
        <Section title="By metric">
          <DataTable<Metric>
            label="Metrics"
            prefix="metric."
            source={metrics}
            defaultSort="-series"
            pageSize={25}
            rowKey={({ name }) => name}
            columns={[
              { key: 'name', title: 'Metric', sort: 'name', cell: ({ name }) => <Name>{name}</Name> },
              {
                key: 'series',
                title: 'Series',
                sort: 'series',
                isNumber: true,
                cell: ({ series }) => series.toLocaleString(),
              },
              {
                key: 'new',
                title: 'New',
                sort: 'newSeries',
                isNumber: true,
                hint: 'Series that began in the last two hours, and some that did up to two hours before',
                cell: ({ newSeries, series }) => <Churn part={newSeries} whole={series} />,
              },
            ]}
          />
        </Section>
        <Section title="By label">
          <DataTable<Label>
            label="Labels"
            prefix="label."
            source={labels}
            defaultSort="-values"
            pageSize={25}
            rowKey={({ name }) => name}
            columns={[
              { key: 'name', title: 'Label', sort: 'name', cell: ({ name }) => <Name>{name}</Name> },
              {
                key: 'values',
                title: 'Values',
                sort: 'values',
                isNumber: true,
                cell: ({ values }) => values.toLocaleString(),
              },
              {
                key: 'new',
                title: 'New',
                sort: 'newValues',
                isNumber: true,
                hint: 'Values that came in the last two hours, and some that did up to two hours before',
                cell: ({ newValues, values }) => <Churn part={newValues} whole={values} />,
              },
              {
                key: 'series',
                title: 'Series',
                sort: 'series',
                isNumber: true,
                hint: 'Series that have the label',
                cell: ({ series }) => series.toLocaleString(),
              },
            ]}
          />
        </Section>
      </SimpleGrid>
    </Stack>
  );
}

function Name({ children }: { readonly children: string }) {
  return (
    <Text fz="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
      {children}
    </Text>
  );
}

function Churn({ part, whole }: { readonly part: number; readonly whole: number }) {
  return (
    <>
      {part.toLocaleString()}
      {part > 0 && (
        <Text span fz="xs" c="dimmed">
          {' '}
          {Math.round((part / whole) * 100)} %
        </Text>
      )}
    </>
  );
}

/** The count is of the whole store. */
function withoutCluster(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete('cluster');
  return rest;
}
