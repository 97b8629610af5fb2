/**
 * The real kubectl against the server of the metrics APIs itself: from PATH, or from PHAROS_KUBECTL, which can name several
 * with colons.
 */
import { createServer, request as requestHttps, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MetricsApisBed } from '../../alerting/autoscaling/api/metrics-apis-bed.case.ts';
import { kubeconfigOf } from '../../simulator/api/kubeconfig.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { findKubectls, Kubectl } from '../simulator/kubectl.ts';

const PROGRAMS = findKubectls(process.env);

if (PROGRAMS.length === 0) {
  describe('kubectl and the metrics APIs', () => {
    it.skip('is not tried: there is none in PATH or in PHAROS_KUBECTL', () => {});
  });
}

const CUSTOM = '/apis/custom.metrics.k8s.io';

/** Paths with a part of what they answer. */
const RAW: readonly (readonly [string, string])[] = [
  ['/apis', '"kind":"APIGroupList"'],
  ['/apis/metrics.k8s.io/v1beta1', '"kind":"APIResourceList"'],
  ['/apis/metrics.k8s.io/v1beta1/nodes', '"kind":"NodeMetricsList"'],
  ['/apis/metrics.k8s.io/v1beta1/nodes/n1', '"kind":"NodeMetrics"'],
  ['/apis/metrics.k8s.io/v1beta1/pods', '"kind":"PodMetricsList"'],
  ['/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=app%3Dweb', '"name":"web-2"'],
  ['/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/web-1', '"kind":"PodMetrics"'],
  [`${CUSTOM}/v1beta1/namespaces/shop/pods/*/load`, '"metricName":"load"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/pods/*/load?labelSelector=app%3Ddb`, '"value":"2500m"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/pods/%2A/load`, '"value":"500m"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/pods/web-1/load`, '"apiVersion":"/v1"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/services/web/load`, '"kind":"Service"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/deployments.apps/web/load`, '"apiVersion":"apps/v1"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/metrics/load`, '"kind":"Namespace"'],
  [`${CUSTOM}/v1beta2/nodes/n1/load`, '"value":"70m"'],
  ['/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/queue?labelSelector=queue%3Dorders', '"value":"41500m"'],
  ['/debug/autoscaling/pods/shop/web-1', 'pod shop/web-1 is served'],
  ['/readyz?verbose', 'readyz check passed'],
  ['/version', '"gitVersion":"v1.2.3"'],
  ['/openapi/v2', '"swagger":"2.0"'],
  ['/openapi/v3/apis/metrics.k8s.io/v1beta1', '"openapi":"3.0.0"'],
];

