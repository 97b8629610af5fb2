import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a body is whatever came.
  readonly body: any;
  readonly at: number;
}

/** How to answer: a status with headers, or `hang` for no answer at all. */
export type Answer = { readonly status: number; readonly headers?: Record<string, string> } | 'hang';

/** A real HTTP server that keeps what it was sent. Answers the first requests as `answers` says, then as `rest`. */
export async function startReceiver(answers: Answer[] = [], rest: Answer = { status: 200 }) {
  const requests: Received[] = [];
  let otherwise = rest;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    requests.push({ url: request.url ?? '', headers: request.headers, body: JSON.parse(text), at: performance.now() });
    const answer = answers.shift() ?? otherwise;
    if (answer === 'hang') return;
    response.writeHead(answer.status, answer.headers).end('answer');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answerWith(answer: Answer) {
      otherwise = answer;
    },
    close: () => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
}
