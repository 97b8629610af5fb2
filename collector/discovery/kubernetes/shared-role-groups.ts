import type { CacheLease, KubeCluster, WatchScope } from '../../kubernetes/kube-cluster.ts';
import type { KubeObject, ResourceName } from '../../kubernetes/objects.ts';
import type { KubernetesDiscoveryConfig, KubernetesRole, TargetGroup } from '../../scrape/scrape-config.ts';
import { type RelatedCaches, RoleGroups } from './role-groups.ts';
import { ROLES } from './roles.ts';

/** Which objects of a cluster targets are made of; plain data. */
export interface RoleScope extends Pick<KubernetesDiscoveryConfig, 'role' | 'selectors' | 'attachMetadata'> {
  /** None means all. */
  readonly namespaces: readonly string[];
}

/** Takes all groups. Must not throw. */
type Listener = (groups: readonly TargetGroup[]) => void;

const shared = new WeakMap<KubeCluster, Map<string, SharedRoleGroups>>();

/**
 * Calls with all groups as soon as they are known, and again at most once per `debounce` when any of them changed. Who asks
 * for the same of a cluster gets the same groups, which are rendered once. The answer ends it.
 */
export function watchRoleGroups(
  cluster: KubeCluster,
  scope: RoleScope,
  { listener, debounce }: { readonly listener: Listener; readonly debounce: number },
): () => void {
  const key = JSON.stringify([scope, debounce]);
  let ofCluster = shared.get(cluster);
  if (ofCluster === undefined) {
    ofCluster = new Map();
    shared.set(cluster, ofCluster);
  }
  let groups = ofCluster.get(key);
  if (groups === undefined) {
    const forget = (): void => void ofCluster.delete(key);
    groups = new SharedRoleGroups(cluster, scope, { debounce, forget });
    ofCluster.set(key, groups);
  }
  return groups.add(listener);
}

/** Watched from the first listener to the last one. */
class SharedRoleGroups {
  readonly #listeners = new Set<Listener>();
  readonly #leases: CacheLease<KubeObject>[] = [];
  readonly #ending = new AbortController();
  readonly #forget: () => void;
  #rendered: RoleGroups | undefined;
  #groups: readonly TargetGroup[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    cluster: KubeCluster,
    scope: RoleScope,
    { debounce, forget }: { readonly debounce: number; readonly forget: () => void },
  ) {
    this.#forget = forget;
    const role = ROLES[scope.role];
    const lease = (resource: ResourceName): CacheLease<KubeObject> => {
      const opened = cluster.watch(resource, watchScope(resource, scope)) as CacheLease<KubeObject>;
      this.#leases.push(opened);
      return opened;
    };
    const { cache } = lease(role.resource);
    const { attachMetadata } = scope;
    const attached = role.attaches.filter((what) => attachMetadata[what === 'nodes' ? 'node' : 'namespace']);
    const related = Object.fromEntries([...role.joins, ...attached].map((name) => [name, lease(name).cache]));
    const { signal } = this.#ending;
    Promise.all(this.#leases.map((opened) => opened.cache.synced(signal))).then(
      () => {
        if (signal.aborted) return;
        const onOutdated = (): void => {
          this.#timer = setTimeout(() => this.#refresh(), debounce);
        };
        this.#rendered = new RoleGroups({ role, cache, related: related as RelatedCaches, onOutdated });
        this.#tell();
      },
      () => undefined, // It ended before.
    );
  }

  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#rendered !== undefined) listener(this.#groups);
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#forget();
      this.#ending.abort();
      clearTimeout(this.#timer);
      this.#rendered?.close();
      for (const lease of this.#leases) lease.close();
    };
  }

  #refresh(): void {
    if (this.#rendered!.refresh()) this.#tell();
  }

  #tell(): void {
    this.#groups = this.#rendered!.groups();
    for (const listener of this.#listeners) listener(this.#groups);
  }
}

/** The role whose selectors say which objects of a resource are wanted. */
const SELECTING: Partial<Record<ResourceName, KubernetesRole>> = {
  nodes: 'node',
  pods: 'pod',
  services: 'service',
  endpoints: 'endpoints',
  endpointslices: 'endpointslice',
  ingresses: 'ingress',
};

function watchScope(resource: ResourceName, { selectors, namespaces }: RoleScope): WatchScope {
  const selector = selectors.find(({ role }) => role === SELECTING[resource]);
  const isNamespaced = resource !== 'nodes' && resource !== 'namespaces';
  return {
    ...(isNamespaced && namespaces.length > 0 && { namespaces }),
    ...(selector !== undefined && selector.label !== '' && { labelSelector: selector.label }),
    ...(selector !== undefined && selector.field !== '' && { fieldSelector: selector.field }),
  };
}
