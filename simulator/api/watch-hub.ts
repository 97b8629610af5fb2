/**
 * Watches. Those that see the same (resource, selection, representation) form a group: an event is turned into JSON once for a
 * group, and what gathers within some milliseconds is written as one buffer that all of its sockets share. A watch first
 * catches up by itself, from a list or from the store's history, as fast as its socket takes it, and then joins its group.
 */
import type { ServerResponse } from 'node:http';
import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore, StoreEvent } from '../object-store.ts';
import { type ApiError, expired, tooManyRequests } from './api-error.ts';
import { drained } from './api-request.ts';
import type { ObjectWriter } from './representation.ts';
import type { ApiResource } from './resources.ts';
import type { Selection } from './selection.ts';

export interface WatchRequest {
  readonly resource: ApiResource;
  readonly selection: Selection;
  readonly writer: ObjectWriter;
  /** The events after this version; undefined for those from now on. */
  readonly after: number | undefined;
  /** The objects there are come first, as ADDED. */
  readonly initial: boolean;
  /** A bookmark says where the initial objects end. */
  readonly initialBookmark: boolean;
  readonly bookmarks: boolean;
  /** Milliseconds after which the server ends it. */
  readonly timeout: number;
}

export interface WatchHubOptions {
  readonly store: ObjectStore;
  /** Watches at once; one more is answered 429. */
  readonly maxWatches: number;
  /** Bytes that may wait for a socket; a watch that is slower is cut. */
  readonly maxBuffered: number;
  /** Milliseconds between bookmarks. */
  readonly bookmarkInterval: number;
}

