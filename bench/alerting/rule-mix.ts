import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { metricsRead } from '../../alerting/rules/metrics-read.ts';

/** A rule as a rule file has it. */
export interface MixedRule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface MixedGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly MixedRule[];
}

/** What people write, over the metrics of the mix "container"; `n` makes them differ. Few of the alerts fire. */
const SHAPES: readonly ((n: number, nodes: number) => MixedRule)[] = [
  (n) => recording(n, `sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{${one(n)}}[5m]))`),
  (n) => recording(n, `sum by (namespace, workload) (rate(${counter(n)}[5m]))`),
  (n) => recording(n, `sum by (node) (${gauge(n)}{${zone(n)}})`),
  (n) => recording(n, `avg by (workload) (${gauge(n)})`),
  (n) => recording(n, `quantile by (namespace) (0.${50 + (n % 49)}, rate(${counter(n)}{${zone(n)}}[5m]))`),
  (n) =>
    recording(
      n,
      `sum by (pod) (container_memory_working_set_bytes{${one(n)}}) / sum by (pod) (container_spec_memory_limit_bytes{${one(n)}})`,
    ),
  (n, nodes) => alert(n, `${gauge(n)}{${node(n, nodes)}} > 1e12`),
  (n, nodes) => alert(n, `rate(${counter(n)}{${node(n, nodes)}}[5m]) > 1e9`),
  (n) => alert(n, `increase(container_oom_events_total{${one(n)}}[10m]) > 0`),
  (n, nodes) => alert(n, `absent(${gauge(n)}{${node(n, nodes)}, ${one(n)}})`),
  (n, nodes) =>
    alert(
      n,
      `absent(up{job="farm", instance="node-${n % nodes}"}) or up{job="farm", instance="node-${n % nodes}"} == 0`,
    ),
  (n) =>
    alert(
      n,
      `container_memory_working_set_bytes{${one(n)}} / on (namespace, pod, container, name) container_spec_memory_limit_bytes{${one(n)}} > 0.98`,
    ),
  (n) => alert(n, `max by (node) (max_over_time(${gauge(n)}{${zone(n)}}[5m])) > 1e12`),
  (n, nodes) => alert(n, `min_over_time(${gauge(n)}{${node(n, nodes)}}[5m]) < 0`),
  (n) => alert(n, `sum by (namespace) (rate(container_network_receive_errors_total[5m])) > ${n}`),
  (n) => alert(n, `count by (workload) (${gauge(n)}{${zone(n)}}) < 1`),
  (n) => alert(n, `topk(5, rate(${counter(n)}{${one(n)}}[5m])) > 1e9`),
  (n, nodes) =>
    alert(
      n,
      `predict_linear(container_fs_usage_bytes{${node(n, nodes)}}[5m], 3600) > container_fs_limit_bytes{${node(n, nodes)}}`,
    ),
  (n) => alert(n, `time() - container_start_time_seconds{${one(n)}} < 0`),
  (n) =>
    alert(
      n,
      `sum by (namespace, pod) (rate(container_cpu_cfs_throttled_periods_total{${one(n)}}[5m])) / ` +
        `sum by (namespace, pod) (rate(container_cpu_cfs_periods_total{${one(n)}}[5m])) > 0.9`,
    ),
];

const WORKLOADS = ['checkout-api', 'cart-worker', 'payment-gateway', 'search-indexer', 'frontend-web', 'mail-sender'];
const NAMESPACES = ['shop-production', 'shop-staging', 'platform-services', 'data-pipelines'];
const COUNTERS = [
  ...[
    'cpu_usage_seconds_total',
    'cpu_user_seconds_total',
    'network_receive_bytes_total',
    'network_transmit_bytes_total',
  ],
  ...[
    'fs_writes_bytes_total',
    'fs_reads_bytes_total',
    'fs_writes_total',
    'cpu_cfs_periods_total',
    'memory_failures_total',
  ],
];
const GAUGES = [
  'memory_usage_bytes',
  'memory_working_set_bytes',
  'memory_rss',
  'memory_cache',
  'fs_usage_bytes',
  'threads',
];
/** Rules of a group, and seconds between its evaluations. */
const GROUP_SIZE = 25;

/** So many rules in groups, all of their shapes in turn; every fourth rule is of `others` while there are some. */
export function ruleMix(
  count: number,
  options: { readonly interval: number; readonly nodes: number; readonly others?: readonly MixedRule[] },
): MixedGroup[] {
  const { interval, nodes, others = [] } = options;
  const rules = Array.from({ length: count }, (_, n) => {
    const other = n % 4 === 3 ? others[Math.floor(n / 4)] : undefined;
    const rule = other ?? SHAPES[n % SHAPES.length]!(n, nodes);
    // What fires is to have begun before anything is measured.
    return rule.alert === undefined ? rule : { ...rule, for: `${interval}s` };
  });
  const groups: MixedGroup[] = [];
  for (let first = 0; first < rules.length; first += GROUP_SIZE) {
    groups.push({
      name: `mix-${first / GROUP_SIZE}`,
      interval: `${interval}s`,
      rules: rules.slice(first, first + GROUP_SIZE),
    });
  }
  return groups;
}

/**
 * The rules of every file of a directory of PrometheusRule objects; none when it is not there. Not those that look back for more
 * than an hour: nobody evaluates them so often.
 */
export function rulesIn(directory: string): MixedRule[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  return files
    .flatMap((name) => {
      const { spec } = parse(readFileSync(join(directory, name), 'utf8')) as {
        spec: { groups: { rules: MixedRule[] }[] };
      };
      return spec.groups.flatMap((group) => group.rules);
    })
    .filter(({ expr }) => metricsRead(expr).all.every(([, reach]) => reach <= LONGEST));
}

const LONGEST = 3_600_000;

function recording(n: number, expr: string): MixedRule {
  return { record: `mix:${n}`, expr };
}

function alert(n: number, expr: string): MixedRule {
  const annotations = { summary: '{{ $labels.pod }} of {{ $labels.node }} is at {{ $value | humanize }}' };
  return { alert: `Mix${n}`, expr, for: '1m', labels: { severity: 'warning' }, annotations };
}

function one(n: number): string {
  return `namespace="${NAMESPACES[n % 4]!}", workload="${WORKLOADS[Math.floor(n / 4) % 6]!}"`;
}

function zone(n: number): string {
  return `zone="zone-${n % 3}"`;
}

function node(n: number, nodes: number): string {
  return `node="node-${n % nodes}"`;
}

function counter(n: number): string {
  return `container_${COUNTERS[n % COUNTERS.length]!}`;
}

function gauge(n: number): string {
  return `container_${GAUGES[n % GAUGES.length]!}`;
}
