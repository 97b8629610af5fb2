import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_DISK_EXCLUDE } from '../../collector/host/diskstats.ts';
import { DEFAULT_FS_TYPES_EXCLUDE, DEFAULT_MOUNT_POINTS_EXCLUDE } from '../../collector/host/filesystem.ts';
import { Secret } from '../../collector/secret.ts';
import type { PharosConfig } from './config.ts';
import { defaultConfig } from './default-config.ts';
import { fileShape } from './file-keys.ts';
import { httpClientKeys } from './http-client-keys.ts';
import { type LoadedConfig, type LoadOptions, loadConfig, loadConfigText } from './load-config.ts';
import { ConfigError, formatProblems } from './problem.ts';
import { configReference } from './reference.ts';
import { renderConfig } from './render-config.ts';
import type { MapShape } from './shape.ts';

const ROOT = join(import.meta.dirname, '..', '..');
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pharos-config-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function load(text: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  return loadConfigText(text, { ...options, name: 'pharos.yml', path: join(directory, 'pharos.yml') });
}

/** The errors as `check config` prints them, one a line. */
async function errorsOf(text: string, options: LoadOptions = {}): Promise<string[]> {
  const error = await load(text, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  if (!(error instanceof ConfigError)) throw error;
  return formatProblems(error.problems).split('\n');
}

async function warningsOf(text: string, options: LoadOptions = {}): Promise<string[]> {
  const { warnings } = await load(text, options);
  return warnings.length === 0 ? [] : formatProblems(warnings).split('\n');
}

describe('a prometheus.yml', () => {
  it('means what it means to Prometheus', async () => {
    const { config, warnings } = await load(
      `
global:
  scrape_interval: 30s
  external_labels: {region: eu, host: '$HOST/\${HOST}/$$'}
  sample_limit: 100
scrape_configs:
  - job_name: first
    honor_labels: yes
    honor_timestamps: false
    metrics_path: /federate
    scheme: https
    params: {'match[]': ['{job="x"}']}
    body_size_limit: 10MB
    file_sd_configs:
      - files: [targets/*.json, more.yml]
    static_configs:
      - targets: [a:1, 'b:2']
        labels: {env: prod, number: 1}
      - targets: [c:3]
    relabel_configs:
      - source_labels: [__address__, env]
        regex:
        target_label: \${1}_x
      - action: LabelDrop
        regex: 1
    metric_relabel_configs:
      - {source_labels: [__name__], regex: 'go_.*', action: drop}
    basic_auth: {username: u, password: p}
    tls_config: {ca_file: ca.pem, min_version: TLS12}
  - job_name: second
    scrape_interval: 5s
    sample_limit: 7
    bearer_token: t
    http_sd_configs:
      - url: http://u:hunter2@sd.example:8080/targets
        refresh_interval: 10s
`,
      { environment: { HOST: 'h' } },
    );
    expect(warnings.map(({ path }) => path)).toEqual(['scrape_configs[0].tls_config.ca_file']);
    expect(config.global).toEqual({
      scrapeInterval: 30_000,
      scrapeTimeout: 10_000,
      evaluationInterval: 60_000,
      ruleQueryOffset: 0,
      externalLabels: { region: 'eu', host: 'h/h/$' },
    });
    const [first, second] = config.scrapeConfigs;
    expect(first).toMatchObject({
      jobName: 'first',
      scrapeInterval: 30_000,
      scrapeTimeout: 10_000,
      honorLabels: true,
      honorTimestamps: false,
      trackTimestampsStaleness: false,
      enableCompression: true,
      metricsPath: '/federate',
      scheme: 'https',
      params: { 'match[]': ['{job="x"}'] },
      bodySizeLimit: 10 * 1024 ** 2,
      sampleLimit: 100,
      discovery: [
        {
          kind: 'static',
          groups: [
            { targets: ['a:1', 'b:2'], labels: { env: 'prod', number: '1' } },
            { targets: ['c:3'], labels: {} },
          ],
        },
        {
          kind: 'file',
          files: [join(directory, 'targets/*.json'), join(directory, 'more.yml')],
          refreshInterval: 300_000,
        },
      ],
      relabelConfigs: [
        {
          action: 'replace',
          sourceLabels: ['__address__', 'env'],
          separator: ';',
          regex: '(.*)',
          targetLabel: `\${1}_x`,
          replacement: '$1',
        },
        { action: 'labeldrop', regex: '1' },
      ],
      metricRelabelConfigs: [{ action: 'drop', regex: 'go_.*' }],
    });
    expect(first!.client.tls).toMatchObject({ caFile: join(directory, 'ca.pem'), minVersion: 'TLS12' });
    expect(first!.client.basicAuth?.password?.reveal()).toBe('p');
    expect(second).toMatchObject({ scrapeInterval: 5_000, scrapeTimeout: 5_000, sampleLimit: 7 });
    expect(second!.client.authorization).toMatchObject({ type: 'Bearer' });
    expect(second!.client.authorization?.credentials?.reveal()).toBe('t');
    const [http] = second!.discovery;
    expect(http).toMatchObject({ kind: 'http', url: 'http://sd.example:8080/targets', refreshInterval: 10_000 });
    expect(http?.kind === 'http' && http.client.basicAuth?.password?.reveal()).toBe('hunter2');
    // Prometheus measures nothing itself and has no rules of its own.
    expect(config.hostMetrics.enabled).toBe(false);
    expect(config.builtinRules).toBe(true);
  });

  it('may be empty', async () => {
    for (const text of ['', '---\n', '# nothing\n', 'global:\nscrape_configs:\nrule_files:\n', '{}']) {
      const { config, warnings } = await load(text);
      expect(warnings).toEqual([]);
      expect(config.global.scrapeInterval).toBe(60_000);
      expect(config.hostMetrics.enabled).toBe(true);
    }
  });

  it('may use what is not served yet, with a warning for each', async () => {
    const text = `
global:
  query_log_file: q.log
  scrape_native_histograms: true
  convert_classic_histograms_to_nhcb: false
  metric_name_validation_scheme: legacy
runtime: {gogc: 75}
scrape_configs:
  - job_name: pods
    oauth2: {client_id: x, client_secret: hunter2, token_url: http://x/}
    consul_sd_configs:
      - server: localhost:8500
        token: hunter2
    dns_sd_configs: []
    native_histogram_bucket_limit: 10
storage:
  tsdb: {out_of_order_time_window: 10m}
  exemplars: {max_exemplars: 1}
remote_write:
  - url: http://u:hunter2@remote/
    basic_auth: {username: x, password: hunter2}
    protobuf_message: io.prometheus.write.v2.Request
    send_exemplars: true
    send_native_histograms: false
    queue_config: {capacity: 1, min_shards: 2, retry_on_http_429: true, sample_age_limit: 1h}
    metadata_config: {send_interval: 5m}
remote_read: [{url: 'http://x/'}]
otlp: {promote_resource_attributes: [a]}
tracing: {endpoint: x}
`;
    const { config, warnings } = await load(text);
    expect(warnings.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '3 global.query_log_file',
      '4 global.scrape_native_histograms',
      '6 global.metric_name_validation_scheme',
      '7 runtime',
      '10 scrape_configs[0].oauth2',
      '11 scrape_configs[0].consul_sd_configs',
      '14 scrape_configs[0].dns_sd_configs',
      '15 scrape_configs[0].native_histogram_bucket_limit',
      '17 storage.tsdb',
      '18 storage.exemplars',
      '22 remote_write[0].protobuf_message',
      '23 remote_write[0].send_exemplars',
      '25 remote_write[0].queue_config.capacity',
      '25 remote_write[0].queue_config.min_shards',
      '25 remote_write[0].queue_config.sample_age_limit',
      '26 remote_write[0].metadata_config.send_interval',
      '27 remote_read',
      '28 otlp',
      '29 tracing',
    ]);
    expect(formatProblems(warnings)).toContain(
      'pharos.yml:11:5: warning: scrape_configs[0].consul_sd_configs: consul_sd_configs is not served yet: no targets come from it',
    );
    expect(config.scrapeConfigs[0]?.discovery).toEqual([]);
    expect(formatProblems(warnings) + renderConfig(config)).not.toContain('hunter2');
  });

  it('may use anchors and merge keys', async () => {
    const { config } = await load(`
scrape_configs:
  - &base
    job_name: a
    scrape_interval: 7s
    static_configs: [{targets: [a:1]}]
  - <<: *base
    job_name: b
`);
    expect(config.scrapeConfigs.map(({ jobName, scrapeInterval }) => [jobName, scrapeInterval])).toEqual([
      ['a', 7_000],
      ['b', 7_000],
    ]);
  });

  it('includes the jobs of scrape_config_files, with paths relative to those', async () => {
    await mkdir(join(directory, 'jobs'), { recursive: true });
    const included = join(directory, 'jobs', 'a.yml');
    await writeFile(included, 'scrape_configs:\n  - job_name: one\n    file_sd_configs: [{files: [t.json]}]\n');
    const text =
      'global: {scrape_interval: 9s}\nscrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: zero}]\n';
    const { config } = await load(text);
    expect(config.scrapeConfigs.map(({ jobName, scrapeInterval }) => [jobName, scrapeInterval])).toEqual([
      ['zero', 9_000],
      ['one', 9_000],
    ]);
    expect(config.scrapeConfigs[1]?.discovery).toMatchObject([{ files: [join(directory, 'jobs', 't.json')] }]);
    await writeFile(included, 'scrape_configs:\n  - job_name: zero\n    metric_path: /x\n');
    expect(await errorsOf(text)).toEqual([
      expect.stringMatching(/^.*a\.yml:2:5: scrape_configs\[0\]\.job_name: expected a job name that no other job has/),
      `${included}:3:5: scrape_configs[0].metric_path: unknown key "metric_path"; did you mean "metrics_path"?`,
    ]);
  });

  it('keeps alertmanagers with their discovery', async () => {
    const { config } = await load(`
alerting:
  alert_relabel_configs: [{action: labeldrop, regex: replica}]
  alertmanagers:
    - scheme: https
      path_prefix: am/
      timeout: 3s
      static_configs: [{targets: [am:9093]}]
`);
    expect(config.alerting).toMatchObject({
      alertRelabelConfigs: [{ action: 'labeldrop', regex: 'replica' }],
      alertmanagers: [{ scheme: 'https', pathPrefix: '/am', timeout: 3_000, discovery: [{ kind: 'static' }] }],
    });
  });
});

