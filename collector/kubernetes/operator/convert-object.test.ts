import { describe, expect, it } from 'vitest';
import { compileRelabel } from '../../relabel.ts';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import { buildTargets } from '../../scrape/target.ts';
import { Secret } from '../../secret.ts';
import type { ConversionContext } from './conversion.ts';
import { convertObject, type MonitorResource } from './convert-object.ts';
import { type Reference, type Resolved, referencedObject } from './references.ts';

const SECRETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Secret team/login': { user: 'u', password: 'p\n', token: 'abc\n' },
  'Secret team/tls': { 'ca.crt': 'CA', 'tls.crt': 'CERT', 'tls.key': 'KEY' },
  'ConfigMap team/ca': { 'ca.crt': 'CA of a map' },
};

function resolve(reference: Reference): Resolved {
  const object = referencedObject(reference);
  if (reference.name === 'slow') return { state: 'pending' };
  const value = SECRETS[object]?.[reference.key];
  if (value === undefined) return { state: 'failed', problem: 'there is none of this name' };
  return { state: 'known', value: new Secret(value), problem: undefined };
}

const CONTEXT: ConversionContext = {
  defaults: { scrapeInterval: 30_000, scrapeTimeout: 10_000 },
  references: { resolve },
  access: { kind: 'in-cluster' },
  cluster: '',
  jobPrefix: '',
  serviceDiscoveryRole: 'endpoints',
  podTargetLabels: [],
  allowFiles: true,
};

function convert(resource: MonitorResource, spec: unknown, context: Partial<ConversionContext> = {}) {
  const metadata = { name: 'web', namespace: 'team', uid: '', resourceVersion: '1', creationTimestamp: '' };
  return convertObject(resource, { metadata, spec }, { ...CONTEXT, ...context });
}

function jobsOf(...given: Parameters<typeof convert>): readonly ScrapeConfig[] {
  const { outcome } = convert(...given);
  if (outcome.kind !== 'jobs') throw new Error(JSON.stringify(outcome));
  return outcome.jobs;
}

function problemOf(...given: Parameters<typeof convert>): string {
  const { outcome } = convert(...given);
  return outcome.kind === 'refused' ? outcome.problem : JSON.stringify(outcome);
}

/** The final labels of discovered targets, each given by its labels with `__address__` among them. */
function labelsOf(job: ScrapeConfig, ...targets: readonly Readonly<Record<string, string>>[]): string[] {
  const groups = [{ targets, labels: {}, source: 's' }];
  const built = buildTargets(groups, job, compileRelabel(job.relabelConfigs));
  expect(built.failures).toEqual([]);
  return built.targets.map(({ labels }) => labels.toString());
}

/** A pod's port behind a service, as the role endpoints discovers it. */
const ENDPOINT = {
  __address__: '10.0.0.7:8080',
  __meta_kubernetes_namespace: 'team',
  __meta_kubernetes_endpoints_name: 'web',
  __meta_kubernetes_endpoint_port_name: 'http',
  __meta_kubernetes_endpoint_address_target_kind: 'Pod',
  __meta_kubernetes_endpoint_address_target_name: 'web-1',
  __meta_kubernetes_service_name: 'web',
  __meta_kubernetes_service_label_app: 'web',
  __meta_kubernetes_service_labelpresent_app: 'true',
  __meta_kubernetes_service_label_team_example_com_tier: 'gold',
  __meta_kubernetes_service_labelpresent_team_example_com_tier: 'true',
  __meta_kubernetes_pod_name: 'web-1',
  __meta_kubernetes_pod_phase: 'Running',
  __meta_kubernetes_pod_label_version: 'v2',
  __meta_kubernetes_pod_container_name: 'server',
  __meta_kubernetes_pod_container_port_name: 'http',
  __meta_kubernetes_pod_container_port_number: '8080',
};

const WEB = { selector: { matchLabels: { app: 'web' } }, endpoints: [{ port: 'http' }] };

