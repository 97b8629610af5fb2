import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfigText } from '../../cli/config/load-config.ts';
import { SharedKubeClusters } from '../../collector/kubernetes/shared-kube-clusters.ts';
import { ScrapePools } from '../../collector/scrape/scrape-pools.ts';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import { ObjectStore } from '../../simulator/object-store.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { findPrometheus } from '../find-prometheus.ts';
import { startPrometheus } from '../replay/prometheus.ts';
import { createSampleObjects } from './sample-objects.ts';

const TOKEN = 'token-of-the-test';
const program = findPrometheus(process.env);

/** What newer versions than 3.5 add, and Pharos with them. */
const NEWER = /^__meta_kubernetes_(?:pod_ipv[46]|node_condition_.*)$/;

/** Newer versions put brackets around an IPv6 address without a port, and so does Pharos. */
const bracketed = (labels: DiscoveredLabels): DiscoveredLabels =>
  isIPv6(labels.__address__!) ? { ...labels, __address__: `[${labels.__address__}]` } : labels;

const JOBS: Readonly<Record<string, string>> = {
  node: '{role: node}',
  pod: '{role: pod}',
  service: '{role: service}',
  endpoints: '{role: endpoints}',
  endpointslice: '{role: endpointslice}',
  ingress: '{role: ingress}',
  'pods with nodes': '{role: pod, attach_metadata: {node: true}}',
  'endpoints with nodes': '{role: endpoints, attach_metadata: {node: true}}',
  'endpointslices with nodes': '{role: endpointslice, attach_metadata: {node: true}}',
  'pods of a namespace': '{role: pod, namespaces: {names: [other]}}',
  'endpoints of both': '{role: endpoints, namespaces: {names: [other, default]}}',
  'pods by label': "{role: pod, selectors: [{role: pod, label: 'app in (db)'}]}",
  'pods by field': "{role: pod, selectors: [{role: pod, field: 'status.phase=Failed'}]}",
  'endpoints by pods':
    "{role: endpoints, selectors: [{role: pod, label: 'no=such'}, {role: service, label: with-dash=a}]}",
};

/** Every target is dropped, so that it is shown with its labels and never scraped. */
function configOf(url: string): string {
  const jobs = Object.entries(JOBS).map(
    ([name, discovery]) => `- job_name: ${name}
  relabel_configs: [{action: drop, regex: '.*'}]
  kubernetes_sd_configs:
  - ${discovery.slice(0, -1)}, api_server: '${url}', authorization: {credentials: ${TOKEN}}}
`,
  );
  return `scrape_configs:\n${jobs.join('')}`;
}

type DiscoveredLabels = Readonly<Record<string, string>>;

/** The labels of all targets by job, in an order that does not depend on the server's. */
function byJob(targets: readonly { scrapePool: string; discoveredLabels: DiscoveredLabels }[]) {
  const jobs: Record<string, DiscoveredLabels[]> = {};
  for (const { scrapePool, discoveredLabels } of targets) {
    const older = Object.entries(bracketed(discoveredLabels)).filter(([name]) => !NEWER.test(name));
    jobs[scrapePool] ??= [];
    jobs[scrapePool].push(Object.fromEntries(older.sort(([a], [b]) => (a < b ? -1 : 1))));
  }
  for (const list of Object.values(jobs)) list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return jobs;
}

/** Asks until two answers a while apart are the same, and not empty. */
async function settled<T>(ask: () => Promise<T> | T, pause: number): Promise<T> {
  let before = '';
  for (let i = 0; i < 60; i++) {
    const answer = await ask();
    const text = JSON.stringify(answer);
    if (text === before && Object.keys(answer as object).length === Object.keys(JOBS).length) return answer;
    before = text;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new Error(`the targets do not settle: ${before.slice(0, 500)}`);
}

describe.skipIf(program === undefined)("discovery beside Prometheus' (set PHAROS_TEST_PROMETHEUS or PATH)", () => {
  let directory: string;
  let api: ApiServer;
  const closing: (() => Promise<unknown>)[] = [];
  let ours: ReturnType<typeof byJob>;
  let theirs: ReturnType<typeof byJob>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pharos-discovery-parity-'));
    closing.push(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
    const store = new ObjectStore({ now: Date.now });
    createSampleObjects(store);
    api = await startApiServer({ store, now: Date.now, tokens: [{ token: TOKEN, user: 'admin' }] });
    closing.push(() => api.close());
    const text = configOf(api.url);
    const configFile = join(directory, 'prometheus.yml');
    await writeFile(configFile, text);

    const prometheus = await startPrometheus(program!, { configFile, directory });
    closing.push(() => prometheus.close());

    const logger = pino({ level: 'silent' });
    const clusters = new SharedKubeClusters({ environment: {}, logger });
    closing.push(() => clusters.close());
    const { appender } = createMemoryStorage();
    const pools = new ScrapePools({ appender, logger, registry: new Registry(), version: '1', clusters });
    closing.push(() => pools.close());
    const { config } = await loadConfigText(text, { name: configFile, path: configFile });
    pools.apply({ jobs: config.scrapeConfigs });

    ours = await settled(
      () =>
        byJob(
          pools.dropped().targets.map(({ scrapePool, discoveredLabels }) => ({
            scrapePool,
            discoveredLabels: discoveredLabels.toObject(),
          })),
        ),
      100,
    );
    theirs = await settled(async () => {
      const response = await fetch(`${prometheus.url}/api/v1/targets?state=dropped`);
      const { data } = (await response.json()) as { data: { droppedTargets: Parameters<typeof byJob>[0] } };
      return byJob(data.droppedTargets);
    }, 2_000);
  }, 60_000);

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  it.each(Object.keys(JOBS))('finds the same labels: %s', (job) => {
    expect(theirs[job]!.length).toBeGreaterThan(0);
    expect(ours[job]).toEqual(theirs[job]);
  });
});
