import type { HttpClientConfig } from '../scrape/scrape-config.ts';

/** A connection to the API server of one cluster. Every call has a timeout; none is repeated unless it says so. */
export interface KubeClient {
  /** The API server's URL without credentials and without a slash at its end. */
  readonly server: string;
  /** How to talk to it: what a scraper needs that goes through the API server. */
  readonly http: HttpClientConfig;
  /**
   * The JSON that a GET answers. `path` begins with a slash and may have a query. Repeated some times when the server is
   * overloaded or cannot be reached. Rejects with a KubeError.
   */
  get(path: string, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
  /** One page of a list; repeated as `get` is. Rejects with a KubeError; 410 means that `continue` is too old. */
  list<T = RawObject>(path: string, options: ListOptions<T>): Promise<ListPage<T>>;
  /**
   * Changes after a resource version, until the server ends the watch (then the loop ends), the connection breaks
   * (a KubeError of status 0) or the signal aborts. A KubeError of status 410 says that the version is too old.
   */
  watch(path: string, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** Sends JSON and answers with JSON. Rejects with a KubeError. */
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options: SendOptions): Promise<unknown>;
  /** Cuts everything under way. */
  close(): Promise<void>;
}

export interface Selection {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Ask for the objects' metadata only, as PartialObjectMetadata. */
  readonly metadataOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions<T = RawObject> extends Selection {
  /** Objects to a page; 0 asks for all of them in one. */
  readonly limit: number;
  /** From the page before; '' or undefined asks for the first one. */
  readonly continue?: string | undefined;
  /** What becomes of each object as soon as it has been read, so that a page need not be held as it came. Must not throw. */
  readonly map?: ((item: RawObject) => T) | undefined;
}

export interface ListPage<T = RawObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** '' on the last page. */
  readonly continue: string;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
}

export interface SendOptions {
  readonly body: unknown;
  /** Default: application/json, and application/merge-patch+json for PATCH. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** An object as the API server gives it. */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly [field: string]: unknown;
}

/** What the API server answered in place of what was asked for, or that it did not. The message holds no secret. */
export class KubeError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The Status object's reason: NotFound, Expired, Unauthorized, …; '' when there was none. */
  readonly reason: string;
  /** Milliseconds after which the server wants to be asked again; undefined when it did not say. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    { status, reason = '', retryAfter }: { status: number; reason?: string; retryAfter?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KubeError';
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}