describe('a ServiceMonitor', () => {
  it('gives its targets the labels of the operator', () => {
    const [job] = jobsOf('servicemonitors', WEB);
    expect(job!.jobName).toBe('serviceMonitor/team/web/0');
    expect(labelsOf(job!, ENDPOINT)).toEqual([
      '{container="server", endpoint="http", instance="10.0.0.7:8080", job="web", namespace="team", pod="web-1", service="web"}',
    ]);
  });

  it.each<[what: string, spec: object, target: Readonly<Record<string, string>>, expected: string]>([
    ['job from a label', { jobLabel: 'team.example.com/tier' }, {}, 'job="gold"'],
    ['job from a label that is not there', { jobLabel: 'nothing' }, {}, 'job="web"'],
    ['labels of the service', { targetLabels: ['team.example.com/tier', 'no'] }, {}, 'team_example_com_tier="gold"'],
    ['labels of the pod', { podTargetLabels: ['version'] }, {}, 'version="v2"'],
    ['the port by number', { endpoints: [{ targetPort: 8080 }] }, {}, 'endpoint="8080"'],
    ['the port by its name in the pod', { endpoints: [{ targetPort: 'http' }] }, {}, 'endpoint="http"'],
    [
      'the node',
      {},
      { __meta_kubernetes_endpoint_address_target_kind: 'Node', __meta_kubernetes_endpoint_address_target_name: 'n1' },
      'node="n1"',
    ],
    [
      'what its own steps make',
      { endpoints: [{ port: 'http', relabelings: [{ sourceLabels: ['pod'], targetLabel: 'x', regex: 'web-(.)' }] }] },
      {},
      'x="1"',
    ],
    [
      "the job's name before relabelling to its steps",
      {
        endpoints: [{ port: 'http', relabelings: [{ sourceLabels: ['__tmp_prometheus_job_name'], targetLabel: 'x' }] }],
      },
      {},
      'x="serviceMonitor/team/web/0"',
    ],
  ])('gives %s', (_, spec, target, expected) => {
    const [job] = jobsOf('servicemonitors', { ...WEB, ...spec });
    expect(labelsOf(job!, { ...ENDPOINT, ...target })[0]).toContain(expected);
  });

  it.each<[what: string, spec: object, target: Readonly<Record<string, string>>]>([
    ['other services', {}, { __meta_kubernetes_service_label_app: 'other' }],
    ['services without the label', {}, { __meta_kubernetes_service_labelpresent_app: '' }],
    ['other ports', {}, { __meta_kubernetes_endpoint_port_name: 'debug' }],
    ['other ports of the pod', { endpoints: [{ targetPort: 8081 }] }, {}],
    ['pods that have ended', {}, { __meta_kubernetes_pod_phase: 'Succeeded' }],
    ['what In lacks', { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] } }, {}],
    [
      'what NotIn has',
      { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a', 'web'] }] } },
      {},
    ],
    ['what lacks what Exists names', { selector: { matchExpressions: [{ key: 'x/y', operator: 'Exists' }] } }, {}],
    ['what has what it must not', { selector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }, {}],
  ])('drops %s', (_, spec, target) => {
    const [job] = jobsOf('servicemonitors', { ...WEB, ...spec });
    expect(labelsOf(job!, { ...ENDPOINT, ...target })).toEqual([]);
  });

  it('keeps what all kinds of selectors select, and pods that have ended when asked to', () => {
    const [job] = jobsOf('servicemonitors', {
      selector: {
        matchLabels: { app: 'web' },
        matchExpressions: [
          { key: 'app', operator: 'In', values: ['a', 'web'] },
          { key: 'app', operator: 'NotIn', values: ['b'] },
          { key: 'none', operator: 'NotIn', values: ['b'] },
          { key: 'team.example.com/tier', operator: 'Exists' },
          { key: 'none', operator: 'DoesNotExist' },
        ],
      },
      endpoints: [{ port: 'http', filterRunning: false }],
    });
    expect(labelsOf(job!, { ...ENDPOINT, __meta_kubernetes_pod_phase: 'Failed' })).toHaveLength(1);
  });

  it('reads the same of endpoint slices', () => {
    const [job] = jobsOf('servicemonitors', { ...WEB, serviceDiscoveryRole: 'EndpointSlice' });
    const slice = Object.fromEntries(
      Object.entries(ENDPOINT).map(([name, value]) => [name.replace('_endpoint_', '_endpointslice_'), value]),
    );
    expect(labelsOf(job!, slice)).toEqual(labelsOf(jobsOf('servicemonitors', WEB)[0]!, ENDPOINT));
    expect(labelsOf(job!, { ...slice, __meta_kubernetes_endpointslice_port_name: 'debug' })).toEqual([]);
    expect(job!.discovery).toMatchObject([{ role: 'endpointslice' }]);
  });

  it('leaves the selection to the API server when asked to', () => {
    const [job] = jobsOf('servicemonitors', {
      ...WEB,
      selectorMechanism: 'RoleSelector',
      selector: {
        matchLabels: { z: 'last', app: 'web' },
        matchExpressions: [
          { key: 'm', operator: 'In', values: ['b', 'a'] },
          { key: 'n', operator: 'NotIn', values: ['c'] },
          { key: 'o', operator: 'Exists' },
          { key: 'p', operator: 'DoesNotExist' },
        ],
      },
    });
    const label = 'app=web,m in (a,b),n notin (c),o,!p,z=last';
    expect(job!.discovery).toMatchObject([
      {
        selectors: [
          { role: 'endpoints', label, field: '' },
          { role: 'service', label, field: '' },
        ],
      },
    ]);
    expect(labelsOf(job!, { ...ENDPOINT, __meta_kubernetes_service_label_app: 'other' })).toHaveLength(1);
  });

  it.each<[selector: object | undefined, names: readonly string[]]>([
    [undefined, ['team']],
    [{}, ['team']],
    [{ any: true, matchNames: ['a'] }, []],
    [{ matchNames: ['a', 'b'] }, ['a', 'b']],
  ])('looks with the namespace selector %j into %j', (namespaceSelector, names) => {
    const [job] = jobsOf('servicemonitors', { ...WEB, namespaceSelector });
    expect(job!.discovery).toMatchObject([{ kind: 'kubernetes', role: 'endpoints', namespaces: { names } }]);
  });

  it('takes over every field', () => {
    const [job, second] = jobsOf('servicemonitors', {
      selector: {},
      attachMetadata: { node: true },
      bodySizeLimit: '10MB',
      sampleLimit: 1,
      targetLimit: 2,
      labelLimit: 3,
      labelNameLengthLimit: 4,
      labelValueLengthLimit: 5,
      keepDroppedTargets: 6,
      scrapeProtocols: ['OpenMetricsText1.0.0', 'PrometheusText0.0.4'],
      fallbackScrapeProtocol: 'PrometheusText0.0.4',
      endpoints: [
        {
          path: '/stats',
          scheme: 'https',
          params: { format: ['prometheus', 'x'] },
          interval: '1m30s',
          scrapeTimeout: '20s',
          honorLabels: true,
          honorTimestamps: false,
          trackTimestampsStaleness: true,
          proxyUrl: 'http://proxy:3128',
          followRedirects: false,
          enableHttp2: false,
          metricRelabelings: [{ action: 'LabelDrop', regex: 'le' }],
        },
        { interval: '5s' },
      ],
    });
    expect(job).toMatchObject({
      jobName: 'serviceMonitor/team/web/0',
      scrapeInterval: 90_000,
      scrapeTimeout: 20_000,
      metricsPath: '/stats',
      scheme: 'https',
      params: { format: ['prometheus', 'x'] },
      honorLabels: true,
      honorTimestamps: false,
      trackTimestampsStaleness: true,
      enableCompression: true,
      bodySizeLimit: 10 * 1024 ** 2,
      sampleLimit: 1,
      targetLimit: 2,
      labelLimit: 3,
      labelNameLengthLimit: 4,
      labelValueLengthLimit: 5,
      keepDroppedTargets: 6,
      scrapeProtocols: ['OpenMetricsText1.0.0', 'PrometheusText0.0.4'],
      scrapeFallbackProtocol: 'PrometheusText0.0.4',
      discovery: [{ attachMetadata: { node: true } }],
      metricRelabelConfigs: [{ action: 'labeldrop', regex: 'le' }],
      client: { proxyUrl: 'http://proxy:3128', followRedirects: false, enableHttp2: false },
    });
    expect(second).toMatchObject({
      jobName: 'serviceMonitor/team/web/1',
      scrapeInterval: 5_000,
      scrapeTimeout: 5_000,
      metricsPath: '/metrics',
      scheme: 'http',
      honorLabels: false,
      honorTimestamps: true,
    });
  });
});

