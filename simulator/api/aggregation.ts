import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { KubeObject } from '../kube-object.ts';
import { type ObjectStore, rfc3339 } from '../object-store.ts';
import { unavailable } from './api-error.ts';
import type { ApiRequest } from './api-request.ts';
import type { AggregatedVersion } from './discovery.ts';

const RESOURCE = 'apiservices.apiregistration.k8s.io';

interface ApiService extends KubeObject {
  readonly spec?: {
    readonly group?: string;
    readonly version?: string;
    readonly service?: { readonly namespace?: string; readonly name?: string } | null;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface AggregationOptions {
  readonly store: ObjectStore;
  /** URLs by `namespace/name` of the service; read anew for each request, so that entries can come and go. */
  readonly backends: ReadonlyMap<string, string>;
  /** Milliseconds until a request is given up. */
  readonly timeout: number;
  /** Milliseconds between looks at whether the backends answer. */
  readonly probeInterval: number;
  readonly now: () => number;
}

/**
 * Groups and versions that other servers serve, as APIService objects with a service register them: their requests are passed
 * on with the user's name in headers, and the objects' status says whether they answer.
 */
export class Aggregation {
  readonly #options: AggregationOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(options: AggregationOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.probe(), options.probeInterval).unref();
    this.#unsubscribe = options.store.subscribe(({ type, resource }) => {
      if (resource === RESOURCE && type === 'ADDED') setImmediate(() => this.probe());
    });
  }

  /** The groups and versions that are registered. */
  versions(): readonly AggregatedVersion[] {
    return this.#services().flatMap(({ spec }) =>
      spec?.group === undefined || spec.version === undefined ? [] : [{ group: spec.group, version: spec.version }],
    );
  }

  has(group: string, version: string): boolean {
    return this.#find(group, version) !== undefined;
  }

  /** Passes the request on and sends what comes back. An ApiError of 503 when nobody answers. */
  async passOn(request: ApiRequest, { group, version }: AggregatedVersion): Promise<void> {
    const backend = this.#backendOf(this.#find(group, version));
    if (backend === undefined) throw unavailable('service unavailable');
    const body = await request.body();
    const { authorization: _credentials, host: _host, connection: _connection, ...headers } = request.incoming.headers;
    const { user } = request;
    const answer = await this.#ask(backend + request.incoming.url, {
      method: request.method,
      headers: { ...headers, 'x-remote-user': user.name, 'x-remote-group': [...user.groups] },
      body,
      signal: request.signal,
    });
    const { response } = request;
    response.writeHead(answer.statusCode ?? 502, plainHeaders(answer));
    // An answer that is cut is passed on as one that is cut.
    answer.on('error', () => response.destroy());
    answer.pipe(response);
    response.on('close', () => answer.destroy());
    await new Promise((resolve) => answer.on('close', resolve));
  }

  /** By the name of the APIService: whether it is known not to answer. */
  unavailable(): ReadonlyMap<string, boolean> {
    return new Map(
      this.#services().map(({ metadata, status }) => {
        const available = status?.conditions?.find(({ type }) => type === 'Available');
        return [metadata.name, available?.status !== 'True'];
      }),
    );
  }

  /** Asks every backend for its group and version and writes what it finds into the objects' status. */
  async probe(): Promise<void> {
    await Promise.all(this.#services().map((service) => this.#probe(service)));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  #services(): readonly ApiService[] {
    const services = this.#options.store.list(RESOURCE) as readonly ApiService[];
    return services.filter(({ spec }) => spec?.service !== undefined && spec.service !== null);
  }

  #find(group: string, version: string): ApiService | undefined {
    return this.#services().find(({ spec }) => spec?.group === group && spec.version === version);
  }

  #backendOf(service: ApiService | undefined): string | undefined {
    const { namespace, name } = service?.spec?.service ?? {};
    return this.#options.backends.get(`${namespace}/${name}`)?.replace(/\/$/, '');
  }

  async #probe(service: ApiService): Promise<void> {
    const { group, version, service: target } = service.spec!;
    const backend = this.#backendOf(service);
    const at = `service/${target!.name} in "${target!.namespace}"`;
    let found: Omit<Condition, 'type'>;
    if (backend === undefined) found = { status: 'False', reason: 'ServiceNotFound', message: `${at} is not present` };
    else {
      const url = `${backend}/apis/${group}/${version}`;
      const status = await this.#ask(url, {
        method: 'GET',
        headers: { 'x-remote-user': 'system:kube-aggregator', 'x-remote-group': 'system:masters' },
        body: Buffer.alloc(0),
        signal: AbortSignal.timeout(this.#options.timeout),
      }).then(
        (answer) => {
          answer.on('error', () => {}).resume();
          return answer.statusCode === 200 ? undefined : `bad status from ${url}: ${answer.statusCode}`;
        },
        (error: Error) => `failing or missing response from ${url}: ${error.message}`,
      );
      found =
        status === undefined
          ? { status: 'True', reason: 'Passed', message: 'all checks passed' }
          : { status: 'False', reason: 'FailedDiscoveryCheck', message: status };
    }
    this.#write(service.metadata.name, found);
  }

  #write(name: string, found: Omit<Condition, 'type'>): void {
    const { store, now } = this.#options;
    const service = store.get(RESOURCE, '', name) as ApiService | undefined;
    if (service === undefined) return;
    const before = service.status?.conditions?.find(({ type }) => type === 'Available');
    if (before?.status === found.status && before.reason === found.reason && before.message === found.message) return;
    const lastTransitionTime =
      before?.status === found.status && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : rfc3339(now());
    const conditions = [{ type: 'Available', lastTransitionTime, ...found }];
    store.update(RESOURCE, { ...service, status: { ...service.status, conditions } });
  }

  #ask(url: string, given: Passed): Promise<IncomingMessage> {
    const { method, headers, body, signal } = given;
    // Backends have certificates of their own making.
    const options = { method, headers, signal, timeout: this.#options.timeout, rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
      const outgoing = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, resolve);
      outgoing.on('error', (error) => reject(unavailable(`error trying to reach service: ${error.message}`)));
      outgoing.on('timeout', () => outgoing.destroy(new Error('i/o timeout')));
      outgoing.end(body);
    });
  }
}

interface Passed {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

/** Without what is about the connection to the backend. */
function plainHeaders({ headers }: IncomingMessage): Record<string, string | string[]> {
  const { connection: _connection, 'keep-alive': _keep, 'transfer-encoding': _encoding, ...rest } = headers;
  return rest as Record<string, string | string[]>;
}
