import type { DiscoveryConfig, KubernetesRole, ScrapeConfig, TargetGroup } from '../../scrape/scrape-config.ts';
import { Secret } from '../../secret.ts';
import { nameAndSteps, readCommon, readScheme, readTiming } from './base-job.ts';
import type { ObjectReading } from './conversion.ts';
import type { Fields } from './fields.ts';
import { readHttpClient } from './http-client.ts';
import { kubernetesSource, readAttachMetadata } from './kubernetes-source.ts';
import { readRelabelings, rule } from './relabel-rules.ts';

/**
 * The job of a ScrapeConfig: targets that are listed, in files, at HTTP servers or in Kubernetes. The label `job` is
 * `jobName`, or else the job's own name. Other kinds of service discovery are refused.
 */
export function readScrapeConfig(spec: Fields, reading: ObjectReading): readonly ScrapeConfig[] {
  const label = spec.text('jobName');
  const steps = [
    ...(label === undefined ? [] : [rule({ targetLabel: 'job', replacement: label })]),
    ...readRelabelings(spec, 'relabelings'),
  ];
  return [
    {
      ...nameAndSteps(`scrapeConfig/${reading.namespace}/${reading.name}`, steps, reading),
      ...readCommon(spec, reading),
      ...readTiming(spec, reading, ['scrapeInterval', 'scrapeTimeout']),
      metricsPath: spec.text('metricsPath') ?? '/metrics',
      scheme: readScheme(spec),
      params: spec.textListMap('params'),
      honorLabels: spec.boolean('honorLabels') ?? false,
      honorTimestamps: spec.boolean('honorTimestamps') ?? true,
      trackTimestampsStaleness: spec.boolean('trackTimestampsStaleness') ?? false,
      client: readHttpClient(spec, reading),
      discovery: readDiscovery(spec, reading),
      metricRelabelConfigs: readRelabelings(spec, 'metricRelabelings'),
    },
  ];
}

const SERVED = ['staticConfigs', 'fileSDConfigs', 'httpSDConfigs', 'kubernetesSDConfigs'];

function readDiscovery(spec: Fields, reading: ObjectReading): readonly DiscoveryConfig[] {
  for (const name of spec.names()) {
    if (!/SDConfigs$/.test(name) || SERVED.includes(name)) continue;
    spec.fail(name, `this kind of service discovery is not served; served are ${SERVED.join(', ')}`);
  }
  return [
    ...readStatic(spec),
    ...spec.maps('fileSDConfigs').map((entry) => readFiles(entry, reading)),
    ...spec.maps('httpSDConfigs').map((entry) => readHttp(entry, reading)),
    ...spec.maps('kubernetesSDConfigs').map((entry) => readKubernetes(entry, reading)),
  ];
}

function readStatic(spec: Fields): readonly DiscoveryConfig[] {
  const groups = spec.maps('staticConfigs').map((entry, i): TargetGroup => {
    const targets = entry.texts('targets');
    targets.forEach((target, j) => {
      if (target === '') entry.fail(`targets[${j}]`, 'expected HOST:PORT, got ""');
    });
    const labels = entry.textMap('labels');
    if (Object.hasOwn(labels, '')) entry.fail('labels', 'a label name must not be empty');
    return { targets, labels, source: `static/${i}` };
  });
  return groups.length > 0 ? [{ kind: 'static', groups }] : [];
}

const FILE_PATTERN = /^[^*]*(?:\*[^/]*)?\.(?:json|yml|yaml|JSON|YML|YAML)$/;

function readFiles(entry: Fields, { context }: ObjectReading): DiscoveryConfig {
  const files = entry.texts('files');
  if (files.length === 0) entry.fail('files', 'expected at least one file, got none');
  if (!context.allowFiles) entry.fail('files', 'objects may not name files here');
  files.forEach((file, i) => {
    if (FILE_PATTERN.test(file) && file.startsWith('/')) return;
    const wanted = 'the absolute path of a .json, .yml or .yaml file with at most one * in its last component';
    entry.fail(`files[${i}]`, `expected ${wanted}, got ${JSON.stringify(file)}`);
  });
  return { kind: 'file', files, refreshInterval: entry.duration('refreshInterval') || 5 * 60_000 };
}

