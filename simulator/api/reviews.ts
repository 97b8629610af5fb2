import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../object-store.ts';
import { rfc3339 } from '../object-store.ts';
import { badRequest, invalid, notFound } from './api-error.ts';
import { type Answer, type ApiRequest, parseObject } from './api-request.ts';
import { API_AUDIENCE, type Authentication, type User } from './authentication.ts';
import { type Action, allowance, type Rule } from './authorization.ts';
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
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly token?: string;
  readonly audiences?: readonly string[];
  readonly namespace?: string;
}

/** POST of a review, which is answered and not stored. Undefined when the resource is none. */
export async function review(
  { resource }: ResourceTarget,
  request: ApiRequest,
  { store, authentication }: Reviewing,
): Promise<Answer | undefined> {
  const { kind, group, version } = resource;
  if (group !== 'authentication.k8s.io' && group !== 'authorization.k8s.io') return undefined;
  const body = parseObject(await request.body(), request.incoming.headers['content-type']);
  const spec = (body.spec ?? {}) as ReviewSpec;
  const status = statusOf(kind, spec, { store, authentication, user: request.user });
  const apiVersion = `${group}/${version}`;
  return { code: 201, json: JSON.stringify({ kind, apiVersion, metadata: { creationTimestamp: null }, spec, status }) };
}

function statusOf(
  kind: string,
  spec: ReviewSpec,
  {
    store,
    authentication,
    user,
  }: { readonly store: ObjectStore; readonly authentication: Authentication; readonly user: User },
): object {
  switch (kind) {
    case 'TokenReview':
      return tokenStatus(spec, authentication);
    case 'SelfSubjectReview':
      return { userInfo: userInfo(user) };
    case 'SelfSubjectAccessReview':
      return access(user, spec, { kind, store });
    case 'SelfSubjectRulesReview':
      return rules(user);
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview': {
      const { user: name = '', uid, groups = [], extra } = spec;
      if (name === '' && groups.length === 0)
        throw invalidReview(kind, 'spec.user', 'at least one of user or group must be specified');
      const allow = authentication.named(name) ?? [];
      const asked = { name, groups, allow, ...(uid !== undefined && { uid }), ...(extra !== undefined && { extra }) };
      return access(asked, spec, { kind, store });
    }
    default:
      throw badRequest(`there is no review of the kind ${kind}`);
  }
}

function tokenStatus({ token = '', audiences }: ReviewSpec, authentication: Authentication): object {
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const wanted = audiences === undefined || audiences.length === 0 ? [API_AUDIENCE] : audiences;
  const found = authentication.userOf(token, wanted);
  if (found === undefined) return { authenticated: false, user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: userInfo(found), audiences: authentication.audiencesOf(token, wanted) };
}

function userInfo({ name, uid, groups, extra }: User): object {
  return {
    username: name,
    ...(uid !== undefined && { uid }),
    groups,
    ...(extra !== undefined && { extra }),
  };
}

function access(
  user: User,
  { resourceAttributes, nonResourceAttributes }: ReviewSpec,
  { kind, store }: { readonly kind: string; readonly store: ObjectStore },
): object {
  if (nonResourceAttributes !== undefined && resourceAttributes !== undefined)
    throw invalidReview(
      kind,
      'spec.nonResourceAttributes',
      'cannot be specified in combination with resourceAttributes',
    );
  let action: Action;
  if (nonResourceAttributes !== undefined) {
    const { path = '', verb = '' } = nonResourceAttributes;
    action = { verb, path };
  } else if (resourceAttributes !== undefined) {
    const { namespace = '', verb = '', group = '', resource = '', subresource = '', name = '' } = resourceAttributes;
    action = { verb, group, plural: resource, subresource, namespace, name };
  } else {
    throw invalidReview(
      kind,
      'spec.resourceAttributes',
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  }
  const reason = allowance(user, action, store);
  if (reason === undefined) return { allowed: false };
  return { allowed: true, ...(reason !== '' && { reason }) };
}

function invalidReview(kind: string, field: string, message: string) {
  return invalid({ kind, group: 'authorization.k8s.io' }, '', { field, message });
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
  const account = store.get(resource.stored, namespace, name);
  if (account === undefined) throw notFound(resource, name);
  const body = parseObject(await request.body(), request.incoming.headers['content-type']);
  const { expirationSeconds = 3600, audiences = [] } = (body.spec ?? {}) as {
    readonly expirationSeconds?: number;
    readonly audiences?: readonly string[];
  };
  const expires = now() + 1000 * Math.max(600, expirationSeconds);
  const user = `system:serviceaccount:${namespace}:${name}`;
  const token = randomUUID();
  const { uid } = account.metadata;
  authentication.add({
    token,
    user,
    expires,
    allow: authentication.named(user) ?? [],
    extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${randomUUID()}`] },
    ...(uid !== undefined && { uid }),
    ...(audiences.length > 0 && { audiences }),
  });
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
