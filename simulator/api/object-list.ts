import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore } from '../object-store.ts';
import { ApiError, badRequest, expired } from './api-error.ts';
import type { ListMetadata } from './representation.ts';
import type { ApiResource } from './resources.ts';
import type { Selection } from './selection.ts';

/** Which part of a list a client asks for. */
export interface ListQuery {
  /** 0 is no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
}

export interface ListPage {
  readonly metadata: ListMetadata;
  readonly items: readonly KubeObject[];
}

/** Versions of resources whose sorted lists are kept. */
const SNAPSHOTS = 8;

const EXPIRED_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.';

/**
 * Reads lists page by page, all pages as of one resource version, as the real server does: a continue token holds the version
 * and where the page before ended. The sorted list of a version is kept for the pages to come.
 */
export class ObjectLists {
  readonly #store: ObjectStore;
  /** By resource and version, the one used last at the end. */
  readonly #snapshots = new Map<string, readonly KubeObject[]>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** An ApiError of 410 when the version asked for is not known any more. */
  page(resource: ApiResource, selection: Selection, query: ListQuery): ListPage {
    const token = query.continue === '' ? undefined : parseContinue(query.continue);
    const version = token?.version ?? this.#wantedVersion(query);
    const limit = token === undefined && query.resourceVersion === '0' ? 0 : query.limit;
    const paged = limit > 0;

    const objects = this.#objectsAt(resource, version, { selection, paged, isContinued: token !== undefined });
    const items: KubeObject[] = [];
    let at = token === undefined ? 0 : positionAfter(objects, token.after);
    for (; at < objects.length && !(paged && items.length === limit); at++) {
      if (selection.matches(objects[at]!)) items.push(objects[at]!);
    }
    // What is left is only counted when nothing is selected, as counting would mean looking at all of it.
    const remaining = objects.length - at;
    const metadata: ListMetadata =
      remaining > 0
        ? {
            resourceVersion: String(version),
            continue: formatContinue(version, keyOf(objects[at - 1]!)),
            ...(!selection.selects && { remainingItemCount: remaining }),
          }
        : { resourceVersion: String(version) };
    return { metadata, items };
  }

  #wantedVersion({ resourceVersion, resourceVersionMatch, limit }: ListQuery): number {
    const current = this.#store.version;
    if (resourceVersion === '' || resourceVersion === '0') {
      if (resourceVersionMatch === 'Exact')
        throw badRequest('resourceVersionMatch: Forbidden: "Exact" needs a resourceVersion');
      return current;
    }
    const version = parseVersion(resourceVersion);
    if (version > current) {
      throw new ApiError(504, 'Timeout', `Too large resource version: ${version}, current: ${current}`, {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      });
    }
    return resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0) ? version : current;
  }

  #objectsAt(
    resource: ApiResource,
    version: number,
    given: { readonly selection: Selection; readonly paged: boolean; readonly isContinued: boolean },
  ): readonly KubeObject[] {
    const store = this.#store;
    const { namespace } = given.selection;
    if (version < store.oldestVersion) {
      throw expired(given.isContinued ? EXPIRED_CONTINUE : `The resourceVersion for the provided list is too old.`);
    }
    if (version === store.version && !given.paged) return store.list(resource.stored, { sorted: true, namespace });
    const key = `${resource.stored}@${version}`;
    const objects = this.#snapshots.get(key) ?? store.listAt(resource.stored, version)!;
    this.#snapshots.delete(key);
    this.#snapshots.set(key, objects);
    if (this.#snapshots.size > SNAPSHOTS) this.#snapshots.delete(this.#snapshots.keys().next().value!);
    if (namespace === undefined) return objects;
    return objects.slice(positionAfter(objects, namespace + '/'), positionAfter(objects, namespace + '0'));
  }
}

/** A resource version as a client gives it. */
export function parseVersion(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`resourceVersion: Invalid value: "${text}": must be a number`);
  return Number(text);
}

function keyOf({ metadata: { namespace = '', name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/** Where the first object with a greater key is. */
function positionAfter(objects: readonly KubeObject[], key: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(objects[middle]!) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function formatContinue(version: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `${after}\u0000` })).toString(
    'base64url',
  );
}

function parseContinue(token: string): { readonly version: number; readonly after: string } {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<string, unknown>;
    if (v === 'meta.k8s.io/v1' && Number.isSafeInteger(rv) && typeof start === 'string') {
      return { version: rv as number, after: start.replace(/\u0000$/, '') };
    }
  } catch {
    // Told below.
  }
  throw badRequest('continue key is not valid');
}
