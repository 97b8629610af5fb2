import { StorageError } from '../../storage/errors.ts';
import { type ApiAnswer, RefusedRequest } from './endpoint.ts';

export type ApiErrorType = 'bad_data' | 'not_found' | 'timeout' | 'unavailable';

const STATUS_OF: Readonly<Record<ApiErrorType, number>> = {
  bad_data: 400,
  not_found: 404,
  timeout: 503,
  unavailable: 503,
};

/** A request below /api/v1 that is refused. The message is for the client. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly type: ApiErrorType;

  constructor(type: ApiErrorType, message: string) {
    super(message);
    this.type = type;
  }
}

/** The error for a parameter. */
export function invalidParameter(name: string, problem: string): ApiError {
  return new ApiError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${problem}`);
}

/** The answer to what a handler throws, in Prometheus' envelope; undefined for a defect. */
export function failureEnvelope(error: unknown): ApiAnswer | undefined {
  if (error instanceof ApiError) return failure(STATUS_OF[error.type], error.type, error.message);
  if (error instanceof RefusedRequest) return failure(error.status, 'bad_data', error.message);
  if (!(error instanceof StorageError)) return undefined;
  switch (error.kind) {
    case 'full':
    case 'unavailable':
      return failure(503, 'unavailable', error.message);
    case 'canceled':
      return failure(503, 'canceled', error.message);
    case 'limit':
      return failure(422, 'execution', error.message);
    case 'bad_data':
      return failure(400, 'bad_data', error.message);
    case 'internal':
      return undefined;
    default:
      return error.kind satisfies never;
  }
}

/** What is wrong with one field of a body. */
export interface FieldFault {
  /** `conditions[0].period`; '' for the whole. */
  readonly field: string;
  readonly message: string;
}

/** An error in Prometheus' envelope; with 503 the client is asked to come again. */
export function failure(
  status: number,
  errorType: string,
  message: string,
  faults: readonly FieldFault[] = [],
): ApiAnswer {
  const retry = status === 503 ? { headers: { 'Retry-After': '1' } } : {};
  const errors = faults.length > 0 ? { errors: faults } : {};
  return { status, json: { status: 'error', errorType, error: message, ...errors }, ...retry };
}
