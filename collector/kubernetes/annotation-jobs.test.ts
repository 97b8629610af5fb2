import { describe, expect, it } from 'vitest';
import { meta } from '../discovery/kubernetes/cached-cluster.case.ts';
import { endpointSliceGroup } from '../discovery/kubernetes/endpoint-slice.ts';
import { podGroup } from '../discovery/kubernetes/pod.ts';
import type { RelatedObjects } from '../discovery/kubernetes/related-objects.ts';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { compileRelabel } from '../relabel.ts';
import { buildTargets } from '../scrape/target.ts';
import { Secret } from '../secret.ts';
import { type AnnotationJobsOptions, annotationJobs } from './annotation-jobs.ts';
import type { Container, EndpointSlice, Pod, Service } from './objects.ts';

const OPTIONS: AnnotationJobsOptions = { cluster: 'c1', scrapeInterval: 30_000, scrapeTimeout: 10_000 };

/** `prometheus.io/` goes before each. */
function annotations(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`prometheus.io/${name}`, value]));
}

function pod(
  values: Record<string, string>,
  options: { containers?: Container[]; podIP?: string; phase?: string; initContainers?: Container[] } = {},
): Pod {
  const { containers = [{ name: 'app', ports: [{ containerPort: 8080, protocol: 'TCP' }] }] } = options;
  const { podIP = '10.0.0.1', phase = 'Running', initContainers = [] } = options;
  return {
    metadata: meta('web-1', { annotations: annotations(values) }),
    spec: { nodeName: 'node-1', containers, initContainers },
    status: { podIP, phase },
  };
}

const NOTHING: RelatedObjects = {
  pod: () => undefined,
  service: () => undefined,
  node: () => undefined,
  namespace: () => undefined,
};

function podTargets(of: Pod, options: Partial<AnnotationJobsOptions> = {}): string[] {
  const [config] = annotationJobs({ kind: 'in-cluster' }, { ...OPTIONS, ...options });
  const group = podGroup(of, NOTHING);
  return shown(buildTargets(group === undefined ? [] : [group], config!, compileRelabel(config!.relabelConfigs)));
}

function serviceTargets(
  values: Record<string, string>,
  options: { slice?: Partial<EndpointSlice>; pod?: Pod; jobs?: Partial<AnnotationJobsOptions> } = {},
): string[] {
  const service: Service = { metadata: meta('web', { annotations: annotations(values) }), spec: {}, status: {} };
  const slice: EndpointSlice = {
    metadata: meta('web-abc', { labels: { 'kubernetes.io/service-name': 'web' } }),
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1' } }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    ...options.slice,
  };
  const [, config] = annotationJobs({ kind: 'in-cluster' }, { ...OPTIONS, ...options.jobs });
  const group = endpointSliceGroup(slice, { ...NOTHING, service: () => service, pod: () => options.pod ?? pod({}) })!;
  return shown(buildTargets([group], config!, compileRelabel(config!.relabelConfigs)));
}

function shown({ targets, failures }: ReturnType<typeof buildTargets>): string[] {
  expect(failures).toEqual([]);
  return targets.map(({ url, labels }) => `${url.href} ${labels}`);
}

const POD = 'instance="10.0.0.1:8080", job="kubernetes-pods", namespace="default", node="node-1", pod="web-1"';

