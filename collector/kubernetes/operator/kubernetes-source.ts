import type { DiscoveryConfig } from '../../scrape/scrape-config.ts';
import type { KubeAccess } from '../kube-access.ts';

type KubernetesRole = 'node' | 'pod' | 'service' | 'endpoints' | 'endpointslice' | 'ingress';

interface SourceOptions {
  readonly role: KubernetesRole;
  readonly access: KubeAccess;
  /** [] means all. */
  readonly namespaces: readonly string[];
  /** Whether the namespace that this process runs in is one more. Default false. */
  readonly ownNamespace?: boolean;
  readonly selectors?: readonly {
    readonly role: KubernetesRole;
    readonly label?: string | undefined;
    readonly field?: string | undefined;
  }[];
  /** Default false. */
  readonly attachNode?: boolean;
}

/** Targets that are objects of a cluster. */
export function kubernetesSource({
  role,
  access,
  namespaces,
  ownNamespace = false,
  selectors = [],
  attachNode = false,
}: SourceOptions): DiscoveryConfig {
  return {
    kind: 'kubernetes',
    role,
    access,
    namespaces: { names: namespaces, own: ownNamespace },
    selectors,
    attachMetadata: { node: attachNode, namespace: false },
  } as unknown as DiscoveryConfig;
}
