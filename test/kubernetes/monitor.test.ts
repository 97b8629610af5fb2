import { readFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type CollectorRole, createCollectorRole } from '../../cli/collector-role.ts';
import type { PharosConfig } from '../../cli/config/config.ts';
import { loadConfigText } from '../../cli/config/load-config.ts';
import { SharedKubeClusters } from '../../collector/kubernetes/shared-kube-clusters.ts';
import { createEngine } from '../../query/engine.ts';
import type { Rule } from '../../simulator/api/authorization.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Storage } from '../../storage/storage.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const TOKEN = 'collector.token';

interface ManifestRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** The rules of a manifest's ClusterRole. */
function rulesOf(file: string): ManifestRule[] {
  const documents = parseAllDocuments(readFileSync(path.join(ROOT, 'deploy', file), 'utf8')).map((each) => each.toJS());
  return documents.find(({ kind }) => kind === 'ClusterRole').rules;
}

function grants(rules: readonly ManifestRule[]): Rule[] {
  return rules.map(({ apiGroups, resources, nonResourceURLs, verbs }) => ({
    verbs,
    ...(apiGroups && { groups: apiGroups }),
    ...(resources && { resources }),
    ...(nonResourceURLs && { paths: nonResourceURLs }),
  }));
}

/** A simulated cluster, monitored with the rights of the manifests and no scrape configuration, as the program does it. */
describe('a monitored cluster', () => {
  let simulator: Simulator;
  let clusters: SharedKubeClusters;
  let collector: CollectorRole;
  let storage: Storage;
  let config: PharosConfig;
  const logged: string[] = [];

  const ask = async (expr: string): Promise<{ labels: Record<string, string>; value: number }[]> => {
    const engine = createEngine({ querier: storage.querier });
    const { value } = await engine.instant({ expr, time: Date.now() }, AbortSignal.timeout(10_000));
    if (value.type !== 'vector') throw new Error(`${expr} is no vector`);
    return value.samples.map(({ labels, value: number }) => ({ labels: labels.toObject(), value: number }));
  };
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 500))) {
      if (await holds()) return;
    }
    throw new Error(`waited in vain until ${what}; logged: ${logged.slice(-20).join('; ')}`);
  };

  beforeAll(async () => {
    const rules = [...rulesOf('rbac.yaml'), ...rulesOf('rbac-proxy.yaml')];
    simulator = await startSimulator({
      nodes: 6,
      pods: 60,
      seed: 3,
      tokens: [{ token: TOKEN, user: 'system:serviceaccount:monitoring:pharos-collector', allow: grants(rules) }],
    });
    const text = `
host_metrics: {enabled: false}
kubernetes:
  scrape_interval: 3s
  clusters:
    - {name: c1, api_server: '${simulator.url}', authorization: {credentials: ${TOKEN}}}
`;
    config = (await loadConfigText(text, { name: 'pharos.yml', path: '/nowhere/pharos.yml' })).config;
    const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
    const registry = new Registry();
    storage = createMemoryStorage();
    clusters = new SharedKubeClusters({ environment: {}, logger, registry });
    collector = createCollectorRole({ storage, clusters, logger, registry });
    await collector.apply(config);
  }, 60_000);
  afterAll(async () => {
    await collector?.stop();
    await clusters?.close();
    await simulator?.close();
  });

  it('has every node, pod and container under all three families of names', async () => {
    await until('every pod is told', async () => {
      const [told] = await ask('count(kube_pod_info{cluster="c1"})');
      return told?.value === simulator.world.store.count('pods');
    });
    await until(
      'the catalogue has pods',
      async () => ((await ask('count(k8s_pod_cpu_core_used)'))[0]?.value ?? 0) > 40,
    );
    expect((await ask('count(kube_node_info)'))[0]?.value).toBe(6);
    expect((await ask('count(count by (node) (container_cpu_usage_seconds_total))'))[0]?.value).toBeGreaterThanOrEqual(
      5,
    );
    expect((await ask('k8s_cluster_node_total'))[0]).toEqual({
      labels: { __name__: 'k8s_cluster_node_total', cluster: 'c1' },
      value: 6,
    });
    const jobs = (await ask('count by (job) (up)')).map(({ labels }) => labels.job).sort();
    expect(jobs).toEqual(expect.arrayContaining(['apiserver', 'kube-state-metrics', 'kubelet', 'node-exporter']));
    expect(await ask('count by (cluster) (up)')).toHaveLength(1);
  }, 90_000);

  it('can be asked what it is', () => {
    const [status] = collector.kubernetesClusters();
    expect(status).toMatchObject({ name: 'c1', server: simulator.url, isLeader: true, scrapeInterval: '3s' });
    expect(status!.scrapePools).toContain('kubernetes/c1/kubelet/cadvisor');
    expect(status!.catalogue!.nodes).toBe(6);
    expect(status!.stateMetrics!.series).toBeGreaterThan(1_000);
    expect(JSON.stringify(status)).not.toContain(TOKEN);
  });

  it('needs the rights of the manifests, and all of them', () => {
    const requests = simulator.api.requestCounts();
    expect(requests.filter(({ code, labels }) => code === 403 && labels.resource !== 'secrets')).toEqual([]);
    const used = new Set(requests.map(({ labels }) => labels.resource));
    const granted = rulesOf('rbac.yaml').flatMap(({ resources = [], verbs }) =>
      verbs.includes('list') ? resources : [],
    );
    expect(granted.filter((resource) => !used.has(resource))).toEqual([]);
  });

  it('ends when the configuration says so, with its series', async () => {
    await collector.apply({ ...config, kubernetes: { ...config.kubernetes, enabled: false } });
    expect(collector.clusterNames()).toEqual([]);
    await until('all series have ended', async () => (await ask('{cluster="c1"}')).length === 0);
    await until('no watch is left', async () => simulator.api.watchFigures.running === 0);
  }, 90_000);
});
