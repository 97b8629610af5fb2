import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ObjectStore, rfc3339, type StoreEvent } from '../object-store.ts';
import { type ApiService, type ApiServiceCondition, type Backend, findBackend } from './aggregated-backend.ts';
import { readAggregatedDiscovery, readResourceList } from './aggregated-discovery.ts';
import { type ApiRequest, sendText } from './api-request.ts';
import { BackendClient } from './backend-client.ts';
import type { AggregatedVersion } from './discovery.ts';
import { type FrontProxy, passedHeaders, userHeaders } from './front-proxy.ts';

const RESOURCE = 'apiservices.apiregistration.k8s.io';
/** Changes of these can make a server reachable or unreachable. */
const CONCERNED: ReadonlySet<string> = new Set([RESOURCE, 'services', 'endpoints', 'endpointslices.discovery.k8s.io']);
/** Milliseconds that a look at a server may take. */
const PROBE_TIMEOUT = 6_000;
const PROBE_ATTEMPTS = 3;
/** Bytes of a document that a server describes itself with. */
const MOST_BYTES = 8 * 1024 * 1024;
const PROBER = { name: 'system:kube-aggregator', groups: ['system:masters'] };
const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;q=0.9';

export interface AggregationOptions {
  readonly store: ObjectStore;
  readonly frontProxy: FrontProxy;
  /** URLs by `namespace/name` of the service; read anew for each request, so that entries can come and go. */
  readonly backends: ReadonlyMap<string, string>;
  /** Milliseconds until a request is given up. */
  readonly timeout: number;
  /** Milliseconds between looks at whether the backends answer. */
  readonly probeInterval: number;
  readonly now: () => number;
}

type Finding = Omit<ApiServiceCondition, 'type'> & { readonly status: string };

/**
 * Groups and versions that other servers serve, as APIService objects with a service register them: their requests are passed
 * on with the front proxy's certificate and the user in headers, and the objects' status says whether they answer.
 */
