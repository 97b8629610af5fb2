import { readFileSync } from 'node:fs';
import type { MonitoredCluster } from '../collector/kubernetes/cluster-monitor.ts';
import { isInCluster, type KubeAccess } from '../collector/kubernetes/kube-access.ts';
import type { ClusterName } from '../collector/kubernetes/shared-kube-clusters.ts';
import type { ClusterConfig, KubernetesConfig } from './config/config.ts';

/** Where a cluster could be besides the configuration. */
export interface ClusterSources {
  /** Whether there is a configuration file: then its section decides. */
  readonly hasFile: boolean;
  /** The simulated one of --demo. */
  readonly demo?: KubeAccess | undefined;
  /** --kubeconfig, absolute, and --context. */
  readonly kubeconfig?: { readonly file: string; readonly context: string | undefined } | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What is to be monitored, and under which names. */
export interface FoundClusters {
  readonly monitored: readonly MonitoredCluster[];
  /** Of those that have a name of their own. */
  readonly names: readonly ClusterName[];
}

/** The name of the cluster that --demo plays: what comes from it is marked by it wherever it is shown. */
const SIMULATED = 'simulated';

/** The clusters of the configuration, the command line and the surroundings; none is no mistake. */
export function findClusters(config: KubernetesConfig, sources: ClusterSources): FoundClusters {
  const clusters = config.enabled === false ? [] : clustersOf(config, sources);
  return {
    monitored: clusters.map(({ access, nodeAccess }) => ({
      access,
      nodeAccess: nodeAccess !== 'auto' ? nodeAccess : access.kind === 'in-cluster' ? 'direct' : 'proxy',
      scrapeInterval: config.scrapeInterval,
      scrapeTimeout: config.scrapeTimeout,
      // The pages of simulated applications are there to be looked at.
      scrape: access === sources.demo ? { ...config.scrape, annotations: true } : config.scrape,
      stateMetrics: config.stateMetrics,
      catalogue: config.catalogue,
      events: config.events,
      leaderElection: config.leaderElection && {
        name: config.leaderElection.name,
        namespace: config.leaderElection.namespace ?? ownNamespace(),
      },
    })),
    names: clusters.flatMap(({ access, name }) => (name === undefined ? [] : [{ access, name }])),
  };
}

function clustersOf(config: KubernetesConfig, sources: ClusterSources): readonly ClusterConfig[] {
  const { hasFile, demo, kubeconfig, environment } = sources;
  const { nodeAccess } = config;
  const named: ClusterConfig[] = [...config.clusters];
  if (kubeconfig !== undefined)
    named.push({ name: undefined, access: { kind: 'kubeconfig', ...kubeconfig }, nodeAccess });
  if (demo !== undefined) named.push({ name: SIMULATED, access: demo, nodeAccess: 'proxy' });
  const mayLook = config.enabled === true || (config.enabled === undefined && !hasFile);
  if (named.length > 0 || !mayLook || !isInCluster(environment)) return named;
  return [{ name: undefined, access: { kind: 'in-cluster' }, nodeAccess }];
}

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** The namespace that this process runs in, as its service account says; `default` outside of a cluster. */
export function ownNamespace(): string {
  try {
    return readFileSync(NAMESPACE_FILE, 'utf8').trim() || 'default';
  } catch {
    return 'default';
  }
}
