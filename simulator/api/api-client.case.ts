import { afterEach } from 'vitest';
import type { KubeObject } from '../kube-object.ts';
import { ObjectStore } from '../object-store.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts';

export const TOKEN = 'admin-token';
export const NOW = Date.parse('2026-03-01T12:00:00Z');

/** Tests look into answers of every shape. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Json = any;

export interface StartedServer {
  readonly store: ObjectStore;
  readonly server: ApiServer;
  /** Asks with the administrator's token; objects are sent as JSON. */
  readonly ask: (path: string, options?: AskOptions) => Promise<{ readonly status: number; readonly body: Json }>;
  /** A watch that collects its events. */
  readonly watch: (path: string) => CollectedWatch;
}

export interface AskOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface CollectedWatch {
  readonly events: { type: string; object: Json }[];
  /** Resolves when that many events are there; rejects when the watch ends or nothing comes for two seconds. */
  readonly until: (count: number) => Promise<void>;
  /** Resolves when the server has ended it, rejects when it was cut. */
  readonly ended: Promise<void>;
  readonly close: () => void;
}

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that ends with the test. */
export async function startServer(options: Partial<ApiServerOptions> = {}): Promise<StartedServer> {
  const store = options.store ?? new ObjectStore({ now: () => NOW });
  const tokens = [{ token: TOKEN, user: 'admin', groups: ['system:masters'] }];
  const server = await startApiServer({ now: () => NOW, tokens, ...options, store });
  cleanups.push(() => server.close());
  return {
    store,
    server,
    ask: (path, given) => ask(server.url + path, given),
    watch: (path) => watch(server.url + path),
  };
}

async function ask(url: string, { method = 'GET', body, headers = {} }: AskOptions = {}) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && {
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, body: json === true ? JSON.parse(text) : text };
}

function watch(url: string): CollectedWatch {
  const events: { type: string; object: Json }[] = [];
  const controller = new AbortController();
  let wake = () => {};
  const read = async () => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` }, signal: controller.signal });
    let rest = '';
    const decoder = new TextDecoder();
    for await (const part of response.body!) {
      const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) events.push(JSON.parse(line));
      wake();
    }
  };
  const ended = read().finally(() => wake());
  let over = false;
  ended.then(
    () => (over = true),
    () => (over = true),
  );
  const until = async (count: number) => {
    const limit = performance.now() + 2000;
    while (events.length < count) {
      if (over || performance.now() > limit) throw new Error(`${events.length} events came in place of ${count}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 50);
      });
    }
  };
  cleanups.push(() => controller.abort());
  return { events, until, ended, close: () => controller.abort() };
}

export function pod(namespace: string, name: string, fields: Record<string, unknown> = {}): KubeObject {
  const { labels, ...rest } = fields as { labels?: Record<string, string> };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, ...(labels !== undefined && { labels }) },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'web:1' }] },
    status: { phase: 'Running' },
    ...rest,
  };
}
