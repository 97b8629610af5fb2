import { Card, Group, Loader, Text } from '@mantine/core';
import { useMemo, useRef } from 'react';
import { Link } from 'wouter';
import { keptSearch } from '../app/url-state.ts';
import type { Unit } from './format-value.ts';
import { seriesLabels } from './series-labels.ts';
import { TimeChart, type TimeChartProps } from './time-chart.tsx';
import { useInView } from './use-in-view.ts';
import { useRangeQueries } from './use-range-query.ts';

/** A query whose series a chart shows. */
export interface ChartQuery {
  readonly query: string;
  /** The name of its series, where `{{pod}}` is a label's value. Default: the labels in which the series differ. */
  readonly legend?: string;
  readonly color?: string;
  readonly isFaint?: boolean;
}

/** A chart of PromQL over the shared time range, in a card with its title. It is asked for once it is in view, and while it is. */
export function QueryChart({
  title,
  queries,
  unit = '1',
  description,
  ...chart
}: {
  readonly title: string;
  readonly queries: readonly ChartQuery[];
  readonly unit?: Unit;
  /** Said where the mouse rests on the title. */
  readonly description?: string;
} & Omit<TimeChartProps, 'label' | 'times' | 'series' | 'unit'>) {
  const card = useRef<HTMLDivElement>(null);
  const isInView = useInView(card);
  const wasSeen = useRef(false);
  if (isInView) wasSeen.current = true;
  return (
    <Card ref={card} withBorder padding="xs" miw={0}>
      {wasSeen.current ? (
        <Filled title={title} queries={queries} unit={unit} isWanted={isInView} description={description} {...chart} />
      ) : (
        <>
          <ChartTitle title={title} queries={queries} isLoading={false} description={description} />
          <div style={{ height: (chart.height ?? 180) + 24 }} />
        </>
      )}
    </Card>
  );
}

function Filled({
  title,
  queries,
  unit,
  isWanted,
  description,
  ...chart
}: {
  readonly title: string;
  readonly queries: readonly ChartQuery[];
  readonly unit: Unit;
  readonly isWanted: boolean;
  readonly description: string | undefined;
} & Omit<TimeChartProps, 'label' | 'times' | 'series' | 'unit'>) {
  const texts = queries.map(({ query }) => query);
  const { data, error, isLoading } = useRangeQueries(texts, { isWanted });
  const looks = JSON.stringify(queries);
  const series = useMemo(() => {
    const asked = JSON.parse(looks) as readonly ChartQuery[];
    return (data ?? []).flatMap((matrix, index) => {
      const { legend, color, isFaint } = asked[index] ?? {};
      const labels = seriesLabels(
        matrix.series.map((one) => one.labels),
        legend,
      );
      return matrix.series.map(({ values }, at) => ({
        label: labels[at]!,
        values,
        ...(color !== undefined && { color }),
        ...(isFaint !== undefined && { isFaint }),
      }));
    });
  }, [data, looks]);
  return (
    <>
      <ChartTitle
        title={title}
        queries={queries}
        description={description}
        isLoading={isLoading && data === undefined}
        {...(error !== undefined && data !== undefined && { old: error.message })}
      />
      <TimeChart
        label={title}
        times={data?.[0]?.times ?? []}
        series={series}
        unit={unit}
        emptyText={error !== undefined ? error.message : data === undefined ? '' : 'No data in this time range'}
        {...chart}
      />
    </>
  );
}

function ChartTitle({
  title,
  queries,
  isLoading,
  description,
  old,
}: {
  readonly title: string;
  readonly description: string | undefined;
  readonly queries: readonly ChartQuery[];
  readonly isLoading: boolean;
  /** Why what is shown is old. */
  readonly old?: string;
}) {
  const search = new URLSearchParams(keptSearch());
  for (const [index, { query }] of queries.entries()) search.set(`g${index}.expr`, query);
  return (
    <Group gap="xs" wrap="nowrap" mb={2}>
      <Text fz="sm" fw={600} truncate title={description}>
        {title}
      </Text>
      {isLoading && <Loader size={12} aria-label={`Loading ${title}`} />}
      {old !== undefined && (
        <Text fz="xs" c="var(--mantine-color-error)" title={old}>
          old
        </Text>
      )}
      <div style={{ flex: 1 }} />
      <Text component={Link} href={`/explore?${search}`} fz="xs" c="dimmed" aria-label={`Explore ${title}`}>
        Explore
      </Text>
    </Group>
  );
}
