import type { KubeObject } from '../../kube-object.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Meters } from '../load/meters.ts';
import type { Volumes } from '../load/volumes.ts';
import type { Pod } from '../objects.ts';
import { amount } from '../quantity.ts';
import type { Machine } from '../runtime/machine.ts';
import { exponential, SECONDS, writeHistogram } from './histogram.ts';
import type { PageWriter } from './page-writer.ts';
import { writeClient, writeProcess } from './process-families.ts';
import { steadyGrowth } from './steady-growth.ts';

export interface KubeletPageOptions {
  readonly meters: Meters;
  readonly index: ClusterIndex;
  readonly volumes: Volumes;
  readonly now: number;
  /** Pods on a node on average: how busy a kubelet is. Must not change, or counters would fall. */
  readonly density: number;
}

/** Operations of the container runtime per pod and second, and how long each takes. */
const OPERATIONS: readonly (readonly [string, number, number])[] = [
  ['container_status', 0.02, 0.002],
  ['list_containers', 0.1, 0.003],
  ['list_podsandbox', 0.1, 0.003],
  ['podsandbox_status', 0.01, 0.002],
  ['version', 0.01, 0.001],
  ['exec_sync', 0.02, 0.08],
  ['image_status', 0.001, 0.001],
  ['pull_image', 0.0002, 4],
  ['create_container', 0.0003, 0.12],
  ['start_container', 0.0003, 0.15],
  ['remove_container', 0.0002, 0.05],
];

/** The page /metrics of a kubelet. */
export function writeKubelet(
  writer: PageWriter,
  machine: Machine,
  { meters, index, volumes, now, density }: KubeletPageOptions,
): void {
  const since = machine.bootedAt;
  const { name, tally } = machine;
  const pods = [...machine.pods.values()].filter(({ endedAt }) => endedAt === undefined);
  const grow = (rate: number, key: string) => steadyGrowth(rate, { since, now, key: `${name}/${key}` });
  const single = (
    type: 'counter' | 'gauge',
    family: string,
    ...[help, value, labels = '']: [string, number, string?]
  ) => {
    writer.family(family, type, help);
    writer.sample(family + labels, value);
  };
  single('gauge', 'kubelet_node_name', "[ALPHA] The node's name. The count is always 1.", 1, `{node="${name}"}`);
  single(
    'gauge',
    'kubelet_node_config_error',
    '[ALPHA] This metric is true (1) if the node is experiencing a configuration-related error, false (0) otherwise.',
    0,
  );
  single('gauge', 'kubelet_running_pods', '[ALPHA] Number of pods that have a running pod sandbox', pods.length);
  writer.family('kubelet_running_containers', 'gauge', '[ALPHA] Number of containers currently running');
  const running = pods.reduce(
    (sum, { containers }) => sum + containers.filter(({ endedAt }) => endedAt === undefined).length,
    0,
  );
  writer.sample('kubelet_running_containers{container_state="running"}', running);
  writer.sample(
    'kubelet_running_containers{container_state="exited"}',
    [...machine.pods.values()].reduce((sum, { containers }) => sum + containers.length, 0) - running,
  );
  // Certificates last a year and are renewed after four fifths of it.
  const left = 365 * 86_400 - (((now - since) / 1000) % (290 * 86_400));
  single(
    'gauge',
    'kubelet_certificate_manager_client_ttl_seconds',
    "[ALPHA] Gauge of the TTL (time-to-live) of the Kubelet's client certificate.",
    Math.round(left),
  );
  single(
    'gauge',
    'kubelet_certificate_manager_server_ttl_seconds',
    "[ALPHA] Gauge of the shortest TTL (time-to-live) of the Kubelet's serving certificate.",
    Math.round(left),
  );
  single(
    'counter',
    'kubelet_certificate_manager_client_expiration_renew_errors',
    '[ALPHA] Counter of certificate renewal errors.',
    0,
  );
  single('counter', 'kubelet_server_expiration_renew_errors', '[ALPHA] Counter of certificate renewal errors.', 0);
  writer.family('kubelet_evictions', 'counter', '[ALPHA] Cumulative number of pod evictions by eviction signal');
  for (const [signal, count] of tally.evictions) writer.sample(`kubelet_evictions{eviction_signal="${signal}"}`, count);
  writeDurations(writer, { machine, pods: density, grow });
  writeVolumes(writer, machine, { index, volumes, now });
  writeClient(writer, { since, now, key: name, rate: 0.4 + 0.02 * density });
  writeProcess(writer, { meters, row: machine.rows.kubelet, startedAt: since, now, goroutines: 220 + 6 * pods.length });
}

