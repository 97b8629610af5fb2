import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import type { OperatorObject, ResourceName } from '../objects.ts';
import { FakeCluster } from './fake-cluster.case.ts';
import { ManualClock } from './manual-clock.case.ts';
import { type OperatorJobs, type OperatorJobsOptions, operatorJobs } from './operator-jobs.ts';

const MONITORS = ['servicemonitors', 'podmonitors', 'probes', 'scrapeconfigs'] as const;

let clock: ManualClock;
let cluster: FakeCluster;
let given: (readonly ScrapeConfig[])[];
let logged: string[];
let registry: Registry;
let jobs: OperatorJobs | undefined;
let version = 0;

beforeEach(() => {
  clock = new ManualClock();
  cluster = new FakeCluster();
  given = [];
  logged = [];
  registry = new Registry();
});
afterEach(() => jobs?.close());

function start(options: Partial<OperatorJobsOptions> = {}): OperatorJobs {
  jobs = operatorJobs({
    cluster,
    access: { kind: 'in-cluster' },
    defaults: { scrapeInterval: 30_000, scrapeTimeout: 10_000 },
    onJobs: (all) => given.push(all),
    logger: pino({}, { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) }),
    registry,
    clock,
    ...options,
  });
  return jobs;
}

function sync(...resources: readonly ResourceName[]): void {
  for (const resource of resources) cluster.cache(resource).replace(cluster.cache(resource).values(), 1);
}

function put(resource: ResourceName, name: string, spec: unknown, labels?: Record<string, string>): void {
  const metadata = { name, namespace: 'team', uid: name, resourceVersion: String(++version), creationTimestamp: '' };
  const object: OperatorObject = { metadata: labels === undefined ? metadata : { ...metadata, labels }, spec };
  cluster.cache(resource).put(object);
}

function secret(name: string, password: string): void {
  const data = { password: Buffer.from(password).toString('base64') };
  const metadata = { resourceVersion: String(++version) };
  cluster.secrets.set(`/api/v1/namespaces/team/secrets/${name}`, { metadata, data });
}

const monitor = (endpoint: object = {}) => ({ selector: {}, endpoints: [{ port: 'http', ...endpoint }] });
const named = (all: readonly ScrapeConfig[] | undefined) => all?.map(({ jobName }) => jobName);
const tokenOf = (job: ScrapeConfig) => job.client.authorization?.credentials?.reveal();

