import { httpClientKeys } from './http-client-keys.ts';
import { boolean, duration, existingFile, nonEmptyText, oneOf, text, url } from './scalars.ts';
import { key, list, map, optional, record, section, type ValueOf } from './shape.ts';

const clusterKeys = {
  name: optional(
    nonEmptyText,
    "The label cluster of everything that comes from it. Default: the context's name; without a kubeconfig no label.",
  ),
  kubeconfig_file: optional(existingFile, 'A kubeconfig.'),
  context: optional(nonEmptyText, "Which of its contexts. Default: the kubeconfig's current one."),
  api_server: optional(url, "The API server's URL, with the keys of an HTTP client below, instead of a kubeconfig."),
  node_access: optional(oneOf('auto', 'direct', 'proxy'), 'As above, for this cluster alone.'),
  ...httpClientKeys,
};

export type ClusterSettings = ValueOf<typeof clusterKeys>;

const partsKeys = {
  kubelets: key(boolean, true, 'Every kubelet: /metrics, /metrics/cadvisor, /metrics/resource, /metrics/probes.'),
  api_server: key(boolean, true, 'The API servers.'),
  control_plane: key(
    boolean,
    true,
    'Scheduler, controller manager, etcd, kube-proxy and CoreDNS, each from the moment it can be reached.',
  ),
  node_exporter: key(boolean, true, 'Pods of node_exporter.'),
  gpu_exporter: key(boolean, true, "Pods of NVIDIA's DCGM exporter."),
  annotations: key(boolean, false, 'Pods and services with the annotation prometheus.io/scrape: "true".'),
  operator_objects: key(
    boolean,
    true,
    "ServiceMonitor, PodMonitor, Probe and ScrapeConfig objects, where Prometheus Operator's resources exist.",
  ),
};

const stateMetricsKeys = {
  enabled: key(boolean, true, 'Derive the kube_* metrics from the objects of the cluster.'),
  metric_allowlist: optional(list(text), 'Regular expressions of the metrics to have, instead of the usual ones.'),
  metric_opt_in: key(list(text), [], 'Regular expressions of metrics to have besides the usual ones.'),
  resource_opt_in: key(list(text), [], 'Resources, by their plural names, of which to have all metrics.'),
  metric_denylist: key(list(text), [], 'Regular expressions of metrics to leave out.'),
  metric_labels_allowlist: optional(
    record(list(text)),
    'By resource, the labels of objects to have in kube_*_labels; * stands for all resources, or all labels.',
  ),
  metric_annotations_allowlist: optional(record(list(text)), 'The same of annotations, in kube_*_annotations.'),
};

const leaderElectionKeys = {
  enabled: key(boolean, false, 'Run several collectors that do the same work, of which one speaks where only one may.'),
  namespace: optional(nonEmptyText, "Of the Lease object. Default: the service account's, else default."),
  name: key(nonEmptyText, 'pharos-collector', 'Of the Lease object; with --shard followed by the index.'),
};

/** What Pharos does for Kubernetes clusters as a whole. */
export const kubernetesKeys = {
  enabled: optional(
    boolean,
    'Watch clusters. Default: when the section is given; without a configuration, when Pharos runs in a cluster or gets --kubeconfig.',
  ),
  clusters: key(
    list(map(clusterKeys)),
    [],
    'The clusters. Default: the one that Pharos runs in, or the one of --kubeconfig.',
  ),
  scrape_interval: optional(duration, "How often. Default: global's, or 15s when it has none."),
  scrape_timeout: optional(duration, 'After which time a scrape fails. Default: 10s, at most the interval.'),
  node_access: key(
    oneOf('auto', 'direct', 'proxy'),
    'auto',
    'Scrape kubelets and system pods directly or through the API server; auto: directly when Pharos runs in the cluster.',
  ),
  scrape: section(map(partsKeys), 'What is scraped without further configuration.'),
  state_metrics: section(map(stateMetricsKeys), 'The kube_* metrics, by the names of kube-state-metrics.'),
  catalogue: key(boolean, true, 'Compute the k8s_* metrics of clusters, nodes, workloads, pods and containers.'),
  leader_election: section(map(leaderElectionKeys), 'Several collectors for the same clusters.'),
  events: key(boolean, true, 'Keep the events of the clusters, and count them.'),
};

export type KubernetesSettings = ValueOf<typeof kubernetesKeys>;
