import { type FieldFault, failure, failureEnvelope } from './api-error.ts';
import type { ApiAnswer } from './endpoint.ts';

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
  if (!(error instanceof PolicyError)) return failureEnvelope(error);
  const { status, type, message, faults } = error;
  return failure(status, type, message, faults);
}
