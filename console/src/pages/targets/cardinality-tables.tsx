import { SimpleGrid, Stack, Text } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { DataTable } from '../../lists/data-table.tsx';
import { pageOfRows } from '../../lists/rows-source.ts';
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

interface Cardinality {
  readonly series: number;
  readonly newSeries: number;
  readonly metrics: readonly Metric[];
  readonly labels: readonly Label[];
}

/** How long both tables show the same count, in milliseconds. */
const KEEP = 30_000;
let counted: { readonly at: number; readonly answer: Promise<Cardinality> } | undefined;

/** The count, which costs the server a read of its index: once for the tables and all their orders. A failure is not kept. */
function load(): Promise<Cardinality> {
  if (counted === undefined || Date.now() - counted.at > KEEP) {
    const answer = getJson<Cardinality>('/api/v1/status/cardinality?limit=2000');
    counted = { at: Date.now(), answer };
    answer.catch(() => (counted = undefined));
  }
  return counted.answer;
}

const METRICS = {
  text: ({ name }: Metric) => name,
  columns: {
    name: ({ name }: Metric) => name,
    series: ({ series }: Metric) => series,
    new: ({ newSeries }: Metric) => newSeries,
  },
};
const LABELS = {
  text: ({ name }: Label) => name,
  columns: {
    name: ({ name }: Label) => name,
    values: ({ values }: Label) => values,
    series: ({ series }: Label) => series,
    new: ({ newValues }: Label) => newValues,
  },
};

/** How many series there are, by metric and by label, and how many came newly. */
export function CardinalityTables() {
  const { data } = useData('cardinality', load, 60_000);
  return (
    <Stack>
      <Text fz="sm" c="dimmed" role="status">
        {data === undefined
          ? 'Counting series…'
          : `${data.series.toLocaleString()} series had samples in the last two hours; ${data.newSeries.toLocaleString()} of them are new since then.`}
      </Text>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
        <Section title="By metric">
          <DataTable<Metric>
            label="Metrics"
            prefix="metric."
            source={async (query) => pageOfRows((await load()).metrics, query, METRICS)}
            defaultSort="-series"
            pageSize={25}
            interval={60_000}
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
                sort: 'new',
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
            source={async (query) => pageOfRows((await load()).labels, query, LABELS)}
            defaultSort="-values"
            pageSize={25}
            interval={60_000}
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
                sort: 'new',
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
