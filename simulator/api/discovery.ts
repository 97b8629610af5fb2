import type { ApiResource, ResourceTable } from './resources.ts';

/** A group and version that another server serves through this one, as an APIService object registers it. */
export interface AggregatedVersion {
  readonly group: string;
  readonly version: string;
  /** Whether that server answers. */
  readonly available: boolean;
  /** What it serves, in the form of aggregated discovery; undefined while it has not told. */
  readonly resources?: readonly object[];
}

/** `/api`. */
export function apiVersions(address: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** `/apis`. */
export function apiGroupList(resources: ResourceTable, aggregated: readonly AggregatedVersion[]): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(resources, aggregated).map(groupEntry) };
}

/** `/apis/{group}`; undefined when there is no such group. */
export function apiGroup(
  group: string,
  resources: ResourceTable,
  aggregated: readonly AggregatedVersion[],
): object | undefined {
  const found = groupsOf(resources, aggregated).find(([name]) => name === group);
  return found && { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) };
}

/** `/api/v1` and `/apis/{group}/{version}`. */
export function apiResourceList(group: string, version: string, resources: ResourceTable): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resourcesOf(group, version, resources).flatMap((resource) => [
      {
        name: resource.plural,
        singularName: resource.singular,
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: resource.verbs,
        ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
        ...(resource.categories.length > 0 && { categories: resource.categories }),
      },
      ...resource.subresources.map((subresource) => {
        const { kind, verbs, group: of, version: at } = subresourceKind(resource, subresource);
        return {
          name: `${resource.plural}/${subresource}`,
          singularName: '',
          namespaced: resource.namespaced,
          ...(of !== undefined && { group: of, version: at }),
          kind,
          verbs,
        };
      }),
    ]),
  };
}

/** `/api` or `/apis` in the form in which one answer has everything. */
export function aggregatedDiscovery(
  core: boolean,
  resources: ResourceTable,
  given: { readonly aggregated: readonly AggregatedVersion[]; readonly version: string },
): object {
  const groups = core ? [['', ['v1']] as const] : groupsOf(resources, given.aggregated);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${given.version}`,
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { ...(group !== '' && { name: group }), creationTimestamp: null },
      versions: versions.map((version) => {
        const foreign = given.aggregated.find((one) => one.group === group && one.version === version);
        if (foreign !== undefined) {
          const fresh = foreign.available && foreign.resources !== undefined;
          return { version, resources: foreign.resources ?? [], freshness: fresh ? 'Current' : 'Stale' };
        }
        return {
          version,
          resources: resourcesOf(group, version, resources).map(discoveredResource),
          freshness: 'Current',
        };
      }),
    })),
  };
}

function discoveredResource(resource: ApiResource): object {
  const { group, version, kind, plural, singular, shortNames, categories, verbs, namespaced, subresources } = resource;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map((subresource) => {
        const found = subresourceKind(resource, subresource);
        return {
          subresource,
          responseKind: { group: found.group ?? group, version: found.version ?? version, kind: found.kind },
          verbs: found.verbs,
        };
      }),
    }),
  };
}

interface SubresourceKind {
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

function subresourceKind({ plural, kind }: ApiResource, subresource: string): SubresourceKind {
  switch (subresource) {
    case 'scale':
      return { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] };
    case 'eviction':
      return { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] };
    case 'token':
      return { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] };
    case 'proxy': {
      const options: Readonly<Record<string, string>> = {
        nodes: 'NodeProxyOptions',
        pods: 'PodProxyOptions',
        services: 'ServiceProxyOptions',
      };
      return { kind: options[plural]!, verbs: ['create', 'delete', 'get', 'patch', 'update'] };
    }
    case 'finalize':
      return { kind, verbs: ['update'] };
    case 'log':
      return { kind, verbs: ['get'] };
    default:
      return { kind, verbs: ['get', 'patch', 'update'] };
  }
}

type GroupVersions = readonly [group: string, versions: readonly string[]];

function groupsOf(resources: ResourceTable, aggregated: readonly AggregatedVersion[]): readonly GroupVersions[] {
  const names = new Set([...resources.groups(), ...aggregated.map(({ group }) => group)]);
  return [...names].map((name) => {
    const added = aggregated.filter(({ group }) => group === name).map(({ version }) => version);
    return [name, [...new Set([...resources.versions(name), ...added])]];
  });
}

function groupEntry([name, versions]: GroupVersions): object {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourcesOf(group: string, version: string, resources: ResourceTable): readonly ApiResource[] {
  return resources.all().filter((resource) => resource.group === group && resource.version === version);
}
