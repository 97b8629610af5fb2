import type { Dispatcher } from 'undici';
import { KubeError } from './kube-client.ts';

/** Bytes of an error's body that are read. */
const MAX_ERROR_BODY = 64 * 1024;

/** Whether the same request may succeed a moment later: no answer, overload, a server that is starting, new credentials. */
export function retryable({ status }: KubeError): boolean {
  return status === 0 || status === 401 || status === 429 || status >= 500;
}

/** What an answer that is no success says; its body is read for that. `what` is the request, without its query. */
export async function errorOfAnswer(answer: Dispatcher.ResponseData, what: string): Promise<KubeError> {
  const { statusCode: status, body, headers } = answer;
  let text = '';
  try {
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      text += chunk.toString('utf8');
      // Leaving the loop destroys the body.
      if (length > MAX_ERROR_BODY) break;
    }
  } catch {
    // The status is known, and says enough.
  }
  const retryAfter = secondsOf(headers['retry-after']);
  const parsed = headers['content-encoding'] === undefined ? parseStatus(text) : undefined;
  if (parsed === undefined) return new KubeError(`${what}: expected status 200, got ${status}`, { status, retryAfter });
  const { message, reason, details } = parsed;
  return new KubeError(`${what}: expected status 200, got ${status}${message === '' ? '' : `: ${message}`}`, {
    status,
    reason,
    retryAfter: retryAfter ?? details,
  });
}

/** The error in a Status object, such as a watch can bring. */
export function errorOfStatus(object: unknown, what: string): KubeError {
  const { code, message, reason, details } = statusFields(object);
  return new KubeError(message === '' ? what : `${what}: ${message}`, { status: code, reason, retryAfter: details });
}

/** The error for a request that got no (complete, readable) answer. `timeout` is what its messages name. */
export function unreachable(error: unknown, what: string, timeout: number): KubeError {
  return new KubeError(`${what}: ${whyUnreachable(error, timeout)}`, { status: 0 }, { cause: error });
}

function whyUnreachable(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error);
  switch ((error as NodeJS.ErrnoException).code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `no connection within ${timeout} ms`;
    case 'UND_ERR_HEADERS_TIMEOUT':
      return `no answer within ${timeout} ms`;
    case 'UND_ERR_BODY_TIMEOUT':
      return `nothing was received for ${timeout} ms`;
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection broke';
    default:
      // Several addresses were tried.
      if (error instanceof AggregateError && error.errors.length > 0) return whyUnreachable(error.errors[0], timeout);
      return error.message;
  }
}

interface StatusFields {
  readonly code: number;
  readonly message: string;
  readonly reason: string;
  /** Milliseconds after which to try again. */
  readonly details: number | undefined;
}

function parseStatus(text: string): StatusFields | undefined {
  try {
    const object = JSON.parse(text) as { kind?: unknown } | null;
    return object?.kind === 'Status' ? statusFields(object) : undefined;
  } catch {
    return undefined;
  }
}

function statusFields(object: unknown): StatusFields {
  const status = (object ?? {}) as {
    code?: unknown;
    message?: unknown;
    reason?: unknown;
    details?: { retryAfterSeconds?: unknown };
  };
  const seconds = status.details?.retryAfterSeconds;
  return {
    code: typeof status.code === 'number' ? status.code : 500,
    message: typeof status.message === 'string' ? status.message.slice(0, 1_000) : '',
    reason: typeof status.reason === 'string' ? status.reason : '',
    details: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined,
  };
}

/** A Retry-After header, which is seconds or a date, as milliseconds from now. */
function secondsOf(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
