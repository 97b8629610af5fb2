import { StorageError } from '../../storage/errors.ts';
import { QueryError, type QueryErrorType } from '../query-result.ts';

/** The HTTP status of each type of error. */
export const STATUS_OF: Readonly<Record<QueryErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  timeout: 503,
  canceled: 503,
  not_found: 404,
  internal: 500,
  unavailable: 503,
};

/** What the client is told about an error, and whether it is a defect that belongs in the log. */
export interface Failure {
  readonly status: number;
  readonly type: QueryErrorType;
  readonly message: string;
  readonly defect: boolean;
}

const DEFECT: Failure = {
  status: STATUS_OF.internal,
  type: 'internal',
  message: 'the request failed for a reason that is in the log',
  defect: true,
};

/** Anything that a handler may throw, as a Failure. The detail of a defect is not told. */
export function failureOf(error: unknown): Failure {
  if (error instanceof QueryError) {
    return error.type === 'internal' ? DEFECT : failure(error.type, error.message);
  }
  if (error instanceof StorageError) return fromStorage(error);
  // The server's own refusals: too large a body, an unsupported content type, a malformed URL.
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return { ...failure('bad_data', (error as Error).message), status };
  return DEFECT;
}

function fromStorage(error: StorageError): Failure {
  switch (error.kind) {
    case 'full':
    case 'unavailable':
      return failure('unavailable', error.message);
    case 'canceled':
      return failure('canceled', error.message);
    case 'limit':
      return failure('execution', error.message);
    case 'bad_data':
      return failure('bad_data', error.message);
    case 'internal':
      return DEFECT;
    default:
      return error.kind satisfies never;
  }
}

function failure(type: QueryErrorType, message: string): Failure {
  return { status: STATUS_OF[type], type, message, defect: false };
}

/** The body of a failed request. */
export function errorEnvelope(type: QueryErrorType, message: string): string {
  return JSON.stringify({ status: 'error', errorType: type, error: message });
}

/** What goes beside the data of an answer. */
export interface Notes {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** What stands before the data of an answer. */
export const ENVELOPE_START = '{"status":"success","data":';

/** What stands after the data of an answer; empty notes are left out. */
export function envelopeEnd(notes: Notes): string {
  let end = '';
  if (notes.warnings !== undefined && notes.warnings.length > 0) end += `,"warnings":${JSON.stringify(notes.warnings)}`;
  if (notes.infos !== undefined && notes.infos.length > 0) end += `,"infos":${JSON.stringify(notes.infos)}`;
  return end + '}';
}
