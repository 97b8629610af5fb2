import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import { createKubeClient } from '../../collector/kubernetes/http-kube-client.ts';
import type { KubeAccess } from '../../collector/kubernetes/kube-access.ts';
import type { KubeCluster } from '../../collector/kubernetes/kube-cluster.ts';
import {
  type OperatorJobs,
  type OperatorJobsOptions,
  operatorJobs,
} from '../../collector/kubernetes/operator/operator-jobs.ts';
import { openKubeCluster } from '../../collector/kubernetes/watching-cluster.ts';
import type { HttpClientConfig, ScrapeConfig } from '../../collector/scrape/scrape-config.ts';
import { Secret } from '../../collector/secret.ts';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import { ResourceTable } from '../../simulator/api/resources.ts';
import { ObjectStore } from '../../simulator/object-store.ts';

const TOKEN = 'token-of-the-test';
const GROUP = 'monitoring.coreos.com';
const SERVICE_MONITORS = `servicemonitors.${GROUP}`;

let store: ObjectStore;
let api: ApiServer;
let resources: ResourceTable;
let cluster: KubeCluster;
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
  const http: HttpClientConfig = {
    ...PLAIN_HTTP_CLIENT,
    authorization: { type: 'Bearer', credentials: new Secret(TOKEN), credentialsFile: undefined },
  };
  cluster = openKubeCluster({
    name: 'sim',
    client: createKubeClient({ server: api.url, http, retryDelay: 10 }),
    logger: pino({ level: 'silent' }),
    reflector: { backOff: 20, maxBackOff: 100, absentPause: 50 },
  });
  given = [];
});

afterEach(async () => {
  jobs.close();
  await cluster.close();
  await api.close();
});

function start(options: Partial<OperatorJobsOptions> = {}): void {
  const access: KubeAccess = { kind: 'api-server', url: api.url, client: PLAIN_HTTP_CLIENT };
  jobs = operatorJobs({
    cluster,
    access,
    defaults: { scrapeInterval: 30_000, scrapeTimeout: 10_000 },
    onJobs: (all) => given.push(all),
    logger: pino({ level: 'silent' }),
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
});
