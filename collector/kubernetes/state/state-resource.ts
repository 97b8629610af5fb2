import type { ObjectTypes, ResourceName } from '../objects.ts';
import type { Family } from './family.ts';

/** What is told of one resource. */
export interface StateResource<R extends ResourceName = ResourceName> {
  readonly resource: R;
  /** Labels that all its series have: together they name the object. */
  readonly identity: readonly string[];
  /** The values of these. */
  readonly identify: (object: ObjectTypes[R]) => readonly string[];
  readonly families: readonly Family<ObjectTypes[R]>[];
}

/** One of a namespaced resource, whose series have the labels `namespace` and the given one with its name. */
export function namespaced<R extends ResourceName>(
  resource: R,
  label: string,
  families: readonly Family<ObjectTypes[R]>[],
): StateResource<R> {
  return {
    resource,
    identity: ['namespace', label],
    identify: ({ metadata }) => [metadata.namespace, metadata.name],
    families,
  };
}

/** The same with a label `uid`. */
export function namespacedWithUid<R extends ResourceName>(
  resource: R,
  label: string,
  families: readonly Family<ObjectTypes[R]>[],
): StateResource<R> {
  return {
    resource,
    identity: ['namespace', label, 'uid'],
    identify: ({ metadata }) => [metadata.namespace, metadata.name, metadata.uid],
    families,
  };
}

/** One of a resource without namespaces, whose series have the given label with its name. */
export function clusterWide<R extends ResourceName>(
  resource: R,
  label: string,
  families: readonly Family<ObjectTypes[R]>[],
): StateResource<R> {
  return { resource, identity: [label], identify: ({ metadata }) => [metadata.name], families };
}
