import { type Definition, LEVELS, type Level, metricName, type Source } from './definitions.ts';

/** What each level is a level of, and when its series are written. */
const ABOUT: Readonly<Record<Level, string>> = {
  cluster:
    'Sums over the pods on nodes that are not control plane (node_role `Node`); what pods can have is the sum of ' +
    'allocatable of these nodes. Once per interval.',
  node: "Of the machine, from its root cgroup, and of the pods on it. With each scrape of the node's kubelet.",
  namespace: 'Sums over its pods. Once per interval.',
  service: 'Sums over the pods that its EndpointSlices name, each once, ready or not. Once per interval.',
  workload:
    "Sums over its pods. A ReplicaSet's pods belong to the Deployment that owns it, a Job's to the CronJob that owns it; a " +
    "pod without an owner is a workload of kind `Pod`; the kubelets' static pods are of kind `StaticPod`, one workload for " +
    'those of one name on several nodes. Once per interval.',
  pod:
    "Sums over its running containers, left out while one of them is missing in it; the pause container and the pod's own cgroup are none. With each scrape of its " +
    "kubelet, with the scrape's timestamp. Pods that have ended (Succeeded, Failed) have no series; of one that has no node, or " +
    'whose kubelet is not scraped, there is what the watch knows, once per interval.',
  container: "With each scrape of its kubelet, with the scrape's timestamp.",
};

const SOURCES: Readonly<Record<Source, string>> = {
  cAdvisor: "the kubelet's page /metrics/cadvisor",
  'cAdvisor, watch': "the kubelet's page /metrics/cadvisor, and what the API server says of pods and nodes",
  watch:
    'what the API server says of pods, nodes and workloads; for the memory of whole GPUs also what is said of it below',
  'DCGM exporter':
    "NVIDIA's DCGM exporter (DCGM_FI_DEV_GPU_UTIL, DCGM_FI_DEV_FB_USED with the labels of pod and container), scraped by a " +
    'job whose name has `dcgm` in it, by the collector that scrapes the same node; absent without it',
  'DCGM exporter, watch':
    'the DCGM exporter as above, and requests or capacity of `nvidia.com/gpu` (100 for each) or `tencent.com/vcuda-core` and ' +
    '`tencent.com/vcuda-memory` (256 MiB each); the memory of a whole card is what the node label `nvidia.com/gpu.memory` says, ' +
    'which GPU feature discovery sets, else what the exporter says is used and free of it',
  'node exporter':
    'a node exporter on the node, scraped by a job whose name ends in `node-exporter`; absent without it',
  'cAdvisor, node exporter':
    "the kubelet's page, and the node exporter's collector `network_route`, which is off by default: it tells the device and " +
    'source address of the default route; absent without it, or when that address is not public',
  'virtual nodes':
    'pods on nodes with the label `type=virtual-kubelet` or `node.kubernetes.io/instance-type=eklet`, if these nodes have a ' +
    '/metrics/cadvisor that is scraped; absent without such nodes',
  'etcd or API server':
    "etcd's page (etcd_mvcc_db_total_size_in_bytes) or the API server's (apiserver_storage_size_bytes and its older names); " +
    'absent when neither is scraped',
  scrapes:
    'whether the targets of the jobs `apiserver`, `etcd`, `kube-scheduler` and `kube-controller-manager` answered their last ' +
    'scrape; absent where none is scraped, as with a managed control plane, but for the API server, which is then asked for /version',
};

/** The page `docs/k8s-metrics.md`, made from the table that also computes the metrics. */
export function k8sMetricsPage(): string {
  return `${INTRODUCTION}\n${LEVELS.map(section).join('\n')}\n${sources()}`;
}

