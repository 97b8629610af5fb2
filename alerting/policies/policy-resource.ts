import { describeGiven } from '../describe-given.ts';
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
  const { apiVersion, kind, metadata, spec } = object as {
    readonly apiVersion?: unknown;
    readonly kind?: unknown;
    readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null;
    readonly spec?: unknown;
  };
  const { name, namespace = '' } = metadata ?? {};
  const problems: FieldProblem[] = [];
  const wanted = (path: readonly string[], expected: string, given: unknown) =>
    problems.push({ path, message: `expected ${expected}, got ${describeGiven(given)}` });
  const group = `${POLICY_GROUP}/${POLICY_VERSION}`;
  if (apiVersion !== group) wanted(['apiVersion'], JSON.stringify(group), apiVersion);
  if (!POLICY_KINDS.some((known) => known === kind)) wanted(['kind'], POLICY_KINDS.join(' or '), kind);
  if (typeof name !== 'string' || name === '') wanted(['metadata', 'name'], 'a name', name);
  if (typeof namespace !== 'string') wanted(['metadata', 'namespace'], 'the name of a namespace', namespace);
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec))
    wanted(['spec'], 'a map of keys and values', spec);
  if (Object.hasOwn((spec ?? {}) as object, 'id')) wanted(['spec', 'id'], 'none, since it comes from the name', 'id');
  if (problems.length > 0) return { policy: undefined, problems };
  const {
    cluster,
    source = [cluster ?? '', namespace as string, name as string].filter((part) => part !== '').join('/'),
  } = options;
  const scope = {
    cluster,
    // kubectl puts it into `default`.
    namespace: kind === 'AlertPolicy' ? (namespace as string) || 'default' : '',
  };
  const written = spec as Readonly<Record<string, unknown>>;
  const given = { ...written, name: written.name ?? name };
  const id = resourceId(scope, name as string);
  const reading = readPolicy(given, { ...options, form: 'camel', source, scope, id });
  if (reading.policy !== undefined) return reading;
  return { ...reading, problems: reading.problems.map(({ path, message }) => ({ path: ['spec', ...path], message })) };
}
