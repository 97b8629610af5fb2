import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesConfig } from './config.ts';
import { defaultConfig } from './default-config.ts';
import { loadConfigText } from './load-config.ts';
import { ConfigError, formatProblems } from './problem.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pharos-kubernetes-'));
  await writeFile(join(directory, 'kubeconfig'), '');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function load(text: string): Promise<KubernetesConfig> {
  const { config } = await loadConfigText(text, { name: 'pharos.yml', path: join(directory, 'pharos.yml') });
  return config.kubernetes;
}

async function errorsOf(text: string): Promise<string[]> {
  const error = await load(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw error ?? new Error('it was accepted');
  return formatProblems(error.problems).split('\n');
}

describe('the section kubernetes', () => {
  it('is complete when it is empty', async () => {
    const config = await load('kubernetes: {}');
    expect(config).toMatchObject({
      enabled: true,
      clusters: [],
      nodeAccess: 'auto',
      scrapeInterval: 15_000,
      scrapeTimeout: 10_000,
      catalogue: true,
      events: true,
      stateMetrics: { metricAllowlist: undefined, metricDenylist: [] },
      leaderElection: undefined,
    });
    expect(config.scrape).toEqual({
      kubelets: true,
      apiServer: true,
      controlPlane: true,
      nodeExporter: true,
      gpuExporter: true,
      annotations: false,
      operatorObjects: true,
    });
  });

  it('leaves it open whether clusters are watched when it is missing', async () => {
    expect((await load('scrape_configs: []')).enabled).toBeUndefined();
    expect(defaultConfig({ listen: { host: '127.0.0.1', port: 9090 } }).kubernetes.enabled).toBeUndefined();
    expect((await load('kubernetes: {enabled: false}')).enabled).toBe(false);
  });

  it('takes the interval of the whole file', async () => {
    const text = 'global: {scrape_interval: 30s}\nkubernetes: ';
    expect((await load(`${text}{}`)).scrapeInterval).toBe(30_000);
    expect((await load(`${text}{scrape_interval: 5s}`)).scrapeTimeout).toBe(5_000);
    expect(await errorsOf('kubernetes: {scrape_interval: 5s, scrape_timeout: 6s}')).toEqual([
      'pharos.yml:1:35: kubernetes.scrape_timeout: expected a timeout of at most the scrape interval (5s), got 6s',
    ]);
  });

  it('lists clusters by kubeconfig, by API server and the own one', async () => {
    const { clusters } = await load(`
kubernetes:
  node_access: proxy
  clusters:
    - {name: a, kubeconfig_file: kubeconfig, context: ctx}
    - {kubeconfig_file: kubeconfig, context: other, node_access: direct}
    - name: b
      api_server: https://b.example.com:6443
      authorization: {credentials: s3cret}
    - name: own
`);
    expect(clusters).toMatchObject([
      {
        name: 'a',
        nodeAccess: 'proxy',
        access: { kind: 'kubeconfig', file: join(directory, 'kubeconfig'), context: 'ctx' },
      },
      { name: undefined, nodeAccess: 'direct', access: { kind: 'kubeconfig', context: 'other' } },
      { name: 'b', access: { kind: 'api-server', url: 'https://b.example.com:6443' } },
      { name: 'own', access: { kind: 'in-cluster' } },
    ]);
  });

  it('checks the selection of state metrics when it is read', async () => {
    expect(await errorsOf("kubernetes: {state_metrics: {metric_denylist: ['a(']}}")).toEqual([
      expect.stringMatching(
        /^pharos.yml:1:14: kubernetes.state_metrics: metric_denylist must be of regular expressions, got "a\("/,
      ),
    ]);
    expect(await errorsOf('kubernetes: {state_metrics: {resource_opt_in: [podz]}}')).toEqual([
      expect.stringMatching(/resource_opt_in must name resources of .*, got "podz"/),
    ]);
  });

  it('names what does not fit together', async () => {
    expect(
      await errorsOf(`
kubernetes:
  clusters:
    - {name: a, kubeconfig_file: kubeconfig, api_server: 'https://a:6443'}
    - {name: a, context: x}
    - {kubeconfig_file: kubeconfig}
    - {name: c, bearer_token: s3cret}
`),
    ).toEqual([
      'pharos.yml:4:17: kubernetes.clusters[0].kubeconfig_file: expected either api_server or kubeconfig_file, got both',
      'pharos.yml:5:8: kubernetes.clusters[1].name: expected a name that no other cluster has, got "a"',
      'pharos.yml:5:17: kubernetes.clusters[1].context: expected kubeconfig_file beside context',
      'pharos.yml:6:7: kubernetes.clusters[2]: expected a name, because there are several clusters',
      'pharos.yml:7:17: kubernetes.clusters[3].bearer_token: expected api_server beside bearer_token; a kubeconfig has its own',
    ]);
  });
});
