/** A request, without the web server that took it. */
export interface ApiRequest {
  /** Of the path; decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Without parameters, in lower case; '' when the client names none. */
  readonly contentType: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** '' when there is none. */
  readonly body: string;
  /** Fires when the client goes away. */
  readonly signal: AbortSignal;
}

/** What a request is answered with: JSON, or nothing. */
export interface ApiAnswer {
  readonly status: number;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** In place of `json`: pieces of text that are made while they are sent. What is asynchronous is ended when the client goes away. */
  readonly pieces?: Iterable<string> | AsyncIterable<string>;
  /** Of the pieces. Default: that of JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiEndpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the section's prefix; a part that begins with a colon is a parameter: `/silence/:id`. */
  readonly path: string;
  /** Bytes of a body. Default: 1 MiB. */
  readonly maxBody?: number;
  /** Throws whatever the section's `failure` knows. */
  handle(request: ApiRequest): ApiAnswer | Promise<ApiAnswer>;
}

/** A request that the web server refuses: too long a body, a page of another origin, no such path. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Endpoints below a prefix, which tell of failures in one way. */
export interface ApiSection {
  /** Begins with a slash: `/api/v2`. */
  readonly prefix: string;
  readonly endpoints: readonly ApiEndpoint[];
  /** The answer to anything that a handler throws, RefusedRequest included; undefined for a defect, which is logged and answered with 500. */
  failure(error: unknown): ApiAnswer | undefined;
  /** Whether nothing else is below the prefix, so that what is not there is answered here. Default: false. */
  readonly isWhole?: boolean;
}