function readHttp(entry: Fields, reading: ObjectReading): DiscoveryConfig {
  const client = readHttpClient(entry, reading);
  const given = entry.requiredText('url');
  const url = parseUrl(entry, 'url', given);
  const refreshInterval = entry.duration('refreshInterval') || 60_000;
  if (url.username === '' && url.password === '') return { kind: 'http', url: given, refreshInterval, client };
  const login = {
    username: decodeURIComponent(url.username),
    usernameFile: undefined,
    password: new Secret(decodeURIComponent(url.password)),
    passwordFile: undefined,
  };
  url.username = '';
  url.password = '';
  const hasLogin = client.basicAuth !== undefined || client.authorization !== undefined;
  return { kind: 'http', url: url.href, refreshInterval, client: hasLogin ? client : { ...client, basicAuth: login } };
}

function parseUrl(entry: Fields, name: string, given: string): URL {
  if (/^https?:\/\/[^/?#]/i.test(given) && URL.canParse(given)) return new URL(given);
  const shown = JSON.stringify(given.replace(/\/\/[^/]*@/, '//<secret>@'));
  return entry.fail(name, `expected a URL such as http://host:8080/path, got ${shown}`);
}

const ROLES = ['pod', 'service', 'endpoints', 'endpointslice', 'node', 'ingress'] as const satisfies KubernetesRole[];

/** The roles whose objects a role reads, and so may select. */
const SELECTABLE: Readonly<Record<KubernetesRole, readonly KubernetesRole[]>> = {
  pod: ['pod'],
  service: ['service'],
  endpoints: ['pod', 'service', 'endpoints'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  node: ['node'],
  ingress: ['ingress'],
};

function readKubernetes(entry: Fields, reading: ObjectReading): DiscoveryConfig {
  const role =
    entry.oneOfFolded('role', ROLES) ?? entry.fail('role', `expected one of ${ROLES.join(', ')}, got nothing`);
  const client = readHttpClient(entry, reading);
  const server = entry.text('apiServer');
  const namespaces = entry.map('namespaces');
  const ownNamespace = namespaces?.boolean('ownNamespace') ?? false;
  if (server === undefined) {
    for (const name of ['basicAuth', 'authorization', 'tlsConfig', 'proxyUrl']) {
      if (entry.has(name)) entry.fail(name, 'it needs apiServer beside it; without that the cluster is asked as usual');
    }
  }
  if (ownNamespace && (server !== undefined || reading.context.access.kind !== 'in-cluster')) {
    namespaces!.fail('ownNamespace', 'expected it only in the cluster that Pharos itself runs in');
  }
  const attachMetadata = readAttachMetadata(entry);
  if (attachMetadata.node && !['pod', 'endpoints', 'endpointslice'].includes(role)) {
    reading.note(`${entry.path}.attachMetadata.node has no effect: the role ${role} has no node`);
  }
  const selectors = entry.maps('selectors').map((selector) => {
    const selected =
      selector.oneOfFolded('role', ROLES) ?? selector.fail('role', `expected one of ${ROLES.join(', ')}, got nothing`);
    if (!SELECTABLE[role].includes(selected)) {
      selector.fail('role', `the role ${role} selects ${SELECTABLE[role].join(', ')} only, got ${selected}`);
    }
    return { role: selected, label: selector.text('label') ?? '', field: selector.text('field') ?? '' };
  });
  selectors.forEach((selector, i) => {
    if (selectors.findIndex((other) => other.role === selector.role) < i) {
      entry.fail(`selectors[${i}].role`, `expected each role once, got ${selector.role} twice`);
    }
  });
  return kubernetesSource({
    role,
    access:
      server === undefined
        ? reading.context.access
        : { kind: 'api-server', url: parseUrl(entry, 'apiServer', server).href, client },
    namespaces: namespaces?.texts('names') ?? [],
    ownNamespace,
    selectors,
    attachMetadata,
  });
}
