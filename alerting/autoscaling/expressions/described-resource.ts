/** Resources that are in no namespace; what is not here is in one. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'nodes',
  'namespaces',
  'persistentvolumes',
  'storageclasses.storage.k8s.io',
  'ingressclasses.networking.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'runtimeclasses.node.k8s.io',
]);

/** Whether objects of a resource, such as `pods` or `deployments.apps`, are in a namespace. */
export function isNamespaced(resource: string): boolean {
  return !CLUSTER_SCOPED.has(resource);
}

/**
 * The label that by default names an object of a resource: the singular of its name.
 *
 *     services                     service
 *     ingresses.networking.k8s.io  ingress
 *     networkpolicies.networking.k8s.io  networkpolicy
 */
export function singularOf(resource: string): string {
  const [plural = ''] = resource.split('.');
  if (plural === 'endpoints') return plural;
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`;
  if (/(?:ss|x|ch|sh)es$/.test(plural)) return plural.slice(0, -2);
  return plural.replace(/s$/, '');
}
