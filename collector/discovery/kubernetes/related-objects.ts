import type { Namespace, Node, Pod, Service } from '../../kubernetes/objects.ts';

/**
 * The objects besides its own that a target's labels come from. Looking one up makes the group depend on it: the group is
 * rendered again when that object comes, changes or goes.
 */
export interface RelatedObjects {
  pod(namespace: string, name: string): Pod | undefined;
  service(namespace: string, name: string): Service | undefined;
  /** Undefined also when nodes are not to be attached. */
  node(name: string): Node | undefined;
  /** Undefined also when namespaces are not to be attached. */
  namespace(name: string): Namespace | undefined;
}
