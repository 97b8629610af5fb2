import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AccessError } from '../access-control.ts';
import { MetricsError } from '../metrics-error.ts';
import { MetricsApisBed } from './metrics-apis-bed.case.ts';

const CUSTOM = '/apis/custom.metrics.k8s.io/v1beta2';
const EXTERNAL = '/apis/external.metrics.k8s.io/v1beta1';
const USAGE = '/apis/metrics.k8s.io/v1beta1';
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

let bed: MetricsApisBed;
beforeAll(async () => (bed = await MetricsApisBed.start()));
afterAll(() => bed.close());
afterEach(() => {
  bed.access.asked.length = 0;
  bed.access.forbids = () => false;
  bed.access.fails = undefined;
  bed.fake.questions.length = 0;
  bed.fake.fails = undefined;
  bed.fake.waits = undefined;
  bed.directory.isListed = true;
});

const names = (answer: { readonly json: () => { items: { describedObject: { name: string } }[] } }): string[] =>
  answer.json().items.map(({ describedObject }) => describedObject.name);

describe('custom metrics', () => {
  it('answers an autoscaler as it asks', async () => {
    const path = `${CUSTOM}/namespaces/shop/pods/%2A/load?labelSelector=app%3Dweb&metricLabelSelector=`;
    const answer = await bed.get(path, { headers: { accept: 'application/vnd.kubernetes.protobuf, */*' } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json()).toEqual({
      kind: 'MetricValueList',
      apiVersion: 'custom.metrics.k8s.io/v1beta2',
      metadata: {},
      items: ['web-1', 'web-2'].map((name, i) => ({
        describedObject: { kind: 'Pod', namespace: 'shop', name, apiVersion: '/v1' },
        metric: { name: 'load', selector: null },
        timestamp: '2026-03-02T11:59:55Z',
        windowSeconds: 60,
        value: `${i}500m`.replace(/^0/, ''),
      })),
    });
    expect(bed.access.asked).toEqual([
      {
        verb: 'get',
        group: 'custom.metrics.k8s.io',
        version: 'v1beta2',
        resource: 'pods',
        subresource: 'load',
        namespace: 'shop',
        name: '',
      },
    ]);
  });

  it('answers in the first version', async () => {
    const path =
      '/apis/custom.metrics.k8s.io/v1beta1/namespaces/shop/pods/web-1/load?metricLabelSelector=a%3Db,c+in+(d,e)';
    expect((await bed.get(path)).json()).toEqual({
      kind: 'MetricValueList',
      apiVersion: 'custom.metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          describedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1', apiVersion: '/v1' },
          metricName: 'load',
          timestamp: '2026-03-02T11:59:55Z',
          window: 60,
          value: '500m',
          selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['d', 'e'] }] },
        },
      ],
    });
  });

  it('finds objects in no namespace, and namespaces themselves', async () => {
    expect((await bed.get(`${CUSTOM}/nodes/n1/load`)).json().items[0]).toMatchObject({
      describedObject: { kind: 'Node', name: 'n1', apiVersion: '/v1' },
      value: '70m',
    });
    expect(names(await bed.get(`${CUSTOM}/nodes/*/load?labelSelector=zone=a`))).toEqual(['n1']);
    expect((await bed.get(`${CUSTOM}/namespaces/shop/metrics/load`)).json().items[0].describedObject).toEqual({
      kind: 'Namespace',
      name: 'shop',
      apiVersion: '/v1',
    });
    expect(bed.access.asked.at(-1)).toMatchObject({
      resource: 'metrics',
      namespace: 'shop',
      name: 'load',
      subresource: '',
    });
    expect(names(await bed.get(`${CUSTOM}/namespaces/*/load`))).toEqual(['shop']);
    expect(bed.access.asked.at(-1)).toMatchObject({ resource: 'namespaces', namespace: '', subresource: 'load' });
    const other = await bed.get(`${CUSTOM}/namespaces/shop/rollouts.argoproj.io/web/load`);
    expect(other.json().items[0].describedObject).toMatchObject({ kind: 'Rollout', apiVersion: 'argoproj.io/v1' });
    const deployment = await bed.get(`${CUSTOM}/namespaces/shop/deployments.apps/web/load`);
    expect(deployment.json().items[0].describedObject).toMatchObject({ kind: 'Deployment', apiVersion: 'apps/v1' });
  });

  it('keeps a slash in a name apart from one between names', async () => {
    await bed.get(`${CUSTOM}/namespaces/shop/pods/*/a%2Fb`);
    expect(bed.fake.questions.at(-1)).toMatchObject({ metric: 'a/b', resource: 'pods', name: undefined });
    expect(bed.access.asked.at(-1)).toMatchObject({ resource: 'pods', subresource: 'a/b' });
    expect((await bed.get(`${CUSTOM}/namespaces/shop%2Fpods/pods/*/load`)).status).toBe(400);
    expect((await bed.get(`${CUSTOM}/namespaces/shop/pods/web-1%2F..%2Fweb-2/load`)).status).toBe(400);
    expect((await bed.get(`${CUSTOM}/namespaces/shop/pods%2Fweb-1/load`)).status).toBe(404);
    expect((await bed.get(`${CUSTOM}/namespaces/shop/../bank/pods/*/load`)).status).toBe(400);
    expect((await bed.get(`${CUSTOM}/namespaces/shop/pods//load`)).status).toBe(400);
    expect((await bed.get(`${CUSTOM}/namespaces/shop/pods/%252A/load`)).status).toBe(400);
  });

  it('knows what is in namespaces and what is not', async () => {
    expect((await bed.get(`${CUSTOM}/pods/web-1/load`)).status).toBe(404);
    expect((await bed.get(`${CUSTOM}/namespaces/shop/nodes/n1/load`)).status).toBe(404);
    expect(bed.fake.questions).toEqual([]);
  });

  it.each([
    ['labelSelector=a%3D%22b%22', 'a valid label must be'],
    ['labelSelector=app%3Dweb&labelSelector=app%3Ddb', 'must be given once'],
    ['metricLabelSelector=(', `found '(', expected: !, identifier, or 'end of string'`],
    ['fieldSelector=metadata.name%3Dx', 'fieldSelector'],
  ])('refuses %s', async (query, message) => {
    const answer = await bed.get(`${CUSTOM}/namespaces/shop/pods/*/load?${query}`);
    expect(answer.json()).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'BadRequest', code: 400 });
    expect(answer.json().message).toContain(message);
    expect(bed.fake.questions).toEqual([]);
  });

  it('is a table for people', async () => {
    const table = (
      await bed.get(`${CUSTOM}/namespaces/shop/pods/*/load?labelSelector=app=db`, { headers: TABLE })
    ).json();
    expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(table.rows).toEqual([
      {
        cells: ['shop/Pod/db-0', 'load', '2500m', '2026-03-02T11:59:55Z'],
        object: {
          kind: 'PartialObjectMetadata',
          apiVersion: 'meta.k8s.io/v1',
          metadata: { name: 'db-0', namespace: 'shop' },
        },
      },
    ]);
  });

  it.each([
    ['invalid', 400, 'BadRequest'],
    ['unknownMetric', 404, 'NotFound'],
    ['unknownObject', 404, 'NotFound'],
    ['noValue', 404, 'NotFound'],
    ['unavailable', 503, 'ServiceUnavailable'],
    ['tooMuch', 429, 'TooManyRequests'],
  ] as const)('says %s as %d', async (reason, code, name) => {
    bed.fake.fails = new MetricsError(reason, 'the last value of load is 3 minutes old');
    const answer = await bed.get(`${CUSTOM}/namespaces/shop/pods/*/load`);
    expect(answer.status).toBe(code);
    expect(answer.json()).toMatchObject({ reason: name, code, message: 'the last value of load is 3 minutes old' });
    // The client of an autoscaler would sleep as long as it says.
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  it('tells nothing of a defect', async () => {
    bed.fake.fails = new TypeError('secret of the store');
    const answer = await bed.get(`${CUSTOM}/namespaces/shop/pods/*/load`);
    expect(answer.json()).toMatchObject({ code: 500, reason: 'InternalError' });
    expect(answer.text).not.toContain('secret');
  });

  it('never writes a value that nobody could count: it fails, or cuts off an answer that has begun', async () => {
    const objects = bed.fake.objects.bind(bed.fake);
    const added = Array.from({ length: 1_000 }, (_, i) => ({ namespace: 'huge', name: `p${i}`, labels: {} }));
    const count = bed.fake.pods_.length;
    try {
      bed.fake.pods_.push(...added);
      bed.fake.waits = Promise.resolve();
      const last = (of: number) => {
        bed.fake.objects = async (question) =>
          (await objects(question)).slice(0, of).map((value, i) => (i === of - 1 ? { ...value, value: 1e300 } : value));
      };
      last(10);
      expect((await bed.get(`${CUSTOM}/namespaces/huge/pods/*/load`)).status).toBe(500);
      last(added.length);
      await expect(bed.get(`${CUSTOM}/namespaces/huge/pods/*/load`)).rejects.toThrow();
    } finally {
      bed.fake.objects = objects;
      bed.fake.pods_.length = count;
    }
  });
});

