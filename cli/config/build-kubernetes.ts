import { formatDuration } from '../../alerting/duration.ts';
import type { KubeAccess } from '../../collector/kubernetes/kube-access.ts';
import { type FamilySelection, selectFamilies } from '../../collector/kubernetes/state/family-selection.ts';
import { buildHttpClient } from './build-client.ts';
import type { ClusterConfig, KubernetesConfig } from './config.ts';
import type { FileSettings } from './file-keys.ts';
import { httpClientKeys } from './http-client-keys.ts';
import type { ClusterSettings, KubernetesSettings } from './kubernetes-keys.ts';
import type { Reading } from './reading.ts';

const DEFAULT_INTERVAL = 15_000;
const DEFAULT_TIMEOUT = 10_000;

/** Checks what the table of keys cannot say about the section `kubernetes`. */
export function buildKubernetes(settings: FileSettings, reading: Reading): KubernetesConfig {
  const kubernetes = settings.kubernetes;
  const global = settings.global.scrape_interval;
  const scrapeInterval =
    kubernetes.scrape_interval || (reading.isGiven(settings.global, 'scrape_interval') && global) || DEFAULT_INTERVAL;
  const scrapeTimeout = kubernetes.scrape_timeout || Math.min(DEFAULT_TIMEOUT, scrapeInterval);
  if (scrapeTimeout > scrapeInterval) {
    reading.report(
      reading.placeOf(kubernetes, 'scrape_timeout'),
      `expected a timeout of at most the scrape interval (${formatDuration(scrapeInterval)}), got ${formatDuration(scrapeTimeout)}`,
    );
  }
  const { scrape, state_metrics: state, leader_election: election } = kubernetes;
  return {
    enabled: kubernetes.enabled ?? (reading.isGiven(settings, 'kubernetes') ? true : undefined),
    clusters: buildClusters(kubernetes, reading),
    nodeAccess: kubernetes.node_access,
    scrapeInterval,
    scrapeTimeout,
    scrape: {
      kubelets: scrape.kubelets,
      apiServer: scrape.api_server,
      controlPlane: scrape.control_plane,
      nodeExporter: scrape.node_exporter,
      gpuExporter: scrape.gpu_exporter,
      annotations: scrape.annotations,
      operatorObjects: scrape.operator_objects,
    },
    stateMetrics: state.enabled ? buildFamilies(kubernetes, reading) : undefined,
    leaderElection: election.enabled ? { namespace: election.namespace, name: election.name } : undefined,
    catalogue: kubernetes.catalogue,
    events: kubernetes.events,
  };
}

/** What the selection of families says is wrong is told here, not when a cluster is about to be monitored with it. */
function buildFamilies(kubernetes: KubernetesSettings, reading: Reading): FamilySelection {
  const { state_metrics: state } = kubernetes;
  const selection = {
    metricAllowlist: state.metric_allowlist,
    metricOptIn: state.metric_opt_in,
    resourceOptIn: state.resource_opt_in,
    metricDenylist: state.metric_denylist,
    metricLabelsAllowlist: state.metric_labels_allowlist,
    metricAnnotationsAllowlist: state.metric_annotations_allowlist,
  };
  try {
    selectFamilies(selection);
  } catch (error) {
    reading.report(
      reading.placeOf(kubernetes, 'state_metrics'),
      error instanceof Error ? error.message : String(error),
    );
  }
  return selection;
}

function buildClusters(settings: KubernetesSettings, reading: Reading): ClusterConfig[] {
  const clusters = settings.clusters.map((cluster) => ({
    name: cluster.name,
    access: buildAccess(cluster, reading),
    nodeAccess: cluster.node_access ?? settings.node_access,
  }));
  // Series of two clusters with one name, or none, could not be told apart.
  const names = new Set<string>();
  for (const [i, { name, access }] of clusters.entries()) {
    const known = name ?? (access.kind === 'kubeconfig' ? access.context : undefined);
    if (clusters.length > 1 && known === undefined) {
      reading.report(reading.placeOf(settings.clusters[i]!), 'expected a name, because there are several clusters');
    } else if (known !== undefined && names.has(known)) {
      reading.report(
        reading.placeOf(settings.clusters[i]!, 'name'),
        `expected a name that no other cluster has, got ${JSON.stringify(known)}`,
      );
    }
    if (known !== undefined) names.add(known);
  }
  return clusters;
}

function buildAccess(cluster: ClusterSettings, reading: Reading): KubeAccess {
  const { kubeconfig_file: file, context, api_server: url } = cluster;
  const clientKeys = Object.keys(httpClientKeys) as (keyof typeof httpClientKeys)[];
  if (url !== undefined) {
    for (const key of ['kubeconfig_file', 'context'] as const) {
      if (reading.isGiven(cluster, key)) {
        reading.report(reading.placeOf(cluster, key), `expected either api_server or ${key}, got both`);
      }
    }
    return { kind: 'api-server', url, client: buildHttpClient(cluster, reading) };
  }
  for (const key of clientKeys) {
    if (!reading.isGiven(cluster, key)) continue;
    reading.report(reading.placeOf(cluster, key), `expected api_server beside ${key}; a kubeconfig has its own`);
  }
  if (file !== undefined) return { kind: 'kubeconfig', file, context };
  if (context !== undefined) {
    reading.report(reading.placeOf(cluster, 'context'), 'expected kubeconfig_file beside context');
  }
  return { kind: 'in-cluster' };
}
