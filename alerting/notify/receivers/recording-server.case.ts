import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a body is whatever came.
  readonly json: any;
}

/** How to answer: a status, headers and a body, or `hang` for no answer at all. */
export type Answer =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | 'hang';

export interface RecordingServer {
  readonly url: string;
  readonly requests: Recorded[];
  /** Answers of the next requests, in order; then `otherwise`. */
  readonly answers: Answer[];
  otherwise: Answer | ((request: Recorded) => Answer);
  close(): Promise<void>;
}

/** A real HTTP server (or HTTPS, with a certificate) that keeps what it was sent. */
export async function startRecordingServer(
  otherwise: RecordingServer['otherwise'] = {},
  tls?: { readonly cert: string; readonly key: string },
  fixedPort = 0,
): Promise<RecordingServer> {
  const listener: RequestListener = async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const recorded: Recorded = {
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      text,
      json: jsonOf(text),
    };
    recording.requests.push(recorded);
    const fallback = recording.otherwise;
    const answer = recording.answers.shift() ?? (typeof fallback === 'function' ? fallback(recorded) : fallback);
    if (answer === 'hang') return;
    const { status = 200, headers = {}, body = '' } = answer;
    const isText = typeof body === 'string';
    response.writeHead(status, { ...(!isText && { 'content-type': 'application/json' }), ...headers });
    response.end(isText ? body : JSON.stringify(body));
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(fixedPort, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const recording: RecordingServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests: [],
    answers: [],
    otherwise,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
  return recording;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
