import { createHash } from 'node:crypto';
import { describeGiven } from '../describe-given.ts';
import { tokenize } from '../template/lexer.ts';
import { TemplateError } from '../template/template-error.ts';
import type { CheckContext } from './check-context.ts';
import type { ObjectSelector } from './policy.ts';
import type { WrittenPolicy } from './policy-definition.ts';

/**
 * What a policy of a Kubernetes resource may be about. Whoever may write resources in a namespace must not get to know, or be
 * alerted of, what is in others: its policies select objects of their own namespace and cluster only.
 */
export interface ResourceScope {
  /** '' when the cluster has no name; undefined when it is not known which it is. */
  readonly cluster: string | undefined;
  /** '' for a resource of the whole cluster. */
  readonly namespace: string;
}

/** Levels whose objects are in a namespace. */
export const NAMESPACED_LEVELS = ['namespace', 'workload', 'pod', 'container', 'service'] as const;

/** Ids of resources' policies begin so, and no others. */
export const RESOURCE_PREFIX = 'k8s-';

/** The id of a resource's policy: the same for the same cluster, namespace and name, and never that of another. */
export function resourceId({ cluster, namespace }: ResourceScope, name: string): string {
  const place = [cluster ?? '', namespace, name];
  const readable = place
    .filter((part) => part !== '')
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const digest = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 16);
  return `${RESOURCE_PREFIX}${readable.slice(0, 72).replace(/^-+|-+$/g, '')}-${digest}`;
}

/** Says what of a policy is beyond its scope. */
export function checkScope(policy: WrittenPolicy, scope: ResourceScope, { report }: CheckContext): void {
  const { include } = policy.objects;
  for (const [i, cluster] of (include.cluster ?? []).entries()) {
    if (scope.cluster !== undefined && (cluster !== scope.cluster || cluster === '')) {
      const wanted =
        scope.cluster === '' ? 'none, since the cluster has no name' : `only its own cluster ${scope.cluster}`;
      report(['objects', 'include', 'cluster', i], `expected ${wanted}, got ${describeGiven(cluster)}`);
    }
  }
  if (scope.namespace === '') return;
  if (!NAMESPACED_LEVELS.some((level) => level === policy.level)) {
    const wanted = `expected one of ${NAMESPACED_LEVELS.join(', ')} in a resource of a namespace`;
    report(['level'], `${wanted}, got ${describeGiven(policy.level)}; a ClusterAlertPolicy can have it`);
    return;
  }
  for (const [i, namespace] of (include.namespace ?? []).entries()) {
    if (namespace === scope.namespace) continue;
    const wanted = `expected only its own namespace ${scope.namespace}`;
    report(['objects', 'include', 'namespace', i], `${wanted}, got ${describeGiven(namespace)}`);
  }
  for (const part of ['labels', 'annotations'] as const) {
    for (const [name, text] of Object.entries(policy[part])) {
      if (!callsQuery(text)) continue;
      report(
        [part, name],
        'expected a template without the function query, which could read what is in other namespaces',
      );
    }
  }
}

/** The objects that a policy selects within its scope. */
export function scopedObjects(objects: ObjectSelector, scope: ResourceScope | undefined): ObjectSelector {
  if (scope === undefined) return objects;
  const { cluster, namespace } = scope;
  const own = {
    ...(cluster !== undefined && cluster !== '' && { cluster: [cluster] }),
    ...(namespace !== '' && { namespace: [namespace] }),
  };
  return { ...objects, include: { ...objects.include, ...own } };
}

/** Whether the text is a template that has the function's name in one of its actions; false for what is no template. */
function callsQuery(text: string): boolean {
  try {
    return tokenize(text).some(({ kind, text: word }) => kind === 'identifier' && word === 'query');
  } catch (error) {
    if (error instanceof TemplateError) return false;
    throw error;
  }
}