describe('what YAML allows', () => {
  it('is a number in several ways', async () => {
    for (const written of ['1000', '1_000', '1e3', '1000.0', '0x3e8', '+1000', '"1000"']) {
      const { config } = await load(`scrape_configs: [{job_name: a, sample_limit: ${written}}]`);
      expect(config.scrapeConfigs[0]?.sampleLimit, written).toBe(1000);
    }
  });

  it('is more than one document, of which the first counts', async () => {
    const text = 'global: {scrape_interval: 5s}\n---\nglobal: {scrape_interval: x}\n';
    expect(await warningsOf(text)).toEqual([
      expect.stringMatching(/^pharos\.yml:\d:\d+: warning: only the first YAML document of a file counts$/),
    ]);
  });

  it('is an empty item, which does nothing', async () => {
    const { config, warnings } = await load('rule_files:\n  -\n');
    expect(config.ruleFiles).toEqual([]);
    expect(formatProblems(warnings)).toContain('rule_files[0]: expected a value, got nothing');
  });
});

describe("Pharos' own sections", () => {
  it('are read', async () => {
    const { config, warnings } = await load(`
host_metrics: {interval: 2s, job: machine, instance: web-1, network_devices_exclude: ^veth}
scrape_configs: [{job_name: x}]
builtin_rules: false
storage:
  data_dir: data
  retention: 0
  outbox_max_size: 1.5GB
  clickhouse: {url: 'http://writer:hunter2@ch:8123/', database: metrics}
server:
  listen: '[::1]:9999'
  clickhouse_http: 127.0.0.1:8123
  query: {timeout: 30s, max_samples: 1_000}
notification:
  external_url: https://p.example/
  group_by: [alertname]
  receivers:
    - name: ops
      group_wait: 1s
      webhook_configs:
        - url: http://hook.example/hunter2
          max_alerts: 5
          http_config: {authorization: {credentials: hunter2}}
remote_write:
  - {url: 'http://central.example/', authorization: {credentials: hunter2}}
`);
    expect(warnings).toEqual([]);
    expect(config.hostMetrics).toMatchObject({
      enabled: true,
      interval: 2_000,
      job: 'machine',
      instance: 'web-1',
      networkDevicesExclude: /^veth/u,
    });
    expect(config.builtinRules).toBe(false);
    expect(config.storage).toMatchObject({
      dataDir: join(directory, 'data'),
      retention: 0,
      outboxMaxSize: 1.5 * 1024 ** 3,
      clickhouse: { url: 'http://ch:8123/', user: 'writer', database: 'metrics' },
    });
    expect(config.storage.clickhouse?.password?.reveal()).toBe('hunter2');
    expect(config.server).toEqual({
      listen: { host: '::1', port: 9999 },
      clickhouseHttp: { host: '127.0.0.1', port: 8123 },
      maxBodySize: 64 * 1024 ** 2,
      enableAdminApi: false,
      query: {
        timeout: 30_000,
        maxConcurrency: 20,
        maxSamples: 1_000,
        maxMemory: 1024 ** 3,
        maxSeries: 500_000,
        threads: undefined,
        cacheSize: 64 * 1024 ** 2,
        slowQuery: 10_000,
        lookbackDelta: 300_000,
      },
    });
    expect(config.notification).toEqual({ externalUrl: 'https://p.example/', configFile: undefined });
    expect(inspect(config, { depth: 20 }) + JSON.stringify(config)).not.toContain('hunter2');
    const rendered = renderConfig(config);
    expect(rendered).not.toContain('hunter2');
    expect(rendered).toContain('url: http://<secret>@ch:8123/');
    expect(rendered).toContain('credentials: <secret>');
  });

  it('that are printed can be read again and mean the same', async () => {
    const before = defaultConfig({ listen: { host: '127.0.0.1', port: 9090 } });
    const { config: after } = await load(renderConfig(before));
    expect(meaning(after)).toEqual(meaning(before));
  });

  it('are off in a prometheus.yml that does not ask for them', async () => {
    const { config } = await load('scrape_configs: [{job_name: node}]\nrule_files: []\n');
    expect(config.hostMetrics.enabled).toBe(false);
    expect(await warningsOf('scrape_configs: [{job_name: node}]\nhost_metrics: {enabled: true}')).toEqual([
      expect.stringContaining('a scrape configuration has the job name "node" as well'),
    ]);
  });
});

