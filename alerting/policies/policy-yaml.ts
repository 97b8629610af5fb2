import { stringify } from 'yaml';
import type { z } from 'zod';
import { partOf, writeNames } from '../written-form.ts';
import type { AlertPolicy, ObjectLevel } from './policy.ts';
import { POLICY_DEFINITION } from './policy-definition.ts';
import { parsePolicyFile } from './policy-file.ts';
import { POLICY_GROUP, POLICY_VERSION, readResource } from './policy-resource.ts';
import type { PolicyContext } from './read-policy.ts';
import { renderPolicy } from './render-policy.ts';
import { NAMESPACED_LEVELS, RESOURCE_PREFIX } from './resource-scope.ts';

/** A policy as the documents that people keep: without what is as by default. */
export interface PolicyYaml {
  /** For `policy_files`. */
  readonly file: string;
  /** For kubectl: an AlertPolicy where it is about one namespace and may be one, else a ClusterAlertPolicy. */
  readonly resource: string;
}

/** Writes a policy as YAML; reading either document gives the same policy, but for the id that a resource has from its place. */
export function policyYaml(policy: AlertPolicy, context: PolicyContext): PolicyYaml {
  const { catalogue } = context;
  const written = brief(POLICY_DEFINITION, renderPolicy(policy, { form: 'camel', catalogue })) as Written;
  return {
    file: text({ policies: [writeNames(POLICY_DEFINITION, written, 'snake')] }),
    resource: text(resourceOf(policy, written, context)),
  };
}

/** The one policy of a document, a file's or a resource; or what is wrong, by line. The id of a resource is that of its place. */
export function readPolicyYaml(
  document: string,
  context: PolicyContext,
): { readonly policy: AlertPolicy | undefined; readonly problems: readonly { field: string; message: string }[] } {
  const { policies, problems } = parsePolicyFile('policy.yaml', document, context);
  if (problems.length > 0) {
    const told = problems.map(({ field, message, line }) => ({
      field: field.replace(/^(?:policies\[0\]|spec)\.?/, ''),
      message: `line ${line}: ${message}`,
    }));
    return { policy: undefined, problems: told };
  }
  if (policies.length === 1) return { policy: policies[0], problems: [] };
  return { policy: undefined, problems: [{ field: '', message: `expected one policy, got ${policies.length}` }] };
}

type Written = Readonly<Record<string, unknown>> & {
  readonly objects?: { readonly include?: Readonly<Record<string, readonly string[]>> };
};

function resourceOf(policy: AlertPolicy, written: Written, context: PolicyContext): object {
  const isResource = policy.id.startsWith(RESOURCE_PREFIX);
  const name = isResource ? policy.source.split('/').at(-1)! : policy.id;
  const { id: _, name: alertname, ...rest } = written;
  const spec = { ...(alertname !== name && { name: alertname }), ...rest };
  const apiVersion = `${POLICY_GROUP}/${POLICY_VERSION}`;
  const include = { ...written.objects?.include };
  // What a resource is about comes from where it is.
  if (isResource) delete include.cluster;
  const [namespace, ...others] = include.namespace ?? [];
  if (namespace !== undefined && others.length === 0 && !namespace.includes('*') && isNamespaced(policy.level)) {
    const { namespace: __, ...within } = include;
    const metadata = { name, namespace };
    const resource = { apiVersion, kind: 'AlertPolicy', metadata, spec: withInclude(spec, within) };
    if (readResource(resource, { ...context, cluster: undefined }).policy !== undefined) return resource;
  }
  return { apiVersion, kind: 'ClusterAlertPolicy', metadata: { name }, spec: withInclude(spec, include) };
}

function isNamespaced(level: ObjectLevel): boolean {
  return NAMESPACED_LEVELS.some((one) => one === level);
}

function withInclude(spec: Written, include: Readonly<Record<string, readonly string[]>>): object {
  const { objects, ...rest } = spec;
  if (objects === undefined) return spec;
  const { include: _, ...others } = objects;
  const chosen = { ...(Object.keys(include).length > 0 && { include }), ...others };
  if (Object.keys(chosen).length === 0) return rest;
  return Object.fromEntries(Object.entries(spec).map(([key, value]) => [key, key === 'objects' ? chosen : value]));
}

/** What differs from the defaults, in the order of the definition. */
function brief(type: z.ZodType, value: unknown): unknown {
  const part = partOf(type);
  if (part.kind === 'list' && Array.isArray(value)) return value.map((item) => brief(part.of, item));
  if (part.kind !== 'map') return value;
  const given = value as Readonly<Record<string, unknown>>;
  const kept: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(part.shape)) {
    if (given[name] === undefined) continue;
    const short = brief(inner, given[name]);
    if (!isDefault(inner, short) && !isImplied(name, given)) kept.push([name, short]);
  }
  return Object.fromEntries(kept);
}

function isDefault(type: z.ZodType, value: unknown): boolean {
  const { type: kind, defaultValue } = type.def as unknown as {
    readonly type: string;
    readonly defaultValue?: unknown;
  };
  if (kind !== 'default' && kind !== 'prefault') return false;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === defaultValue;
}

/** Defaults that depend on other keys. */
function isImplied(name: string, given: Readonly<Record<string, unknown>>): boolean {
  return (
    (name === 'outOf' && given.outOf === given.periods) || (name === 'comparison' && given.comparison === 'period')
  );
}

function text(document: object): string {
  return stringify(document, { lineWidth: 120, aliasDuplicateObjects: false });
}
