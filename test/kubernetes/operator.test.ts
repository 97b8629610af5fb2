import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import type { KubeAccess } from '../../collector/kubernetes/kube-access.ts';
import type { ClusterLease } from '../../collector/kubernetes/kube-clusters.ts';
import {
  type OperatorJobs,
  type OperatorJobsOptions,
  operatorJobs,
} from '../../collector/kubernetes/operator/operator-jobs.ts';
import { SharedKubeClusters } from '../../collector/kubernetes/shared-kube-clusters.ts';
import type { ScrapeConfig } from '../../collector/scrape/scrape-config.ts';
import { ScrapePools } from '../../collector/scrape/scrape-pools.ts';
import { Secret } from '../../collector/secret.ts';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import { ResourceTable } from '../../simulator/api/resources.ts';
import { ObjectStore } from '../../simulator/object-store.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

const TOKEN = 'token-of-the-test';
const GROUP = 'monitoring.coreos.com';
const SERVICE_MONITORS = `servicemonitors.${GROUP}`;

let logged: string[] = [];
const logger = pino({}, { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) });

let store: ObjectStore;
let api: ApiServer;
let resources: ResourceTable;
let access: KubeAccess;
let clusters: SharedKubeClusters;
let lease: ClusterLease;
let jobs: OperatorJobs;
let given: (readonly ScrapeConfig[])[];

beforeEach(async () => {
  store = new ObjectStore({ now: Date.now });
  resources = new ResourceTable();
  api = await startApiServer({
    store,
    resources,
    now: Date.now,
    tokens: [{ token: TOKEN, user: 'pharos', groups: ['system:masters'] }],
  });
  const authorization = { type: 'Bearer', credentials: new Secret(TOKEN), credentialsFile: undefined };
  access = { kind: 'api-server', url: api.url, client: { ...PLAIN_HTTP_CLIENT, authorization } };
  await connect();
  given = [];
  logged = [];
});

afterEach(async () => {
  jobs.close();
  await disconnect();
  await api.close();
});

/** `absentPause`: milliseconds until a resource is asked for again that the server does not have. */
async function connect(absentPause = 50): Promise<void> {
  clusters = new SharedKubeClusters({
    environment: {},
    logger,
    client: { retryDelay: 10 },
    reflector: { backOff: 20, maxBackOff: 100, absentPause },
  });
  clusters.setNames([{ access, name: 'sim' }]);
  lease = await clusters.open(access);
}

async function disconnect(): Promise<void> {
  lease.close();
  await clusters.close();
}

function start(options: Partial<OperatorJobsOptions> = {}): void {
  jobs = operatorJobs({
    cluster: lease.cluster,
    access,
    defaults: { scrapeInterval: 30_000, scrapeTimeout: 10_000 },
    onJobs: (all) => given.push(all),
    logger,
    registry: new Registry(),
    debounce: 20,
    referenceInterval: 100,
    ...options,
  });
}

/** Waits for what the jobs are to become; fails with what they are when that takes too long. */
async function until<T>(look: () => T, expected: T): Promise<void> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    try {
      expect(look()).toEqual(expected);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

const names = () => given.at(-1)?.map(({ jobName }) => jobName);

function monitor(name: string, endpoint: object = {}, kind = 'ServiceMonitor') {
  return {
    apiVersion: `${GROUP}/v1`,
    kind,
    metadata: { name, namespace: 'team' },
    spec: { selector: { matchLabels: { app: name } }, endpoints: [{ port: 'http', ...endpoint }] },
  };
}

function login(password: string) {
  const data = { password: Buffer.from(password).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace: 'team' }, data };
}

