import type { ObjectStore } from '../object-store.ts';
import type { Aggregation } from './aggregation.ts';
import { ApiError, methodNotAllowed } from './api-error.ts';
import { type Answer, type ApiRequest, sendText } from './api-request.ts';
import type { Authentication } from './authentication.ts';
import { type Action, forbidden, isAllowed } from './authorization.ts';
import { deleteCollection, deleteObject, evictPod } from './delete-objects.ts';
import { apiResourceList } from './discovery.ts';
import type { ObjectLists } from './object-list.ts';
import { answerPage } from './pages.ts';
import { logTarget, type ProxyAnswer, type ProxyBackend, passOn, proxyTarget } from './proxying.ts';
import { getObject, isTrue, listObjects, watchObjects } from './read-objects.ts';
import type { RequestLabels } from './request-metrics.ts';
import { parseTarget, type RequestTarget, type ResourceTarget } from './request-target.ts';
import type { ResourceTable } from './resources.ts';
import { requestToken, review } from './reviews.ts';
import type { WatchHub } from './watch-hub.ts';
import { createObject, getScale, patchObject, updateObject } from './write-objects.ts';

/** What requests are answered from. */
export interface RouteContext {
  readonly store: ObjectStore;
  readonly resources: ResourceTable;
  readonly lists: ObjectLists;
  readonly watches: WatchHub;
  readonly authentication: Authentication;
  readonly now: () => number;
  readonly proxy: ProxyBackend;
  readonly proxyTimeout: number;
  readonly pages: (path: string) => Promise<ProxyAnswer> | undefined;
  readonly graceful: (resource: string) => boolean;
  readonly aggregation: Aggregation;
  readonly version: string;
  /** Host and port. */
  readonly address: () => string;
}

export interface Route {
  readonly labels: RequestLabels;
  /** Watches and proxied requests, which do not count as requests under way. */
  readonly longRunning: boolean;
  /** The store's resource that it is about. */
  readonly stored: string | undefined;
  /** Undefined when the answer was sent already. */
  readonly run: () => Promise<Answer | undefined> | Answer | undefined;
}

/** Decides what a request is, whether it is allowed, and who answers it. */
export class Routes {
  readonly #context: RouteContext;

  constructor(context: RouteContext) {
    this.#context = context;
  }

