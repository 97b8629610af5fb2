import { StorageError } from '../../storage/errors.ts';
import { SilenceError, type SilenceErrorKind } from '../silences/silence-error.ts';
import { type ApiAnswer, RefusedRequest } from './endpoint.ts';

/**
 * A request that Alertmanager's API does not take. There are two shapes: what the handlers refuse is a JSON string, what does not
 * follow the specification of the API is an object with the number of the rule.
 */
export class AlertmanagerError extends Error {
  override readonly name = 'AlertmanagerError';
  readonly status: number;
  /** The number that the specification's checks have for a rule; undefined: told as a string. */
  readonly code: number | undefined;

  constructor(status: number, message: string, code?: number) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Refused by a handler. */
export function badRequest(message: string): AlertmanagerError {
  return new AlertmanagerError(400, message);
}

/** A body that cannot be read. */
export function unreadableBody(name: string, reason: string): AlertmanagerError {
  return new AlertmanagerError(400, `parsing ${name} body from "" failed, because ${reason}`, 400);
}

/** A rule of the specification is broken: 601 has the wrong type, 602 is missing, 612 has too few items. */
export function brokenRule(code: 601 | 602 | 612, message: string): AlertmanagerError {
  return new AlertmanagerError(422, message, code);
}

const STATUS_OF: Readonly<Record<SilenceErrorKind, number>> = {
  invalid: 400,
  not_found: 404,
  conflict: 503,
  unavailable: 503,
};

/** The answer to what handlers of Alertmanager's API throw; undefined for a defect. */
export function alertmanagerFailure(error: unknown): ApiAnswer | undefined {
  if (error instanceof AlertmanagerError) {
    const { status, code, message } = error;
    return { status, json: code === undefined ? message : { code, message } };
  }
  if (error instanceof SilenceError) {
    const status = STATUS_OF[error.kind];
    return { status, json: error.message, ...(status === 503 && { headers: { 'Retry-After': '1' } }) };
  }
  if (error instanceof RefusedRequest) {
    return { status: error.status, json: { code: error.status, message: error.message } };
  }
  if (error instanceof StorageError && error.retryable) {
    return { status: 503, json: error.message, headers: { 'Retry-After': '1' } };
  }
  return undefined;
}