describe('annotated pods', () => {
  it('are scraped at the ports that they declare', () => {
    expect(podTargets(pod({ scrape: 'true' }))).toEqual([
      `http://10.0.0.1:8080/metrics {cluster="c1", container="app", ${POD}}`,
    ]);
    expect(podTargets(pod({ scrape: 'true' }), { cluster: '' })).toEqual([
      `http://10.0.0.1:8080/metrics {container="app", ${POD}}`,
    ]);
    const containers = [
      { name: 'a', ports: [{ containerPort: 1 }, { containerPort: 2, protocol: 'UDP' }] },
      { name: 'b', ports: [{ containerPort: 3, protocol: 'TCP' }] },
      { name: 'without' },
    ];
    const found = podTargets(pod({ scrape: 'true' }, { containers }));
    expect(found.map((target) => target.split(' ')[0])).toEqual([
      'http://10.0.0.1:1/metrics',
      'http://10.0.0.1:3/metrics',
    ]);
  });

  it('are scraped once at the port that is annotated, with scheme, path and parameters', () => {
    const containers = [{ name: 'a', ports: [{ containerPort: 1 }, { containerPort: 2 }] }, { name: 'b' }];
    const values = { scrape: 'true', port: '9102', path: '/m/x', scheme: 'https', param_module: 'a b', param_x: '1' };
    const all = podTargets(pod(values, { containers, initContainers: [{ name: 'init' }] }));
    expect(all).toEqual([`https://10.0.0.1:9102/m/x?module=a+b&x=1 {cluster="c1", ${POD.replace('8080', '9102')}}`]);
  });

  it.each([
    [{ path: 'stats' }, 'http://10.0.0.1:8080/stats'],
    [{ path: '' }, 'http://10.0.0.1:8080/metrics'],
    [{ scheme: 'ftp' }, 'http://10.0.0.1:8080/metrics'],
    [{ port: 'http' }, undefined],
    [{ scrape: 'false' }, undefined],
    [{ scrape: '' }, undefined],
  ])('with %j are scraped at %s', (values, url) => {
    const found = podTargets(pod({ scrape: 'true', ...values }));
    expect(found.map((target) => target.split(' ')[0])).toEqual(url === undefined ? [] : [url]);
  });

  it('have brackets around an address of IPv6', () => {
    expect(podTargets(pod({ scrape: 'true', port: '9' }, { podIP: 'fd00::1' }))[0]).toMatch(
      /^http:\/\/\[fd00::1\]:9\//,
    );
    expect(podTargets(pod({ scrape: 'true' }, { podIP: 'fd00::1' }))[0]).toMatch(/^http:\/\/\[fd00::1\]:8080\//);
    const bare = pod({ scrape: 'true', port: '9' }, { podIP: 'fd00::1', containers: [{ name: 'c' }] });
    expect(podTargets(bare)[0]).toMatch(/^http:\/\/\[fd00::1\]:9\//);
  });

  it.each(['Pending', 'Succeeded', 'Failed'])('are left out when they are %s', (phase) => {
    expect(podTargets(pod({ scrape: 'true' }, { phase }))).toEqual([]);
  });

  it('get no credentials', () => {
    for (const { client } of annotationJobs({ kind: 'in-cluster' }, OPTIONS)) {
      expect(client.authorization).toBeUndefined();
      expect(client.basicAuth).toBeUndefined();
    }
  });

  it('can be asked by the API server', () => {
    const authorization = { type: 'Bearer', credentials: new Secret('t'), credentialsFile: undefined };
    const http = { ...PLAIN_HTTP_CLIENT, authorization };
    const proxy = { server: 'https://gateway.example/clusters/a/', http };
    const root = 'https://gateway.example/clusters/a/api/v1/namespaces/default/pods';
    expect(podTargets(pod({ scrape: 'true', param_x: 'y' }), { proxy })).toEqual([
      `${root}/web-1:8080/proxy/metrics?x=y {cluster="c1", container="app", ${POD}}`,
    ]);
    expect(podTargets(pod({ scrape: 'true', scheme: 'https', port: '9' }), { proxy })[0]).toMatch(
      `${root}/https:web-1:9/proxy/metrics `,
    );
    expect(serviceTargets({ scrape: 'true' }, { jobs: { proxy } })[0]).toMatch(`${root}/web-1:8080/proxy/metrics `);
    const external = { endpoints: [{ addresses: ['9.9.9.9'] }] };
    expect(serviceTargets({ scrape: 'true' }, { slice: external, jobs: { proxy } })).toEqual([]);
    expect(annotationJobs({ kind: 'in-cluster' }, { ...OPTIONS, proxy })[0]!.client).toBe(http);
  });
});

describe('annotated services', () => {
  const labels = (endpoint: string, port: number) =>
    `{cluster="c1", ${endpoint}instance="10.0.0.1:${port}", job="kubernetes-service-endpoints", namespace="default", node="node-1", pod="web-1", service="web"}`;

  it('have their endpoints scraped, at their ports only', () => {
    const containers = [{ name: 'app', ports: [{ containerPort: 8080 }, { containerPort: 9999 }] }];
    expect(serviceTargets({ scrape: 'true' }, { pod: pod({}, { containers }) })).toEqual([
      `http://10.0.0.1:8080/metrics ${labels('endpoint="http", ', 8080)}`,
    ]);
  });

  it('have their endpoints scraped once at the port that is annotated', () => {
    const ports = [
      { name: 'a', port: 1, protocol: 'TCP' },
      { name: 'b', port: 2, protocol: 'TCP' },
    ];
    expect(serviceTargets({ scrape: 'true', port: '9102', path: '/m', param_a: 'b' }, { slice: { ports } })).toEqual([
      `http://10.0.0.1:9102/m?a=b ${labels('', 9102)}`,
    ]);
  });

  it('may be of other things than pods', () => {
    const slice = { endpoints: [{ addresses: ['9.9.9.9'] }] };
    expect(serviceTargets({ scrape: 'true' }, { slice })).toEqual([
      'http://9.9.9.9:8080/metrics {cluster="c1", endpoint="http", instance="9.9.9.9:8080", job="kubernetes-service-endpoints", namespace="default", service="web"}',
    ]);
  });

  it('leave out a pod that is annotated itself, a second address of a pod, and what is not annotated', () => {
    expect(serviceTargets({ scrape: 'true' }, { pod: pod({ scrape: 'true' }) })).toEqual([]);
    const targetRef = { kind: 'Pod', namespace: 'default', name: 'web-1' };
    const second = { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'], targetRef }] };
    expect(serviceTargets({ scrape: 'true' }, { slice: second })).toEqual([]);
    expect(serviceTargets({ scrape: 'true' }, { slice: second, pod: pod({}, { podIP: 'fd00::1' }) })).toHaveLength(1);
    expect(serviceTargets({})).toEqual([]);
  });
});
