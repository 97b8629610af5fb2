import { Loader, Text } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { gridOf, type Matrix, type MatrixJson, matrixOf, rangeQueryPath } from '../../charts/range-query.ts';
import { seriesLabels } from '../../charts/series-labels.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { alertObject } from '../alerts/alert-object.ts';
import { severityInk } from '../alerts/alert-severity.ts';
import { conditionQuery, matchersOf, oneOf } from './condition-query.ts';
import { metricUnit } from './metric-catalogue.ts';
import { type DraftCondition, LEVEL_LABELS, type PolicyDraft, SEVERITIES } from './policy-draft.ts';

const MOST = 8;

/** The values of a condition beside its thresholds: of the objects that are given, or of those whose values are worst now. */
export function PreviewChart({
  condition,
  draft,
  range,
  objects,
}: {
  readonly condition: DraftCondition;
  readonly draft: Pick<PolicyDraft, 'level' | 'objects'>;
  /** Unix seconds. */
  readonly range: { readonly start: number; readonly end: number };
  readonly objects: readonly Readonly<Record<string, string>>[];
}) {
  const { metric, operator, thresholds } = condition;
  const isChange = operator === 'increase' || operator === 'decrease';
  const { data, error } = useData(JSON.stringify([condition, draft.objects, range, objects]), async (signal) => {
    const chosen = objects.length > 0 ? objects : await worstNow(condition, draft, signal);
    if (chosen.length === 0) return undefined;
    const names = LEVEL_LABELS[draft.level].filter((label) => chosen.every((one) => one[label] !== undefined));
    const matchers = names.map((label) => oneOf(label, [...new Set(chosen.map((one) => one[label]!))]));
    const query = conditionQuery(condition, { include: {}, exclude: {} }, matchers);
    const grid = gridOf(range);
    const { result } = await getJson<{ readonly result: readonly MatrixJson[] }>(rangeQueryPath(query, grid), {
      signal,
    });
    return matrixOf(grid, result);
  });
  if (data === undefined) {
    return error === undefined ? (
      <Loader role="status" size="xs" aria-label="Loading" />
    ) : (
      <Text size="sm" c="dimmed">
        {error.message}
      </Text>
    );
  }
  const { series, times }: Matrix = data;
  const objectNames = series.map((one) => alertObject(one.labels).text);
  const isUnique = new Set(objectNames).size === objectNames.length;
  const labels = isUnique ? objectNames : seriesLabels(series.map((one) => one.labels));
  return (
    <div>
      <Text size="xs" fw={600} mb={4} style={{ overflowWrap: 'anywhere' }}>
        {condition.statistic} of {metric} over {condition.period}
      </Text>
      <TimeChart
        label={`${metric}, ${objects.length > 0 ? 'of objects that would have fired' : 'the worst now'}`}
        times={times}
        series={series.map(({ values }, i) => ({ label: labels[i]!, values }))}
        unit={metricUnit(metric)}
        range={range}
        syncKey="preview"
        onZoom={() => {}}
        thresholds={
          isChange
            ? []
            : SEVERITIES.flatMap((severity) => {
                const value = thresholds[severity];
                return value === undefined ? [] : [{ value, label: severity, color: severityInk(severity) }];
              })
        }
      />
    </div>
  );
}

async function worstNow(
  { metric, operator }: DraftCondition,
  { objects }: Pick<PolicyDraft, 'objects'>,
  signal: AbortSignal,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const pick = operator === 'lt' || operator === 'le' ? 'bottomk' : 'topk';
  const query = `${pick}(${MOST}, ${metric}{${matchersOf(objects).join(', ')}})`;
  const { result } = await getJson<{ readonly result: readonly MatrixJson[] }>(
    `/api/v1/query?${new URLSearchParams({ query })}`,
    { signal },
  );
  return result.map(({ metric: labels }) => labels);
}