describe("the operator's objects", () => {
  it('give nothing until all kinds have been listed, and then all jobs in order', async () => {
    put('servicemonitors', 'b', monitor());
    put('servicemonitors', 'a', { selector: {}, endpoints: [{}, {}] });
    start();
    sync('servicemonitors', 'podmonitors', 'probes');
    await clock.advance(10_000);
    expect(given).toEqual([]);
    expect(jobs!.status()).toMatchObject({ cluster: 'east', isSynced: false });
    put('scrapeconfigs', 'c', { staticConfigs: [{ targets: ['a'] }] });
    sync('scrapeconfigs');
    await clock.advance(1_000);
    expect(given.map(named)).toEqual([
      ['serviceMonitor/team/a/0', 'serviceMonitor/team/a/1', 'serviceMonitor/team/b/0', 'scrapeConfig/team/c'],
    ]);
    expect(jobs!.status()).toMatchObject({
      isSynced: true,
      objects: [
        { kind: 'ServiceMonitor', namespace: 'team', name: 'a', state: 'active', problem: undefined },
        { name: 'b', jobs: ['serviceMonitor/team/b/0'] },
        { kind: 'ScrapeConfig', name: 'c' },
      ],
    });
  });

  it('are none at first: that is told too', async () => {
    start();
    sync(...MONITORS);
    await clock.advance(1_000);
    expect(given).toEqual([[]]);
  });

  it('do not wait for ever for a kind that cannot be listed', async () => {
    put('servicemonitors', 'a', monitor());
    start();
    sync('servicemonitors');
    await clock.advance(32_000);
    expect(given.map(named)).toEqual([['serviceMonitor/team/a/0']]);
    expect(logged).toEqual(['podmonitors, probes, scrapeconfigs cannot be listed; the rest begins']);
  });

  it('stay silent as long as nothing can be listed', async () => {
    start();
    await clock.advance(100_000);
    expect(given).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('are followed, changes together, and unchanged jobs stay the same objects', async () => {
    put('servicemonitors', 'a', monitor());
    put('servicemonitors', 'b', monitor());
    start();
    sync(...MONITORS);
    await clock.advance(1_000);
    put('servicemonitors', 'b', monitor({ interval: '10s' }));
    put('podmonitors', 'c', { selector: {}, podMetricsEndpoints: [{}] });
    await clock.advance(1_000);
    expect(given).toHaveLength(2);
    expect(given[1]![0]).toBe(given[0]![0]);
    expect(given[1]![1]!.scrapeInterval).toBe(10_000);
    cluster.cache('servicemonitors').remove('team', 'a');
    await clock.advance(1_000);
    expect(named(given[2])).toEqual(['serviceMonitor/team/b/0', 'podMonitor/team/c/0']);
    // Another version with the same meaning changes nothing.
    put('servicemonitors', 'b', { ...monitor({ interval: '10s' }), targetLabels: [] });
    await clock.advance(5_000);
    expect(given).toHaveLength(3);
  });

  it('are refused alone, and the last good version stays in force', async () => {
    put('servicemonitors', 'a', monitor());
    put('servicemonitors', 'bad', monitor({ interval: 'often' }));
    put('servicemonitors', 'c', monitor());
    start();
    sync(...MONITORS);
    await clock.advance(1_000);
    expect(named(given[0])).toEqual(['serviceMonitor/team/a/0', 'serviceMonitor/team/c/0']);
    const problem =
      'ServiceMonitor team/bad: spec.endpoints[0].interval: expected a duration such as 15s or 1m30s, got "often"; it has no jobs';
    expect(logged).toEqual([problem]);
    expect(jobs!.status().objects[1]).toMatchObject({ state: 'refused', jobs: [], problem });

    put('servicemonitors', 'a', monitor({ scheme: 'gopher' }));
    await clock.advance(1_000);
    expect(given).toHaveLength(1);
    expect(jobs!.status().objects[0]).toMatchObject({
      state: 'kept',
      jobs: ['serviceMonitor/team/a/0'],
      problem:
        'ServiceMonitor team/a: spec.endpoints[0].scheme: expected one of http, https, got "gopher"; its last good version stays in force',
    });
    put('servicemonitors', 'a', monitor({ scheme: 'https' }));
    await clock.advance(1_000);
    expect(given[1]![0]).toMatchObject({ jobName: 'serviceMonitor/team/a/0', scheme: 'https' });
    expect(logged.slice(1)).toEqual([expect.stringContaining('"gopher"'), 'ServiceMonitor team/a is in force']);
  });

  it('wait for their Secrets, log in anew when these are rotated, and keep what was known', async () => {
    const login = { bearerTokenSecret: { name: 'login', key: 'password' } };
    secret('login', 'first');
    put('servicemonitors', 'a', monitor(login));
    put('servicemonitors', 'b', monitor({ bearerTokenSecret: { name: 'nobody', key: 'password' } }));
    start();
    sync(...MONITORS);
    await clock.advance(2_000);
    expect(given.map((all) => all.map(tokenOf))).toEqual([['first']]);
    expect(jobs!.status().objects[1]).toMatchObject({
      state: 'refused',
      problem:
        'ServiceMonitor team/b: spec.endpoints[0].bearerTokenSecret: Secret team/nobody: there is none of this name; it has no jobs',
    });
    secret('login', 'second');
    await clock.advance(40_000);
    expect(given[1]!.map(tokenOf)).toEqual(['second']);

    // A bad version: the older one stays, with the new Secret.
    put('servicemonitors', 'a', monitor({ ...login, interval: 'x' }));
    secret('login', 'third');
    await clock.advance(40_000);
    expect(given[2]!.map(tokenOf)).toEqual(['third']);
    cluster.secrets.clear();
    await clock.advance(40_000);
    expect(given).toHaveLength(3);
    put('servicemonitors', 'a', monitor(login));
    await clock.advance(40_000);
    expect(given).toHaveLength(3);
    expect(jobs!.status().objects[0]).toMatchObject({
      state: 'active',
      notes: ['Secret team/login: there is none of this name; what it held before is used'],
    });
    secret('nobody', 'found');
    await clock.advance(40_000);
    expect(given[3]!.map(tokenOf)).toEqual(['third', 'found']);
    expect(JSON.stringify([jobs!.status(), logged])).not.toMatch(/first|second|third|found"/);
  });

  it('are selected by labels, their namespaces and the labels of these', async () => {
    const selector = { matchLabels: { release: 'prom' } };
    start({
      selection: {
        namespaces: ['team', 'other'],
        serviceMonitorSelector: selector,
        podMonitorNamespaceSelector: { matchExpressions: [{ key: 'watched', operator: 'Exists' }] },
      },
    });
    expect(cluster.scopes.get('servicemonitors')).toEqual({
      namespaces: ['team', 'other'],
      labelSelector: 'release=prom',
    });
    expect(cluster.scopes.get('podmonitors')).toEqual({ namespaces: ['team', 'other'], labelSelector: undefined });
    put('podmonitors', 'p', { selector: {}, podMetricsEndpoints: [{}] });
    sync(...MONITORS);
    await clock.advance(5_000);
    expect(given).toEqual([]);
    const namespace = (labels: Record<string, string>) => ({
      metadata: {
        name: 'team',
        namespace: '',
        uid: '',
        resourceVersion: String(++version),
        creationTimestamp: '',
        labels,
      },
    });
    cluster.cache('namespaces').replace([namespace({})], 1);
    await clock.advance(1_000);
    expect(given.map(named)).toEqual([[]]);
    cluster.cache('namespaces').put(namespace({ watched: '' }));
    await clock.advance(1_000);
    expect(named(given[1])).toEqual(['podMonitor/team/p/0']);
  });

  it('refuse a selection that is none, by name', () => {
    expect(() => start({ selection: { probeSelector: { matchLabels: { 'a b': 'c' } } } })).toThrow(
      'operator.probeSelector.matchLabels: expected the key of a label, got "a b"',
    );
    expect(cluster.open).toBe(0);
  });

  it('are counted', async () => {
    put('servicemonitors', 'a', monitor());
    put('probes', 'p', {});
    start();
    sync(...MONITORS);
    await clock.advance(1_000);
    const text = await registry.metrics();
    expect(text).toContain('pharos_operator_objects{cluster="east",kind="ServiceMonitor",state="active"} 1');
    expect(text).toContain('pharos_operator_objects{cluster="east",kind="Probe",state="refused"} 1');
    expect(text).toContain('pharos_operator_jobs{cluster="east"} 1');
    jobs!.close();
    expect(await registry.metrics()).not.toContain('pharos_operator_jobs{');
  });

  it('are left alone after closing', async () => {
    start();
    sync(...MONITORS);
    await clock.advance(1_000);
    jobs!.close();
    put('servicemonitors', 'a', monitor());
    await clock.advance(100_000);
    expect(given).toEqual([[]]);
    expect([cluster.open, clock.pending]).toEqual([0, 0]);
  });
});
