import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore, StoreEvent } from '../object-store.ts';
import type { ResourceDefinition, ResourceTable } from './resources.ts';

const RESOURCE = 'customresourcedefinitions.apiextensions.k8s.io';

interface Definition extends KubeObject {
  readonly spec?: {
    readonly group?: string;
    readonly scope?: string;
    readonly names?: {
      readonly plural?: string;
      readonly kind?: string;
      readonly singular?: string;
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    };
    readonly versions?: readonly {
      readonly name: string;
      readonly served?: boolean;
      readonly storage?: boolean;
      readonly subresources?: { readonly status?: object; readonly scale?: object };
    }[];
  };
  readonly status?: { readonly conditions?: readonly object[] };
}

/**
 * Registers the resources that CustomResourceDefinition objects describe, those there are and those to come, and marks the
 * definitions as established. All versions of one show the same object. The answer ends it.
 */
export function followCustomResources(store: ObjectStore, resources: ResourceTable): () => void {
  for (const object of store.list(RESOURCE)) register(object);
  return store.subscribe(({ type, resource, object, before }: StoreEvent) => {
    if (resource !== RESOURCE) return;
    if (before !== undefined) for (const definition of definitionsOf(before)) resources.remove(definition);
    if (type !== 'DELETED') register(object);
    else for (const { group, plural } of definitionsOf(object)) removeAll(`${plural}.${group}`);
  });

  function register(object: Definition): void {
    const definitions = definitionsOf(object);
    for (const definition of definitions) resources.register(definition);
    if (definitions.length > 0 && (object.status?.conditions ?? []).length === 0) {
      // Not within the telling of the change, whose other listeners would hear of this one first.
      queueMicrotask(() => establish(object.metadata.name));
    }
  }

  function establish(name: string): void {
    const object = store.get(RESOURCE, '', name) as Definition | undefined;
    if (object?.spec === undefined || (object.status?.conditions ?? []).length > 0) return;
    const time = object.metadata.creationTimestamp;
    const condition = (type: string, reason: string, message: string) => ({
      type,
      status: 'True',
      lastTransitionTime: time,
      reason,
      message,
    });
    const status = {
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      acceptedNames: object.spec.names,
      storedVersions: object.spec.versions?.filter(({ storage }) => storage).map((version) => version.name) ?? [],
    };
    store.update(RESOURCE, { ...object, status });
  }

  function removeAll(stored: string): void {
    for (const { metadata } of store.list(stored)) store.delete(stored, metadata.namespace ?? '', metadata.name);
  }
}

function definitionsOf({ spec }: Definition): readonly ResourceDefinition[] {
  const { group, names, versions = [], scope } = spec ?? {};
  const { plural, kind } = names ?? {};
  if (group === undefined || plural === undefined || kind === undefined) return [];
  return versions
    .filter(({ served }) => served !== false)
    .map(({ name, subresources }) => ({
      group,
      version: name,
      plural,
      kind,
      ...(names?.singular !== undefined && { singular: names.singular }),
      shortNames: names?.shortNames ?? [],
      categories: names?.categories ?? [],
      namespaced: scope !== 'Cluster',
      subresources: Object.keys(subresources ?? {}),
      generations: true,
      custom: true,
    }));
}