describe('external metrics', () => {
  it('answers', async () => {
    expect((await bed.get(`${EXTERNAL}/namespaces/shop/queue?labelSelector=queue%3Dorders`)).json()).toEqual({
      kind: 'ExternalMetricValueList',
      apiVersion: 'external.metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          metricName: 'queue',
          metricLabels: { queue: 'orders' },
          timestamp: '2026-03-02T12:00:00Z',
          window: 30,
          value: '41500m',
        },
      ],
    });
    expect(bed.access.asked).toEqual([
      {
        verb: 'list',
        group: 'external.metrics.k8s.io',
        version: 'v1beta1',
        resource: 'queue',
        subresource: '',
        namespace: 'shop',
        name: '',
      },
    ]);
    expect((await bed.get(`${EXTERNAL}/namespaces/shop/a%2Fb`)).json().items).toHaveLength(1);
    expect((await bed.get(`${EXTERNAL}/namespaces/shop/none`)).status).toBe(404);
  });
});

describe('use of resources', () => {
  it('answers for pods', async () => {
    const answer = (await bed.get(`${USAGE}/namespaces/shop/pods?labelSelector=tier`)).json();
    expect(answer).toEqual({
      kind: 'PodMetricsList',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          kind: 'PodMetrics',
          apiVersion: 'metrics.k8s.io/v1beta1',
          metadata: {
            name: 'web-1',
            namespace: 'shop',
            creationTimestamp: '2026-03-02T11:00:00Z',
            labels: { app: 'web', tier: 'front' },
          },
          timestamp: '2026-03-02T11:59:58Z',
          window: '15.25s',
          containers: [
            { name: 'app', usage: { cpu: '250m', memory: '20Mi' } },
            { name: 'proxy', usage: { cpu: '12345n', memory: '4097' } },
          ],
        },
      ],
    });
    expect(bed.access.asked.at(-1)).toMatchObject({ verb: 'list', resource: 'pods', namespace: 'shop', name: '' });
    expect((await bed.get(`${USAGE}/pods?limit=500&continue=x`)).json().items).toHaveLength(4);
    const one = (await bed.get(`${USAGE}/namespaces/bank/pods/web-1`)).json();
    expect(one).toMatchObject({ kind: 'PodMetrics', metadata: { namespace: 'bank', name: 'web-1' } });
    expect(bed.access.asked.at(-1)).toMatchObject({ verb: 'get', resource: 'pods', namespace: 'bank', name: 'web-1' });
  });

  it('answers for nodes', async () => {
    const answer = (await bed.get(`${USAGE}/nodes`)).json();
    expect(answer.items.map(({ usage }: { usage: object }) => usage)).toEqual(
      Array(2).fill({ cpu: '1500m', memory: '1Gi' }),
    );
    expect((await bed.get(`${USAGE}/nodes/n2`)).json()).toMatchObject({ kind: 'NodeMetrics', window: '15s' });
    expect((await bed.get(`${USAGE}/nodes/n3`)).json()).toMatchObject({
      code: 404,
      details: { name: 'n3', group: 'metrics.k8s.io', kind: 'nodes' },
    });
  });

  it('selects by fields', async () => {
    const pods = async (selector: string) =>
      (await bed.get(`${USAGE}/pods?fieldSelector=${encodeURIComponent(selector)}`))
        .json()
        .items.map(
          ({ metadata }: { metadata: { namespace: string; name: string } }) => `${metadata.namespace}/${metadata.name}`,
        );
    expect(await pods('metadata.name=web-1')).toEqual(['shop/web-1', 'bank/web-1']);
    expect(await pods('metadata.name==web-1,metadata.namespace!=shop')).toEqual(['bank/web-1']);
    expect((await bed.get(`${USAGE}/pods?fieldSelector=spec.nodeName%3Dn1`)).json().message).toContain(
      '"spec.nodeName" is not a known field selector',
    );
  });

  it('is a table for people, and cannot be watched', async () => {
    const table = (await bed.get(`${USAGE}/namespaces/bank/pods`, { headers: TABLE })).json();
    expect(table.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      'Name',
      'cpu',
      'memory',
      'Window',
    ]);
    expect(table.rows[0].cells).toEqual(['web-1', '250012345n', '20975617', '15.25s']);
    const whole = await bed.get(`${USAGE}/nodes/n1?includeObject=Object`, { headers: TABLE });
    expect(whole.json().rows[0].object.kind).toBe('NodeMetrics');
    expect((await bed.get(`${USAGE}/pods?watch=true`)).status).toBe(405);
  });

  it('sends a large list whole', async () => {
    const before = bed.fake.pods_;
    bed.fake.pods_ = Array.from({ length: 5_000 }, (_, i) => ({ namespace: 'many', name: `p${i}`, labels: {} }));
    const answer = await bed.get(`${USAGE}/namespaces/many/pods`);
    bed.fake.pods_ = before;
    expect(answer.json().items).toHaveLength(5_000);
  });
});

