import { type Dispatcher, request } from 'undici';

/** How a request ended. A reason holds no secret. */
export type SendOutcome =
  | { readonly kind: 'delivered' }
  /** The receiver will never take it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may take it later; not before so many milliseconds, when the receiver said so. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfter: number };

export type SendRequest = (body: Uint8Array, signal: AbortSignal) => Promise<SendOutcome>;

export interface PostOptions {
  /** Never appears in a reason. */
  readonly url: string;
  /** Credentials and custom headers for the next request. Its error names what could not be read. */
  readonly headers: () => Promise<Record<string, string>>;
  /** The connections to use, asked for after `headers`; undici's own when undefined. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds for one request. */
  readonly timeout: number;
  readonly userAgent: string;
}

const MAX_RETRY_AFTER = 5 * 60_000;
const MAX_REASON = 500;
/** These say nothing of the data: a token that expired, a path or a proxy that is not there yet, a server in a hurry. */
const PASSING = new Set([401, 403, 404, 407, 408, 425, 429]);

/** Posts the compressed bodies of remote write 1.0 requests. Never rejects, but when the signal fires. */
export function createPost(options: PostOptions): SendRequest {
  return async (body, signal) => {
    // AbortSignal.any on a long-lived signal keeps memory in some versions of Node 20.
    const controller = new AbortController();
    const abort = () => controller.abort(signal.reason);
    const timer = setTimeout(() => controller.abort(), options.timeout);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      return await post(options, body, controller.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (controller.signal.aborted) return failed(`no answer within ${options.timeout} ms`);
      return failed(reasonOf(error));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  };
}

async function post(options: PostOptions, body: Uint8Array, signal: AbortSignal): Promise<SendOutcome> {
  const own = await options.headers().catch((error: unknown) => {
    throw new HeaderError(error instanceof Error ? error.message : String(error));
  });
  const answer = await request(options.url, {
    method: 'POST',
    headers: {
      ...own,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      'user-agent': options.userAgent,
    },
    body,
    ...(options.dispatcher === undefined ? {} : { dispatcher: options.dispatcher }),
    signal,
  });
  const { statusCode } = answer;
  if (statusCode >= 200 && statusCode < 300) {
    // Read only so that the connection can be used again.
    await answer.body.dump({ limit: 64 * 1024, signal }).catch(() => {});
    return { kind: 'delivered' };
  }
  const said = cleaned(await firstBytes(answer.body), Object.values(own));
  const reason = `status ${statusCode}${said === '' ? '' : `: ${said}`}`;
  if (statusCode >= 500 || statusCode < 400 || PASSING.has(statusCode)) {
    return failed(reason, retryAfter(answer.headers['retry-after']));
  }
  return { kind: 'refused', reason };
}

/** The headers of the next request could not be made; the message is about a file, not about its content. */
class HeaderError extends Error {}

function failed(reason: string, retryAfter = 0): SendOutcome {
  return { kind: 'failed', reason, retryAfter };
}

/** The message of an error may quote the URL, which may hold a secret; its code does not. */
function reasonOf(error: unknown): string {
  if (error instanceof HeaderError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
  return `the request failed: ${code}`;
}

async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of body) {
      pieces.push(piece);
      length += piece.length;
      if (length > 4 * MAX_REASON) break;
    }
  } catch {
    // What came is enough.
  }
  return Buffer.concat(pieces).toString();
}

/** One line, without what was sent to it as a credential. */
function cleaned(text: string, secrets: readonly string[]): string {
  let line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  for (const secret of secrets.flatMap((value) => [value, value.split(' ').at(-1)!])) {
    if (secret.length >= 4) line = line.replaceAll(secret, '<secret>');
  }
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}…` : line;
}

/** Retry-After, in seconds or as a date, in milliseconds. */
function retryAfter(header: string | string[] | undefined): number {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return 0;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), MAX_RETRY_AFTER) : 0;
}
