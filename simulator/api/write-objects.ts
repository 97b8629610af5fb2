import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ObjectMeta } from '../kube-object.ts';
import { type ObjectStore, rfc3339 } from '../object-store.ts';
import { ApiError, alreadyExists, badRequest, conflict, methodNotAllowed, notFound } from './api-error.ts';
import { type Answer, type ApiRequest, jsonObject, parseObject } from './api-request.ts';
import { withClusterIp } from './cluster-ip.ts';
import { withDefaults } from './defaults.ts';
import { checkName, generatedName } from './object-name.ts';
import { checkRules } from './object-rules.ts';
import { APPLY_TYPE, applyPatch, parseYamlObject } from './patch/apply-patch.ts';
import type { JsonObject } from './patch/json-value.ts';
import { serverSideApply } from './patch/server-side-apply.ts';
import { negotiate, ObjectWriter } from './representation.ts';
import type { ResourceTarget } from './request-target.ts';
import type { ApiResource } from './resources.ts';
import { scaleOf, withScale } from './scale.ts';

/** What writing needs of the server. */
export interface Writing {
  readonly store: ObjectStore;
  readonly now: () => number;
}

/** Resources that an update creates when they are not there. */
const CREATED_ON_UPDATE = new Set(['leases.coordination.k8s.io', 'endpoints', 'events']);

/** POST of a new object. */
export async function createObject(target: ResourceTarget, request: ApiRequest, context: Writing): Promise<Answer> {
  const { resource } = target;
  if (!resource.verbs.includes('create')) throw methodNotAllowed();
  const body = parseObject(await request.body(), request.incoming.headers['content-type']);
  const created = insert(target, toStored(resource, checkKind(resource, body)), { request, context });
  return answer(201, resource, created, { request, context });
}

/** PUT of an object or of its status or scale. */
export async function updateObject(target: ResourceTarget, request: ApiRequest, context: Writing): Promise<Answer> {
  const { resource, name, namespace, subresource } = target;
  if (!resource.verbs.includes('update')) throw methodNotAllowed();
  const body = parseObject(await request.body(), request.incoming.headers['content-type']);
  const before = context.store.get(resource.stored, namespace, name);
  if (subresource === 'scale') return answerScale(target, withScale(found(target, before), body), { request, context });
  const next = toStored(resource, checkKind(resource, body));
  if (before === undefined && CREATED_ON_UPDATE.has(resource.stored) && subresource === '') {
    return answer(201, resource, insert(target, next, { request, context }), { request, context });
  }
  const stored = replace(target, found(target, before), { next, request, context });
  return answer(200, resource, stored, { request, context });
}

/** PATCH of an object or of its status or scale, with any of the four patch types. */
export async function patchObject(target: ResourceTarget, request: ApiRequest, context: Writing): Promise<Answer> {
  const { resource, name, namespace, subresource } = target;
  if (!resource.verbs.includes('patch')) throw methodNotAllowed();
  const body = await request.body();
  const type = (request.incoming.headers['content-type'] ?? '').split(';')[0]!.trim();
  const before = context.store.get(resource.stored, namespace, name);
  if (type === APPLY_TYPE) return applyObject(target, before, { body, request, context });
  const old = found(target, before);
  if (subresource === 'scale') {
    const scale = applyPatch(scaleOf(target.resource, old) as unknown as JsonObject, body, { type, custom: false });
    return answerScale(target, withScale(old, scale), { request, context });
  }
  const patched = applyPatch(fromStored(resource, old) as unknown as JsonObject, body, {
    type,
    custom: resource.custom,
  });
  const next = toStored(resource, checkKind(resource, patched as Record<string, unknown>));
  return answer(200, resource, replace(target, old, { next, request, context }), { request, context });
}

interface Given {
  readonly request: ApiRequest;
  readonly context: Writing;
}

