import { StorageError } from '../../storage/errors.ts';
import { type ApiAnswer, RefusedRequest } from './endpoint.ts';

/** What is wrong with one field of a body. */
export interface FieldFault {
  /** `conditions[0].period`; '' for the whole. */
  readonly field: string;
  readonly message: string;
}

export type PolicyErrorType =
  | 'bad_data'
  | 'not_found'
  | 'conflict'
  | 'precondition'
  | 'execution'
  | 'unavailable'
  | 'timeout'
  | 'canceled';

const STATUS_OF: Readonly<Record<PolicyErrorType, number>> = {
  bad_data: 400,
  not_found: 404,
  conflict: 409,
  precondition: 412,
  execution: 422,
  unavailable: 503,
  timeout: 503,
  canceled: 503,
};

/** A request about policies that is refused. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly type: PolicyErrorType;
  readonly status: number;
  readonly faults: readonly FieldFault[];

  constructor(
    type: PolicyErrorType,
    message: string,
    {
      faults = [],
      status = STATUS_OF[type],
    }: { readonly faults?: readonly FieldFault[]; readonly status?: number } = {},
  ) {
    super(message);
    this.type = type;
    this.status = status;
    this.faults = faults;
  }
}

/** The answer to what handlers of the policies throw, in Prometheus' envelope; undefined for a defect. */
export function policyFailure(error: unknown): ApiAnswer | undefined {
  if (error instanceof PolicyError) {
    const { status, type, message, faults } = error;
    return { ...failure(status, type, message, faults), ...(status === 503 && { headers: { 'Retry-After': '1' } }) };
  }
  if (error instanceof RefusedRequest) return failure(error.status, 'bad_data', error.message);
  if (!(error instanceof StorageError)) return undefined;
  switch (error.kind) {
    case 'full':
    case 'unavailable':
      return { ...failure(503, 'unavailable', error.message), headers: { 'Retry-After': '1' } };
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

function failure(status: number, errorType: string, message: string, faults: readonly FieldFault[] = []): ApiAnswer {
  return { status, json: { status: 'error', errorType, error: message, ...(faults.length > 0 && { errors: faults }) } };
}
