import { noteAnswer, noteSilence, noteUnavailable } from './connection.ts';

const TIMEOUT = 30_000;

/** An answer that was none; the message is the server's, for people. */
export class ApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What an answer says, and what is to be known about it. */
export interface Answer<T> {
  readonly data: T;
  /** What a query warns of or remarks on, in sentences. */
  readonly notes: readonly string[];
}

/** The `data` of an answer of the API, or the whole answer where there is no such envelope. Rejects with an ApiError. */
export async function getJson<T>(path: string, options: AskOptions = {}): Promise<T> {
  return (await getAnswer<T>(path, options)).data;
}

/** The same, with the answer's warnings and infos. */
export async function getAnswer<T>(
  path: string,
  { signal, method = 'GET', body }: AskOptions = {},
): Promise<Answer<T>> {
  const timeout = AbortSignal.timeout(TIMEOUT);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    if (timeout.aborted) throw new ApiError('The server did not answer within 30 s.', 0);
    noteSilence();
    throw new ApiError('The server cannot be reached.', 0);
  }
  noteAnswer(response.status);
  const text = await bodyOf(response, { signal, timeout });
  let answer: unknown;
  try {
    answer = text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(text.slice(0, 500) || `The server answered ${response.status}.`, response.status);
  }
  const { status, data, error, errorType, message, warnings, infos } = (answer ?? {}) as Record<string, unknown>;
  if (!response.ok || status === 'error') {
    if (response.status === 503 && errorType === 'unavailable') noteUnavailable();
    const said = [error, message, answer].find((one) => typeof one === 'string');
    throw new ApiError(typeof said === 'string' ? said : `The server answered ${response.status}.`, response.status);
  }
  const notes = [warnings, infos].flatMap((one) => (Array.isArray(one) ? one.map(String) : []));
  return { data: (data !== undefined ? data : answer) as T, notes };
}

/** The whole body, which can take as long as the head of an answer, and can break off. */
async function bodyOf(
  response: Response,
  { signal, timeout }: { readonly signal: AbortSignal | undefined; readonly timeout: AbortSignal },
): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const message = timeout.aborted ? 'The server did not answer within 30 s.' : 'The answer broke off.';
    throw new ApiError(message, response.status);
  }
}