describe('access', () => {
  it('is asked first', async () => {
    const headers = { authorization: 'Bearer bad' };
    for (const path of [
      '/',
      '/apis',
      '/openapi/v2',
      `${USAGE}/nodes`,
      '/nothing',
      '/..',
      '/debug/autoscaling/nodes/n1',
    ]) {
      const answer = await bed.get(path, { headers });
      expect(answer.json()).toMatchObject({ kind: 'Status', code: 401, reason: 'Unauthorized' });
    }
    bed.access.forbids = () => true;
    for (const path of ['/', '/apis', '/openapi/v3', `${USAGE}/nodes`, '/nothing', `${EXTERNAL}/namespaces/a/b`]) {
      expect((await bed.get(path)).json()).toMatchObject({ code: 403, reason: 'Forbidden' });
    }
    expect((await bed.get(`${USAGE}/nodes/n1`)).json().details).toEqual({
      name: 'n1',
      group: 'metrics.k8s.io',
      kind: 'nodes',
    });
    expect(bed.fake.questions).toEqual([]);
  });

  it('is no yes when it cannot be known', async () => {
    bed.access.fails = new AccessError(503, 'the API server does not answer');
    expect((await bed.get(`${USAGE}/nodes`)).json()).toMatchObject({ code: 503, reason: 'ServiceUnavailable' });
    bed.access.fails = new Error('defect');
    expect((await bed.get(`${USAGE}/nodes`)).status).toBe(500);
  });

  it('tells paths of nothing from paths of something only to who may', async () => {
    expect((await bed.get('/nothing')).json()).toMatchObject({ code: 404, reason: 'NotFound' });
    expect(bed.access.asked).toEqual([{ verb: 'get', path: '/nothing' }]);
  });
});

