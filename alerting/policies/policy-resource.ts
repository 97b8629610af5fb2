import { describeGiven } from '../describe-given.ts';
import { readResourceHead } from '../resource-head.ts';
import type { FieldProblem } from '../written-form.ts';
import { type PolicyContext, type PolicyReading, readPolicy } from './read-policy.ts';
import { resourceId } from './resource-scope.ts';

export const POLICY_GROUP = 'alerting.pharos.dev';
export const POLICY_VERSION = 'v1';

/** The kinds of resources that are policies: those of a namespace, which teams write, and those of the whole cluster. */
const POLICY_KINDS = ['AlertPolicy', 'ClusterAlertPolicy'] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];

export interface ReadResourceOptions extends PolicyContext {
  /** The name of the cluster that has it; '' when it has none, undefined when that is not known. */
  readonly cluster: string | undefined;
  /** Default: `cluster/namespace/name` without what is not there. */
  readonly source?: string;
}

/** Reads a policy from a Kubernetes resource: its id comes from where it is, its name is the resource's own by default. */
export function readResource(object: object, options: ReadResourceOptions): PolicyReading {
  const { head, problems } = readResourceHead(object, {
    apiVersion: `${POLICY_GROUP}/${POLICY_VERSION}`,
    kinds: POLICY_KINDS,
  });
  const { spec } = object as { readonly spec?: unknown };
  const ids: readonly FieldProblem[] = Object.hasOwn((spec ?? {}) as object, 'id')
    ? [{ path: ['spec', 'id'], message: `expected none, since it comes from the name, got ${describeGiven('id')}` }]
    : [];
  if (head === undefined || ids.length > 0) return { policy: undefined, problems: [...problems, ...ids] };
  const { kind, name, namespace, spec: written } = head;
  const { cluster, source = [cluster ?? '', namespace, name].filter((part) => part !== '').join('/') } = options;
  const scope = {
    cluster,
    // kubectl puts it into `default`.
    namespace: kind === 'AlertPolicy' ? namespace || 'default' : '',
  };
  const given = { ...written, name: written.name ?? name };
  const id = resourceId(scope, name);
  const reading = readPolicy(given, { ...options, form: 'camel', source, scope, id });
  if (reading.policy !== undefined) return reading;
  return { ...reading, problems: reading.problems.map(({ path, message }) => ({ path: ['spec', ...path], message })) };
}