export class Aggregation {
  readonly #options: AggregationOptions;
  readonly #client: BackendClient;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  /** Resources by `group/version`, as the servers have told. */
  readonly #discovered = new Map<string, readonly object[]>();
  #turn = 0;
  #probing: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(options: AggregationOptions) {
    this.#options = options;
    this.#client = new BackendClient(() => options.frontProxy.client);
    this.#timer = setInterval(() => this.probe(), options.probeInterval).unref();
    this.#unsubscribe = options.store.subscribe((event) => this.#follow(event));
  }

  /** The groups and versions that are registered, those of the highest priority first. */
  versions(): readonly AggregatedVersion[] {
    return [...this.#services()]
      .sort(
        ({ spec: a }, { spec: b }) =>
          (b?.groupPriorityMinimum ?? 0) - (a?.groupPriorityMinimum ?? 0) ||
          (b?.versionPriority ?? 0) - (a?.versionPriority ?? 0),
      )
      .flatMap((service) => {
        const { group, version } = service.spec!;
        if (group === undefined || version === undefined) return [];
        const resources = this.#discovered.get(`${group}/${version}`);
        return [{ group, version, available: isAvailable(service), ...(resources !== undefined && { resources }) }];
      });
  }

  has(group: string, version: string): boolean {
    return this.#find(group, version) !== undefined;
  }

  /** Passes the request on and sends what comes back, or 503 as plain text when nobody answers. */
  async passOn(request: ApiRequest, { group, version }: Pick<AggregatedVersion, 'group' | 'version'>): Promise<void> {
    const service = this.#find(group, version);
    const backend = service !== undefined && isAvailable(service) ? this.#backendOf(service) : undefined;
    if (backend === undefined) return this.#refuse(request, 'service unavailable');
    const { incoming, user, method, signal, response } = request;
    const { remoteAddress } = incoming.socket;
    const forwarded = [incoming.headers['x-forwarded-for'], remoteAddress].filter((part) => part !== undefined);
    const body = await request.body();
    let answer: IncomingMessage;
    try {
      answer = await this.#client.ask(backend, {
        method,
        path: plainPath(request.path) + plainQuery(request.query),
        headers: {
          ...passedHeaders(incoming.headers),
          'x-forwarded-for': forwarded.join(', '),
          ...(body.length > 0 && { 'content-length': String(body.length) }),
          ...userHeaders(user),
        },
        body,
        signal,
        timeout: this.#options.timeout,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      return this.#refuse(request, `error trying to reach service: ${(error as Error).message}`);
    }
    response.writeHead(answer.statusCode ?? 502, plainHeaders(answer));
    // An answer that is cut is passed on as one that is cut.
    answer.on('error', () => response.destroy());
    answer.pipe(response);
    response.on('close', () => answer.destroy());
    await new Promise((resolve) => answer.on('close', resolve));
  }

  /** What a server answers to the aggregator itself; undefined unless it is 200 and not too long. */
  async fetch(
    { group, version }: Pick<AggregatedVersion, 'group' | 'version'>,
    path: string,
  ): Promise<string | undefined> {
    const service = this.#find(group, version);
    const backend = service !== undefined && isAvailable(service) ? this.#backendOf(service) : undefined;
    if (backend === undefined) return undefined;
    return this.#get(backend, path, {
      accept: 'application/json',
      ...userHeaders({ ...PROBER, name: 'system:aggregator' }),
    })
      .then(({ body }) => body)
      .catch(() => undefined);
  }

  /** By the name of the APIService: whether it is known not to answer. */
  unavailable(): ReadonlyMap<string, boolean> {
    return new Map(this.#services().map((service) => [service.metadata.name, !isAvailable(service)]));
  }

  /** Asks every backend for its group and version and writes what it finds into the objects' status. */
  async probe(): Promise<void> {
    await Promise.all(this.#services().map((service) => this.#probe(service)));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearImmediate(this.#probing);
    this.#unsubscribe();
    this.#client.close();
  }

  #follow({ resource, object, before }: StoreEvent): void {
    if (!CONCERNED.has(resource)) return;
    if (resource === RESOURCE) {
      if (before !== undefined && JSON.stringify(before.spec) === JSON.stringify(object.spec)) return;
    } else if (!this.#services().some(({ spec }) => isAbout(resource, object, spec?.service ?? {}))) return;
    clearImmediate(this.#probing);
    this.#probing = setImmediate(() => void this.probe());
  }

  #services(): readonly ApiService[] {
    const services = this.#options.store.list(RESOURCE) as readonly ApiService[];
    return services.filter(({ spec }) => spec?.service !== undefined && spec.service !== null);
  }

  #find(group: string, version: string): ApiService | undefined {
    return this.#services().find(({ spec }) => spec?.group === group && spec.version === version);
  }

  #backendOf(service: ApiService): Backend | undefined {
    const found = this.#locate(service);
    return 'reason' in found ? undefined : found;
  }

  #locate(service: ApiService): ReturnType<typeof findBackend> {
    const { store, backends } = this.#options;
    return findBackend(service, { store, overrides: backends, turn: this.#turn++ });
  }

  async #probe(service: ApiService): Promise<void> {
    const { group, version } = service.spec!;
    const path = `/apis/${group}/${version}`;
    let found: Finding = { status: 'True', reason: 'Passed', message: 'all checks passed' };
    for (let attempt = 1; ; attempt++) {
      const backend = this.#locate(service);
      if ('reason' in backend) {
        found = { status: 'False', ...backend };
        break;
      }
      const error = await this.#get(backend, path, userHeaders(PROBER)).then(
        ({ status, body }) => {
          if (status < 200 || status > 299) return `bad status from ${backend.url}${path}: ${status}`;
          const resources = readResourceList(body, { group: group!, version: version! });
          if (resources !== undefined) this.#discovered.set(`${group}/${version}`, resources);
          return undefined;
        },
        ({ message }: Error) =>
          `failing or missing response from ${backend.url}${path}: Get "${backend.url}${path}": ${message}`,
      );
      if (error === undefined) {
        await this.#discover(backend);
        break;
      }
      if (attempt === PROBE_ATTEMPTS || this.#closed) {
        found = { status: 'False', reason: 'FailedDiscoveryCheck', message: error };
        break;
      }
    }
    if (!this.#closed) this.#write(service.metadata.name, found);
  }

  /** What the server tells of all its resources at once counts more than its lists. */
  async #discover(backend: Backend): Promise<void> {
    const answer = await this.#get(backend, '/apis', { accept: DISCOVERY, ...userHeaders(PROBER) }).catch(
      () => undefined,
    );
    if (answer?.status !== 200) return;
    for (const [version, resources] of readAggregatedDiscovery(answer.body)) {
      const [group = '', name = ''] = version.split('/');
      if (this.has(group, name)) this.#discovered.set(version, resources);
    }
  }

  #write(name: string, found: Finding): void {
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

  async #get(
    backend: Backend,
    path: string,
    headers: Readonly<Record<string, string | string[]>>,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT);
    const answer = await this.#client.ask(backend, { method: 'GET', path, headers, signal, timeout: PROBE_TIMEOUT });
    let size = 0;
    answer.on('data', (part: Buffer) => {
      size += part.length;
      if (size > MOST_BYTES) answer.destroy(new Error(`the answer is longer than ${MOST_BYTES} bytes`));
    });
    return { status: answer.statusCode ?? 0, body: await text(answer) };
  }

  #refuse({ response }: ApiRequest, message: string): void {
    sendText(response, 503, { type: 'text/plain; charset=utf-8', body: `${message}\n` });
  }
}

function isAvailable({ status }: ApiService): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') === true;
}

function isAbout(
  resource: string,
  { metadata }: StoreEvent['object'],
  { namespace, name }: { readonly namespace?: string; readonly name?: string },
): boolean {
  if (metadata.namespace !== namespace) return false;
  return (
    (resource.startsWith('endpointslices') ? metadata.labels?.['kubernetes.io/service-name'] : metadata.name) === name
  );
}

/** As the real server passes paths on: decoded and encoded again, so that a star is escaped and an escaped slash is none any more. */
function plainPath(path: string): string {
  return decodeURIComponent(path)
    .split('/')
    .map((part) =>
      encodeURIComponent(part)
        .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
        .replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent),
    )
    .join('/');
}

/** The same of queries, whose parameters are sorted. */
function plainQuery(query: URLSearchParams): string {
  if (query.size === 0) return '';
  const sorted = new URLSearchParams(query);
  sorted.sort();
  return `?${sorted.toString().replaceAll('*', '%2A').replaceAll('%7E', '~')}`;
}

/** Without what is about the connection to the backend. */
function plainHeaders({ headers }: IncomingMessage): Record<string, string | string[]> {
  const { connection: _connection, 'keep-alive': _keep, 'transfer-encoding': _encoding, ...rest } = headers;
  return rest as Record<string, string | string[]>;
}
