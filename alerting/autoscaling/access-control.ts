import type { IncomingMessage } from 'node:http';

/** Who asks. */
export interface RequestUser {
  readonly name: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** What is asked for, as authorization sees it. */
export type Action =
  | {
      readonly verb: 'get' | 'list';
      readonly group: string;
      readonly version: string;
      /** Of custom metrics the resource of the object (`pods`, `deployments.apps`) with the metric as its subresource. */
      readonly resource: string;
      readonly subresource: string;
      /** '' for none. */
      readonly namespace: string;
      /** '' for all. */
      readonly name: string;
    }
  | { readonly verb: 'get'; readonly path: string };

/** Whether nobody knows who asks (401), who asks may not (403), or that cannot be found out (503, never a yes). */
export class AccessError extends Error {
  readonly status: 401 | 403 | 503;

  constructor(status: 401 | 403 | 503, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AccessError';
    this.status = status;
  }
}

/** Judges every request before anything of it is looked at beyond its method, path and query. */
export interface AccessControl {
  /** Who asks, by the client certificate and headers of a front proxy, a client certificate or a token. Rejects with an AccessError. */
  authenticate(request: IncomingMessage, signal: AbortSignal): Promise<RequestUser>;
  /** Resolves when it is allowed. Rejects with an AccessError. */
  authorize(user: RequestUser, action: Action, signal: AbortSignal): Promise<void>;
}
