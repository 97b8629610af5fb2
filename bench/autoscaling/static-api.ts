import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { objectsOf, type ScaledCluster } from './scaled-cluster.ts';

/** An API server of a cluster in which nothing happens, but that its autoscalers come when they are told to. It allows everything. */
export interface StaticApi {
  readonly url: string;
  /** SubjectAccessReviews that it answered. */
  reviews(): number;
  /** The autoscalers are there from now on. */
  addAutoscalers(): void;
  close(): void;
}

export interface StaticApiOptions {
  readonly cluster: ScaledCluster;
  /** PEM of the authority that signs the front proxy's certificate. */
  readonly frontProxyCa: string;
  readonly frontProxyName: string;
}

const AUTOSCALERS = 'horizontalpodautoscalers';
const BOOKMARK_INTERVAL = 30_000;
const MAX_BODY = 64 * 1024;

/** Listens on a free port of 127.0.0.1. */
export async function startStaticApi(options: StaticApiOptions): Promise<StaticApi> {
  const items = new Map<string, readonly string[]>();
  const watches = new Set<{ readonly plural: string; readonly response: ServerResponse }>();
  let hasAutoscalers = false;
  let reviews = 0;

  const itemsOf = (plural: string): readonly string[] => {
    if (plural === AUTOSCALERS && !hasAutoscalers) return [];
    let known = items.get(plural);
    if (known === undefined) {
      known = objectsOf(options.cluster, plural).map((object) => JSON.stringify(object));
      items.set(plural, known);
    }
    return known;
  };
  const list = (plural: string, query: URLSearchParams, response: ServerResponse): void => {
    const all = itemsOf(plural);
    const from = Number(query.get('continue') ?? 0);
    const to = Math.min(all.length, from + (Number(query.get('limit')) || all.length));
    const metadata = { resourceVersion: '1', ...(to < all.length && { continue: String(to) }) };
    response.end(`{"kind":"List","metadata":${JSON.stringify(metadata)},"items":[${all.slice(from, to).join(',')}]}`);
  };
  const watch = (plural: string, query: URLSearchParams, response: ServerResponse): void => {
    const entry = { plural, response };
    watches.add(entry);
    response.flushHeaders();
    const timer = setTimeout(() => response.end(), Number(query.get('timeoutSeconds') ?? 300) * 1000);
    response.on('close', () => {
      clearTimeout(timer);
      watches.delete(entry);
    });
  };
  const review = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let size = 0;
    for await (const chunk of request) {
      size += (chunk as Buffer).length;
      if (size > MAX_BODY) return void response.writeHead(413).end();
    }
    reviews++;
    response.writeHead(201).end('{"kind":"SubjectAccessReview","status":{"allowed":true}}');
  };
  const configMap = JSON.stringify({
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'requestheader-client-ca-file': options.frontProxyCa,
      'requestheader-allowed-names': JSON.stringify([options.frontProxyName]),
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    },
  });

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const last = url.pathname.split('/').at(-1)!;
    response.setHeader('content-type', 'application/json');
    if (last === 'subjectaccessreviews') return void review(request, response);
    if (last === 'extension-apiserver-authentication') return void response.end(configMap);
    if (request.method !== 'GET') return void response.writeHead(404).end('{"kind":"Status","code":404}');
    if (url.searchParams.has('watch')) return watch(last, url.searchParams, response);
    list(last, url.searchParams, response);
  });
  const bookmarks = setInterval(() => {
    for (const { response } of watches) {
      response.write('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}}\n');
    }
  }, BOOKMARK_INTERVAL);
  server.keepAliveTimeout = 120_000;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reviews: () => reviews,
    addAutoscalers() {
      hasAutoscalers = true;
      const events = itemsOf(AUTOSCALERS).map((item) => `{"type":"ADDED","object":${item}}\n`);
      for (const { plural, response } of watches) if (plural === AUTOSCALERS) response.write(events.join(''));
    },
    close() {
      clearInterval(bookmarks);
      server.closeAllConnections();
      server.close();
    },
  };
}