describe('a PodMonitor', () => {
  const POD = {
    __address__: '10.0.0.7:8080',
    __meta_kubernetes_namespace: 'team',
    __meta_kubernetes_pod_name: 'web-1',
    __meta_kubernetes_pod_phase: 'Running',
    __meta_kubernetes_pod_label_app: 'web',
    __meta_kubernetes_pod_labelpresent_app: 'true',
    __meta_kubernetes_pod_container_name: 'server',
    __meta_kubernetes_pod_container_port_name: 'http',
    __meta_kubernetes_pod_container_port_number: '8080',
  };
  const PODS = { selector: { matchLabels: { app: 'web' } }, podMetricsEndpoints: [{ port: 'http' }] };

  it('gives its targets the labels of the operator', () => {
    const [job] = jobsOf('podmonitors', PODS);
    expect(job!.jobName).toBe('podMonitor/team/web/0');
    expect(job!.discovery).toMatchObject([{ role: 'pod', namespaces: { names: ['team'] } }]);
    expect(labelsOf(job!, POD)).toEqual([
      '{container="server", endpoint="http", instance="10.0.0.7:8080", job="team/web", namespace="team", pod="web-1"}',
    ]);
  });

  it.each<[spec: object, expected: string]>([
    [
      { jobLabel: 'app', podTargetLabels: ['app'] },
      'app="web", container="server", endpoint="http", instance="10.0.0.7:8080", job="web"',
    ],
    [{ podMetricsEndpoints: [{ portNumber: 8080 }] }, 'container="server", instance'],
    [{ podMetricsEndpoints: [{ targetPort: 8080 }] }, 'endpoint="8080"'],
    [{ podMetricsEndpoints: [{ targetPort: 'http' }] }, 'endpoint="http"'],
  ])('gives for %j %s', (spec, expected) => {
    expect(labelsOf(jobsOf('podmonitors', { ...PODS, ...spec })[0]!, POD)[0]).toContain(expected);
  });

  it.each<[spec: object, target: Readonly<Record<string, string>>]>([
    [{}, { __meta_kubernetes_pod_phase: 'Failed' }],
    [{}, { __meta_kubernetes_pod_label_app: 'other' }],
    [{}, { __meta_kubernetes_pod_container_port_name: 'debug' }],
    [{ podMetricsEndpoints: [{ portNumber: 81 }] }, {}],
    [{ podMetricsEndpoints: [{ targetPort: 'x' }] }, {}],
  ])('drops for %j %j', (spec, target) => {
    expect(labelsOf(jobsOf('podmonitors', { ...PODS, ...spec })[0]!, { ...POD, ...target })).toEqual([]);
  });

  it('can leave the selection to the API server', () => {
    const [job] = jobsOf('podmonitors', { ...PODS, selectorMechanism: 'RoleSelector' });
    expect(job!.discovery).toMatchObject([{ selectors: [{ role: 'pod', label: 'app=web' }] }]);
    expect(labelsOf(job!, { ...POD, __meta_kubernetes_pod_label_app: 'other' })).toHaveLength(1);
  });
});

