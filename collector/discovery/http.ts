import { request } from 'undici';
import { createHttpTransport, type HttpTransport } from '../http-transport.ts';
import type { HttpDiscoveryConfig, TargetGroup } from '../scrape/scrape-config.ts';
import type { Discovery, DiscoveryReport } from './discovery.ts';
import { parseTargetGroups } from './target-groups.ts';

const MAX_BODY_SIZE = 32 * 1024 ** 2;

/**
 * Targets that an HTTP server lists as JSON, asked for at every refresh interval. A failure or a bad answer keeps the
 * previous targets. Targets get the label `__meta_url`.
 */
export function httpDiscovery(
  config: HttpDiscoveryConfig,
  { report, timeout = 30_000 }: { readonly report: DiscoveryReport; readonly timeout?: number },
): Discovery {
  return {
    async run(emit, signal) {
      const limit = Math.min(timeout, config.refreshInterval);
      const transport = createHttpTransport(config.client, { connections: 1, timeout: limit });
      let previous: string | undefined;
      try {
        while (!signal.aborted) {
          const asked = performance.now();
          try {
            const body = await fetchBody(config, transport, AbortSignal.any([signal, AbortSignal.timeout(limit)]));
            if (body !== previous) {
              emit(parseBody(body, config.url));
              previous = body;
            }
            report.recovered(config.url);
          } catch (error) {
            if (!signal.aborted) report.failed(config.url, explain(error, limit));
          }
          await pause(config.refreshInterval - (performance.now() - asked), signal);
        }
      } finally {
        await transport.close();
      }
    },
  };
}

async function fetchBody(config: HttpDiscoveryConfig, transport: HttpTransport, signal: AbortSignal): Promise<string> {
  const response = await request(config.url, {
    dispatcher: transport.dispatcher,
    signal,
    headers: {
      accept: 'application/json',
      'user-agent': 'Pharos',
      'x-prometheus-refresh-interval-seconds': String(config.refreshInterval / 1_000),
      ...(await transport.headers()),
    },
  });
  const { statusCode, body } = response;
  const type = String(response.headers['content-type'] ?? '');
  if (statusCode !== 200 || !/^application\/json\s*(?:;|$)/i.test(type)) {
    await body.dump({ limit: 64 * 1024 }).catch(() => undefined);
    if (statusCode !== 200) throw new Error(`expected status 200, got ${statusCode}`);
    throw new Error(`expected content type application/json, got ${JSON.stringify(type)}`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the body.
    if (length > MAX_BODY_SIZE) throw new Error(`expected at most ${MAX_BODY_SIZE} bytes, got more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(body: string, url: string): TargetGroup[] {
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    throw new Error('expected JSON, got something else');
  }
  return parseTargetGroups(data, { source: url, labels: { __meta_url: url } });
}

function explain(error: unknown, limit: number): unknown {
  return error instanceof Error && error.name === 'TimeoutError' ? new Error(`no answer within ${limit} ms`) : error;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, milliseconds));
    signal.addEventListener('abort', end, { once: true });
  });
}
