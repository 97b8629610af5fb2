import type { KubeObject } from '../kube-object.ts';
import { type ObjectStore, rfc3339 } from '../object-store.ts';
import { ApiError, conflict, methodNotAllowed, notFound, success } from './api-error.ts';
import type { Answer, ApiRequest } from './api-request.ts';
import { negotiate, ObjectWriter } from './representation.ts';
import type { ResourceTarget } from './request-target.ts';
import type { ApiResource, ResourceTable } from './resources.ts';
import { parseSelection } from './selection.ts';
import { labelSelectorText, parseLabelSelector } from './selectors.ts';
import { isDryRun, optionalObject } from './write-objects.ts';

/** What deleting needs of the server. */
export interface Deleting {
  readonly store: ObjectStore;
  readonly resources: ResourceTable;
  readonly now: () => number;
  /** Whether somebody else takes away the objects of a stored resource that have a deletionTimestamp. */
  readonly graceful: (resource: string) => boolean;
}

/** The body of a DELETE, as far as it is known; the query can say the same. */
interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
  readonly dryRun?: readonly string[];
}

/** DELETE of one object. What takes its time is answered with the object, what is gone with a Status. */
export async function deleteObject(target: ResourceTarget, request: ApiRequest, context: Deleting): Promise<Answer> {
  const { resource, namespace, name, subresource } = target;
  if (!resource.verbs.includes('delete') || subresource !== '') throw methodNotAllowed();
  const options = deleteOptions(request, await optionalObject(request));
  const object = context.store.get(resource.stored, namespace, name);
  if (object === undefined) throw notFound(resource, name);
  checkPreconditions(resource, object, options);
  const left = options.dryRun === undefined ? remove(resource, object, { options, context }) : undefined;
  if (left !== undefined) {
    const writer = new ObjectWriter(resource, negotiate(request.incoming.headers.accept, request.query), context.now);
    return { code: 200, json: writer.object(left) };
  }
  const { group, plural } = resource;
  const details = { name, ...(group !== '' && { group }), kind: plural, uid: object.metadata.uid ?? '' };
  return { code: 200, json: JSON.stringify(success(details)) };
}

/** DELETE of all selected objects of a collection; answered with a list of them. */
export async function deleteCollection(
  target: ResourceTarget,
  request: ApiRequest,
  context: Deleting,
): Promise<Answer> {
  const { resource } = target;
  if (!resource.verbs.includes('deletecollection')) throw methodNotAllowed();
  const options = deleteOptions(request, await optionalObject(request));
  const selection = parseSelection(target, request.query);
  const objects = context.store
    .list(resource.stored, { sorted: true, namespace: selection.namespace })
    .filter((object) => selection.matches(object));
  const items = objects.map((object) =>
    options.dryRun === undefined ? (remove(resource, object, { options, context }) ?? object) : object,
  );
  const writer = new ObjectWriter(resource, negotiate(request.incoming.headers.accept, request.query), context.now);
  const head = writer.listHead({ resourceVersion: String(context.store.version) });
  return { code: 200, json: `${head}${items.map((item) => writer.item(item)).join(',')}]}` };
}

