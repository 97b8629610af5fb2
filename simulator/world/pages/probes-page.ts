import type { ClusterIndex } from '../cluster-index.ts';
import type { Pod } from '../objects.ts';
import type { Machine } from '../runtime/machine.ts';
import { SECONDS, writeHistogram } from './histogram.ts';
import type { PageWriter } from './page-writer.ts';

/** The page /metrics/probes of a kubelet. */
export function writeProbes(
  writer: PageWriter,
  machine: Machine,
  { index, now }: { readonly index: ClusterIndex; readonly now: number },
): void {
  const probes: {
    readonly labels: string;
    readonly durations: string;
    readonly successes: number;
    readonly failures: number;
  }[] = [];
  for (const pod of machine.pods.values()) {
    if (pod.endedAt !== undefined) continue;
    const object = index.get<Pod>('pods', pod.namespace, pod.name);
    for (const container of pod.containers) {
      const spec = object?.spec.containers.find(({ name }) => name === container.name);
      if (spec === undefined || container.endedAt !== undefined) continue;
      for (const [type, probe] of [
        ['Liveness', spec.livenessProbe],
        ['Readiness', spec.readinessProbe],
        ['Startup', spec.startupProbe],
      ] as const) {
        if (probe === undefined) continue;
        const since = container.startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
        const count = Math.max(0, Math.floor((now - since) / ((probe.periodSeconds ?? 10) * 1000)));
        const common = `container="${container.name}",namespace="${pod.namespace}",pod="${pod.name}"`;
        probes.push({
          labels: `${common},pod_uid="${pod.uid}",probe_type="${type}"`,
          durations: `${common},probe_type="${type}"`,
          successes: count,
          failures: Math.floor(count * 0.0002),
        });
      }
    }
  }
  writer.family(
    'prober_probe_total',
    'counter',
    '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
  );
  for (const { labels, successes, failures } of probes) {
    writer.sample(`prober_probe_total{${labels},result="successful"}`, successes - failures);
    if (failures > 0) writer.sample(`prober_probe_total{${labels},result="failed"}`, failures);
  }
  writer.family('prober_probe_duration_seconds', 'histogram', '[ALPHA] Duration in seconds for a probe response.');
  for (const { durations, successes } of probes) {
    writeHistogram(writer, 'prober_probe_duration_seconds', {
      labels: durations,
      bounds: SECONDS,
      count: successes,
      median: 0.002,
    });
  }
}