describe('a Probe', () => {
  const PROBER = { prober: { url: 'blackbox.monitoring:9115', path: '/check', scheme: 'HTTPS' }, module: 'http_2xx' };

  it('asks the prober about static targets', () => {
    const [job] = jobsOf('probes', {
      ...PROBER,
      jobName: 'sites',
      interval: '1m',
      scrapeTimeout: '15s',
      params: [
        { name: 'module', values: ['other'] },
        { name: 'debug', values: ['true'] },
      ],
      targets: {
        staticConfig: {
          static: ['https://a.example.com/x'],
          labels: { env: 'prod' },
          relabelingConfigs: [{ sourceLabels: ['instance'], targetLabel: 'host', regex: 'https://([^/]+).*' }],
        },
      },
    });
    const { targets } = buildTargets(
      (job!.discovery[0] as never as { groups: [] }).groups,
      job!,
      compileRelabel(job!.relabelConfigs),
    );
    expect(job).toMatchObject({ jobName: 'probe/team/web', scrapeInterval: 60_000, scrapeTimeout: 15_000 });
    expect(targets.map(({ labels, url }) => [labels.toString(), url.href])).toEqual([
      [
        '{env="prod", host="a.example.com", instance="https://a.example.com/x", job="sites", namespace="team"}',
        'https://blackbox.monitoring:9115/check?debug=true&module=http_2xx&target=https%3A%2F%2Fa.example.com%2Fx',
      ],
    ]);
  });

  it('asks the prober about ingresses', () => {
    const [job] = jobsOf('probes', {
      prober: { url: 'blackbox' },
      targets: { ingress: { selector: { matchLabels: { probe: 'yes' } }, namespaceSelector: { any: true } } },
    });
    expect(job!.discovery).toMatchObject([{ role: 'ingress', namespaces: { names: [] } }]);
    const ingress = {
      __address__: 'shop.example.com',
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_ingress_name: 'front',
      __meta_kubernetes_ingress_scheme: 'https',
      __meta_kubernetes_ingress_path: '/cart',
      __meta_kubernetes_ingress_label_probe: 'yes',
      __meta_kubernetes_ingress_labelpresent_probe: 'true',
    };
    expect(labelsOf(job!, ingress, { ...ingress, __meta_kubernetes_ingress_label_probe: 'no' })).toEqual([
      '{ingress="front", instance="https://shop.example.com/cart", job="probe/team/web", namespace="shop"}',
    ]);
    const { targets } = buildTargets(
      [{ targets: [ingress], labels: {}, source: '' }],
      job!,
      compileRelabel(job!.relabelConfigs),
    );
    expect(targets[0]!.url.href).toBe('http://blackbox/probe?target=https%3A%2F%2Fshop.example.com%2Fcart');
  });

  it('keeps to the static targets where both are given, and says so', () => {
    const both = { staticConfig: { static: ['a'] }, ingress: {} };
    expect(convert('probes', { ...PROBER, targets: both })).toMatchObject({
      notes: ['spec.targets.ingress has no effect beside staticConfig'],
      outcome: { jobs: [{ discovery: [{ kind: 'static' }] }] },
    });
  });
});