function writeDurations(
  writer: PageWriter,
  {
    machine,
    pods,
    grow,
  }: { readonly machine: Machine; readonly pods: number; readonly grow: (rate: number, key: string) => number },
): void {
  const { tally } = machine;
  const histogram = (
    name: string,
    help: string,
    series: readonly (readonly [string, number, number])[],
    bounds = SECONDS,
  ) => {
    writer.family(name, 'histogram', `[ALPHA] ${help}`);
    for (const [labels, count, median] of series) writeHistogram(writer, name, { labels, bounds, count, median });
  };
  const relists = grow(1, 'relist');
  histogram('kubelet_pleg_relist_duration_seconds', 'Duration in seconds for relisting pods in PLEG.', [
    ['', relists, 0.002 + 0.0001 * pods],
  ]);
  histogram('kubelet_pleg_relist_interval_seconds', 'Interval in seconds between relisting in PLEG.', [
    ['', relists, 0.9],
  ]);
  histogram(
    'kubelet_pod_start_duration_seconds',
    'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run',
    [['', tally.podStarts, 2.2]],
    [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600],
  );
  histogram(
    'kubelet_pod_worker_duration_seconds',
    'Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync',
    [
      ['operation_type="create"', tally.podStarts, 0.9],
      ['operation_type="sync"', grow(pods / 60, 'sync'), 0.004],
      ['operation_type="terminated"', tally.containerStops, 0.05],
    ],
  );
  histogram(
    'kubelet_cgroup_manager_duration_seconds',
    'Duration in seconds for cgroup manager operations. Broken down by method.',
    [
      ['operation_type="create"', tally.podStarts, 0.008],
      ['operation_type="destroy"', tally.containerStops, 0.01],
      ['operation_type="update"', grow(0.1, 'cgroup'), 0.003],
    ],
  );
  writer.family(
    'kubelet_runtime_operations_total',
    'counter',
    '[ALPHA] Cumulative number of runtime operations by operation type.',
  );
  const operations = OPERATIONS.map(
    ([name, rate, median]) => [name, Math.floor(grow(rate * (pods + 5), `operation/${name}`)), median] as const,
  );
  for (const [name, count] of operations)
    writer.sample(`kubelet_runtime_operations_total{operation_type="${name}"}`, count);
  writer.family(
    'kubelet_runtime_operations_errors_total',
    'counter',
    '[ALPHA] Cumulative number of runtime operation errors by operation type.',
  );
  for (const [name, count] of operations.slice(0, 8))
    writer.sample(`kubelet_runtime_operations_errors_total{operation_type="${name}"}`, Math.floor(count * 0.0005));
  histogram(
    'kubelet_runtime_operations_duration_seconds',
    'Duration in seconds of runtime operations. Broken down by operation type.',
    operations.map(([name, count, median]) => [`operation_type="${name}"`, count, median] as const),
    exponential(0.005, 2.5, 14),
  );
  const mounts: readonly (readonly [string, number])[] = [
    ['volume_mount', 0.004],
    ['verify_controller_attached_volume', 0.002],
    ['volume_unmount', 0.003],
  ];
  histogram(
    'storage_operation_duration_seconds',
    'Storage operation duration',
    mounts.map(
      ([operation, rate]) =>
        [
          `migrated="false",operation_name="${operation}",status="success",volume_plugin="kubernetes.io/projected"`,
          grow(rate * pods, operation),
          0.02,
        ] as const,
    ),
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600],
  );
  writer.family('storage_operation_errors_total', 'counter', '[ALPHA] Storage operation errors');
  writer.sample(
    'storage_operation_errors_total{operation_name="volume_mount",volume_plugin="kubernetes.io/projected"}',
    Math.floor(grow(0.00001, 'mount errors')),
  );
  writer.family('volume_manager_total_volumes', 'gauge', '[ALPHA] Number of volumes in Volume Manager');
  for (const state of ['actual_state_of_world', 'desired_state_of_world']) {
    writer.sample(`volume_manager_total_volumes{plugin_name="kubernetes.io/projected",state="${state}"}`, pods);
  }
}

/** Volumes of claims that pods on this machine use. */
function writeVolumes(
  writer: PageWriter,
  machine: Machine,
  { index, volumes, now }: { readonly index: ClusterIndex; readonly volumes: Volumes; readonly now: number },
): void {
  const claims: { readonly labels: string; readonly capacity: number; readonly share: number }[] = [];
  for (const { namespace, name, endedAt } of machine.pods.values()) {
    if (endedAt !== undefined) continue;
    for (const { persistentVolumeClaim } of index.get<Pod>('pods', namespace, name)?.spec.volumes ?? []) {
      if (persistentVolumeClaim === undefined) continue;
      const claim = index.get<KubeObject & { readonly status?: { readonly capacity?: { readonly storage?: string } } }>(
        'persistentvolumeclaims',
        namespace,
        persistentVolumeClaim.claimName,
      );
      const capacity = amount(claim?.status?.capacity?.storage);
      if (capacity === undefined) continue;
      const labels = `{namespace="${namespace}",persistentvolumeclaim="${persistentVolumeClaim.claimName}"}`;
      claims.push({
        labels,
        capacity: Math.floor(capacity * 0.98),
        share: volumes.usedShare(`${namespace}/${persistentVolumeClaim.claimName}`, now),
      });
    }
  }
  if (claims.length === 0) return;
  const family = (name: string, ...[help, value]: [string, (claim: (typeof claims)[number]) => number]) => {
    writer.family(`kubelet_volume_stats_${name}`, 'gauge', `[ALPHA] ${help}`);
    for (const claim of claims) writer.sample(`kubelet_volume_stats_${name}${claim.labels}`, Math.round(value(claim)));
  };
  const inodes = (capacity: number) => Math.round(capacity / 16_384);
  family('available_bytes', 'Number of available bytes in the volume', ({ capacity, share }) => capacity * (1 - share));
  family('capacity_bytes', 'Capacity in bytes of the volume', ({ capacity }) => capacity);
  family('inodes', 'Maximum number of inodes in the volume', ({ capacity }) => inodes(capacity));
  family(
    'inodes_free',
    'Number of free inodes in the volume',
    ({ capacity, share }) => inodes(capacity) * (1 - share / 20),
  );
  family(
    'inodes_used',
    'Number of used inodes in the volume',
    ({ capacity, share }) => (inodes(capacity) * share) / 20,
  );
  family('used_bytes', 'Number of used bytes in the volume', ({ capacity, share }) => capacity * share);
}
