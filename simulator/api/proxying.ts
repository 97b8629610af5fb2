import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore } from '../object-store.ts';
import { ApiError, badRequest, notFound, unavailable } from './api-error.ts';
import type { ResourceTarget } from './request-target.ts';

/** A request that the API server passes on to a node, a pod or a service. */
export interface ProxyRequest {
  readonly kind: 'node' | 'pod' | 'service';
  /** '' for a node. */
  readonly namespace: string;
  readonly name: string;
  readonly scheme: 'http' | 'https';
  /** As it was given, or else the first one of the object: a number, or a name in the case of a service. */
  readonly port: string;
  readonly method: string;
  /** With its slash. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Without the client's credentials. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several parts are sent one after the other. */
  readonly body: string | Uint8Array | readonly Uint8Array[];
}

/**
 * What is behind the API server's proxies, from the simulated world. It may take its time, or never answer; rejecting says that
 * nobody could be reached, for example `dial tcp 10.0.0.7:10250: connect: connection refused`.
 */
export type ProxyBackend = (request: ProxyRequest) => ProxyAnswer | Promise<ProxyAnswer>;

const KINDS: Readonly<Record<string, ProxyRequest['kind']>> = { nodes: 'node', pods: 'pod', services: 'service' };

/** Where `nodes/{name}/proxy/…` and its like lead to. An ApiError of 404 when there is no such object. */
export function proxyTarget(
  { resource, namespace, name: given, rest }: ResourceTarget,
  store: ObjectStore,
): Pick<ProxyRequest, 'kind' | 'namespace' | 'name' | 'scheme' | 'port' | 'path'> {
  const kind = KINDS[resource.stored]!;
  const match = /^(?:(https?):)?([^:]+)(?::([^:]*))?$/.exec(given);
  if (match === null) throw badRequest(`invalid ${kind} request "${given}"`);
  const [, scheme, name, port] = match;
  const object = store.get(resource.stored, namespace, name!);
  if (object === undefined) throw notFound(resource, name!);
  return {
    kind,
    namespace,
    name: name!,
    scheme: (scheme as 'http' | 'https' | undefined) ?? (kind === 'node' ? 'https' : 'http'),
    port: port ?? defaultPort(kind, object),
    path: rest === '' ? '/' : rest,
  };
}

/** The kubelet's page of a container's log, which `pods/{name}/log` leads to. */
export function logTarget(
  { resource, namespace, name }: ResourceTarget,
  query: URLSearchParams,
  store: ObjectStore,
): ReturnType<typeof proxyTarget> {
  const pod = store.get('pods', namespace, name);
  if (pod === undefined) throw notFound(resource, name);
  const { spec } = pod as Ported;
  const containers = (spec?.containers ?? []).map((container) => container.name);
  const container = query.get('container') ?? containers[0] ?? '';
  if (!containers.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`);
  const node = store.get('nodes', '', spec?.nodeName ?? '');
  if (node === undefined) throw badRequest(`pod ${name} does not have a host assigned`);
  return {
    kind: 'node',
    namespace: '',
    name: node.metadata.name,
    scheme: 'https',
    port: defaultPort('node', node),
    path: `/containerLogs/${namespace}/${name}/${container}`,
  };
}

interface Ported {
  readonly spec?: {
    readonly ports?: readonly { readonly port: number }[];
    readonly nodeName?: string;
    readonly containers?: readonly {
      readonly name: string;
      readonly ports?: readonly { readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port?: number } } };
}

function defaultPort(kind: ProxyRequest['kind'], object: KubeObject): string {
  const { spec, status } = object as Ported;
  if (kind === 'node') return String(status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 10250);
  if (kind === 'service') return String(spec?.ports?.[0]?.port ?? '');
  return String(spec?.containers?.flatMap(({ ports = [] }) => ports)[0]?.containerPort ?? 80);
}

/** Asks and sends on what is answered. An ApiError of 503 when nobody could be reached, of 504 when it took too long. */
export async function passOn(
  response: ServerResponse,
  request: ProxyRequest,
  { proxy, timeout }: { readonly proxy: ProxyBackend; readonly timeout: number },
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ApiError(504, 'Timeout', `${request.kind} ${request.name} did not answer in ${timeout} ms`);
    timer = setTimeout(() => reject(error), timeout);
    request.signal.addEventListener('abort', () => reject(unavailable('the client has gone')), { once: true });
  });
  let answer: ProxyAnswer;
  try {
    answer = await Promise.race([proxy(request), late]);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw unavailable(`error trying to reach service: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
  }
  sendAnswer(response, answer);
}

/** Sends what the world answered. */
export function sendAnswer(response: ServerResponse, { status, headers = {}, body }: ProxyAnswer): void {
  if (response.destroyed) return;
  const parts = typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  response.writeHead(status, { ...headers, 'content-length': length });
  for (const part of parts) response.write(part);
  response.end();
}
