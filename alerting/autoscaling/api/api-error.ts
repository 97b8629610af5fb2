import { AccessError } from '../access-control.ts';
import { MetricsError } from '../metrics-error.ts';
import { type ApiAnswer, JSON_TYPE } from './route.ts';

/** What an error is about, as Kubernetes says it. */
export interface ErrorDetails {
  readonly name?: string;
  readonly group?: string;
  /** The resource, in spite of its name. */
  readonly kind?: string;
  readonly retryAfterSeconds?: number;
}

export interface ApiErrorOptions {
  readonly details?: ErrorDetails | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is not answered, with the code and the reason that clients of Kubernetes know. The message is for the user. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: ErrorDetails | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, message: string, { details, headers = {} }: ApiErrorOptions = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = REASONS[code] ?? '';
    this.details = details;
    this.headers = headers;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** For paths that stand for nothing, as the API server words it. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'the server could not find the requested resource', { details: {} });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, message);
}

/**
 * What a failure is for the client; undefined when it is a defect, of which the client is told nothing.
 *
 * A value that may not be served is 404, one that cannot be known now 503: for an autoscaler both are metrics that it could not
 * get. Of these no header Retry-After says when to come again, because the autoscaler's client would wait that long, up to ten
 * times, in one of the few workers that all autoscalers share; it comes again on its own.
 */
export function apiErrorOf(error: unknown, details?: ErrorDetails): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof AccessError) return new ApiError(error.status, error.message);
  if (!(error instanceof MetricsError)) return undefined;
  switch (error.reason) {
    case 'invalid':
      return new ApiError(400, error.message);
    case 'unknownMetric':
    case 'unknownObject':
    case 'noValue':
      return new ApiError(404, error.message, { details });
    case 'unavailable':
      return new ApiError(503, error.message, { details });
    case 'tooMuch':
      return new ApiError(429, error.message, { details: { ...details, retryAfterSeconds: 1 } });
    default:
      return error.reason satisfies never;
  }
}

/** The Status object that a client is sent. */
export function statusAnswer({ code, reason, message, details, headers }: ApiError): ApiAnswer {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason !== '' && { reason }),
    ...(details !== undefined && { details }),
    code,
  };
  return { status: code, type: JSON_TYPE, body: `${JSON.stringify(status)}\n`, headers };
}
