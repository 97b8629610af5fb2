/** Rules, policies and the lease of a simulated cluster, with the rights of the manifests and no more. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Leadership } from '../../alerting/leadership.ts';
import type { AlertPolicy } from '../../alerting/policies/policy.ts';
import { PolicySet } from '../../alerting/policies/policy-set.ts';
import { RuleObjects } from '../../alerting/rules/rule-objects.ts';
import { ClusterAlerting } from '../../cli/cluster-alerting.ts';
import { defaultConfig } from '../../cli/config/default-config.ts';
import { contendToAlert } from '../../cli/leadership.ts';
import { policyCatalogue } from '../../cli/policy-catalogue.ts';
import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import type { KubeAccess } from '../../collector/kubernetes/kube-access.ts';
import { SharedKubeClusters } from '../../collector/kubernetes/shared-kube-clusters.ts';
import { Secret } from '../../collector/secret.ts';
import type { Rule } from '../../simulator/api/authorization.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';

const TOKEN = 'pharos.token';
const DEPLOY = path.join(import.meta.dirname, '..', '..', 'deploy');

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** What the roles of a manifest allow that are bound to Pharos. */
function rightsOf(file: string): Rule[] {
  const documents = parseAllDocuments(readFileSync(path.join(DEPLOY, file), 'utf8')).map((document) => document.toJS());
  const bound = documents.filter(({ roleRef }) => roleRef !== undefined).map(({ roleRef }) => roleRef.name);
  return (documents as Role[])
    .filter(({ kind, metadata }) => /Role$/.test(kind) && bound.includes(metadata.name))
    .flatMap(({ metadata: { namespace }, rules }) =>
      rules.map(({ apiGroups, resources, resourceNames, verbs }) => ({
        verbs,
        groups: apiGroups,
        resources,
        ...(resourceNames && { names: resourceNames }),
        ...(namespace !== undefined && { namespaces: [namespace] }),
      })),
    );
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited in vain until ${what}`);
}

describe('with the rights of the manifests', () => {
  const logged: string[] = [];
  const rights = [...rightsOf('rbac-alerting.yaml'), ...rightsOf('rbac-policies.yaml')];
  let simulator: Simulator;
  let clusters: SharedKubeClusters;
  let rules: RuleObjects;
  let alerting: ClusterAlerting;
  let leadership: Leadership;
  let policies: readonly AlertPolicy[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({
      nodes: 2,
      pods: 10,
      monitorObjects: true,
      tokens: [{ token: TOKEN, user: 'system:serviceaccount:monitoring:pharos-collector', allow: rights }],
    });
    const create = async (resource: string, object: unknown): Promise<void> => {
      const response = await fetch(`${simulator.url}/apis/${resource}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${simulator.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(object),
      });
      if (!response.ok) throw new Error(`${resource}: ${response.status} ${await response.text()}`);
    };
    const definitions = readFileSync(path.join(DEPLOY, 'crd-alertpolicy.yaml'), 'utf8');
    for (const definition of parseAllDocuments(definitions)) {
      await create('apiextensions.k8s.io/v1/customresourcedefinitions', definition.toJS());
    }
    await create('alerting.pharos.dev/v1/clusteralertpolicies', {
      apiVersion: 'alerting.pharos.dev/v1',
      kind: 'ClusterAlertPolicy',
      metadata: { name: 'node-ready' },
      spec: { level: 'node', conditions: [{ metric: 'k8s_node_status_ready', operator: 'lt', threshold: 1 }] },
    });
    const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
    const registry = new Registry();
    clusters = new SharedKubeClusters({ environment: {}, logger, registry });
    const authorization = { type: 'Bearer', credentials: new Secret(TOKEN), credentialsFile: undefined };
    const access: KubeAccess = {
      kind: 'api-server',
      url: simulator.url,
      client: { ...PLAIN_HTTP_CLIENT, authorization },
    };
    clusters.setNames([{ access, name: 'c1' }]);
    rules = new RuleObjects({ logger, registry, onChange: () => undefined });
    const { alerting: config } = defaultConfig({ listen: { host: '127.0.0.1', port: 9090 } });
    leadership = await contendToAlert(
      { ...config, leaderElection: { ...config.leaderElection, by: 'kubernetes', namespace: 'monitoring' } },
      { leaseLog: undefined, access, clusters, registry, logger },
    );
    alerting = new ClusterAlerting({
      clusters,
      rules,
      set: new PolicySet({ onChange: (all) => (policies = all) }),
      context: () => ({ catalogue: policyCatalogue(), receivers: [] }),
      firing: () => 0,
      isLeader: () => leadership.isLeader(),
      logger,
      interval: 200,
    });
    await alerting.apply([access]);
  }, 60_000);

  afterAll(async () => {
    await alerting?.close();
    await leadership?.close();
    await clusters?.close();
    await simulator?.close();
  });

  it('rules and policies are found, the lease is held, and a policy is told what has become of it', async () => {
    await until('there are rules', () => rules.groups().length > 0);
    await until('there is a policy', () => policies.length === 1);
    await until('this instance leads', () => leadership.isLeader());
    const stored = () =>
      simulator.world.store.list('clusteralertpolicies.alerting.pharos.dev')[0]! as {
        status?: { conditions?: unknown[] };
      };
    await until('the policy has a status', () => (stored().status?.conditions ?? []).length > 0);
    expect(rules.groups()[0]!.file).toMatch(/^c1\//);
    expect(rules.status().filter(({ state }) => state !== 'active')).toEqual([]);
  }, 60_000);

  it('nothing is refused, and nothing granted in vain', () => {
    const requests = simulator.api.requestCounts();
    expect(requests.filter(({ code }) => code === 403)).toEqual([]);
    const used = new Set(requests.map(({ labels }) => labels.resource));
    const granted = rights.flatMap(({ resources = [] }) => resources.map((resource) => resource.split('/')[0]!));
    expect([...new Set(granted)].filter((resource) => !used.has(resource))).toEqual([]);
    expect(logged.filter((line) => line.includes(TOKEN))).toEqual([]);
  });
});