describe('health', () => {
  it('is for everybody', async () => {
    bed.access.fails = new AccessError(401, 'Unauthorized');
    for (const page of ['/healthz', '/livez', '/readyz']) expect((await bed.get(page)).text).toBe('ok\n');
    expect((await bed.get('/readyz/ping')).status).toBe(401);
    const verbose = await bed.get('/readyz?verbose');
    expect(verbose.text).toBe('[+]ping ok\n[+]objects ok\n[+]shutdown ok\nreadyz check passed\n');
    bed.access.fails = undefined;
    expect((await bed.get('/readyz/ping')).text).toBe('ok\n');
    expect((await bed.get('/healthz/objects')).text).toBe('ok\n');
    expect((await bed.get('/readyz/none')).status).toBe(404);
    expect((await bed.get('/livez/objects')).status).toBe(404);
  });

  it('is not ready before objects are listed, but alive', async () => {
    bed.directory.isListed = false;
    const ready = await bed.get('/readyz');
    expect([ready.status, ready.text]).toEqual([
      500,
      '[+]ping ok\n[-]objects failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n',
    ]);
    expect((await bed.get('/livez')).status).toBe(200);
    expect((await bed.get('/readyz?exclude=objects')).status).toBe(200);
    expect((await bed.get('/readyz/objects')).status).toBe(500);
  });
});

