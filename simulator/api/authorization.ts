import type { ObjectStore } from '../object-store.ts';
import { ApiError } from './api-error.ts';
import type { User } from './authentication.ts';
import { qualifiedName } from './resource-names.ts';
import { grantedBy } from './role-based.ts';

/** Something a user may do, as in an RBAC role. '*' stands for all; what is left out too, but for the verbs. */
export interface Rule {
  readonly verbs: readonly string[];
  /** '' is the core group. */
  readonly groups?: readonly string[];
  /** Plural names; `pods/status` and `nodes/proxy` for subresources. A rule without it is about paths, if it has any. */
  readonly resources?: readonly string[];
  readonly names?: readonly string[];
  readonly namespaces?: readonly string[];
  /** Paths that are no resources, such as `/metrics`; one star at the end. */
  readonly paths?: readonly string[];
}

/** What a request wants to do. */
export type Action =
  | {
      readonly verb: string;
      readonly group: string;
      readonly plural: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly verb: string; readonly path: string };

/** What everybody may read, and what everybody who is known. */
const PUBLIC = ['/healthz', '/livez', '/readyz', '/version', '/healthz/', '/livez/', '/readyz/', '/version/'];
const DISCOVERY = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];
const SELF_REVIEWS = /^(selfsubjectaccessreviews|selfsubjectrulesreviews|selfsubjectreviews)$/;

/** Whether a user may do something: by what its token says, or by roles that are bound to it. */
export function isAllowed(user: User, action: Action, store: ObjectStore): boolean {
  return allowance(user, action, store) !== undefined;
}

/** Why a user may do something, which can be nothing that is worth telling; undefined when it may not. */
export function allowance(user: User, action: Action, store: ObjectStore): string | undefined {
  const { groups, allow } = user;
  if (groups.includes('system:masters')) return '';
  const isKnown = groups.includes('system:authenticated');
  if (
    'path' in action &&
    (isKnown || groups.includes('system:unauthenticated')) &&
    PUBLIC.some((path) => action.path === path || action.path.startsWith(`${path}/`))
  )
    return '';
  if (isKnown && 'path' in action && action.verb === 'get' && covers(DISCOVERY, action.path)) return '';
  if (isKnown && 'plural' in action && action.verb === 'create' && SELF_REVIEWS.test(action.plural)) return '';
  if (allow === 'everything' || allow.some((rule) => permits(rule, action))) return `"${user.name}" may do so`;
  return grantedBy(store, user, action);
}

function permits(rule: Rule, action: Action): boolean {
  if (!covers(rule.verbs, action.verb)) return false;
  if ('path' in action) return rule.paths !== undefined && covers(rule.paths, action.path);
  const { group, plural, subresource, namespace, name } = action;
  const resource = subresource === '' ? plural : `${plural}/${subresource}`;
  if (rule.resources === undefined ? rule.paths !== undefined : !covers(rule.resources, resource)) return false;
  return (
    covers(rule.groups ?? ['*'], group) &&
    covers(rule.namespaces ?? ['*'], namespace) &&
    (rule.names === undefined || rule.names.includes(name))
  );
}

/** A star stands for all, at the end of an item for whatever follows. */
function covers(items: readonly string[], value: string): boolean {
  return items.some((item) => item === value || (item.endsWith('*') && value.startsWith(item.slice(0, -1))));
}

/** What the real server answers to an action that is not allowed. */
export function forbidden({ name: user }: User, action: Action): ApiError {
  if ('path' in action) {
    return new ApiError(403, 'Forbidden', `forbidden: User "${user}" cannot ${action.verb} path "${action.path}"`, {});
  }
  const { verb, group, plural, subresource, namespace, name } = action;
  const resource = subresource === '' ? plural : `${plural}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = name === '' ? qualifiedName({ group, plural }) : `${qualifiedName({ group, plural })} "${name}"`;
  return new ApiError(
    403,
    'Forbidden',
    `${what} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
    { ...(name !== '' && { name }), ...(group !== '' && { group }), kind: plural },
  );
}
