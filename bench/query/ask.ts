import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

/** A query as a dashboard sends it. Times are Unix ms; without a step it is an instant query at `end`. */
export interface Question {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step?: number;
}

/** What came back. */
export interface Answer {
  /** From the request to the last byte. */
  readonly milliseconds: number;
  readonly bytes: number;
  /** Empty when it was not to be kept. */
  readonly body: Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: 500 });

/**
 * Asks a server's Prometheus HTTP API with caches off, and reads the answer to its end. Rejects when the answer is an error,
 * or the signal aborts the request: the connection is then closed.
 */
export function ask(
  baseUrl: string,
  question: Question,
  { signal, keep = true }: { readonly signal?: AbortSignal; readonly keep?: boolean } = {},
): Promise<Answer> {
  const { query, start, end, step } = question;
  const form = new URLSearchParams({ query, nocache: '1' });
  if (step === undefined) form.set('time', String(end / 1000));
  else {
    form.set('start', String(start / 1000));
    form.set('end', String(end / 1000));
    form.set('step', String(step / 1000));
  }
  const body = form.toString();
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const outgoing = request(`${baseUrl}/api/v1/${step === undefined ? 'query' : 'query_range'}`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
      signal: signal ?? AbortSignal.timeout(180_000),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const failed = response.statusCode !== 200;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (keep || failed) chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const milliseconds = performance.now() - began;
        if (!response.complete) reject(new Error(`${query}: the answer broke off after ${bytes} bytes`));
        else if (failed) {
          const text = Buffer.concat(chunks).toString().slice(0, 500);
          reject(new Error(`${query}: HTTP ${response.statusCode}: ${text}`));
        } else resolve({ milliseconds, bytes, body: Buffer.concat(chunks) });
      });
    });
    outgoing.end(body);
  });
}
