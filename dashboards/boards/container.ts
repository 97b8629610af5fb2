import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { stat } from '../parts/stat-panel.ts';
import { timeline } from '../parts/timeline-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { type Declared, usedAndDeclared } from '../parts/use-panels.ts';
import { READY, YES_NO } from '../parts/value-names.ts';
import { clusterVariable, containerVariable, namespaceVariable, podVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster", namespace="$namespace", pod="$pod", container="$container"';
const declared: Declared = (what, resource) =>
  `kube_pod_container_resource_${what}{${matchers}, resource="${resource}"}`;

/** One container, down to what the kernel tells of its cgroup. */
export const container: Board = {
  uid: 'pharos-container',
  title: 'Pharos / Container',
  description: 'A container: use against request and limit, throttling, pressure, restarts and why it ended.',
  variables: [clusterVariable(), namespaceVariable(), podVariable(), containerVariable()],
  links: [
    { title: 'Pod', uid: 'pharos-pod' },
    { title: 'Pods', uid: 'pharos-pods' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Ready',
          description: 'Whether its readiness probe succeeds.',
          unit: UNIT.plain,
          names: YES_NO,
          queries: [{ expr: `kube_pod_container_status_ready{${matchers}}` }],
        }),
        stat({
          title: 'Restarts in all',
          description: 'Restarts since its pod was made.',
          unit: UNIT.count,
          thresholds: { warn: 1, bad: 10 },
          queries: [{ expr: `kube_pod_container_status_restarts_total{${matchers}}` }],
        }),
        stat({
          title: 'Ended last by',
          description: 'Why it ended the last time, if it did.',
          unit: UNIT.plain,
          nameOnly: true,
          none: 'never ended',
          queries: [
            { expr: `kube_pod_container_status_last_terminated_reason{${matchers}} == 1`, legend: '{{reason}}' },
          ],
        }),
        stat({
          title: 'CPU of the limit',
          description: 'CPU in use, of the limit.',
          unit: UNIT.percent,
          decimals: 1,
          none: 'no limit',
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `k8s_container_rate_cpu_core_used_limit{${matchers}}` }],
        }),
        stat({
          title: 'Memory of the limit',
          description: 'Memory in use without page cache, of the limit. At the limit it is killed.',
          unit: UNIT.percent,
          decimals: 1,
          none: 'no limit',
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `k8s_container_rate_mem_no_cache_limit{${matchers}}` }],
        }),
        stat({
          title: 'Image',
          description: 'The image it runs.',
          unit: UNIT.plain,
          nameOnly: true,
          queries: [{ expr: `kube_pod_container_info{${matchers}}`, legend: '{{image}}' }],
        }),
      ],
    },
    {
      panels: [
        ...usedAndDeclared(
          { level: 'container', matchers },
          {
            declared,
            cpu: 'CPU in use, with what is requested and the limit.',
            memory: 'Memory in use, with what is requested and the limit.',
          },
        ),
        graph({
          title: 'Memory by kind',
          description: 'What the kernel counts: the working set is what counts against the limit.',
          unit: UNIT.bytes,
          queries: [
            { expr: `max(container_memory_working_set_bytes{${matchers}})`, legend: 'working set' },
            { expr: `max(container_memory_rss{${matchers}})`, legend: 'anonymous' },
            { expr: `max(container_memory_cache{${matchers}})`, legend: 'page cache' },
          ],
        }),
        graph({
          title: 'Throttled',
          description:
            'The share of periods in which it had used up its CPU limit and was stopped. None without a limit.',
          unit: UNIT.percent,
          max: 100,
          thresholds: { warn: 25, bad: 50 },
          queries: [
            {
              expr: `100 * sum(rate(container_cpu_cfs_throttled_periods_total{${matchers}}[$__rate_interval]))
                / sum(rate(container_cpu_cfs_periods_total{${matchers}}[$__rate_interval]))`,
              legend: 'throttled',
            },
          ],
        }),
        graph({
          title: 'Waiting for resources',
          description: 'The share of time in which some process of it waited for CPU, memory or a disk.',
          unit: UNIT.ratio,
          queries: ['cpu', 'memory', 'io'].map((resource) => ({
            expr: `max(rate(container_pressure_${resource}_waiting_seconds_total{${matchers}}[$__rate_interval]))`,
            legend: resource,
          })),
        }),
        graph({
          title: 'Disk',
          description: 'Bytes read from and written to block devices per second.',
          unit: UNIT.bytesPerSecond,
          queries: [
            { expr: `k8s_container_fs_read_bytes{${matchers}}`, legend: 'read' },
            { expr: `k8s_container_fs_write_bytes{${matchers}}`, legend: 'written' },
          ],
        }),
      ],
    },
    {
      panels: [
        timeline({
          title: 'Readiness',
          description: 'Whether it was ready.',
          unit: UNIT.plain,
          height: 4,
          names: READY,
          queries: [{ expr: `kube_pod_container_status_ready{${matchers}}`, legend: '{{container}}' }],
        }),
        graph({
          title: 'Restarts',
          description: 'Restarts since its pod was made.',
          unit: UNIT.count,
          decimals: 0,
          width: 12,
          queries: [{ expr: `kube_pod_container_status_restarts_total{${matchers}}`, legend: 'restarts' }],
        }),
        graph({
          title: 'Disk operations',
          description: 'Reads and writes of block devices per second.',
          unit: UNIT.operationsPerSecond,
          width: 12,
          queries: [
            { expr: `k8s_container_fs_read_times{${matchers}}`, legend: 'reads' },
            { expr: `k8s_container_fs_write_times{${matchers}}`, legend: 'writes' },
          ],
        }),
      ],
    },
  ],
};
