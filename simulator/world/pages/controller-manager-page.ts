import { type ComponentOptions, writeOwnProcess } from './component.ts';
import type { PageWriter } from './page-writer.ts';
import { writeClient, writeWorkqueues } from './process-families.ts';

/** The page of a kube-controller-manager; the first one leads. */
export function writeControllerManager(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods, nodes } = options;
  const since = container.startedAt;
  const busy = container.pod.machine.number === 1 ? 1 : 0.02;
  const queues: Record<string, number> = {};
  for (const [name, rate] of [
    ['deployment', 0.002],
    ['replicaset', 0.004],
    ['daemonset', 0.001],
    ['job', 0.001],
    ['endpoint', 0.003],
    ['endpoint_slice', 0.003],
    ['garbage_collector_attempt_to_delete', 0.001],
    ['horizontalpodautoscaler', 0.001],
    ['namespace', 0.0005],
    ['disruption', 0.001],
    ['resourcequota_primary', 0.001],
    ['ttl_jobs_to_delete', 0.0005],
  ] as const) {
    queues[name] = busy * (rate * pods + 0.05);
  }
  queues.node_lifecycle_controller = busy * 0.1 * nodes;
  writer.family('node_collector_zone_health', 'gauge', '[ALPHA] Gauge measuring percentage of healthy nodes per zone.');
  for (const zone of ['zone-a', 'zone-b', 'zone-c'])
    writer.sample(`node_collector_zone_health{zone="region-1:${zone}"}`, 100);
  writeWorkqueues(writer, { since, now, key: container.id, queues });
  writeClient(writer, { since, now, key: container.id, rate: busy * (8 + 0.02 * pods) });
  writeOwnProcess(writer, options, 900);
}