/** Milliseconds in which events gather once there are many; the first one after a pause is sent at once. */
const GATHER = 20;
/** Characters that are written at once while a watch catches up. */
const CATCH_UP_BYTES = 256 * 1024;

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export class WatchHub {
  readonly #options: WatchHubOptions;
  /** By the store's resource, then by key. */
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #watches = new Set<Watch>();
  readonly #dirty = new Set<Group>();
  readonly #unsubscribe: () => void;
  readonly #bookmarkTimer: NodeJS.Timeout;
  #flushTimer: NodeJS.Timeout | undefined;
  #flushed = 0;
  #sent = 0;
  #slow = 0;
  /** Leaves out bookmarks, which makes clients' versions grow old. */
  withoutBookmarks = false;

  constructor(options: WatchHubOptions) {
    this.#options = options;
    this.#unsubscribe = options.store.subscribe((event) => this.#take(event));
    this.#bookmarkTimer = setInterval(() => this.#sendBookmarks(), options.bookmarkInterval).unref();
  }

  /** Watches running, events sent since the start, and watches that were cut because they were slow. */
  get figures(): { readonly running: number; readonly sent: number; readonly slow: number } {
    return { running: this.#watches.size, sent: this.#sent, slow: this.#slow };
  }

  /** Answers with a stream of events. An ApiError of 429 when there are too many watches. */
  open(response: ServerResponse, request: WatchRequest): void {
    if (this.#watches.size >= this.#options.maxWatches) throw tooManyRequests();
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    const watch: Watch = { response, request, group: undefined, timer: undefined };
    watch.timer = setTimeout(() => this.#end(watch), request.timeout).unref();
    this.#watches.add(watch);
    response.on('close', () => this.#leave(watch));
    this.#catchUp(watch).catch((error: Error) => response.destroy(error));
  }

  /** Cuts the connections of all watches, or of those on one of the store's resources. */
  breakAll(resource?: string): void {
    for (const watch of this.#watches) {
      if (resource === undefined || watch.request.resource.stored === resource) watch.response.destroy();
    }
  }

  /** Writes something into the streams of all watches, or of those on one resource, as if it were an event. */
  inject(text: string, resource?: string): void {
    for (const watch of this.#watches) {
      if (resource === undefined || watch.request.resource.stored === resource) watch.response.write(text);
    }
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#bookmarkTimer);
    clearTimeout(this.#flushTimer);
    this.breakAll();
  }

  async #catchUp(watch: Watch): Promise<void> {
    const { store } = this.#options;
    const { resource, selection, writer, initial, initialBookmark, after } = watch.request;
    const group = new Group(watch.request);
    let version = after ?? store.version;
    if (initial) {
      version = store.version;
      const objects = store.list(resource.stored, { sorted: true, namespace: selection.namespace });
      if (!(await this.#replay(watch, initialLines(objects, group)))) return;
      if (initialBookmark && !this.withoutBookmarks) {
        const annotations = { 'k8s.io/initial-events-end': 'true' };
        watch.response.write(bookmarkLine(writer.bookmark(String(version), annotations)));
      }
    }
    while (true) {
      const changes = store.changesAfter(resource.stored, version);
      if (changes === undefined) {
        const error = expired(`too old resource version: ${version} (${store.oldestVersion})`);
        watch.response.end(errorLine(error));
        return;
      }
      if (changes.length === 0) break;
      version = store.version;
      if (!(await this.#replay(watch, changedLines(changes, group)))) return;
    }
    this.#join(watch, group);
  }

  /** False when the watch was ended meanwhile. */
  async #replay(watch: Watch, lines: Iterable<string>): Promise<boolean> {
    const { response } = watch;
    let batch: string[] = [];
    let length = 0;
    for (const line of lines) {
      batch.push(line);
      length += line.length;
      this.#sent++;
      if (length < CATCH_UP_BYTES) continue;
      if (!response.write(batch.join('')) && !(await drained(response))) return false;
      batch = [];
      length = 0;
    }
    if (batch.length > 0 && !response.destroyed) response.write(batch.join(''));
    return this.#watches.has(watch) && !response.destroyed && !response.writableEnded;
  }

  #join(watch: Watch, own: Group): void {
    const { resource } = watch.request;
    let groups = this.#groups.get(resource.stored);
    if (groups === undefined) {
      groups = new Map();
      this.#groups.set(resource.stored, groups);
    }
    let group = groups.get(own.key);
    if (group === undefined) {
      group = own;
      groups.set(own.key, own);
    } else {
      // What it gathered so far, the new watch has seen.
      this.#flush(group);
    }
    group.watches.add(watch);
    watch.group = group;
  }

  #leave(watch: Watch): void {
    clearTimeout(watch.timer);
    this.#watches.delete(watch);
    const { group } = watch;
    if (group === undefined) return;
    group.watches.delete(watch);
    if (group.watches.size > 0) return;
    this.#dirty.delete(group);
    this.#groups.get(watch.request.resource.stored)?.delete(group.key);
  }

  #end(watch: Watch): void {
    if (watch.group !== undefined) this.#flush(watch.group);
    this.#sendBookmark(watch);
    watch.response.end();
  }

  #take(event: StoreEvent): void {
    const groups = this.#groups.get(event.resource);
    if (groups === undefined || groups.size === 0) return;
    const texts = new Map<string, string>();
    for (const group of groups.values()) {
      const line = group.line(event, texts);
      if (line === undefined) continue;
      group.pending.push(line);
      this.#dirty.add(group);
    }
    if (this.#dirty.size === 0 || this.#flushTimer !== undefined) return;
    const wait = Math.max(0, this.#flushed + GATHER - performance.now());
    this.#flushTimer = setTimeout(() => this.#flushAll(), wait);
  }

  #flushAll(): void {
    this.#flushTimer = undefined;
    this.#flushed = performance.now();
    for (const group of this.#dirty) this.#flush(group);
  }

  #flush(group: Group): void {
    this.#dirty.delete(group);
    if (group.pending.length === 0) return;
    const buffer = Buffer.from(group.pending.join(''));
    this.#sent += group.pending.length * group.watches.size;
    group.pending = [];
    for (const { response } of group.watches) {
      if (response.writableEnded) continue;
      // What was written before had time to be sent; what is written now had not.
      if (response.writableLength > this.#options.maxBuffered) {
        this.#slow++;
        response.destroy();
      } else {
        response.write(buffer);
      }
    }
  }

  #sendBookmarks(): void {
    this.#flushAll();
    for (const watch of this.#watches) this.#sendBookmark(watch);
  }

  #sendBookmark({ group, response, request }: Watch): void {
    if (!request.bookmarks || this.withoutBookmarks || group === undefined || response.writableEnded) return;
    response.write(bookmarkLine(request.writer.bookmark(String(this.#options.store.version), undefined)));
  }
}

interface Watch {
  readonly response: ServerResponse;
  readonly request: WatchRequest;
  /** Undefined until it has caught up. */
  group: Group | undefined;
  timer: NodeJS.Timeout | undefined;
}

let tables = 0;

/** Watches that see the same. */
class Group {
  readonly key: string;
  readonly watches = new Set<Watch>();
  pending: string[] = [];
  readonly #selection: Selection;
  readonly #writer: ObjectWriter;
  #columns = true;

  constructor({ selection, writer }: WatchRequest) {
    this.#selection = selection;
    this.#writer = writer;
    // The first event of a table has its columns and the others do not, so each is a group of its own.
    this.key = `${writer.key} ${selection.key}${writer.isTable ? ` ${tables++}` : ''}`;
  }

  /** The event as this group sees it: an object that ceases to match the selection is deleted to it. */
  line(event: StoreEvent, texts?: Map<string, string>): string | undefined {
    const is = event.type !== 'DELETED' && this.#selection.matches(event.object);
    const was = event.before !== undefined && this.#selection.matches(event.before);
    if (!is && !was) return undefined;
    const type = is && was ? 'MODIFIED' : is ? 'ADDED' : 'DELETED';
    const object = type === 'DELETED' && event.type !== 'DELETED' ? lastSeen(event) : event.object;
    const key = `${this.#writer.key} ${object === event.object}`;
    const known = texts?.get(key);
    if (known !== undefined && !this.#writer.isTable) return eventLine(type, known);
    const text = this.#text(object);
    texts?.set(key, text);
    return eventLine(type, text);
  }

  added(object: KubeObject): string | undefined {
    return this.#selection.matches(object) ? eventLine('ADDED', this.#text(object)) : undefined;
  }

  #text(object: KubeObject): string {
    const text = this.#writer.object(object, { columns: this.#columns });
    this.#columns = false;
    return text;
  }
}

/** The state in which it still matched, with the version of the change. */
function lastSeen({ before, version }: StoreEvent): KubeObject {
  return { ...before!, metadata: { ...before!.metadata, resourceVersion: String(version) } };
}

function* initialLines(objects: readonly KubeObject[], group: Group): Iterable<string> {
  for (const object of objects) {
    const line = group.added(object);
    if (line !== undefined) yield line;
  }
}

function* changedLines(changes: readonly StoreEvent[], group: Group): Iterable<string> {
  for (const change of changes) {
    const line = group.line(change);
    if (line !== undefined) yield line;
  }
}

function eventLine(type: EventType, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}

function bookmarkLine(object: string): string {
  return `{"type":"BOOKMARK","object":${object}}\n`;
}

function errorLine(error: ApiError): string {
  return `{"type":"ERROR","object":${JSON.stringify(error.status())}}\n`;
}