describe('the pharos.yml of this repository', () => {
  it('is what happens without a file', async () => {
    const { config, warnings } = await loadConfig(join(ROOT, 'pharos.yml'));
    expect(warnings).toEqual([]);
    expect(meaning(config)).toEqual(meaning(defaultConfig({ listen: { host: '127.0.0.1', port: 9090 } })));
  });

  it('explains every key of our own', async () => {
    const text = await readFile(join(ROOT, 'pharos.yml'), 'utf8');
    const missing = [...ownKeys(fileShape)].filter((name) => !new RegExp(`^[# -]*${name}:`, 'm').test(text));
    expect(missing).toEqual([]);
  });

  it('takes the defaults of the collector', async () => {
    const { hostMetrics } = defaultConfig({ listen: { host: '127.0.0.1', port: 9090 } });
    const unescaped = (pattern: RegExp): string => pattern.source.replaceAll('\\/', '/');
    expect(unescaped(hostMetrics.filesystemMountPointsExclude)).toBe(unescaped(DEFAULT_MOUNT_POINTS_EXCLUDE));
    expect(unescaped(hostMetrics.filesystemTypesExclude)).toBe(unescaped(DEFAULT_FS_TYPES_EXCLUDE));
    expect(unescaped(hostMetrics.diskDevicesExclude)).toBe(unescaped(DEFAULT_DISK_EXCLUDE));
  });

  it('stands beside a reference of all keys', async () => {
    await expect(configReference()).toMatchFileSnapshot('./reference.md');
  });
});