describe.each(PROGRAMS)('%s against the metrics APIs', (program) => {
  let kubectl: Kubectl;
  let bed: MetricsApisBed;
  let front: Server;

  beforeAll(async () => {
    kubectl = await Kubectl.create(program);
    bed = await MetricsApisBed.start();
    const url = `https://127.0.0.1:${bed.port}`;
    await kubectl.write('admin', kubeconfigOf({ url, ca: bed.certificate.cert }, 'good'));
    await kubectl.write('stranger', kubeconfigOf({ url, ca: bed.certificate.cert }, 'bad'));
    front = await startFront(bed.port);
    const address = front.address() as AddressInfo;
    const behind = { url: `https://127.0.0.1:${address.port}`, ca: FRONT.cert };
    await kubectl.write('behind', kubeconfigOf(behind, 'good'));
  });
  afterAll(async () => {
    front.closeAllConnections();
    front.close();
    await bed.close();
    await kubectl.close();
  });

  const run = (command: string, user = 'admin') => kubectl.run(command, { user });

  it('shows the use of pods and of nodes', async () => {
    const pods = await run('top pods -A --containers');
    expect(pods).toContain('shop web-1 app 250m 20Mi\n');
    expect(pods).toContain('bank web-1 proxy 1m 0Mi\n');
    expect(await run('top pods -n shop -l tier=front --no-headers')).toBe('web-1 251m 20Mi\n');
    expect(await run('top pod db-0 -n shop --no-headers')).toBe('db-0 251m 20Mi\n');
    // How much of a node is used it computes with the Node objects, which only an API server has.
    const nodes = await run('top nodes --no-headers', 'behind');
    expect(nodes).toBe('n1 1500m 37% 1024Mi 12%\nn2 1500m 37% 1024Mi 12%\n');
  });

  it('gets metrics as objects and as tables', async () => {
    expect(await run('get podmetrics -A')).toMatch(
      /^NAMESPACE NAME CPU MEMORY WINDOW\nshop web-1 250012345n 20975617 15.25s\n/,
    );
    expect(await run('get nodes.metrics.k8s.io')).toBe('NAME CPU MEMORY WINDOW\nn1 1500m 1Gi 15s\nn2 1500m 1Gi 15s\n');
    const name = '{.items[0].metadata.name}';
    expect(await run(`get pods.metrics.k8s.io -n shop -l app=db -o jsonpath=${name}`)).toBe('db-0');
    expect(await run('get nodemetrics n2 -o jsonpath={.usage.memory}')).toBe('1Gi');
    expect(await run('get nodemetrics -o name')).toBe('nodemetrics.metrics.k8s.io/n1\nnodemetrics.metrics.k8s.io/n2\n');
    await expect(run('get nodemetrics n3')).rejects.toThrow('there is no node n3');
  });

  it('finds what is there', async () => {
    const resources = await run('api-resources --no-headers');
    expect(resources).toMatch(/^nodes metrics.k8s.io\/v1beta1 false NodeMetrics$/m);
    expect(resources).toMatch(/^pods metrics.k8s.io\/v1beta1 true PodMetrics$/m);
    expect((await run('api-versions')).trim().split('\n')).toEqual([
      'custom.metrics.k8s.io/v1beta1',
      'custom.metrics.k8s.io/v1beta2',
      'external.metrics.k8s.io/v1beta1',
      'metrics.k8s.io/v1beta1',
    ]);
  });

  it('explains', async () => {
    expect(await run('explain nodemetrics')).toMatch(/The use of CPU and memory by a node/);
    expect(await run('explain podmetrics.containers.usage')).toMatch(/The use by resource: cpu in cores/);
  });

  it('gets each path as it is', async () => {
    const waiting = [...RAW];
    const next = async (): Promise<void> => {
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
        expect(await run(`get --raw ${at[0]}`), at[0]).toContain(at[1]);
      }
    };
    await Promise.all([next(), next(), next()]);
  });

  it('is told why not', async () => {
    await expect(run('get --raw /apis/metrics.k8s.io/v1beta1/nodes/n9')).rejects.toThrow('there is no node n9');
    await expect(run(`get --raw ${CUSTOM}/v1beta2/namespaces/shop/pods/*/none`)).rejects.toThrow(
      'no metric none is served',
    );
    await expect(run(`get --raw ${CUSTOM}/v1beta2/namespaces/shop/pods/*/load?labelSelector=((`)).rejects.toThrow(
      'expected',
    );
    await expect(run('top pods -A', 'stranger')).rejects.toThrow(/must be logged in|Unauthorized/);
  });
});

const FRONT = selfSigned();

/** What of an API server `kubectl top nodes` needs: the nodes themselves; all else is the server's. */
function startFront(port: number): Promise<Server> {
  const items = ['n1', 'n2'].map((name) => ({
    metadata: { name },
    status: { allocatable: { cpu: '4', memory: '8Gi' }, capacity: { cpu: '4', memory: '8Gi' } },
  }));
  const server = createServer(FRONT, (request, response) => {
    if (request.url?.startsWith('/api/v1/nodes') === true) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ kind: 'NodeList', apiVersion: 'v1', metadata: {}, items }));
      return;
    }
    const { url, method, headers } = request;
    const options = { host: '127.0.0.1', port, path: url, method, headers, rejectUnauthorized: false };
    const onward = requestHttps(options, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy()).end();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
