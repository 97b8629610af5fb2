import { describeGiven } from './describe-given.ts';
import type { FieldProblem } from './written-form.ts';

/** A Kubernetes resource as it was found. */
export interface FoundResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: unknown;
}

/** What a Kubernetes resource is, before its spec is looked at. */
export interface ResourceHead<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
  /** '' where none is said. */
  readonly namespace: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Reads what is around the spec of a resource of one of these kinds, or says what is wrong with it. */
export function readResourceHead<Kind extends string>(
  object: object,
  expected: { readonly apiVersion: string; readonly kinds: readonly Kind[] },
): { readonly head: ResourceHead<Kind> | undefined; readonly problems: readonly FieldProblem[] } {
  const { apiVersion, kind, metadata, spec } = object as {
    readonly apiVersion?: unknown;
    readonly kind?: unknown;
    readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null;
    readonly spec?: unknown;
  };
  const { name, namespace = '' } = metadata ?? {};
  const problems: FieldProblem[] = [];
  const wanted = (path: readonly string[], what: string, given: unknown) =>
    problems.push({ path, message: `expected ${what}, got ${describeGiven(given)}` });
  if (apiVersion !== expected.apiVersion) wanted(['apiVersion'], JSON.stringify(expected.apiVersion), apiVersion);
  if (!expected.kinds.some((known) => known === kind)) wanted(['kind'], expected.kinds.join(' or '), kind);
  if (typeof name !== 'string' || name === '') wanted(['metadata', 'name'], 'a name', name);
  if (typeof namespace !== 'string') wanted(['metadata', 'namespace'], 'the name of a namespace', namespace);
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    wanted(['spec'], 'a map of keys and values', spec);
  }
  if (problems.length > 0) return { head: undefined, problems };
  const head = { kind, name, namespace, spec } as ResourceHead<Kind>;
  return { head, problems };
}