describe('debug pages', () => {
  it('say why', async () => {
    expect((await bed.get('/debug/autoscaling/pods/shop/web-1')).text).toBe('pod shop/web-1 is served\n');
    expect(bed.access.asked).toEqual([{ verb: 'get', path: '/debug/autoscaling/pods/shop/web-1' }]);
    expect((await bed.get('/debug/autoscaling/nodes/n1')).text).toBe('node n1 is served\n');
    await bed.get('/debug/autoscaling/pods/shop/web-1/load?metricLabelSelector=a=b');
    await bed.get('/debug/autoscaling/nodes/n1/load');
    await bed.get('/debug/autoscaling/external/shop/queue?labelSelector=queue=x');
    const requirement = (key: string, value: string) => [{ key, operator: 'In', values: [value] }];
    expect(bed.fake.questions).toEqual([
      {
        resource: 'pods',
        namespace: 'shop',
        name: 'web-1',
        metric: 'load',
        selector: [],
        metricSelector: requirement('a', 'b'),
      },
      { resource: 'nodes', namespace: '', name: 'n1', metric: 'load', selector: [], metricSelector: [] },
      { namespace: 'shop', metric: 'queue', selector: requirement('queue', 'x') },
    ]);
    expect((await bed.get('/debug/autoscaling/nonsense')).status).toBe(404);
  });
});

