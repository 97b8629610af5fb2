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

/** The `data` of an answer of the API, or the whole answer where there is no such envelope. Rejects with an ApiError. */
export async function getJson<T>(path: string, { signal, method = 'GET', body }: AskOptions = {}): Promise<T> {
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
    throw new ApiError(timeout.aborted ? 'The server did not answer within 30 s.' : 'The server cannot be reached.', 0);
  }
  const text = await response.text();
  let answer: unknown;
  try {
    answer = text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(text.slice(0, 500) || `The server answered ${response.status}.`, response.status);
  }
  const { status, data, error, message } = (answer ?? {}) as Record<string, unknown>;
  if (!response.ok || status === 'error') {
    const said = [error, message, answer].find((one) => typeof one === 'string');
    throw new ApiError(typeof said === 'string' ? said : `The server answered ${response.status}.`, response.status);
  }
  return (data !== undefined ? data : answer) as T;
}
