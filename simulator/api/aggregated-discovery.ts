/** What aggregated servers tell of their resources. Whatever they send is looked at before it is passed on. */

interface ListedResource {
  readonly name?: unknown;
  readonly singularName?: unknown;
  readonly namespaced?: unknown;
  readonly kind?: unknown;
  readonly group?: unknown;
  readonly version?: unknown;
  readonly verbs?: unknown;
  readonly shortNames?: unknown;
  readonly categories?: unknown;
}

/** The resources of an APIResourceList as aggregated discovery has them; undefined when it is none. */
export function readResourceList(
  text: string,
  { group, version }: { readonly group: string; readonly version: string },
): readonly object[] | undefined {
  const list = parsed(text);
  if (list?.kind !== 'APIResourceList' || !Array.isArray(list.resources)) return undefined;
  const all = (list.resources as readonly ListedResource[]).filter(
    ({ name, kind, verbs }) => typeof name === 'string' && typeof kind === 'string' && Array.isArray(verbs),
  );
  const kindOf = (one: ListedResource) => ({
    group: one.group ?? group,
    version: one.version ?? version,
    kind: one.kind,
  });
  return all
    .filter(({ name }) => !(name as string).includes('/'))
    .map((resource) => {
      const prefix = `${resource.name as string}/`;
      const subresources = all.filter(({ name }) => (name as string).startsWith(prefix));
      return {
        resource: resource.name,
        responseKind: kindOf(resource),
        scope: resource.namespaced === true ? 'Namespaced' : 'Cluster',
        singularResource: resource.singularName ?? '',
        verbs: resource.verbs,
        ...(Array.isArray(resource.shortNames) && { shortNames: resource.shortNames }),
        ...(Array.isArray(resource.categories) && { categories: resource.categories }),
        ...(subresources.length > 0 && {
          subresources: subresources.map((one) => ({
            subresource: (one.name as string).slice(prefix.length),
            responseKind: kindOf(one),
            verbs: one.verbs,
          })),
        }),
      };
    });
}

/** The resources by `group/version` of an APIGroupDiscoveryList; none when it is none. */
export function readAggregatedDiscovery(text: string): ReadonlyMap<string, readonly object[]> {
  const found = new Map<string, readonly object[]>();
  const list = parsed(text);
  if (list?.kind !== 'APIGroupDiscoveryList' || !Array.isArray(list.items)) return found;
  for (const item of list.items as readonly DiscoveredGroup[]) {
    const group = item.metadata?.name;
    if (typeof group !== 'string' || !Array.isArray(item.versions)) continue;
    for (const { version, resources } of item.versions)
      if (typeof version === 'string') found.set(`${group}/${version}`, Array.isArray(resources) ? resources : []);
  }
  return found;
}

interface DiscoveredGroup {
  readonly metadata?: { readonly name?: unknown };
  readonly versions?: readonly { readonly version?: unknown; readonly resources?: readonly object[] }[];
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
