import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { connect, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { SYSTEM_CLOCK } from '../../../clock/clock.ts';
import { selfSigned } from '../../../simulator/api/self-signed.ts';
import { Labels } from '../../../storage/labels.ts';
import { type AccessControl, AccessError, type Action, type RequestUser } from '../access-control.ts';
import { isSelected, type LabelSelector } from '../label-selector.ts';
import { MetricsError } from '../metrics-error.ts';
import type {
  ExternalQuestion,
  ExternalValue,
  MetricsProvider,
  NodeUsage,
  ObjectQuestion,
  ObjectValue,
  PodUsage,
  UsageProvider,
} from '../metrics-provider.ts';
import type { KnownObject, KnownPod, ObjectDirectory } from '../object-directory.ts';
import type { ServedMetric } from '../served-metric.ts';
import { type MetricsApis, type MetricsApisOptions, startMetricsApis } from './server.ts';

/** 2026-03-02T12:00:00.900Z */
export const NOW = Date.UTC(2026, 2, 2, 12, 0, 0, 900);
const CREATED = NOW - 3_600_000;

/** Knows tokens, and lets everybody who is known do what is not forbidden. */
export class FakeAccess implements AccessControl {
  readonly asked: Action[] = [];
  forbids: (action: Action) => boolean = () => false;
  /** Instead of an answer. */
  fails: Error | undefined;

  async authenticate(request: IncomingMessage): Promise<RequestUser> {
    if (this.fails !== undefined) throw this.fails;
    if (request.headers.authorization !== 'Bearer good') throw new AccessError(401, 'Unauthorized');
    return { name: 'ada', uid: undefined, groups: ['people'], extra: new Map() };
  }

  async authorize(user: RequestUser, action: Action): Promise<void> {
    this.asked.push(action);
    if (this.forbids(action)) throw new AccessError(403, `forbidden: User "${user.name}" cannot do that`);
  }
}

export interface FakePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface FakeExternal {
  readonly metric: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Pods of which each has the metric `load` (its index + 0.5), two nodes, one namespace metric, and external metrics. */
export class FakeMetrics implements MetricsProvider, UsageProvider {
  pods_: FakePod[] = [
    { namespace: 'shop', name: 'web-1', labels: { app: 'web', tier: 'front' } },
    { namespace: 'shop', name: 'web-2', labels: { app: 'web' } },
    { namespace: 'shop', name: 'db-0', labels: { app: 'db' } },
    { namespace: 'bank', name: 'web-1', labels: { app: 'web' } },
  ];
  externals: FakeExternal[] = [
    { metric: 'queue', labels: { queue: 'orders' }, value: 41.5 },
    { metric: 'queue', labels: { queue: 'mail' }, value: 1 },
    { metric: 'a/b', labels: {}, value: 7 },
  ];
  readonly questions: (ObjectQuestion | ExternalQuestion)[] = [];
  /** Instead of an answer. */
  fails: Error | undefined;
  /** Before an answer. */
  waits: Promise<void> | undefined;
  served: ServedMetric[] = [
    metric('load', 'custom', ['pods'], 'the k8s_* catalogue'),
    metric('load', 'custom', ['nodes'], 'the k8s_* catalogue'),
    metric('requests', 'custom', ['services', 'ingresses.networking.k8s.io'], 'pharos.yml:12'),
    metric('queue', 'external', [], 'pharos.yml:20'),
  ];

  metrics(): readonly ServedMetric[] {
    return this.served;
  }

  async objects(question: ObjectQuestion): Promise<readonly ObjectValue[]> {
    this.questions.push(question);
    await this.waits;
    if (this.fails !== undefined) throw this.fails;
    const { resource, namespace, name, selector, metric } = question;
    const objects =
      resource === 'pods'
        ? this.pods_.map((pod, i) => ({ ...pod, value: i + 0.5 }))
        : resource === 'nodes'
          ? [{ namespace: '', name: 'n1', labels: { zone: 'a' }, value: 0.07 }]
          : resource === 'namespaces'
            ? [{ namespace: '', name: 'shop', labels: {}, value: 12 }]
            : [{ namespace: 'shop', name: 'web', labels: {}, value: 3 }];
    if (metric !== 'load') throw new MetricsError('unknownMetric', `no metric ${metric} is served of ${resource}`);
    const there = objects.filter((object) => object.namespace === namespace && (name ?? object.name) === object.name);
    if (there.length === 0 && name !== undefined) {
      throw new MetricsError('unknownObject', `there is no object ${name} of ${resource}`);
    }
    return there
      .filter(({ labels }) => isSelected(selector, (key) => ownOf(labels, key)))
      .map(({ namespace, name, value }) => ({ namespace, name, value, timestamp: NOW - 5_000, window: 60_000 }));
  }

  async external(question: ExternalQuestion, _signal?: AbortSignal): Promise<readonly ExternalValue[]> {
    this.questions.push(question);
    await this.waits;
    if (this.fails !== undefined) throw this.fails;
    const found = this.externals.filter(
      ({ metric, namespace = question.namespace }) => metric === question.metric && namespace === question.namespace,
    );
    if (found.length === 0) throw new MetricsError('unknownMetric', `no external metric ${question.metric} is served`);
    return found
      .filter(({ labels }) => isSelected(question.selector, (key) => ownOf(labels, key)))
      .map(({ labels, value }) => ({ labels: Labels.from(labels), value, timestamp: NOW, window: 30_000 }));
  }

  async explain(question: ObjectQuestion | ExternalQuestion): Promise<readonly string[]> {
    this.questions.push(question);
    return [`because of ${question.metric}`];
  }

  async pods(namespace: string, selector: LabelSelector): Promise<readonly PodUsage[]> {
    await this.waits;
    if (this.fails !== undefined) throw this.fails;
    return this.pods_
      .filter((pod) => namespace === '' || pod.namespace === namespace)
      .filter(({ labels }) => isSelected(selector, (key) => ownOf(labels, key)))
      .map((pod) => ({
        ...pod,
        created: CREATED,
        timestamp: NOW - 2_000,
        window: 15_250,
        containers: [
          { name: 'app', cpu: 0.25, memory: 20 * 2 ** 20 },
          { name: 'proxy', cpu: 0.000012345, memory: 4097 },
        ],
      }));
  }

  async pod(namespace: string, name: string): Promise<PodUsage> {
    const found = (await this.pods(namespace, [])).find((pod) => pod.name === name);
    if (found === undefined) throw new MetricsError('unknownObject', `there is no pod ${namespace}/${name}`);
    return found;
  }

  async nodes(selector: LabelSelector): Promise<readonly NodeUsage[]> {
    if (this.fails !== undefined) throw this.fails;
    const node = { created: CREATED, timestamp: NOW, window: 15_000, cpu: 1.5, memory: 2 ** 30 };
    return [
      { ...node, name: 'n1', labels: { zone: 'a' } },
      { ...node, name: 'n2', labels: { zone: 'b' } },
    ].filter(({ labels }) => isSelected(selector, (key) => ownOf(labels, key)));
  }

  async node(name: string): Promise<NodeUsage> {
    const found = (await this.nodes([])).find((node) => node.name === name);
    if (found === undefined) throw new MetricsError('unknownObject', `there is no node ${name}`);
    return found;
  }

  explainPod(namespace: string, name: string): readonly string[] {
    return [`pod ${namespace}/${name} is served`];
  }

  explainNode(name: string): readonly string[] {
    return [`node ${name} is served`];
  }
}

function ownOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function metric(name: string, api: 'custom' | 'external', resources: readonly string[], origin: string): ServedMetric {
  return {
    name,
    api,
    resources,
    window: 60_000,
    freshness: 90_000,
    hold: 0,
    namespace: undefined,
    selectsInside: false,
    origin,
    objectOf: () => undefined,
    evaluate: () => Promise.reject(new Error('nothing evaluates this')),
  };
}

/** Has been listed, or not. */
export class FakeDirectory implements ObjectDirectory {
  isListed = true;

  knows(): boolean {
    return true;
  }

  select(): readonly KnownObject[] {
    return [];
  }

  get(): KnownObject | undefined {
    return undefined;
  }

  pods(): readonly KnownPod[] {
    return [];
  }

  pod(): KnownPod | undefined {
    if (!this.isListed) throw new MetricsError('unavailable', 'pods have not been listed yet');
    return undefined;
  }
}

export interface BedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: () => any;
}

/** The server on a port of its own, over TLS, with fakes behind it. */
export class MetricsApisBed {
  readonly access = new FakeAccess();
  readonly fake = new FakeMetrics();
  readonly directory = new FakeDirectory();
  readonly registry = new Registry();
  readonly #agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 8 });
  certificate = selfSigned();
  readonly #renewals = new Set<(options: SecureContextOptions) => void>();
  #apis: MetricsApis | undefined;
  #port = 0;

  static async start(options: Partial<MetricsApisOptions> = {}): Promise<MetricsApisBed> {
    const bed = new MetricsApisBed();
    bed.#apis = await startMetricsApis({
      address: { host: '127.0.0.1', port: 0 },
      tls: {
        get contextOptions() {
          return bed.certificate;
        },
        onContext(changed) {
          bed.#renewals.add(changed);
          return () => bed.#renewals.delete(changed);
        },
      },
      access: bed.access,
      metrics: bed.fake,
      usage: bed.fake,
      directory: bed.directory,
      logger: pino({ level: 'silent' }),
      registry: bed.registry,
      clock: SYSTEM_CLOCK,
      version: '1.2.3',
      ...options,
    });
    bed.#port = bed.#apis.address.port;
    return bed;
  }

  get port(): number {
    return this.#port;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.closeServer();
  }

  /** With the connections of the bed still open. */
  async closeServer(): Promise<void> {
    const apis = this.#apis;
    this.#apis = undefined;
    await apis?.close();
  }

  renew(): void {
    this.certificate = selfSigned();
    for (const changed of this.#renewals) changed(this.certificate);
  }

  /** With the good token, unless other headers are given. The path is sent as it is. */
  async get(
    path: string,
    {
      headers = {},
      method = 'GET',
    }: { readonly headers?: Readonly<Record<string, string>>; readonly method?: string } = {},
  ): Promise<BedAnswer> {
    const request = requestHttps({
      host: '127.0.0.1',
      port: this.port,
      path,
      method,
      agent: this.#agent,
      headers: { authorization: 'Bearer good', ...headers },
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const text = await textOf(response);
    return { status: response.statusCode!, headers: response.headers, text, json: () => JSON.parse(text) };
  }

  /** What the server sends when it is sent bytes that no client would send. */
  async raw(bytes: string | Buffer): Promise<string> {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: this.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    let text = '';
    socket.on('data', (data) => (text += data)).on('error', () => {});
    socket.end(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
    return text;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) text += part;
  return text;
}
