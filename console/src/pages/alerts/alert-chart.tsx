import { Card, Group, Loader, Text } from '@mantine/core';
import { Link } from 'wouter';
import { keptSearch } from '../../app/url-state.ts';
import { seriesLabels } from '../../charts/series-labels.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { useRangeQuery } from '../../charts/use-range-query.ts';
import { metricUnit } from '../policies/metric-catalogue.ts';
import type { AlertCause } from './alert-cause.ts';
import { alertObject } from './alert-object.ts';
import { severityInk } from './alert-severity.ts';
import type { AlertLabels } from './current-alerts.ts';

const MOST = 10;

/** What an alert's rule or policy measures of its object, beside the thresholds. */
export function AlertChart({
  chart,
  labels,
}: {
  readonly chart: AlertCause['charts'][number];
  readonly labels: AlertLabels;
}) {
  const { query, metric, thresholds } = chart;
  const { data, error } = useRangeQuery(query);
  const own = data?.series.filter((one) => isAbout(one.labels, labels)) ?? [];
  const found = seriesLabels(own.map((one) => one.labels));
  const names = own.length === 1 ? [alertObject(labels).text] : found;
  const search = new URLSearchParams(keptSearch());
  search.set('g0.expr', query);
  return (
    <Card withBorder padding="xs" miw={0}>
      <Group gap="xs" wrap="nowrap" mb={4} align="flex-start">
        <Text size="xs" ff="monospace" style={{ overflowWrap: 'anywhere', flex: 1 }}>
          {query}
        </Text>
        <Text component={Link} href={`/explore?${search}`} fz="xs" c="dimmed">
          Explore
        </Text>
      </Group>
      {data === undefined && error === undefined ? (
        <Loader role="status" size="xs" aria-label="Loading" />
      ) : (
        <TimeChart
          label={query}
          times={data?.times ?? []}
          series={own.slice(0, MOST).map(({ values }, i) => ({ label: names[i]!, values }))}
          unit={metricUnit(metric)}
          thresholds={thresholds.map(({ value, severity }) => ({
            value,
            label: severity ?? 'threshold',
            color: severityInk(severity),
          }))}
          emptyText={error?.message ?? 'No data in this time range'}
        />
      )}
    </Card>
  );
}

/** Series and alert agree where both have a label. */
function isAbout(series: AlertLabels, alert: AlertLabels): boolean {
  return Object.entries(series).every(([name, value]) => alert[name] === undefined || alert[name] === value);
}
