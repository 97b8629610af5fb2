import { type ComponentOptions, writeOwnProcess } from './component.ts';
import { exponential, writeHistogram } from './histogram.ts';
import type { PageWriter } from './page-writer.ts';
import { writeClient } from './process-families.ts';
import { steadyGrowth } from './steady-growth.ts';

/** The page of a node's kube-proxy. */
export function writeKubeProxy(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods } = options;
  const since = container.startedAt;
  const grow = (rate: number, name: string) => steadyGrowth(rate, { since, now, key: container.id + name });
  for (const [name, rate, median] of [
    ['kubeproxy_sync_proxy_rules_duration_seconds', 0.05, 0.02],
    ['kubeproxy_network_programming_duration_seconds', 0.0004 * pods, 0.4],
  ] as const) {
    writer.family(name, 'histogram', '[ALPHA] Durations of changes to the rules, in seconds.');
    writeHistogram(writer, name, {
      labels: name.includes('sync') ? 'ip_family="IPv4"' : '',
      bounds: exponential(0.001, 2, 18),
      count: grow(rate, name),
      median,
    });
  }
  writer.family(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    'gauge',
    '[ALPHA] The last time proxy rules were successfully synced',
  );
  writer.sample('kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"}', Math.floor(now / 1000 - 7));
  writeClient(writer, { since, now, key: container.id, rate: 0.2 });
  writeOwnProcess(writer, options, 60);
}