describe('a ScrapeConfig', () => {
  it('has its targets from all that is served', () => {
    const [job] = jobsOf('scrapeconfigs', {
      jobName: 'things',
      metricsPath: '/m',
      scheme: 'HTTPS',
      scrapeInterval: '1m',
      scrapeTimeout: '20s',
      enableCompression: false,
      enableHTTP2: false,
      honorLabels: true,
      params: { a: ['1'] },
      staticConfigs: [{ targets: ['a:1', 'b:2'], labels: { env: 'x' } }],
      fileSDConfigs: [{ files: ['/etc/sd/*.json'], refreshInterval: '1m' }],
      httpSDConfigs: [{ url: 'http://u:p@sd/targets', followRedirects: false }],
      kubernetesSDConfigs: [
        {
          role: 'EndpointSlice',
          namespaces: { names: ['a'], ownNamespace: true },
          selectors: [{ role: 'Pod', label: 'app=x', field: 'spec.nodeName=n' }],
          attachMetadata: { node: true },
        },
        { role: 'Node', apiServer: 'https://other:6443', tlsConfig: { insecureSkipVerify: true } },
      ],
      relabelings: [{ targetLabel: 'x', replacement: 'y' }],
      metricRelabelings: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'go_.*' }],
    });
    expect(job).toMatchObject({
      jobName: 'scrapeConfig/team/web',
      metricsPath: '/m',
      scheme: 'https',
      scrapeInterval: 60_000,
      scrapeTimeout: 20_000,
      enableCompression: false,
      honorLabels: true,
      params: { a: ['1'] },
      client: { enableHttp2: false, followRedirects: true },
      metricRelabelConfigs: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'go_.*' }],
    });
    expect(job!.discovery).toMatchObject([
      { kind: 'static', groups: [{ targets: ['a:1', 'b:2'], labels: { env: 'x' } }] },
      { kind: 'file', files: ['/etc/sd/*.json'], refreshInterval: 60_000 },
      { kind: 'http', url: 'http://sd/targets', refreshInterval: 60_000, client: { followRedirects: false } },
      {
        kind: 'kubernetes',
        role: 'endpointslice',
        access: { kind: 'in-cluster' },
        namespaces: { names: ['a'], own: true },
        selectors: [{ role: 'pod', label: 'app=x', field: 'spec.nodeName=n' }],
        attachMetadata: { node: true },
      },
      {
        kind: 'kubernetes',
        role: 'node',
        access: { kind: 'api-server', url: 'https://other:6443/', client: { tls: { insecureSkipVerify: true } } },
        namespaces: { names: [], own: false },
      },
    ]);
    const http = job!.discovery[2] as { client: { basicAuth: { username: string; password: Secret } } };
    expect([http.client.basicAuth.username, http.client.basicAuth.password.reveal()]).toEqual(['u', 'p']);
    expect(labelsOf(job!, { __address__: 'a:1', env: 'x' })).toEqual([
      '{env="x", instance="a:1", job="things", x="y"}',
    ]);
  });

  it('has its own name as the job when it names none', () => {
    const [job] = jobsOf('scrapeconfigs', { staticConfigs: [{ targets: ['a'] }] });
    expect(labelsOf(job!, { __address__: 'a' })).toEqual(['{instance="a", job="scrapeConfig/team/web"}']);
  });
});

