import { Alert, Group, Loader, Text } from '@mantine/core';
import { useMemo } from 'react';
import { formatDuration } from '../../app/format-time.ts';
import { OldNote } from '../../app/old-note.tsx';
import { seriesLabels, seriesText } from '../../charts/series-labels.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { useRangeQueries } from '../../charts/use-range-query.ts';
import { comparisonSeconds } from './explore-state.ts';
import { expressionUnit } from './expression-unit.ts';
import { HistogramNote } from './histogram-note.tsx';
import { Notes } from './notes.tsx';
import type { QueryProblem } from './query-error.ts';
import { QueryErrorState } from './query-error-state.tsx';

/** More lines than that cannot be told apart, and take their time. */
const MOST = 200;

/** A query's series over the shared time range; with a comparison, those of the earlier time behind them, faint. */
export function GraphView({
  expr,
  compare,
  onProblem,
  onAsk,
}: {
  readonly expr: string;
  readonly compare: string;
  readonly onProblem: (problem: QueryProblem | undefined) => void;
  /** Asks something else instead. */
  readonly onAsk: (expr: string) => void;
}) {
  const { data, error, isLoading, reload } = useRangeQueries([expr]);
  const past = useRangeQueries(compare === '' ? [] : [expr], { earlier: comparisonSeconds(compare) ?? 0 });
  const [matrix] = data ?? [];
  const [before] = past.data ?? [];
  const series = useMemo(() => {
    const now = matrix?.series ?? [];
    const then = before?.series ?? [];
    const labels = seriesLabels(now.map((one) => one.labels));
    const labelOf = new Map(now.map((one, index) => [seriesText(one.labels), labels[index]!]));
    const others = seriesLabels(then.map((one) => one.labels));
    return [
      ...now.slice(0, MOST).map(({ values }, index) => ({ label: labels[index]!, values })),
      ...then.slice(0, MOST).map((one, index) => {
        const like = labelOf.get(seriesText(one.labels));
        return {
          label: `${like ?? others[index]!}, ${compare} earlier`,
          values: one.values,
          isFaint: true,
          ...(like !== undefined && { like }),
        };
      }),
    ];
  }, [matrix, before, compare]);
  if (error !== undefined && data === undefined)
    return <QueryErrorState expr={expr} error={error} onProblem={onProblem} onRetry={reload} />;
  if (matrix === undefined) return <Loader size="sm" m="md" aria-label="Loading the graph" />;
  return (
    <div aria-busy={isLoading}>
      <OldNote error={error} />
      <Notes notes={matrix.notes} />
      {matrix.series.length === 0 && <HistogramNote expr={expr} onAsk={onAsk} />}
      {past.error !== undefined && (
        <Alert color="yellow" mb="xs">
          The earlier time could not be had: {past.error.message}
        </Alert>
      )}
      <TimeChart
        label={`Graph of ${expr}`}
        times={matrix.times}
        series={series}
        unit={expressionUnit(expr)}
        isFromZero={false}
        height={300}
      />
      <Group gap="md" mt={4} justify="flex-end">
        <Text fz="xs" c="dimmed">
          {matrix.isCut && 'more than '}
          {matrix.series.length.toLocaleString()} series
          {matrix.series.length > MOST && `, of which the first ${MOST} are drawn`}, {matrix.times.length} points, one
          every {formatDuration(matrix.grid.step)}
        </Text>
      </Group>
    </div>
  );
}