describe('HTTP', () => {
  it('takes only GET and HEAD', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await bed.get(`${USAGE}/nodes`, { method });
      expect([answer.status, answer.headers.allow, answer.headers.connection]).toEqual([405, 'GET, HEAD', 'close']);
      expect(answer.json().reason).toBe('MethodNotAllowed');
    }
    const head = await bed.get(`${USAGE}/nodes`, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await bed.get('/healthz', { method: 'POST' })).status).toBe(405);
  });

  it('gives JSON to all that take it', async () => {
    for (const accept of [
      '*/*',
      'application/*',
      'application/json',
      'application/vnd.kubernetes.protobuf,application/json',
      '',
    ]) {
      expect((await bed.get(`${USAGE}/nodes`, { headers: { accept } })).json().kind).toBe('NodeMetricsList');
    }
    for (const accept of [
      'application/vnd.kubernetes.protobuf',
      'text/html',
      'application/json;q=0',
      'application/json;as=Nothing;v=v1;g=x',
    ]) {
      expect((await bed.get(`${USAGE}/nodes`, { headers: { accept } })).json()).toMatchObject({
        code: 406,
        reason: 'NotAcceptable',
      });
    }
  });

  it('has bounds for what is sent', async () => {
    const long = await bed.get(`${USAGE}/pods?labelSelector=${'a'.repeat(70_000)}`);
    expect(long.json()).toMatchObject({ code: 414 });
    expect((await bed.raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`)).split('\r\n')[0]).toBe(
      'HTTP/1.1 431 Request Header Fields Too Large',
    );
    expect(await bed.raw('GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await bed.raw('GET http://other/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 /,
    );
    expect(await bed.raw('CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n')).toBe('');
  });

  it('counts', async () => {
    await bed.get(`${USAGE}/nodes`);
    const text = await bed.registry.metrics();
    expect(text).toMatch(/pharos_metrics_apis_requests_total\{api="usage",code="200"\} \d+/);
    expect(text).toContain('pharos_metrics_apis_requests_running 0');
  });

  it('shows a new certificate to who comes then', async () => {
    const shown = async (): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port: bed.port, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const before = await shown();
    bed.renew();
    expect(await shown()).not.toBe(before);
  });
});

describe('limits', () => {
  it('tells those who are too many to come again, but not who asks for health', async () => {
    const small = await MetricsApisBed.start({ limits: { requests: 1 } });
    let go = (): void => {};
    small.fake.waits = new Promise((resolve) => (go = resolve));
    const first = small.get(`${USAGE}/namespaces/shop/pods`);
    await until(() => small.access.asked.length === 1);
    const second = await small.get(`${USAGE}/namespaces/shop/pods`);
    expect([second.status, second.headers['retry-after'], second.json().reason]).toEqual([429, '1', 'TooManyRequests']);
    expect((await small.get('/livez')).status).toBe(200);
    go();
    expect((await first).status).toBe(200);
    await small.close();
  });

  it('does not wait for an answer for ever', async () => {
    const quick = await MetricsApisBed.start({ limits: { timeout: 50 } });
    quick.fake.waits = new Promise(() => {});
    expect((await quick.get(`${USAGE}/pods`)).json()).toMatchObject({ code: 504, reason: 'Timeout' });
    await quick.close();
  });

  it('asks nobody any more for a client that went away', async () => {
    const left = await MetricsApisBed.start();
    let signal: AbortSignal | undefined;
    left.fake.external = (_, given) => {
      signal = given;
      return new Promise(() => {});
    };
    const socket = connect({ host: '127.0.0.1', port: left.port, rejectUnauthorized: false });
    socket.on('error', () => {});
    socket.write(`GET ${EXTERNAL}/namespaces/a/b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n`);
    await until(() => signal !== undefined);
    socket.destroy();
    await until(() => signal!.aborted);
    await until(async () => (await left.registry.metrics()).includes('total{api="external",code="499"} 1'));
    await left.close();
  });

  it('answers what was asked before it was closed', async () => {
    const closing = await MetricsApisBed.start();
    let go = (): void => {};
    closing.fake.waits = new Promise((resolve) => (go = resolve));
    const asked = closing.get(`${USAGE}/namespaces/shop/pods`);
    await until(() => closing.access.asked.length === 1);
    const began = performance.now();
    const closed = closing.closeServer();
    go();
    expect([(await asked).status, (await asked).headers.connection]).toEqual([200, 'close']);
    await closed;
    expect(performance.now() - began).toBeLessThan(4_000);
    await closing.close();
  });

  it('ends when it is closed, and says who is in the way when it cannot listen', async () => {
    const other = await MetricsApisBed.start();
    const address = { host: '127.0.0.1', port: other.port };
    await expect(MetricsApisBed.start({ address })).rejects.toThrow(
      `cannot serve the metrics APIs on 127.0.0.1:${other.port}: another process listens there`,
    );
    await other.get('/livez');
    await other.close();
    await expect(other.get('/livez')).rejects.toThrow();
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
