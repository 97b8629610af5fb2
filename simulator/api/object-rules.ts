import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../kube-object.ts';
import { invalid } from './api-error.ts';
import type { ApiResource } from './resources.ts';
import { labelSelectorText, parseLabelSelector } from './selectors.ts';

/** Fields of a spec that cannot change once they are set. */
const IMMUTABLE: Readonly<Record<string, readonly string[]>> = {
  'deployments.apps': ['selector'],
  'replicasets.apps': ['selector'],
  'daemonsets.apps': ['selector'],
  'statefulsets.apps': ['selector', 'serviceName', 'podManagementPolicy', 'volumeClaimTemplates'],
  'jobs.batch': ['selector', 'template', 'completionMode'],
  pods: ['nodeName', 'volumes', 'serviceAccountName'],
};

const SELECTING = new Set(['deployments.apps', 'replicasets.apps', 'daemonsets.apps', 'statefulsets.apps']);

type Spec = Readonly<Record<string, unknown>> | undefined;

/**
 * Throws an ApiError of 422 for what the real server would not let pass either: fields that are changed and must not be, and
 * selectors that do not select the pods of their own template. `before` is undefined for a new object.
 */
export function checkRules(resource: ApiResource, before: KubeObject | undefined, after: KubeObject): void {
  if (before !== undefined && before.spec === after.spec) return;
  const { name } = after.metadata;
  for (const field of IMMUTABLE[resource.stored] ?? []) {
    const old = (before?.spec as Spec)?.[field];
    const next = (after.spec as Spec)?.[field];
    if (old === undefined || isDeepStrictEqual(old, next)) continue;
    const message = `Invalid value: ${JSON.stringify(next)}: field is immutable`;
    throw invalid(resource, name, { field: `spec.${field}`, message });
  }
  if (SELECTING.has(resource.stored)) checkSelector(resource, after);
}

function checkSelector(resource: ApiResource, { metadata: { name }, spec }: KubeObject): void {
  const { selector, template } = (spec ?? {}) as {
    readonly selector?: unknown;
    readonly template?: { readonly metadata?: { readonly labels?: Record<string, string> } };
  };
  const text = labelSelectorText(selector);
  if (text === '') {
    throw invalid(resource, name, { field: 'spec.selector', message: 'Required value', reason: 'FieldValueRequired' });
  }
  const labels = template?.metadata?.labels ?? {};
  if (parseLabelSelector(text)!({ metadata: { name, labels } } as KubeObject)) return;
  throw invalid(resource, name, {
    field: 'spec.template.metadata.labels',
    message: `Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``,
  });
}