/** POST of an Eviction: a deletion that the disruption budgets of the pod must allow. */
export async function evictPod(target: ResourceTarget, request: ApiRequest, context: Deleting): Promise<Answer> {
  const { resource, namespace, name } = target;
  const { store } = context;
  const body = (await optionalObject(request)) as { readonly deleteOptions?: DeleteOptions };
  const pod = store.get('pods', namespace, name);
  if (pod === undefined) throw notFound(resource, name);
  const options: DeleteOptions = { ...body.deleteOptions, ...(isDryRun(request) && { dryRun: ['All'] }) };
  checkPreconditions(resource, pod, options);
  const running = (pod.status as { phase?: string } | undefined)?.phase === 'Running';
  for (const budget of running ? budgetsOf(pod, store) : []) {
    const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = budget.status ?? {};
    if (disruptionsAllowed <= 0) {
      const why = `The disruption budget ${budget.metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
      throw new ApiError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
        causes: [{ reason: 'DisruptionBudget', message: why }],
      });
    }
    if (options.dryRun !== undefined) continue;
    const status = { ...budget.status, disruptionsAllowed: disruptionsAllowed - 1 };
    store.update('poddisruptionbudgets.policy', { ...budget, status });
  }
  if (options.dryRun === undefined) remove(resource, pod, { options, context });
  return {
    code: 201,
    json: JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }),
  };
}

interface Budget extends KubeObject {
  readonly spec?: { readonly selector?: object };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly desiredHealthy?: number;
    readonly currentHealthy?: number;
  };
}

function budgetsOf(pod: KubeObject, store: ObjectStore): readonly Budget[] {
  const budgets = store.list('poddisruptionbudgets.policy', { namespace: pod.metadata.namespace }) as readonly Budget[];
  return budgets.filter(({ spec }) => {
    if (spec?.selector === undefined) return false;
    return parseLabelSelector(labelSelectorText(spec.selector))?.(pod) ?? true;
  });
}

function deleteOptions(request: ApiRequest, body: DeleteOptions): DeleteOptions {
  const { query } = request;
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  return {
    ...body,
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(policy !== null && { propagationPolicy: policy }),
    ...(isDryRun(request) && { dryRun: ['All'] }),
  };
}

function checkPreconditions(resource: ApiResource, { metadata }: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
    throw conflict(resource, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw conflict(resource, metadata.name, why);
  }
}

interface Removal {
  readonly options: DeleteOptions;
  readonly context: Deleting;
}

/** Takes an object away, or marks it as deleted and answers with it, when something must happen before. */
function remove(resource: ApiResource, object: KubeObject, { options, context }: Removal): KubeObject | undefined {
  const { store, now, graceful } = context;
  const { name, namespace = '', finalizers = [] } = object.metadata;
  if (options.propagationPolicy === 'Orphan' || options.orphanDependents === true) orphanDependents(object, context);
  const grace = resource.stored === 'pods' ? gracePeriod(object, options) : 0;
  const waits =
    finalizers.length > 0 ||
    (grace > 0 && graceful('pods')) ||
    (resource.stored === 'namespaces' && graceful('namespaces'));
  if (!waits) {
    if (resource.stored === 'namespaces') emptyNamespace(name, context);
    store.delete(resource.stored, namespace, name);
    return undefined;
  }
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds <= grace) return object;
  const metadata = {
    ...object.metadata,
    deletionTimestamp: rfc3339(now() + grace * 1000),
    deletionGracePeriodSeconds: grace,
  };
  const terminating = resource.stored === 'namespaces' && {
    status: { ...(object.status as object), phase: 'Terminating' },
  };
  return store.update(resource.stored, { ...object, metadata, ...terminating });
}

interface Stoppable {
  readonly spec?: { readonly nodeName?: string; readonly terminationGracePeriodSeconds?: number };
  readonly status?: { readonly phase?: string };
}

/** In seconds. A pod that is on no node or has ended needs none. */
function gracePeriod(pod: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  const { spec, status } = pod as Stoppable;
  if (!spec?.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  return Math.max(0, gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30);
}

function emptyNamespace(namespace: string, { store, resources }: Deleting): void {
  const stored = new Set(
    resources
      .all()
      .filter(({ namespaced }) => namespaced)
      .map((resource) => resource.stored),
  );
  for (const resource of stored) {
    for (const { metadata } of store.list(resource, { namespace })) store.delete(resource, namespace, metadata.name);
  }
}

/** Makes what belongs to an object belong to nobody. */
function orphanDependents({ metadata: { uid } }: KubeObject, { store, resources }: Deleting): void {
  for (const stored of new Set(resources.all().map((resource) => resource.stored))) {
    for (const object of store.list(stored)) {
      const owners = object.metadata.ownerReferences ?? [];
      if (!owners.some((owner) => owner.uid === uid)) continue;
      const ownerReferences = owners.filter((owner) => owner.uid !== uid);
      store.update(stored, { ...object, metadata: { ...object.metadata, ownerReferences } });
    }
  }
}