function applyObject(
  target: ResourceTarget,
  before: KubeObject | undefined,
  { body, request, context }: Given & { readonly body: Buffer },
): Answer {
  const { resource, name, namespace, subresource } = target;
  const manager = request.query.get('fieldManager') ?? '';
  if (manager === '') {
    const message = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch';
    throw new ApiError(422, 'Invalid', message);
  }
  if (subresource === 'scale') throw methodNotAllowed();
  const applied = parseYamlObject(body);
  const { name: given } = checkKind(resource, applied as Record<string, unknown>).metadata;
  if (given !== undefined && given !== name) throw wrongName(given, name);
  const options = {
    manager,
    force: request.query.get('force') === 'true',
    custom: resource.custom,
    time: rfc3339(context.now()),
  };
  const old = before && (fromStored(resource, before) as unknown as JsonObject);
  const configuration = { ...applied, metadata: { ...(applied.metadata as JsonObject), name } };
  const merged = serverSideApply(old, configuration, options) as unknown as KubeObject;
  const metadata = { ...merged.metadata, name, ...(namespace !== '' && { namespace }) };
  const next = toStored(resource, { ...merged, metadata });
  if (before === undefined)
    return answer(201, resource, insert(target, next, { request, context }), { request, context });
  return answer(200, resource, replace(target, before, { next, request, context }), { request, context });
}

function insert(target: ResourceTarget, given: KubeObject, { request, context }: Given): KubeObject {
  const { resource, namespace } = target;
  const { store, now } = context;
  const { generateName, ...metadata } = given.metadata as ObjectMeta & { readonly generateName?: string };
  const name = metadata.name || (generateName ? generatedName(generateName) : '');
  checkName(resource, name);
  if (target.name !== '' && target.name !== name) throw wrongName(name, target.name);
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== '') {
    throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  if (resource.namespaced) checkNamespace(target, metadata.namespace, store);
  if (store.get(resource.stored, namespace, name) !== undefined) throw alreadyExists(resource, name);
  const {
    uid: _uid,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    namespace: _namespace,
    ...kept
  } = metadata;
  // Status is for whoever looks after the object.
  const { status: _status, ...fields } = given;
  const defaulted = withDefaults(resource.stored, {
    ...(resource.subresources.includes('status') ? (fields as KubeObject) : given),
    metadata: {
      ...kept,
      name,
      ...(generateName !== undefined && { generateName }),
      ...(resource.namespaced && { namespace }),
      ...(resource.generations && { generation: 1 }),
      creationTimestamp: rfc3339(now()),
    },
  });
  const object = resource.stored === 'services' ? withClusterIp(defaulted, store) : defaulted;
  checkRules(resource, undefined, object);
  if (isDryRun(request)) return object;
  return store.create(resource.stored, object)!;
}

