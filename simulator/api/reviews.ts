import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../object-store.ts';
import { rfc3339 } from '../object-store.ts';
import { badRequest, notFound } from './api-error.ts';
import { type Answer, type ApiRequest, parseObject } from './api-request.ts';
import type { Authentication, User } from './authentication.ts';
import { type Action, isAllowed, type Rule } from './authorization.ts';
import type { ResourceTarget } from './request-target.ts';

/** What reviews need of the server. */
export interface Reviewing {
  readonly store: ObjectStore;
  readonly authentication: Authentication;
  readonly now: () => number;
}

interface Attributes {
  readonly namespace?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
}

interface ReviewSpec {
  readonly resourceAttributes?: Attributes;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly token?: string;
  readonly namespace?: string;
}

/** POST of a review, which is answered and not stored. Undefined when the resource is none. */
export async function review(
  { resource }: ResourceTarget,
  request: ApiRequest,
  { authentication }: Reviewing,
): Promise<Answer | undefined> {
  const { kind, group, version } = resource;
  if (group !== 'authentication.k8s.io' && group !== 'authorization.k8s.io') return undefined;
  const body = parseObject(await request.body(), request.incoming.headers['content-type']);
  const spec = (body.spec ?? {}) as ReviewSpec;
  const status = statusOf(kind, spec, { authentication, user: request.user });
  const apiVersion = `${group}/${version}`;
  return { code: 201, json: JSON.stringify({ kind, apiVersion, metadata: { creationTimestamp: null }, spec, status }) };
}

function statusOf(
  kind: string,
  spec: ReviewSpec,
  { authentication, user }: { readonly authentication: Authentication; readonly user: User },
): object {
  switch (kind) {
    case 'TokenReview': {
      const found = authentication.userOf(spec.token ?? '');
      if (found === undefined) return { authenticated: false, user: {}, error: 'invalid bearer token' };
      return { authenticated: true, user: { username: found.name, groups: found.groups } };
    }
    case 'SelfSubjectReview':
      return { userInfo: { username: user.name, groups: user.groups } };
    case 'SelfSubjectAccessReview':
      return access(user, spec);
    case 'SelfSubjectRulesReview':
      return rules(user);
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview': {
      const groups = spec.groups ?? [];
      const masters = groups.includes('system:masters');
      const allow = masters ? 'everything' : (authentication.named(spec.user ?? '') ?? []);
      return access({ name: spec.user ?? '', groups, allow }, spec);
    }
    default:
      throw badRequest(`there is no review of the kind ${kind}`);
  }
}

function access(user: User, { resourceAttributes, nonResourceAttributes }: ReviewSpec): object {
  let action: Action;
  if (nonResourceAttributes !== undefined) {
    const { path = '', verb = '' } = nonResourceAttributes;
    action = { verb, path };
  } else if (resourceAttributes !== undefined) {
    const { namespace = '', verb = '', group = '', resource = '', subresource = '', name = '' } = resourceAttributes;
    action = { verb, group, plural: resource, subresource, namespace, name };
  } else throw badRequest('one of spec.resourceAttributes and spec.nonResourceAttributes must be given');
  return isAllowed(user, action) ? { allowed: true, reason: `"${user.name}" may do so` } : { allowed: false };
}

const EVERYTHING: readonly Rule[] = [
  { verbs: ['*'], groups: ['*'], resources: ['*'] },
  { verbs: ['*'], paths: ['*'] },
];

function rules({ allow }: User): object {
  const list = allow === 'everything' ? EVERYTHING : allow;
  return {
    resourceRules: list
      .filter(({ resources, paths }) => resources !== undefined || paths === undefined)
      .map(({ verbs, groups = ['*'], resources = ['*'], names }) => ({
        verbs,
        apiGroups: groups,
        resources,
        ...(names !== undefined && { resourceNames: names }),
      })),
    nonResourceRules: list.flatMap(({ verbs, paths }) =>
      paths === undefined ? [] : [{ verbs, nonResourceURLs: paths }],
    ),
    incomplete: false,
  };
}

/** POST of a TokenRequest: a new token of a service account, which may do what the account's other tokens may. */
export async function requestToken(
  { resource, namespace, name }: ResourceTarget,
  request: ApiRequest,
  { store, authentication, now }: Reviewing,
): Promise<Answer> {
  if (store.get(resource.stored, namespace, name) === undefined) throw notFound(resource, name);
  const body = parseObject(await request.body(), request.incoming.headers['content-type']);
  const { expirationSeconds = 3600, audiences = [] } = (body.spec ?? {}) as {
    readonly expirationSeconds?: number;
    readonly audiences?: readonly string[];
  };
  const expires = now() + 1000 * Math.max(600, expirationSeconds);
  const user = `system:serviceaccount:${namespace}:${name}`;
  const token = randomUUID();
  authentication.add({ token, user, expires, allow: authentication.named(user) ?? [] });
  const spec = { audiences, expirationSeconds, boundObjectRef: null };
  const status = { token, expirationTimestamp: rfc3339(expires) };
  const answer = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace },
    spec,
    status,
  };
  return { code: 201, json: JSON.stringify(answer) };
}
