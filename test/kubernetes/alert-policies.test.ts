/** Alert policies as Kubernetes resources: the real kubectl against a simulated cluster that Pharos follows with the rights of its manifest. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { AlertPolicy } from '../../alerting/policies/policy.ts';
import { PolicySet } from '../../alerting/policies/policy-set.ts';
import { type ClusterPolicies, clusterPolicies } from '../../cli/cluster-policies.ts';
import { policyCatalogue } from '../../cli/policy-catalogue.ts';
import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import { createKubeClient } from '../../collector/kubernetes/http-kube-client.ts';
import type { KubeCluster } from '../../collector/kubernetes/kube-cluster.ts';
import { openKubeCluster } from '../../collector/kubernetes/watching-cluster.ts';
import { Secret } from '../../collector/secret.ts';
import type { Rule } from '../../simulator/api/authorization.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { findKubectls, Kubectl } from '../simulator/kubectl.ts';

const DEPLOY = path.join(import.meta.dirname, '..', '..', 'deploy');
const TOKEN = 'pharos.token';
const PROGRAMS = findKubectls(process.env);

function rights(): Rule[] {
  const [role] = parseAllDocuments(readFileSync(path.join(DEPLOY, 'rbac-policies.yaml'), 'utf8'));
  const { rules } = role!.toJS() as { rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[] };
  return rules.map(({ apiGroups, resources, verbs }) => ({ verbs, groups: apiGroups, resources }));
}

const MANIFEST = `apiVersion: alerting.pharos.dev/v1
kind: AlertPolicy
metadata: {name: cpu, namespace: kube-system}
spec:
  level: pod
  conditions:
    - {metric: k8s_pod_cpu_core_used, operator: gt, threshold: 1, periods: 3}
  notice: {receivers: [ops], repeat: {kind: exponential}}
---
apiVersion: alerting.pharos.dev/v1
kind: ClusterAlertPolicy
metadata: {name: node-ready}
spec:
  level: node
  conditions:
    - {metric: k8s_node_status_ready, operator: lt, thresholds: {serious: 1}}
---
apiVersion: alerting.pharos.dev/v1
kind: AlertPolicy
metadata: {name: greedy, namespace: kube-system}
spec:
  level: pod
  objects: {include: {namespace: [default]}}
  conditions:
    - {metric: k8s_pod_cpu_core_usde, operator: gt, threshold: 1}
`;

if (PROGRAMS.length === 0) {
  describe('alert policies with kubectl', () => {
    it.skip('are not tried: there is none in PATH or in PHAROS_KUBECTL', () => {});
  });
}

describe.each(PROGRAMS)('alert policies with %s', (program) => {
  let simulator: Simulator;
  let kubectl: Kubectl;
  let cluster: KubeCluster;
  let following: ClusterPolicies;
  let inForce: readonly AlertPolicy[] = [];

  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (const end = performance.now() + 20_000; performance.now() < end; ) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`waited in vain until ${what}`);
  };

  beforeAll(async () => {
    kubectl = await Kubectl.create(program);
    const tls = selfSigned();
    simulator = await startSimulator({
      tls,
      nodes: 1,
      pods: 3,
      tokens: [{ token: TOKEN, user: 'system:serviceaccount:monitoring:pharos-collector', allow: rights() }],
    });
    await kubectl.write('admin', simulator.kubeconfig);
    await kubectl.write('policies.yaml', MANIFEST);
    await kubectl.write('crd.yaml', readFileSync(path.join(DEPLOY, 'crd-alertpolicy.yaml'), 'utf8'));
    const logger = pino({ level: 'silent' });
    const http = {
      ...PLAIN_HTTP_CLIENT,
      authorization: { type: 'Bearer', credentials: new Secret(TOKEN), credentialsFile: undefined },
      tls: { ...PLAIN_HTTP_CLIENT.tls, ca: tls.cert },
    };
    cluster = openKubeCluster({ name: 'east', client: createKubeClient({ server: simulator.url, http }), logger });
    following = clusterPolicies({
      cluster,
      set: new PolicySet({ onChange: (policies) => (inForce = policies) }),
      context: () => ({ catalogue: policyCatalogue(), receivers: ['ops'] }),
      firing: () => 2,
      isLeader: () => true,
      logger,
      debounce: 50,
    });
  }, 60_000);

  afterAll(async () => {
    await following?.close();
    await cluster?.close();
    await simulator?.close();
    await kubectl?.close();
  });

  it('are applied, judged, and say in their status what has become of them', async () => {
    expect(await kubectl.run('apply -f policies.yaml')).toMatch(
      /alertpolicy\S*\/cpu created\nclusteralertpolicy\S*\/node-ready created\nalertpolicy\S*\/greedy created/,
    );
    await until('the policies are in force', async () => inForce.length === 2);
    expect(inForce).toMatchObject([
      {
        name: 'cpu',
        source: 'east/kube-system/cpu',
        objects: { include: { cluster: ['east'], namespace: ['kube-system'] } },
      },
      { name: 'node-ready', source: 'east/node-ready', objects: { include: { cluster: ['east'] } } },
    ]);
    await until('all have a status', async () => {
      const all = await kubectl.run('get alertpolicies,clusteralertpolicies -A');
      return (all.match(/ (True|False) /g) ?? []).length === 3;
    });
    expect(await kubectl.run('get apol -n kube-system')).toMatch(
      /^NAME LEVEL ACCEPTED FIRING AGE\ncpu pod True 2 \S+\ngreedy pod False \S+\s*$/,
    );
    expect(await kubectl.run('get capol')).toMatch(/^NAME LEVEL ACCEPTED FIRING AGE\nnode-ready node True 2 \S+\s*$/);
    const described = await kubectl.run('describe alertpolicy greedy -n kube-system');
    expect(described).toMatch(/Reason: Rejected/);
    expect(described).toMatch(
      /Message: spec.conditions\[0\].metric: expected a metric of the catalogue at the level pod, got "k8s_pod_cpu_core_usde"; did you mean "k8s_pod_cpu_core_used"\?; spec.objects.include.namespace\[0\]: expected only its own namespace kube-system, got "default"; it is not evaluated/,
    );
  }, 60_000);

  it('are followed as they are changed and deleted, and a slip of the pen ends no alarm', async () => {
    // A simulated cluster has the definitions without being told; a real one is told by the manifest.
    expect(await kubectl.run('apply -f crd.yaml')).toContain('alertpolicies.alerting.pharos.dev created');
    expect(await kubectl.run('apply -f policies.yaml')).toMatch(/\/cpu unchanged\n.*\/node-ready unchanged\n/);
    const before = inForce[0];
    const patch = (json: string) => kubectl.run(`patch alertpolicy cpu -n kube-system --type=merge -p ${json}`);
    await patch('{"spec":{"union":"some"}}');
    await until('the change is refused', async () =>
      (await kubectl.run('get alertpolicy cpu -n kube-system -o wide')).includes(
        'its last good version stays in force',
      ),
    );
    expect(inForce[0]).toBe(before);
    await patch('{"spec":{"union":"all"}}');
    await until('the change is in force', async () => inForce[0]?.union === 'all');
    await kubectl.run('delete clusteralertpolicy node-ready');
    await until('it is gone', async () => inForce.length === 1);
  }, 60_000);

  it('need the rights of the manifest, and no others', () => {
    const counts = simulator.api.requestCounts();
    expect(counts.filter(({ code }) => code === 403)).toEqual([]);
    const written = counts.filter(
      ({ labels }) => labels.subresource === 'status' && /polic/.test(labels.resource ?? ''),
    );
    expect(written.length).toBeGreaterThan(0);
  });
});
