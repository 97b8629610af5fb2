import type { KubernetesDiscoveryConfig } from '../../scrape/scrape-config.ts';
import type { Fields } from './fields.ts';

interface SourceOptions extends Pick<KubernetesDiscoveryConfig, 'role' | 'access'> {
  /** [] means all. */
  readonly namespaces: readonly string[];
  /** Whether the namespace that this process runs in is one more. Default false. */
  readonly ownNamespace?: boolean;
  /** Default: none. */
  readonly selectors?: KubernetesDiscoveryConfig['selectors'];
  /** Default: nothing. */
  readonly attachMetadata?: KubernetesDiscoveryConfig['attachMetadata'];
}

/** Targets that are objects of a cluster. */
export function kubernetesSource({
  role,
  access,
  namespaces,
  ownNamespace = false,
  selectors = [],
  attachMetadata = { node: false, namespace: false },
}: SourceOptions): KubernetesDiscoveryConfig {
  return {
    kind: 'kubernetes',
    access,
    role,
    namespaces: { names: namespaces, own: ownNamespace },
    selectors,
    attachMetadata,
  };
}

/** What the field `attachMetadata` says. */
export function readAttachMetadata(fields: Fields): KubernetesDiscoveryConfig['attachMetadata'] {
  const attach = fields.map('attachMetadata');
  return { node: attach?.boolean('node') ?? false, namespace: attach?.boolean('namespace') ?? false };
}
