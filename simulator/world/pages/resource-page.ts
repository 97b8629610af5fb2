import { COLUMN } from '../load/columns.ts';
import type { Meters } from '../load/meters.ts';
import type { Machine, RunningContainer, RunningPod } from '../runtime/machine.ts';
import type { PageWriter } from './page-writer.ts';

export interface ResourcePageOptions {
  readonly meters: Meters;
  readonly now: number;
  /** Milliseconds that the node's clock is ahead. */
  readonly skew: number;
  readonly sampledAt: (container: RunningContainer, now: number) => number;
}

/** The page /metrics/resource of a kubelet: what a metrics server reads. */
export function writeResources(
  writer: PageWriter,
  machine: Machine,
  { meters, now, skew, sampledAt }: ResourcePageOptions,
): void {
  const pods = [...machine.pods.values()].filter(({ endedAt }) => endedAt === undefined);
  const containers = pods.flatMap((pod) => pod.containers.filter(({ endedAt }) => endedAt === undefined));
  const cpu = (row: number, time: number) =>
    meters.value(row, COLUMN.cpuUser, time) + meters.value(row, COLUMN.cpuSystem, time);
  const working = (row: number, time: number) =>
    meters.value(row, COLUMN.rss, time) +
    meters.value(row, COLUMN.cache, time) +
    meters.value(row, COLUMN.kernel, time) -
    meters.value(row, COLUMN.inactiveFile, time);
  const line = (series: string, ...[value, time]: [number, number]) => {
    writer.text(`${series} `);
    writer.number(value);
    writer.text(` ${time + skew}`);
    writer.endLine();
  };
  const nameOf = ({ name, pod }: RunningContainer) =>
    `{container="${name}",namespace="${pod.namespace}",pod="${pod.name}"}`;
  const podName = ({ namespace, name }: RunningPod) => `{namespace="${namespace}",pod="${name}"}`;
  const ofContainers = (
    family: string,
    type: 'counter' | 'gauge',
    ...[help, value]: [string, (container: RunningContainer, time: number) => number]
  ) => {
    writer.family(family, type, `[STABLE] ${help}`);
    for (const container of containers) {
      const time = sampledAt(container, now);
      line(family + nameOf(container), value(container, time), time);
    }
  };
  const ofPods = (
    family: string,
    type: 'counter' | 'gauge',
    ...[help, value]: [string, (row: number, time: number) => number]
  ) => {
    writer.family(family, type, `[STABLE] ${help}`);
    for (const pod of pods) line(family + podName(pod), value(pod.row, now), now);
  };
  const micro = (seconds: number) => Math.floor(seconds * 1e6) / 1e6;
  ofContainers(
    'container_cpu_usage_seconds_total',
    'counter',
    'Cumulative cpu time consumed by the container in core-seconds',
    ({ row }, time) => micro(cpu(row, time)),
  );
  ofContainers(
    'container_memory_working_set_bytes',
    'gauge',
    'Current working set of the container in bytes',
    ({ row }, time) => working(row, time),
  );
  writer.family(
    'container_start_time_seconds',
    'gauge',
    '[STABLE] Start time of the container since unix epoch in seconds',
  );
  for (const container of containers)
    writer.sample(`container_start_time_seconds${nameOf(container)}`, container.startedAt / 1000);
  ofContainers('container_swap_usage_bytes', 'gauge', 'Current amount of the container swap usage in bytes.', () => 0);
  if (!machine.virtual) {
    writer.family(
      'node_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
    );
    line('node_cpu_usage_seconds_total', micro(cpu(machine.rows.root, now)), now);
    writer.family('node_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the node in bytes');
    line('node_memory_working_set_bytes', working(machine.rows.root, now), now);
  }
  ofPods(
    'pod_cpu_usage_seconds_total',
    'counter',
    'Cumulative cpu time consumed by the pod in core-seconds',
    (row, time) => micro(cpu(row, time)),
  );
  ofPods('pod_memory_working_set_bytes', 'gauge', 'Current working set of the pod in bytes', working);
  writer.family(
    'resource_scrape_error',
    'gauge',
    '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
  );
  writer.sample('resource_scrape_error', 0);
}
