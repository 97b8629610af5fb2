import { Anchor, Stack } from '@mantine/core';
import { Link } from 'wouter';
import { getJson } from '../../api/get-json.ts';
import { queryInstant } from '../../api/query-instant.ts';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { AgeFact } from '../../objects/age-fact.tsx';
import { Facts } from '../../objects/facts.tsx';
import { filteredPath } from '../../objects/filtered-path.ts';
import { Reasons } from '../../objects/reasons.tsx';
import { Section } from '../../objects/section.tsx';
import { named, selector } from '../../objects/selector.ts';
import { metricText } from '../autoscaling/metric-text.ts';
import type { WorkloadName } from './workload-facts.ts';

/** An autoscaler, as the API explains it. */
interface Explained {
  readonly namespace: string;
  readonly name: string;
  readonly lastScale: string | null;
  readonly metrics: readonly {
    readonly type: string;
    readonly metric: string;
    readonly target: { readonly type: string; readonly text: string } | null;
    readonly seen: { readonly type: string; readonly text: string } | null;
    readonly problem: string | null;
  }[];
  readonly problems: readonly (string | { readonly message?: string })[];
}

interface ScalingWorkload {
  readonly name: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly explained: Explained | undefined;
}

const COUNTS = {
  current: 'kube_horizontalpodautoscaler_status_current_replicas',
  desired: 'kube_horizontalpodautoscaler_status_desired_replicas',
  min: 'kube_horizontalpodautoscaler_spec_min_replicas',
  max: 'kube_horizontalpodautoscaler_spec_max_replicas',
} as const;

/** The HPA that scales a workload: its metrics, targets and replicas. Nothing when none does. */
export function WorkloadAutoscaler({ workload }: { readonly workload: WorkloadName }) {
  const { data, error, reload } = useData(
    `autoscaler ${JSON.stringify(workload)}`,
    (signal) => loadAutoscaler(workload, signal),
    true,
  );
  if (error !== undefined && data === undefined)
    return (
      <Section title="Autoscaler">
        <ErrorState title="Its autoscaler cannot be had" error={error} onRetry={reload} />
      </Section>
    );
  if (data === undefined || data === null) return null;
  const { name, counts, explained } = data;
  const problems = (explained?.problems ?? []).flatMap((one) =>
    typeof one === 'string' ? [one] : [one.message ?? ''],
  );
  const number = (count: number | undefined): string => (count === undefined ? '–' : String(count));
  return (
    <Section title="Autoscaler">
      <Stack gap="xs">
        <Reasons title="The HPA does not work as it should" tone="warning" reasons={[...new Set(problems)]} />
        <Facts
          items={[
            [
              'HPA',
              <Anchor key="hpa" component={Link} fz="sm" href={filteredPath('/autoscaling', { filter: name })}>
                {name}
              </Anchor>,
            ],
            ['Replicas', `${number(counts.current)} now, ${number(counts.desired)} wanted`],
            ['Between', `${number(counts.min)} and ${number(counts.max)}`],
            [
              'Scaled last',
              explained === undefined ? undefined : explained.lastScale === null ? (
                'never'
              ) : (
                <AgeFact key="last" created={Date.parse(explained.lastScale) / 1000} />
              ),
            ],
          ]}
          wide={(explained?.metrics ?? []).map(({ metric, target, seen }) => [
            metric,
            target === null ? '–' : metricText({ metric, seen, target }),
          ])}
        />
      </Stack>
    </Section>
  );
}

async function loadAutoscaler(
  { cluster, namespace, kind, name }: WorkloadName,
  signal: AbortSignal,
): Promise<ScalingWorkload | null> {
  const [info] = await queryInstant(
    `kube_horizontalpodautoscaler_info${selector({ cluster, namespace, scaletargetref_kind: kind, scaletargetref_name: name })}`,
    { signal },
  );
  const autoscaler = info?.labels.horizontalpodautoscaler;
  if (autoscaler === undefined) return null;
  const own = selector({ cluster, namespace, horizontalpodautoscaler: autoscaler }, named(Object.values(COUNTS)));
  const [samples, explained] = await Promise.all([
    queryInstant(own, { signal }),
    // Only the cluster that asks Pharos for metrics is explained.
    getJson<{ readonly autoscalers: readonly Explained[] }>('/api/v1/autoscaling', { signal }).then(
      ({ autoscalers }) => autoscalers.find((one) => one.namespace === namespace && one.name === autoscaler),
      () => undefined,
    ),
  ]);
  const counts = Object.fromEntries(
    Object.entries(COUNTS).flatMap(([count, metric]) => {
      const sample = samples.find(({ labels }) => labels.__name__ === metric);
      return sample === undefined ? [] : [[count, sample.value]];
    }),
  );
  return { name: autoscaler, counts, explained };
}
