import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore } from '../object-store.ts';
import { type LabelSelector, selects } from '../world/label-selector.ts';
import type { User } from './authentication.ts';
import type { Action } from './authorization.ts';

const ROLES = 'roles.rbac.authorization.k8s.io';
const CLUSTER_ROLES = 'clusterroles.rbac.authorization.k8s.io';
const ROLE_BINDINGS = 'rolebindings.rbac.authorization.k8s.io';
const CLUSTER_ROLE_BINDINGS = 'clusterrolebindings.rbac.authorization.k8s.io';

interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

interface RoleObject extends KubeObject {
  readonly rules?: readonly PolicyRule[] | null;
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelector[] };
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

interface Binding extends KubeObject {
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly Subject[] | null;
}

/** Why roles and their bindings allow something, in the words of the real server; undefined when none does. */
export function grantedBy(
  store: ObjectStore,
  { name, groups }: Pick<User, 'name' | 'groups'>,
  action: Action,
): string | undefined {
  const namespace = 'plural' in action ? action.namespace : '';
  const bindings = [
    ...store.list(CLUSTER_ROLE_BINDINGS),
    ...(namespace === '' ? [] : store.list(ROLE_BINDINGS, { namespace })),
  ] as readonly Binding[];
  for (const binding of bindings) {
    const subject = binding.subjects?.find((one) => isMeant(one, binding, { name, groups }));
    if (subject === undefined) continue;
    const { kind, name: role } = binding.roleRef ?? { kind: '', name: '' };
    const found = (kind === 'ClusterRole' ? store.get(CLUSTER_ROLES, '', role) : store.get(ROLES, namespace, role)) as
      | RoleObject
      | undefined;
    if (found === undefined || !rulesOf(store, found).some((rule) => permits(rule, action))) continue;
    const { metadata } = binding;
    const at = metadata.namespace === undefined ? metadata.name : `${metadata.name}/${metadata.namespace}`;
    const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace}` : subject.name;
    const what = metadata.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
    return `RBAC: allowed by ${what} "${at}" of ${kind} "${role}" to ${subject.kind} "${who}"`;
  }
  return undefined;
}

function isMeant(
  subject: Subject,
  { metadata }: Binding,
  { name, groups }: { readonly name: string; readonly groups: readonly string[] },
): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.name === name;
    case 'Group':
      return groups.includes(subject.name);
    case 'ServiceAccount':
      return name === `system:serviceaccount:${subject.namespace ?? metadata.namespace}:${subject.name}`;
    default:
      return false;
  }
}

/** Of an aggregated role those of all that it selects, which a controller of a real cluster would copy. */
function rulesOf(store: ObjectStore, { metadata, rules, aggregationRule }: RoleObject): readonly PolicyRule[] {
  const own = rules ?? [];
  if (aggregationRule === undefined || metadata.namespace !== undefined) return own;
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  const selected = (store.list(CLUSTER_ROLES) as readonly RoleObject[]).filter(
    ({ metadata: other }) =>
      other.name !== metadata.name && selectors.some((selector) => selects(selector, other.labels)),
  );
  return [...own, ...selected.flatMap((role) => role.rules ?? [])];
}

function permits(rule: PolicyRule, action: Action): boolean {
  if (!has(rule.verbs, action.verb)) return false;
  if ('path' in action) {
    return (rule.nonResourceURLs ?? []).some(
      (url) => url === action.path || (url.endsWith('*') && action.path.startsWith(url.slice(0, -1))),
    );
  }
  const { group, plural, subresource, name } = action;
  const { resources = [], resourceNames = [] } = rule;
  const resource = subresource === '' ? plural : `${plural}/${subresource}`;
  return (
    has(rule.apiGroups ?? [], group) &&
    (has(resources, resource) || (subresource !== '' && resources.includes(`*/${subresource}`))) &&
    (resourceNames.length === 0 || resourceNames.includes(name))
  );
}

function has(items: readonly string[], value: string): boolean {
  return items.includes('*') || items.includes(value);
}
