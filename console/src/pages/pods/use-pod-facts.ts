import { queryInstant } from '../../api/query-instant.ts';
import { type Loaded, useData } from '../../api/use-data.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { named, selector } from '../../objects/selector.ts';
import type { PodName } from './pod-charts.ts';
import { POD_FACT_METRICS, type PodFacts, podFacts, RESTARTS_LATELY } from './pod-facts.ts';

/** What is known of a pod at the end of the shared time range, so now, or as it was; null when nothing is. */
export function usePodFacts({ cluster, namespace, pod }: Omit<PodName, 'container'>): Loaded<PodFacts | null> {
  const [range] = useTimeRange();
  const time = range.isLive ? undefined : range.end;
  return useData(
    JSON.stringify([cluster, namespace, pod, time]),
    async (signal) => {
      const own = { cluster, namespace, pod };
      const restarts = `kube_pod_container_status_restarts_total${selector(own)}[30m]`;
      const [facts, lately] = await Promise.all([
        queryInstant(selector(own, named(POD_FACT_METRICS)), { time, signal }),
        queryInstant(`max by (container) (max_over_time(${restarts}) - min_over_time(${restarts}))`, { time, signal }),
      ]);
      const renamed = lately.map(({ labels, value }) => ({ labels: { ...labels, __name__: RESTARTS_LATELY }, value }));
      return facts.length === 0 ? null : (podFacts([...facts, ...renamed]) ?? null);
    },
    range.isLive,
  );
}