describe('all objects', () => {
  it('give equal jobs for equal input, and each knows its cluster', () => {
    const context = { cluster: 'e$1', jobPrefix: 'east/', podTargetLabels: ['version'] };
    const first = jobsOf('servicemonitors', WEB, context);
    expect(jobsOf('servicemonitors', structuredClone(WEB), context)).toEqual(first);
    expect(first[0]!.jobName).toBe('east/serviceMonitor/team/web/0');
    expect(labelsOf(first[0]!, ENDPOINT)[0]).toMatch(/^\{cluster="e\$1", .*version="v2"\}$/);
    const [fixed] = jobsOf('scrapeconfigs', { staticConfigs: [{ targets: ['a'] }] }, context);
    expect(labelsOf(fixed!, { __address__: 'a' })).toEqual([
      '{cluster="e$1", instance="a", job="scrapeConfig/team/web"}',
    ]);
    const overridden = {
      ...WEB,
      endpoints: [{ port: 'http', relabelings: [{ targetLabel: 'cluster', replacement: 'own' }] }],
    };
    expect(labelsOf(jobsOf('servicemonitors', overridden, context)[0]!, ENDPOINT)[0]).toContain('cluster="own"');
    const few = { ...WEB, endpoints: [{ relabelings: [{ action: 'labelkeep', regex: 'job|__.*' }] }] };
    expect(labelsOf(jobsOf('servicemonitors', few, context)[0]!, ENDPOINT)).toEqual([
      '{cluster="e$1", instance="10.0.0.7:8080", job="web"}',
    ]);
  });

  it('log in with what Secrets and ConfigMaps hold', () => {
    const key = (name: string, key: string) => ({ name, key });
    const [basic, token, older, file] = jobsOf('servicemonitors', {
      selector: {},
      endpoints: [
        {
          basicAuth: { username: key('login', 'user'), password: key('login', 'password') },
          tlsConfig: {
            ca: { configMap: key('ca', 'ca.crt') },
            cert: { secret: key('tls', 'tls.crt') },
            keySecret: key('tls', 'tls.key'),
            serverName: 'web.example.com',
            minVersion: 'TLS12',
          },
        },
        { authorization: { type: 'Token', credentials: key('login', 'token') }, tlsConfig: { serviceName: 'web' } },
        { bearerTokenSecret: key('login', 'token'), tlsConfig: { ca: { secret: key('tls', 'ca.crt') } } },
        { bearerTokenSecret: { key: '' }, bearerTokenFile: '/run/token', tlsConfig: { caFile: '/run/ca.crt' } },
      ],
    });
    expect(basic!.client.basicAuth).toMatchObject({ username: 'u' });
    expect(basic!.client.basicAuth!.password!.reveal()).toBe('p\n');
    expect(basic!.client.tls).toMatchObject({
      ca: 'CA of a map',
      cert: 'CERT',
      serverName: 'web.example.com',
      minVersion: 'TLS12',
    });
    expect(basic!.client.tls.key!.reveal()).toBe('KEY');
    expect(token!.client.authorization!.type).toBe('Token');
    expect(token!.client.authorization!.credentials!.reveal()).toBe('abc');
    expect(token!.client.tls.serverName).toBe('web.team.svc');
    expect(older!.client.authorization).toMatchObject({ type: 'Bearer' });
    expect(older!.client.tls.ca).toBe('CA');
    expect(file!.client.authorization).toEqual({
      type: 'Bearer',
      credentials: undefined,
      credentialsFile: '/run/token',
    });
    expect(file!.client.tls.caFile).toBe('/run/ca.crt');
  });

  it('wait for what they refer to, and name all of it at once', () => {
    const conversion = convert('servicemonitors', {
      selector: {},
      endpoints: [
        { bearerTokenSecret: { name: 'slow', key: 'a' } },
        { bearerTokenSecret: { name: 'login', key: 'token' } },
      ],
    });
    expect(conversion.outcome).toEqual({ kind: 'pending' });
    expect(conversion.references.map(({ name, key }) => `${name}/${key}`)).toEqual(['slow/a', 'login/token']);
  });

  it.each<[resource: MonitorResource, spec: unknown, problem: string]>([
    ['servicemonitors', undefined, 'spec: expected a map, got nothing'],
    ['servicemonitors', { endpoints: {} }, 'spec.endpoints: expected a list, got a map'],
    ['servicemonitors', { endpoints: [5] }, 'spec.endpoints[0]: expected a map, got a number'],
    [
      'servicemonitors',
      { endpoints: [{}, { interval: '5 minutes' }] },
      'spec.endpoints[1].interval: expected a duration such as 15s or 1m30s, got "5 minutes"',
    ],
    [
      'servicemonitors',
      { endpoints: [{ scrapeTimeout: '1m' }] },
      'spec.endpoints[0].scrapeTimeout: expected a timeout of at most the interval (30s), got 1m',
    ],
    [
      'servicemonitors',
      { endpoints: [{ relabelings: [{ targetLabel: 'y' }, { action: 'hashmod', targetLabel: 'x' }] }] },
      'spec.endpoints[0].relabelings[1].modulus: the action hashmod needs it, got nothing',
    ],
    [
      'servicemonitors',
      { endpoints: [{ metricRelabelings: [{ action: 'remove' }] }] },
      'spec.endpoints[0].metricRelabelings[0].action: expected one of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase, got "remove"',
    ],
    [
      'podmonitors',
      { podMetricsEndpoints: [{ relabelings: [{ action: 'keep', regex: 'a(' }] }] },
      'spec.podMetricsEndpoints[0].relabelings[0].regex: invalid regular expression "a(": ',
    ],
    ['servicemonitors', { endpoints: [{ port: '(' }] }, 'spec.endpoints[0].port: invalid regular expression "(": '],
    [
      'servicemonitors',
      { endpoints: [{ targetPort: '(' }] },
      'spec.endpoints[0].targetPort: invalid regular expression "(": ',
    ],
    [
      'podmonitors',
      { podMetricsEndpoints: [{ port: '[' }] },
      'spec.podMetricsEndpoints[0].port: invalid regular expression "[": ',
    ],
    [
      'podmonitors',
      { selector: { matchLabels: { app: '(.*)' } } },
      'spec.selector.matchLabels[app]: expected the value of a label, got "(.*)"',
    ],
    [
      'podmonitors',
      { selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      'spec.selector.matchExpressions[0].operator: expected one of In, NotIn, Exists, DoesNotExist, got "Is"',
    ],
    [
      'podmonitors',
      { selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      'spec.selector.matchExpressions[0].values: In needs at least one, got none',
    ],
    ['podmonitors', { sampleLimit: -1 }, 'spec.sampleLimit: expected a whole number of at least 0, got -1'],
    ['podmonitors', { bodySizeLimit: '1 MB' }, 'spec.bodySizeLimit: expected a size such as 10MB or 1GB, got "1 MB"'],
    [
      'podmonitors',
      { scrapeClass: 'x' },
      'spec.scrapeClass: scrape classes belong to a Prometheus object, which is not read; got "x"',
    ],
    ['podmonitors', { scrapeProtocols: ['Text'] }, 'spec.scrapeProtocols[0]: expected one of PrometheusProto, '],
    [
      'probes',
      { prober: { url: 'http://blackbox' }, targets: {} },
      'spec.prober.url: expected host or host:port, got "http://blackbox"',
    ],
    [
      'probes',
      { prober: { url: 'blackbox:0' }, targets: {} },
      'spec.prober.url: expected host or host:port, got "blackbox:0"',
    ],
    ['probes', { prober: { url: 'b' }, targets: {} }, 'spec.targets.staticConfig: expected it or ingress, got neither'],
    ['probes', { targets: {} }, 'spec.prober: expected a map, got nothing'],
    [
      'scrapeconfigs',
      { consulSDConfigs: [{ server: 'c' }] },
      'spec.consulSDConfigs: this kind of service discovery is not served; served are staticConfigs, fileSDConfigs, httpSDConfigs, kubernetesSDConfigs',
    ],
    [
      'scrapeconfigs',
      { fileSDConfigs: [{ files: ['a.json'] }] },
      'spec.fileSDConfigs[0].files[0]: expected the absolute path of a ',
    ],
    [
      'scrapeconfigs',
      { httpSDConfigs: [{ url: 'ftp://u:secret@x' }] },
      'spec.httpSDConfigs[0].url: expected a URL such as http://host:8080/path, got "ftp://<secret>@x"',
    ],
    [
      'scrapeconfigs',
      { kubernetesSDConfigs: [{ role: 'Pod', selectors: [{ role: 'Node' }] }] },
      'spec.kubernetesSDConfigs[0].selectors[0].role: the role pod selects pod only, got node',
    ],
    [
      'scrapeconfigs',
      { kubernetesSDConfigs: [{ role: 'Pod', selectors: [{ role: 'Pod' }, { role: 'pod' }] }] },
      'spec.kubernetesSDConfigs[0].selectors[1].role: expected each role once, got pod twice',
    ],
    [
      'scrapeconfigs',
      { kubernetesSDConfigs: [{ role: 'Pod', apiServer: 'https://a', namespaces: { ownNamespace: true } }] },
      'spec.kubernetesSDConfigs[0].namespaces.ownNamespace: expected it only in the cluster that Pharos itself runs in',
    ],
    [
      'scrapeconfigs',
      { kubernetesSDConfigs: [{ role: 'Pod', proxyUrl: 'http://p' }] },
      'spec.kubernetesSDConfigs[0].proxyUrl: it needs apiServer beside it; without that the cluster is asked as usual',
    ],
    ['scrapeconfigs', { oauth2: { tokenUrl: 'x' } }, 'spec.oauth2: oauth2 is not served: there would be no token'],
    ['scrapeconfigs', { noProxy: 'x' }, 'spec.noProxy: it is not served: every request would go through proxyUrl'],
    [
      'scrapeconfigs',
      { proxyFromEnvironment: true },
      'spec.proxyFromEnvironment: it is not served: requests would go straight to the target',
    ],
    [
      'scrapeconfigs',
      { proxyUrl: 'ftp://u:secret@p' },
      'spec.proxyUrl: expected the URL of an HTTP or SOCKS 5 proxy, http://host:3128, got "ftp://<secret>@p"',
    ],
    ['scrapeconfigs', { basicAuth: { password: 'hunter2' } }, 'spec.basicAuth.password: expected a map, got text'],
    ['scrapeconfigs', { basicAuth: {} }, 'spec.basicAuth.username: expected a key of a Secret, got nothing'],
    [
      'scrapeconfigs',
      { authorization: { type: 'basic' } },
      'spec.authorization.type: expected another type than Basic; use basicAuth',
    ],
    [
      'scrapeconfigs',
      {
        authorization: { credentials: { name: 'login', key: 'token' } },
        bearerTokenSecret: { name: 'login', key: 'token' },
      },
      'spec.bearerTokenSecret: expected at most one of authorization and bearerTokenSecret, got both',
    ],
    [
      'scrapeconfigs',
      { authorization: { credentials: { name: 'nobody', key: 'token' } } },
      'spec.authorization.credentials: Secret team/nobody: there is none of this name',
    ],
    [
      'scrapeconfigs',
      { authorization: { credentials: { name: '../x', key: 'token' } } },
      'spec.authorization.credentials.name: expected the name of a Secret, got "../x"',
    ],
    [
      'scrapeconfigs',
      { tlsConfig: { keySecret: { name: 'tls', key: 'tls.key' } } },
      'spec.tlsConfig.cert: a key needs its certificate, got nothing',
    ],
  ])('%s %j are refused', (resource, spec, problem) => {
    expect(problemOf(resource, spec)).toContain(problem);
    expect(problemOf(resource, spec)).not.toMatch(/hunter2|u:secret/);
  });

  it('may not name files where that is not allowed', () => {
    const endpoint = { bearerTokenFile: '/run/token' };
    expect(problemOf('servicemonitors', { endpoints: [endpoint] }, { allowFiles: false })).toBe(
      'spec.endpoints[0].bearerTokenFile: objects may not name files here, got "/run/token"',
    );
  });

  it("say when they name a pod's files to a process that is in none", () => {
    const bearerTokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';
    const spec = { endpoints: [{ bearerTokenFile }] };
    const access = { kind: 'kubeconfig', file: '/k', context: undefined } as const;
    expect(convert('servicemonitors', spec).notes).toEqual([]);
    expect(convert('servicemonitors', spec, { access }).notes).toEqual([
      `spec.endpoints[0].bearerTokenFile: ${bearerTokenFile} is only there for a pod of this cluster`,
    ]);
  });

  it('say what of them has no effect', () => {
    const spec = {
      ...WEB,
      endpoints: [{ port: 'http', novelty: true, quiet: false }],
      nativeHistogramBucketLimit: 5,
      other: {},
    };
    expect(convert('servicemonitors', spec).notes).toEqual([
      'spec.nativeHistogramBucketLimit has no effect: native histograms are not served',
      'not known here, and so without effect: spec.endpoints[0].novelty',
    ]);
  });
});