describe("Prometheus Operator's objects in a cluster", () => {
  it('become jobs when they are made, changed and deleted', async () => {
    store.create(SERVICE_MONITORS, monitor('web'));
    start();
    await until(names, ['serviceMonitor/team/web/0']);
    store.create(SERVICE_MONITORS, monitor('api'));
    store.create(`scrapeconfigs.${GROUP}`, {
      ...monitor('fixed', {}, 'ScrapeConfig'),
      apiVersion: `${GROUP}/v1alpha1`,
      spec: { staticConfigs: [{ targets: ['a:1'] }] },
    });
    await until(names, ['serviceMonitor/team/api/0', 'serviceMonitor/team/web/0', 'scrapeConfig/team/fixed']);
    store.update(SERVICE_MONITORS, monitor('web', { interval: '5s' }));
    await until(() => given.at(-1)!.map(({ scrapeInterval }) => scrapeInterval), [30_000, 5_000, 30_000]);
    store.delete(SERVICE_MONITORS, 'team', 'api');
    await until(names, ['serviceMonitor/team/web/0', 'scrapeConfig/team/fixed']);
  });

  it('log in anew when their Secret is rotated', async () => {
    store.create('secrets', login('first'));
    store.create(SERVICE_MONITORS, monitor('web', { bearerTokenSecret: { name: 'login', key: 'password' } }));
    start();
    const tokens = () => given.map((all) => all.map(({ client }) => client.authorization?.credentials?.reveal()));
    await until(tokens, [['first']]);
    store.update('secrets', login('second'));
    await until(tokens, [['first'], ['second']]);
    const asked = api.requestCounts().filter(({ labels }) => labels.resource === 'secrets');
    expect(new Set(asked.map(({ labels }) => labels.verb))).toEqual(new Set(['GET']));
  });

  it('are found when their definitions come later, and nothing happens before', async () => {
    const definition = resources.find(GROUP, 'v1', 'servicemonitors')!;
    for (const plural of ['servicemonitors', 'podmonitors', 'probes'])
      resources.remove({ group: GROUP, version: 'v1', plural });
    resources.remove({ group: GROUP, version: 'v1alpha1', plural: 'scrapeconfigs' });
    start();
    await until(() => given, [[]]);
    resources.register(definition);
    store.create(SERVICE_MONITORS, monitor('web'));
    await until(names, ['serviceMonitor/team/web/0']);
  });

  it('keep their jobs when the server has no such resource for a while', async () => {
    await disconnect();
    await connect(60_000);
    const definition = resources.find(GROUP, 'v1', 'servicemonitors')!;
    store.create(SERVICE_MONITORS, monitor('web'));
    start();
    await until(names, ['serviceMonitor/team/web/0']);
    resources.remove(definition);
    api.breakWatches();
    await until(() => logged.some((message) => message.includes('has no servicemonitors')), true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(given).toHaveLength(1);
    expect(jobs.status().objects).toHaveLength(1);
  });

  it('are refused alone when they are wrong, and stay what they were', async () => {
    store.create(SERVICE_MONITORS, monitor('web'));
    store.create(SERVICE_MONITORS, monitor('wrong', { interval: 'soon' }));
    start();
    await until(names, ['serviceMonitor/team/web/0']);
    store.update(SERVICE_MONITORS, monitor('web', { relabelings: [{ action: 'keep', regex: '(' }] }));
    await until(
      () => jobs.status().objects.map(({ name, state, jobs }) => [name, state, jobs.length]),
      [
        ['web', 'kept', 1],
        ['wrong', 'refused', 0],
      ],
    );
    expect(jobs.status().objects[0]!.problem).toContain(
      'ServiceMonitor team/web: spec.endpoints[0].relabelings[0].regex: invalid regular expression "("',
    );
    expect(given).toHaveLength(1);
  });

  it('keep their jobs while the API server cannot be asked', async () => {
    store.create(SERVICE_MONITORS, monitor('web'));
    start();
    await until(names, ['serviceMonitor/team/web/0']);
    await api.stop();
    api.compact();
    api.failLists('*', 500, 3);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await api.start();
    store.create(SERVICE_MONITORS, monitor('late'));
    await until(names, ['serviceMonitor/team/late/0', 'serviceMonitor/team/web/0']);
    expect(given).toHaveLength(2);
  });

  it('are scraped with the labels and the login of their monitor, through rotations and restarts', async () => {
    let password = 'first';
    let refused = 0;
    const exporter = createServer((request, response) => {
      const isRight = request.headers.authorization === `Bearer ${password}` && request.url === '/stats?format=text';
      if (!isRight) refused++;
      response.writeHead(isRight ? 200 : 401, { 'content-type': 'text/plain; version=0.0.4' });
      response.end('requests_total 1\n');
    });
    await new Promise<void>((resolve) => void exporter.listen(0, '127.0.0.1', resolve));
    const { port } = exporter.address() as AddressInfo;
    const pools = new ScrapePools({
      appender: createMemoryStorage().appender,
      logger,
      registry: new Registry(),
      version: '1',
      clusters,
    });
    try {
      const labels = { app: 'web', tier: 'gold' };
      store.create('services', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'team', labels },
        spec: {},
      });
      store.create('pods', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web-1', namespace: 'team', labels: { version: 'v2' } },
        spec: { nodeName: 'n1', containers: [{ name: 'server', ports: [{ name: 'http', containerPort: port }] }] },
        status: { phase: 'Running', podIP: '127.0.0.1' },
      });
      const targetRef = { kind: 'Pod', namespace: 'team', name: 'web-1' };
      store.create('endpoints', {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name: 'web', namespace: 'team', labels },
        subsets: [{ addresses: [{ ip: '127.0.0.1', targetRef }], ports: [{ name: 'http', port }] }],
      });
      store.create('secrets', login('first'));
      const endpoint = {
        path: '/stats',
        params: { format: ['text'] },
        interval: '300ms',
        scrapeTimeout: '300ms',
        bearerTokenSecret: { name: 'login', key: 'password' },
      };
      const web = monitor('web', endpoint);
      store.create(SERVICE_MONITORS, {
        ...web,
        spec: { ...web.spec, targetLabels: ['tier'], podTargetLabels: ['version'] },
      });
      start({ onJobs: (all) => pools.apply({ jobs: all }) });
      const targets = () => pools.status().map(({ labels, health }) => [labels.toString(), health]);
      const expected = `{cluster="sim", container="server", endpoint="http", instance="127.0.0.1:${port}", job="web", namespace="team", pod="web-1", service="web", tier="gold", version="v2"}`;
      await until(targets, [[expected, 'up']]);
      expect(refused).toBe(0);

      password = 'second';
      await until(targets, [[expected, 'down']]);
      store.update('secrets', login('second'));
      await until(targets, [[expected, 'up']]);

      await api.stop();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(targets().map(([labels]) => labels)).toEqual([expected]);
      await api.start();
      store.delete(SERVICE_MONITORS, 'team', 'web');
      await until(targets, []);
    } finally {
      await pools.close();
      exporter.closeAllConnections();
      exporter.close();
    }
  });
});
