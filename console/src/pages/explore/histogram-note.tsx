import { Alert, Button, Group, Text } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { histogramQuestions, type NamedMetric, namedMetrics } from './histogram-questions.ts';

/** Of longer expressions nobody wants to read about each metric. */
const MOST = 5;

interface EmptyHistogram {
  readonly metric: NamedMetric;
  /** Whether its buckets are series; otherwise nothing of it is stored. */
  readonly hasBuckets: boolean;
}

/** Where an expression yields nothing because a metric in it is a histogram: what that is, and what to ask instead. Nothing otherwise. */
export function HistogramNote({ expr, onAsk }: { readonly expr: string; readonly onAsk: (expr: string) => void }) {
  const { data: histogram } = useData(`histogram ${expr}`, (signal) => findHistogram(expr, signal));
  if (histogram === undefined || histogram === null) return null;
  const { metric, hasBuckets } = histogram;
  return (
    <Alert color="blue" mb="xs" p="xs" role="status" title={`${metric.name} is a histogram`}>
      {hasBuckets ? (
        <>
          <Text fz="sm">
            It has no value of its own: its samples are in {metric.name}_bucket, {metric.name}_sum and {metric.name}
            _count. Ask for:
          </Text>
          <Group gap="xs" mt={6}>
            {histogramQuestions(metric).map((question) => (
              <Button key={question.title} variant="default" title={question.expr} onClick={() => onAsk(question.expr)}>
                {question.title}
              </Button>
            ))}
          </Group>
        </>
      ) : (
        <Text fz="sm">
          Nothing of it is stored here. Pharos stores histograms with classic buckets ({metric.name}_bucket and so on)
          and leaves out native ones: let what sends it send classic buckets too, as with
          always_scrape_classic_histograms in a Prometheus.
        </Text>
      )}
    </Alert>
  );
}

async function findHistogram(expr: string, signal: AbortSignal): Promise<EmptyHistogram | null> {
  for (const metric of namedMetrics(expr).slice(0, MOST)) {
    const { name } = metric;
    const known = await getJson<Metadata>(`/api/v1/metadata?${new URLSearchParams({ metric: name })}`, { signal });
    if (known[name]?.some(({ type }) => type === 'histogram') !== true) continue;
    const params = new URLSearchParams({ 'match[]': `${name}_bucket`, limit: '1' });
    const buckets = await getJson<readonly unknown[]>(`/api/v1/series?${params}`, { signal });
    return { metric, hasBuckets: buckets.length > 0 };
  }
  return null;
}

type Metadata = Readonly<Record<string, readonly { readonly type: string }[]>>;
