/** Named metrics as Kubernetes resources: the real kubectl against a simulated cluster that Pharos follows with the rights of its manifest. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { MetricDefinition } from '../../alerting/autoscaling/expressions/metric-definition.ts';
import { clusterMetrics } from '../../cli/cluster-metrics.ts';
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
  const [role] = parseAllDocuments(readFileSync(path.join(DEPLOY, 'rbac-autoscaling-metrics.yaml'), 'utf8'));
  const { rules } = role!.toJS() as { rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[] };
  return rules.map(({ apiGroups, resources, verbs }) => ({ verbs, groups: apiGroups, resources }));
}

const MANIFEST = `apiVersion: alerting.pharos.dev/v1
kind: AutoscalingMetric
metadata: {name: requests, namespace: default}
spec:
  name: http_requests
  type: Pods
  expr: sum by (pod) (rate(http_requests_total{$selector}[2m]))
---
apiVersion: alerting.pharos.dev/v1
kind: ClusterAutoscalingMetric
metadata: {name: queue}
spec: {type: External, expr: sum(queue_length), hold: 2m}
---
apiVersion: alerting.pharos.dev/v1
kind: AutoscalingMetric
metadata: {name: wrong, namespace: default}
spec: {type: External, expr: 'sum(a'}
`;

if (PROGRAMS.length === 0) {
  describe('named metrics with kubectl', () => {
    it.skip('are not tried: there is none in PATH or in PHAROS_KUBECTL', () => {});
  });
}

describe.each(PROGRAMS)('named metrics with %s', (program) => {
  let simulator: Simulator;
  let kubectl: Kubectl;
  let cluster: KubeCluster;
  let following: { close(): Promise<void> };
  let served: readonly MetricDefinition[] = [];

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
    await kubectl.write('metrics.yaml', MANIFEST);
    await kubectl.write('crd.yaml', readFileSync(path.join(DEPLOY, 'crd-autoscaling-metrics.yaml'), 'utf8'));
    const logger = pino({ level: 'silent' });
    const http = {
      ...PLAIN_HTTP_CLIENT,
      authorization: { type: 'Bearer', credentials: new Secret(TOKEN), credentialsFile: undefined },
      tls: { ...PLAIN_HTTP_CLIENT.tls, ca: tls.cert },
    };
    cluster = openKubeCluster({ name: 'east', client: createKubeClient({ server: simulator.url, http }), logger });
    following = clusterMetrics({
      cluster,
      configured: () => [],
      onMetrics: (definitions) => (served = definitions),
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

  it('are applied, served, and say in their status what has become of them', async () => {
    expect(await kubectl.run('apply -f crd.yaml')).toContain('autoscalingmetrics.alerting.pharos.dev created');
    expect(await kubectl.run('apply -f metrics.yaml')).toMatch(
      /autoscalingmetric\S*\/requests created\nclusterautoscalingmetric\S*\/queue created\nautoscalingmetric\S*\/wrong created/,
    );
    await until('they are served', async () => served.length === 2);
    expect(served).toMatchObject([
      { name: 'queue', namespace: undefined, hold: 120_000, origin: 'ClusterAutoscalingMetric queue' },
      { name: 'http_requests', namespace: 'default', isBound: true, origin: 'AutoscalingMetric default/requests' },
    ]);
    await until('all have a status', async () => {
      const all = await kubectl.run('get autoscalingmetrics,clusterautoscalingmetrics -A');
      return (all.match(/ (True|False) /g) ?? []).length === 3;
    });
    expect(await kubectl.run('get asm -n default')).toMatch(
      /^NAME METRIC TYPE ACCEPTED AGE\nrequests http_requests Pods True \S+\nwrong External False \S+\s*$/,
    );
    expect(await kubectl.run('get casm -o wide')).toMatch(
      /queue External True \S+ it is served to autoscalers that ask for it/,
    );
    expect(await kubectl.run('describe autoscalingmetric wrong -n default')).toMatch(
      /Message: spec.expr: 1:6: parse error: unclosed left parenthesis; it is not served/,
    );
  }, 60_000);

  it('are followed as they are changed and deleted', async () => {
    const patch = (json: string) => kubectl.run(`patch clusterautoscalingmetric queue --type=merge -p ${json}`);
    await patch('{"spec":{"hold":"1h"}}');
    await until('the change is refused', async () =>
      (await kubectl.run('get casm queue -o wide')).includes('its last good version is served'),
    );
    expect(served[0]).toMatchObject({ hold: 120_000 });
    await patch('{"spec":{"hold":"1m"}}');
    await until('the change is served', async () => served[0]?.hold === 60_000);
    await kubectl.run('delete clusterautoscalingmetric queue');
    await until('it is gone', async () => served.length === 1);
  }, 60_000);

  it('need the rights of the manifest, and no others', () => {
    const counts = simulator.api.requestCounts();
    expect(counts.filter(({ code }) => code === 403)).toEqual([]);
    const written = counts.filter(
      ({ labels }) => labels.subresource === 'status' && /autoscalingmetric/.test(labels.resource ?? ''),
    );
    expect(written.length).toBeGreaterThan(0);
  });
});
