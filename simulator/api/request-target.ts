import { badRequest, noSuchResource } from './api-error.ts';
import type { ApiResource, ResourceTable } from './resources.ts';

/** What a path of the API stands for. */
export type RequestTarget =
  | ResourceTarget
  /** A group and version itself, or one that another server answers for, or nobody. */
  | { readonly type: 'groupVersion'; readonly group: string; readonly version: string; readonly below: boolean }
  | { readonly type: 'page' };

export interface ResourceTarget {
  readonly type: 'resource';
  readonly resource: ApiResource;
  /** '' for all namespaces, and for what has none. */
  readonly namespace: string;
  /** '' for the collection. */
  readonly name: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** What follows the subresource, with its slash, as it was sent: `/metrics/cadvisor` after `proxy`. */
  readonly rest: string;
}

/** Reads a path, without its query. A resource that the version does not have is an ApiError of 404. */
export function parseTarget(path: string, resources: ResourceTable): RequestTarget {
  const parts = path.split('/').slice(1);
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return { type: 'page' };
  const group = core ? '' : decode(parts[1] ?? '');
  const version = decode(parts[core ? 1 : 2] ?? '');
  if (version === '') return { type: 'page' };
  const below = parts.slice(core ? 2 : 3);
  if (below.length === 0 || (below.length === 1 && below[0] === '')) {
    return { type: 'groupVersion', group, version, below: false };
  }

  let namespace = '';
  let at = 0;
  // `namespaces/x` and `namespaces/x/status` are about the namespace itself, `namespaces/x/pods` about what is in it.
  if (below[0] === 'namespaces' && below.length > 2 && !(core && (below[2] === 'status' || below[2] === 'finalize'))) {
    namespace = decode(below[1]!);
    at = 2;
  }
  const resource = resources.find(group, version, decode(below[at]!));
  if (resource === undefined && !resources.versions(group).includes(version)) {
    return { type: 'groupVersion', group, version, below: true };
  }
  if (resource === undefined || (namespace !== '' && !resource.namespaced)) throw noSuchResource();
  const name = decode(below[at + 1] ?? '');
  const subresource = decode(below[at + 2] ?? '');
  if (resource.namespaced && namespace === '' && name !== '') throw noSuchResource();
  if (subresource !== '' && !resource.subresources.includes(subresource)) throw noSuchResource();
  const rest = below.length > at + 3 ? `/${below.slice(at + 3).join('/')}` : '';
  if (rest !== '' && subresource !== 'proxy') throw noSuchResource();
  return { type: 'resource', resource, namespace, name, subresource, rest };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`invalid URL escape in "${part}"`);
  }
}
