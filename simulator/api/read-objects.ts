import type { ObjectStore } from '../object-store.ts';
import { ApiError, badRequest, methodNotAllowed, notFound } from './api-error.ts';
import type { Answer, ApiRequest } from './api-request.ts';
import { type ObjectLists, parseVersion } from './object-list.ts';
import { negotiate, ObjectWriter } from './representation.ts';
import type { ResourceTarget } from './request-target.ts';
import { parseSelection } from './selection.ts';
import type { WatchHub } from './watch-hub.ts';

/** What reading needs of the server. */
export interface Reading {
  readonly store: ObjectStore;
  readonly lists: ObjectLists;
  readonly watches: WatchHub;
  readonly now: () => number;
}

/** GET of an object by its name. */
export function getObject(target: ResourceTarget, request: ApiRequest, { store, now }: Reading): Answer {
  const { resource, namespace, name } = target;
  if (!resource.verbs.includes('get')) throw methodNotAllowed();
  const writer = new ObjectWriter(resource, negotiate(request.incoming.headers.accept, request.query), now);
  const object = store.get(resource.stored, namespace, name);
  if (object === undefined) throw notFound(resource, name);
  return { code: 200, json: writer.object(object) };
}

/** GET of a collection, or of a page of it. */
export function listObjects(target: ResourceTarget, request: ApiRequest, { lists, now }: Reading): Answer {
  const { query } = request;
  if (!target.resource.verbs.includes('list')) throw methodNotAllowed();
  const writer = new ObjectWriter(target.resource, negotiate(request.incoming.headers.accept, query), now);
  const page = lists.page(target.resource, parseSelection(target, query), {
    limit: numberOf(query, 'limit'),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
  });
  return { code: 200, json: parts() };

  function* parts(): Iterable<string> {
    yield writer.listHead(page.metadata);
    let separator = '';
    for (const object of page.items) {
      yield separator + writer.item(object);
      separator = ',';
    }
    yield ']}';
  }
}

/** Answers with the changes of a collection, or of one object. */
export function watchObjects(target: ResourceTarget, request: ApiRequest, { watches, now }: Reading): void {
  const { query } = request;
  if (!target.resource.verbs.includes('watch')) throw methodNotAllowed();
  const writer = new ObjectWriter(target.resource, negotiate(request.incoming.headers.accept, query), now);
  const version = query.get('resourceVersion') ?? '';
  const sendInitial = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  if (sendInitial !== null && match !== 'NotOlderThan') {
    const why = 'sendInitialEvents needs resourceVersionMatch set to "NotOlderThan"';
    throw new ApiError(
      422,
      'Invalid',
      `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ${why}`,
    );
  }
  if (sendInitial === null && match !== '') {
    const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    throw new ApiError(
      422,
      'Invalid',
      `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ${why}`,
    );
  }
  const fromNow = version === '' || version === '0';
  const bookmarks = isTrue(query, 'allowWatchBookmarks');
  const seconds = numberOf(query, 'timeoutSeconds');
  watches.open(request.response, {
    resource: target.resource,
    selection: parseSelection(target, query),
    writer,
    after: fromNow ? undefined : parseVersion(version),
    initial: sendInitial === null ? fromNow : isTrue(query, 'sendInitialEvents'),
    initialBookmark: sendInitial !== null && isTrue(query, 'sendInitialEvents') && bookmarks,
    bookmarks,
    // As the real server, which ends watches after half an hour to an hour so that they do not end at once.
    timeout: 1000 * (seconds > 0 ? seconds : 1800 * (1 + Math.random())),
  });
}

export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === 'true' || value === '1' || value === '';
}

function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^\d{0,9}$/.test(text)) throw badRequest(`${name} must be a number, got "${text}"`);
  return Number(text);
}