/** Puts another state of an object in its place; what clients may not change stays as it was. */
function replace(
  target: ResourceTarget,
  before: KubeObject,
  { next, request, context }: Given & { readonly next: KubeObject },
): KubeObject {
  const { resource, subresource } = target;
  const old = before.metadata;
  const { name, namespace, uid, resourceVersion, ...metadata } = next.metadata;
  if (name !== undefined && name !== old.name) throw wrongName(name, old.name);
  if (namespace !== undefined && namespace !== '' && namespace !== old.namespace) throw wrongNamespace();
  if (uid !== undefined && uid !== '' && uid !== old.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.uid}`;
    throw conflict(resource, old.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== old.resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(resource, old.name, why);
  }
  const { generation: _generation, creationTimestamp: _created, deletionTimestamp: _deleted, ...free } = metadata;
  const { generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = old;
  const kept = {
    ...free,
    name: old.name,
    ...(old.namespace !== undefined && { namespace: old.namespace }),
    ...(old.uid !== undefined && { uid: old.uid }),
    ...(old.resourceVersion !== undefined && { resourceVersion: old.resourceVersion }),
    ...(generation !== undefined && { generation }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
  };
  let object: KubeObject;
  if (subresource === 'status' || subresource === 'approval')
    object = { ...before, metadata: kept, status: next.status };
  else if (subresource === 'finalize') object = { ...before, spec: next.spec };
  else {
    const hasStatus = resource.subresources.includes('status');
    const changed = { ...next, metadata: kept, ...(hasStatus && { status: before.status }) };
    object = isDefaulted(resource, before) ? withDefaults(resource.stored, changed) : changed;
  }
  checkRules(resource, before, object);
  if (isDryRun(request) || isDeepStrictEqual(plain(object), plain(before))) return object;
  const { store } = context;
  const stored = store.update(resource.stored, object)!;
  // The last finalizer of something deleted is what kept it.
  const over = deletionTimestamp !== undefined && (deletionGracePeriodSeconds ?? 0) === 0;
  if (over && finalizersOf(resource, before).length > 0 && finalizersOf(resource, object).length === 0) {
    store.delete(resource.stored, old.namespace ?? '', old.name);
  }
  return stored;
}

/**
 * Objects that did not come by way of the API may lack defaults, and are not given them by an update: that would change more
 * than the client has asked for, for example a pod template when something is scaled.
 */
function isDefaulted({ stored }: ApiResource, object: KubeObject): boolean {
  return isDeepStrictEqual(plain(withDefaults(stored, object)), plain(object));
}

/** A namespace's are in its spec. */
function finalizersOf({ stored }: ApiResource, { metadata, spec }: KubeObject): readonly unknown[] {
  const { finalizers } = stored === 'namespaces' ? ((spec ?? {}) as { finalizers?: readonly unknown[] }) : metadata;
  return finalizers ?? [];
}

/** Fields with `undefined` are not there in JSON. */
function plain(object: KubeObject): unknown {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function checkKind(resource: ApiResource, body: Record<string, unknown>): KubeObject {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  const { kind = resource.kind, apiVersion: given = apiVersion, metadata = {} } = body;
  if (kind !== resource.kind || given !== apiVersion) {
    const wanted = `${resource.kind} of ${apiVersion}`;
    throw badRequest(`the object provided is a ${kind} of ${given} and must be a ${wanted}`);
  }
  if (typeof metadata !== 'object' || metadata === null) throw badRequest('metadata must be an object');
  return { ...body, kind: resource.kind, apiVersion, metadata: metadata as ObjectMeta };
}

function checkNamespace(
  { resource, namespace, name }: ResourceTarget,
  given: string | undefined,
  store: ObjectStore,
): void {
  if (given !== undefined && given !== '' && given !== namespace) throw wrongNamespace();
  if (namespace === '') throw badRequest(`a ${resource.kind} must be created in a namespace`);
  const found = store.get('namespaces', '', namespace);
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const message = `${resource.plural} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
  throw new ApiError(403, 'Forbidden', message, {
    name,
    kind: resource.plural,
    causes: [{ reason: 'NamespaceTerminating', message }],
  });
}

function wrongName(given: string, wanted: string): ApiError {
  return badRequest(`the name of the object (${given}) does not match the name on the URL (${wanted})`);
}

function wrongNamespace(): ApiError {
  return badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

function found({ resource, name }: ResourceTarget, object: KubeObject | undefined): KubeObject {
  if (object === undefined) throw notFound(resource, name);
  return object;
}

/** Nothing is stored then, only answered. */
export function isDryRun({ query }: ApiRequest): boolean {
  const value = query.get('dryRun');
  if (value !== null && value !== '' && value !== 'All') throw badRequest(`dryRun must be "All", got "${value}"`);
  return value === 'All';
}

function fromStored({ conversion }: ApiResource, object: KubeObject): KubeObject {
  return conversion === undefined ? object : conversion.fromStored(object);
}

function toStored({ conversion }: ApiResource, object: KubeObject): KubeObject {
  return conversion === undefined ? object : conversion.toStored(object);
}

function answer(code: number, resource: ApiResource, object: KubeObject, { request, context }: Given): Answer {
  const writer = new ObjectWriter(resource, negotiate(request.incoming.headers.accept, request.query), context.now);
  return { code, json: writer.object(object) };
}

function answerScale(target: ResourceTarget, next: KubeObject, { request, context }: Given): Answer {
  const before = found(target, context.store.get(target.resource.stored, target.namespace, target.name));
  const stored = replace({ ...target, subresource: '' }, before, { next, request, context });
  return { code: 200, json: JSON.stringify(scaleOf(target.resource, stored)) };
}

/** GET of the scale subresource. */
export function getScale(target: ResourceTarget, { store }: Writing): Answer {
  const object = found(target, store.get(target.resource.stored, target.namespace, target.name));
  return { code: 200, json: JSON.stringify(scaleOf(target.resource, object)) };
}

/** A body that may be empty, such as the options of a deletion. */
export async function optionalObject(request: ApiRequest): Promise<Record<string, unknown>> {
  const body = await request.body();
  return body.length === 0 ? {} : jsonObject(body);
}