/** The keys of the sections that Prometheus does not have. */
function* ownKeys({ keys }: MapShape<unknown>, own = false): Generator<string> {
  const ownSections = new Set([
    ...['host_metrics', 'kubernetes', 'storage', 'server', 'notification', 'builtin_rules', 'policies', 'policy_files'],
  ]);
  for (const [name, row] of Object.entries(keys)) {
    if (row.notServed !== undefined || !(own || ownSections.has(name))) continue;
    yield name;
    const inner = row.shape.kind === 'list' ? row.shape.of : row.shape;
    // The keys of HTTP clients are Prometheus'.
    if (inner.kind === 'map' && name !== 'http_config') yield* ownKeys(withoutHttpClient(inner), true);
  }
}

function withoutHttpClient({ kind, keys }: MapShape<unknown>): MapShape<unknown> {
  return {
    kind,
    keys: Object.fromEntries(Object.entries(keys).filter(([name]) => !Object.hasOwn(httpClientKeys, name))),
  };
}

/** Without where it came from; secrets as they are. */
function meaning(config: PharosConfig): unknown {
  const { rendered: _, file: __, ...rest } = config;
  return JSON.parse(
    JSON.stringify(rest, (_key, value) =>
      value instanceof Secret ? value.reveal() : value instanceof RegExp ? String(value) : value,
    ),
  );
}