  /** An ApiError of 403 when it is not allowed, of 404 or 405 when there is no such thing. */
  find(request: ApiRequest): Route {
    const target = parseTarget(request.path, this.#context.resources);
    const verb = verbOf(target, request);
    const action = actionOf(target, request, verb);
    if (!isAllowed(request.user, action, this.#context.store)) throw forbidden(request.user, action);
    const labels = labelsOf(target, verb);
    switch (target.type) {
      case 'page':
        return { labels, longRunning: false, stored: undefined, run: () => answerPage(request, this.#context) };
      case 'groupVersion':
        return { labels, longRunning: false, stored: undefined, run: () => this.#groupVersion(target, request) };
      case 'resource': {
        const { stored } = target.resource;
        const longRunning = verb === 'watch' || target.subresource === 'proxy' || target.subresource === 'log';
        return { labels, longRunning, stored, run: () => this.#resource(target, request, verb) };
      }
    }
  }

  async #groupVersion(
    target: RequestTarget & { type: 'groupVersion' },
    request: ApiRequest,
  ): Promise<Answer | undefined> {
    const { group, version, below } = target;
    const { resources, aggregation } = this.#context;
    if (aggregation.has(group, version)) {
      await aggregation.passOn(request, { group, version });
      return undefined;
    }
    if (!below && resources.versions(group).includes(version)) {
      if (request.method !== 'GET') throw methodNotAllowed();
      return { code: 200, json: JSON.stringify(apiResourceList(group, version, resources)) };
    }
    sendText(request.response, 404, { type: 'text/plain', body: '404 page not found\n' });
    return undefined;
  }

  #resource(
    target: ResourceTarget,
    request: ApiRequest,
    verb: string,
  ): Promise<Answer | undefined> | Answer | undefined {
    const context = this.#context;
    if (target.subresource === 'proxy' || target.subresource === 'log') return this.#proxied(target, request);
    switch (verb) {
      case 'get':
        return target.subresource === 'scale' ? getScale(target, context) : getObject(target, request, context);
      case 'list':
        return listObjects(target, request, context);
      case 'watch':
        watchObjects(target, request, context);
        return undefined;
      case 'create':
        return this.#create(target, request);
      case 'update':
        return updateObject(target, request, context);
      case 'patch':
        return patchObject(target, request, context);
      case 'delete':
        return deleteObject(target, request, context);
      case 'deletecollection':
        return deleteCollection(target, request, context);
      default:
        throw methodNotAllowed();
    }
  }

  async #create(target: ResourceTarget, request: ApiRequest): Promise<Answer> {
    switch (target.subresource) {
      case '': {
        if (target.name !== '') throw methodNotAllowed();
        return (await review(target, request, this.#context)) ?? createObject(target, request, this.#context);
      }
      case 'eviction':
        return evictPod(target, request, this.#context);
      case 'token':
        return requestToken(target, request, this.#context);
      default:
        throw methodNotAllowed();
    }
  }

  async #proxied(target: ResourceTarget, request: ApiRequest): Promise<undefined> {
    const { store, proxy, proxyTimeout } = this.#context;
    const at = target.subresource === 'log' ? logTarget(target, request.query, store) : proxyTarget(target, store);
    const { authorization: _credentials, ...headers } = request.incoming.headers;
    const body = await request.body();
    const { method, query, signal } = request;
    const asked = { ...at, method, query: query.toString(), headers, body, signal };
    await passOn(request.response, asked, { proxy, timeout: proxyTimeout });
    return undefined;
  }
}

function verbOf(target: RequestTarget, { method, query }: ApiRequest): string {
  const collection = target.type === 'resource' && target.name === '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (target.type !== 'resource') return 'get';
      if (isWatch(query)) return 'watch';
      return collection ? 'list' : 'get';
    case 'POST':
      return target.type === 'resource' ? 'create' : 'post';
    case 'PUT':
      return target.type === 'resource' ? 'update' : 'put';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return collection ? 'deletecollection' : 'delete';
    default:
      throw new ApiError(405, 'MethodNotAllowed', `the server does not allow the method ${method}`);
  }
}

function isWatch(query: URLSearchParams): boolean {
  return query.has('watch') && isTrue(query, 'watch');
}

function actionOf(target: RequestTarget, request: ApiRequest, verb: string): Action {
  if (target.type === 'page' || (target.type === 'groupVersion' && !target.below)) return { verb, path: request.path };
  if (target.type === 'groupVersion') {
    const parts = decodeURIComponent(request.path).split('/').slice(4);
    const namespaced = parts[0] === 'namespaces' && parts.length > 2;
    const [plural = '', name = '', subresource = ''] = namespaced ? parts.slice(2) : parts;
    const namespace = namespaced ? parts[1]! : '';
    return {
      verb: verb === 'get' && name === '' ? 'list' : verb,
      group: target.group,
      plural,
      subresource,
      namespace,
      name,
    };
  }
  const { resource, namespace, name, subresource } = target;
  const object = subresource === 'proxy' ? (/^(?:https?:)?([^:]*)/.exec(name)?.[1] ?? name) : name;
  return { verb, group: resource.group, plural: resource.plural, subresource, namespace, name: object };
}

const METRIC_VERBS: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT' };

function labelsOf(target: RequestTarget, verb: string): RequestLabels {
  const shown = METRIC_VERBS[verb] ?? verb.toUpperCase();
  if (target.type !== 'resource')
    return { verb: shown, group: '', version: '', resource: '', subresource: '', scope: '' };
  const { resource, namespace, name, subresource } = target;
  return {
    verb: subresource === 'proxy' ? 'CONNECT' : shown,
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource,
    scope: name !== '' || verb === 'create' ? 'resource' : namespace === '' ? 'cluster' : 'namespace',
  };
}