function section({
  level,
  labels,
  definitions,
}: {
  readonly level: Level;
  readonly labels: readonly string[];
  readonly definitions: readonly Definition<never>[];
}): string {
  const names = ['cluster', ...labels].map((label) => `\`${label}\``).join(', ');
  const rows = definitions.map(
    (definition) =>
      `| \`${metricName(level, definition)}\` | ${definition.unit} | ${definition.meaning} | ${definition.source} |`,
  );
  return [
    `## ${level[0]!.toUpperCase()}${level.slice(1)}`,
    '',
    `${ABOUT[level]} Labels: ${names}.`,
    '',
    '| name | unit | meaning | source |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function sources(): string {
  const rows = Object.entries(SOURCES).map(([source, text]) => `- ${source}: ${text}.`);
  return `## Sources\n\nWithout its source a metric has no series; it is never 0 instead.\n\n${rows.join('\n')}\n`;
}

const INTRODUCTION = `# The k8s_* metrics

For every cluster that it watches Pharos computes these from the kubelets' cAdvisor and from its watch of the API server, as
samples arrive, and stores them like any other series: an autoscaler or an alarm policy reads a value and joins nothing. Names and
meaning are those of Tencent Kubernetes Engine. All are gauges. \`cluster\` is there when the cluster has a name.

What holds for all of them:

- CPU is the rate of container_cpu_usage_seconds_total over 2 minutes: the increase between the first and the last point within
  the window, divided by the time between these two, from the second point on; nothing is extrapolated. A counter that is smaller
  than before began anew at 0. Traffic, packets, file system bytes and operations are rates of the same kind, summed over
  interfaces or devices. Where scrapes are further apart than 2 minutes, the window is one scrape interval.
- Timestamps of cAdvisor are not looked at: a sample has the time of its scrape.
- Memory is container_memory_usage_bytes; without cache: less container_memory_cache (it is not the working set).
- Percentages are plain numbers: 80 is 80 %. Without a divisor (no request, no limit, no such capacity) there is no series, never a
  0 and never an infinity. A request or limit of 0 is none. Of a pod's requests and limits, those of its containers and sidecars
  count, not of its init containers. "The pod's limit, else its request" takes the limits when every container has one, else the
  requests when every one has one, else the node's capacity.
- Restarts are those of containers and sidecars since the sample before; the first sample of a pod has none to compare with. In sums
  a pod that is new had none before.
- GPU is counted in hundredths of a card: 100 is a whole one. A card that several containers share counts for each of them.
- A pod has the traffic of its sandbox, so a pod on the network of its node has none, and a container only when it is alone in its pod.
- Traffic of a node leaves out lo, veth*, docker*, cni*, flannel*, cali* and tunl*.
- node_role is \`Master\`, \`Etcd\` or \`Master,Etcd\` by the node's labels node-role.kubernetes.io/control-plane (or master) and etcd,
  else \`Node\`.
- A container's series end (with a stale marker, at the next scrape of its kubelet) when the watch says that it or its pod is gone, has
  ended, or runs under a new id. What cAdvisor still shows of it yields nothing.
- A pod's sum is left out, and its series ends with a stale marker, while a container that runs by the watch has no value of that kind: after
  a restart, until the second sample of the container's CPU, and when the kubelet says nothing of it. A pod seems to use less only when it
  does. Each container that runs has CPU and memory; with its CPU the file system is missing too. A container that had file system rates in
  the last 2 minutes is expected to have them, and one that requests a GPU to have its use. Sidecars and init containers count while they
  run; one that waits to be restarted, or has ended, does not run. Requests and limits are compared with the use of the containers that
  declare one, so only these can be missing in such a percentage. Where metrics of a container are dropped at the scrape (a sidecar's, say),
  its pod has no such sums.
- When a kubelet misses one scrape its pods keep their last values; at the second miss their series end, but for those that the watch alone
  knows (ready, restarts, requests).
- Sums take the latest values of pods, none older than two intervals. A pod that runs is missing when the kubelet of its node does not answer,
  although the node is ready or was until 2 minutes ago, and when there is no CPU of it any more though its containers run. Up to 10 % of the
  pods of a workload, namespace, service or of the cluster may be missing: they count with their last values, so a sum never falls because a
  page was missed. When more are missing, or, but for the cluster, when one is of which there never was a value, as after a start, the sums
  of use are left out: they end with a stale marker until enough is there. A pod whose containers began less than three intervals ago is not
  missed: it is in the sums from its second sample on. A pod that had CPU of all its containers and lacks that of one counts with its last
  values: as long as its newest container began less than three intervals ago, as after a restart, else for two intervals, after which
  it is missing; one that never had all counts with what is known of it, and where several collectors share the cluster it is one of which
  there never was a value. In the sum of the cluster what was on a node that is not ready, and pods of which nothing is on the page of a
  kubelet that answers, count no more at once; in others what was on such a node is missed for these 2 minutes, until the rates of the pods
  that do its work now have it in them. \`abnormal\`, restarts, requests and totals come from the watch and go on.
- Several collectors that share a cluster: each computes containers, pods and nodes of the kubelets it scrapes; the leader of the
  first shard computes the rest from the store, which they must share: what others keep in stores of their own is missing, and the sums with it.
`;
