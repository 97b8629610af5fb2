import type { KubeAccess } from '../collector/kubernetes/kube-access.ts';
import type { AutoscalingConfig } from './config/config.ts';
import type { Address } from './server-options.ts';

/** What decides where, and whether, the metrics APIs are served. */
export interface AutoscalingCircumstances {
  /** `--metrics-apis`. */
  readonly option: Address | undefined;
  /** To the clusters that are monitored. */
  readonly accesses: readonly KubeAccess[];
  /** Whether this process runs in a pod. */
  readonly isInCluster: boolean;
  /** Whether there is a simulated cluster. */
  readonly isDemo: boolean;
}

/**
 * Where the metrics APIs are served and for which cluster: the one that this process runs in, otherwise the first. Undefined when they are not
 * served. Throws when somebody wants them to be, and there is no cluster.
 */
export function whereAutoscalersAsk(
  config: Pick<AutoscalingConfig, 'enabled' | 'listen'>,
  { option, accesses, isInCluster, isDemo }: AutoscalingCircumstances,
): { readonly listen: Address; readonly access: KubeAccess } | undefined {
  const wanted = option ?? (config.enabled === false ? undefined : config.listen);
  const listen = wanted ?? (config.enabled === false ? undefined : placeOf(config, { isInCluster, isDemo }));
  if (listen === undefined) return undefined;
  const access = accesses.find(({ kind }) => kind === 'in-cluster') ?? accesses[0];
  if (access !== undefined) return { listen, access };
  if (wanted === undefined && config.enabled !== true) return undefined;
  const by = option !== undefined ? '--metrics-apis' : 'the section autoscaling';
  throw new Error(`${by}: expected a Kubernetes cluster to serve metrics to, got none: name one by --kubeconfig`);
}

function placeOf(
  { enabled }: Pick<AutoscalingConfig, 'enabled'>,
  { isInCluster, isDemo }: Pick<AutoscalingCircumstances, 'isInCluster' | 'isDemo'>,
): Address | undefined {
  // The API server must reach it; whoever else does is asked for credentials.
  if (isInCluster) return { host: '::', port: 6443 };
  return isDemo || enabled === true ? { host: '127.0.0.1', port: 0 } : undefined;
}
