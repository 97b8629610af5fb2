import { request } from 'undici';

export interface ServerQuestion {
  /** `api/v1/query`, maybe with a query; below the server's URL, which may have a path of its own. */
  readonly path: string;
  /** Posted when given; otherwise the question is a GET. */
  readonly form?: URLSearchParams;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface ServerAnswer<T> {
  readonly data: T;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

interface Envelope<T> extends Partial<ServerAnswer<T>> {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly errorType?: string;
}

/**
 * Asks a running server, which answers in Prometheus' envelope. The URL may have a name and a password, which are shown nowhere. Throws an Error
 * with the server's message, or with the address and why it cannot be asked.
 */
export async function askServer<T>(server: string, { path, form, timeout }: ServerQuestion): Promise<ServerAnswer<T>> {
  const url = new URL(path, server.endsWith('/') ? server : server + '/');
  const where = `${url.origin}${url.pathname}`;
  const headers: Record<string, string> = {};
  if (url.username !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  url.username = '';
  url.password = '';
  if (form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  let text: string;
  let status: number;
  try {
    const response = await request(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers,
      ...(form !== undefined && { body: form.toString() }),
      signal: AbortSignal.timeout(timeout),
    });
    status = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    const code = (error as { code?: string }).code;
    throw new Error(`cannot ask ${where}: ${code ?? (error instanceof Error ? error.message : String(error))}`, {
      cause: error,
    });
  }
  const envelope = envelopeOf<T>(text);
  if (envelope === undefined) {
    throw new Error(`${where} answered HTTP ${status} without Prometheus' envelope: ${text.slice(0, 200)}`);
  }
  const { status: outcome, data, error, errorType } = envelope;
  if (outcome !== 'success' || data === undefined) {
    throw new Error(`${errorType ?? 'error'}: ${error ?? 'the server gave no message'}`);
  }
  return { ...envelope, data };
}

function envelopeOf<T>(text: string): Envelope<T> | undefined {
  try {
    const envelope = JSON.parse(text) as Envelope<T> | null;
    return envelope?.status === 'success' || envelope?.status === 'error' ? envelope : undefined;
  } catch {
    return undefined;
  }
}
