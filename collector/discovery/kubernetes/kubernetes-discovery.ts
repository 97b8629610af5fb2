import { SYSTEM_CLOCK, wait } from '../../../clock/clock.ts';
import type { ClusterLease, KubeClusters } from '../../kubernetes/kube-clusters.ts';
import type { KubernetesDiscoveryConfig } from '../../scrape/scrape-config.ts';
import { readSecretFile } from '../../secret-file.ts';
import { aborted, type Discovery, type DiscoveryReport } from '../discovery.ts';
import { watchRoleGroups } from './shared-role-groups.ts';

/** Where a pod finds the name of its namespace. */
const OWN_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

export interface KubernetesDiscoveryOptions {
  readonly clusters: KubeClusters;
  readonly report: DiscoveryReport;
  /** Default: where Kubernetes puts it. */
  readonly ownNamespaceFile?: string;
  /** Milliseconds for which changes are collected. Default 250. */
  readonly debounce?: number;
  /** Milliseconds after which an access that could not be read is tried again. Default 10,000. */
  readonly retry?: number;
}

/**
 * Targets that are objects of a Kubernetes cluster. Nothing is emitted before all that is watched has been listed once; after
 * that, what cannot be asked stays as it was last known.
 */
export function kubernetesDiscovery(config: KubernetesDiscoveryConfig, options: KubernetesDiscoveryOptions): Discovery {
  const { report, debounce = 250, retry = 10_000 } = options;
  const { role, selectors, attachMetadata } = config;
  return {
    async run(emit, signal) {
      const opened = await attempt(() => open(config, options), { report, retry, signal });
      if (opened === undefined) return;
      const { lease, namespaces } = opened;
      const scope = { role, namespaces, selectors, attachMetadata };
      const end = signal.aborted ? undefined : watchRoleGroups(lease.cluster, scope, { listener: emit, debounce });
      await aborted(signal);
      end?.();
      lease.close();
    },
  };
}

async function open(
  { access, namespaces }: KubernetesDiscoveryConfig,
  { clusters, ownNamespaceFile = OWN_NAMESPACE_FILE }: KubernetesDiscoveryOptions,
): Promise<{ readonly lease: ClusterLease; readonly namespaces: readonly string[] }> {
  const own = namespaces.own ? [await readNamespace(ownNamespaceFile)] : [];
  const all = [...new Set([...namespaces.names, ...own])].sort();
  return { lease: await clusters.open(access), namespaces: all };
}

async function readNamespace(file: string): Promise<string> {
  const namespace = await readSecretFile(file, "the pod's own namespace from");
  if (namespace === '') throw new Error(`the file of the pod's own namespace, ${file}, is empty`);
  return namespace;
}

/** Tries until it succeeds; undefined when the signal aborts before. */
async function attempt<T>(
  call: () => Promise<T>,
  { report, retry, signal }: { readonly report: DiscoveryReport; readonly retry: number; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const what = 'Kubernetes';
  while (!signal.aborted) {
    try {
      const value = await call();
      report.recovered(what);
      return value;
    } catch (error) {
      report.failed(what, error);
      await wait(SYSTEM_CLOCK, retry, signal);
    }
  }
  return undefined;
}
