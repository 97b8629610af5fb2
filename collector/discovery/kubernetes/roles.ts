import type { ObjectTypes, ResourceName } from '../../kubernetes/objects.ts';
import type { KubernetesRole, TargetGroup } from '../../scrape/scrape-config.ts';
import { endpointSliceGroup } from './endpoint-slice.ts';
import { endpointsGroup } from './endpoints.ts';
import { ingressGroup } from './ingress.ts';
import { nodeGroup } from './node.ts';
import { podGroup } from './pod.ts';
import type { RelatedObjects } from './related-objects.ts';
import { serviceGroup } from './service.ts';

/** What a role makes targets of. */
interface Role<R extends ResourceName> {
  readonly resource: R;
  /** Undefined when there are no targets. */
  readonly group: (object: ObjectTypes[R], related: RelatedObjects) => TargetGroup | undefined;
  /** The resources whose objects are always looked up besides. */
  readonly joins: readonly ('pods' | 'services')[];
  /** Which metadata can be attached. */
  readonly attaches: readonly ('nodes' | 'namespaces')[];
}

/** Any of the roles, for who treats them alike. */
export type AnyRole = Role<ResourceName>;

export const ROLES: Readonly<Record<KubernetesRole, AnyRole>> = {
  node: role({ resource: 'nodes', group: nodeGroup, joins: [], attaches: [] }),
  pod: role({ resource: 'pods', group: podGroup, joins: [], attaches: ['nodes', 'namespaces'] }),
  service: role({ resource: 'services', group: serviceGroup, joins: [], attaches: ['namespaces'] }),
  endpoints: role({
    resource: 'endpoints',
    group: endpointsGroup,
    joins: ['pods', 'services'],
    attaches: ['nodes', 'namespaces'],
  }),
  endpointslice: role({
    resource: 'endpointslices',
    group: endpointSliceGroup,
    joins: ['pods', 'services'],
    attaches: ['nodes', 'namespaces'],
  }),
  ingress: role({ resource: 'ingresses', group: ingressGroup, joins: [], attaches: ['namespaces'] }),
};

/** A role's function is only ever given objects of its own resource. */
function role<R extends ResourceName>(made: Role<R>): AnyRole {
  return made as unknown as AnyRole;
}
