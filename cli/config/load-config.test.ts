import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_DISK_EXCLUDE } from '../../collector/host/diskstats.ts';
import { DEFAULT_FS_TYPES_EXCLUDE, DEFAULT_MOUNT_POINTS_EXCLUDE } from '../../collector/host/filesystem.ts';
import { Secret } from '../../collector/secret.ts';
import type { PharosConfig } from './config.ts';
import { defaultConfig } from './default-config.ts';
import { fileShape } from './file-keys.ts';
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
    kubernetes_sd_configs:
      - role: pod
        namespaces: {names: [default]}
    dns_sd_configs: []
    native_histogram_bucket_limit: 10
storage:
  tsdb: {out_of_order_time_window: 10m}
  exemplars: {max_exemplars: 1}
remote_write:
  - url: http://u:hunter2@remote/
    basic_auth: {username: x, password: hunter2}
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
      '11 scrape_configs[0].kubernetes_sd_configs',
      '14 scrape_configs[0].dns_sd_configs',
      '15 scrape_configs[0].native_histogram_bucket_limit',
      '17 storage.tsdb',
      '18 storage.exemplars',
      '19 remote_write',
      '22 remote_read',
      '23 otlp',
      '24 tracing',
    ]);
    expect(formatProblems(warnings)).toContain(
      'pharos.yml:11:5: warning: scrape_configs[0].kubernetes_sd_configs: kubernetes_sd_configs is not served yet: no targets come from it',
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

describe('mistakes', () => {
  it('are all reported, each with its line and key', async () => {
    const text = `global:
  scrape_interval: 15
  external_labels:
    - a
scrape_configs:
  - job_name: api
    scrap_interval: 5s
    scrape_timeout: 2m
    body_size_limit: 10
    static_configs:
      - targets: ['http://api:8080/metrics']
  - job_name: api
    basic_auth: {username: u, password: hunter2, password_file: secret}
    metric_relabel_configs:
      - source_labels: [a]
        regex: '(x'
        action: keep
      - action: hashmud
storage:
  retention: 90days
rule_files: [rules.yml]
server: 9090
`;
    expect(await errorsOf(text, { missingFiles: 'error' })).toEqual([
      'pharos.yml:2:20: global.scrape_interval: expected a duration such as 15s, 1h30m or 90d, got "15"',
      'pharos.yml:4:5: global.external_labels: expected a map of keys and values, got a list',
      'pharos.yml:7:5: scrape_configs[0].scrap_interval: unknown key "scrap_interval"; did you mean "scrape_interval"?',
      'pharos.yml:9:22: scrape_configs[0].body_size_limit: expected a size such as 10MB or 1GB, got "10"',
      expect.stringMatching(
        /^pharos\.yml:11:19: scrape_configs\[0\]\.static_configs\[0\]\.targets\[0\]: expected HOST:PORT, got "http:/,
      ),
      'pharos.yml:12:5: scrape_configs[1].job_name: expected a job name that no other job has, got "api" as in pharos.yml:6',
      'pharos.yml:13:50: scrape_configs[1].basic_auth.password_file: expected at most one of password and password_file',
      `pharos.yml:13:65: scrape_configs[1].basic_auth.password_file: expected an existing file, got ${join(directory, 'secret')}`,
      'pharos.yml:16:16: scrape_configs[1].metric_relabel_configs[0].regex: expected a regular expression (RE2), got "(x": missing closing ): `(?s)(x`',
      expect.stringMatching(
        /^pharos\.yml:18:17: .*\[1\]\.action: expected one of .*, got "hashmud"; did you mean "hashmod"\?$/,
      ),
      'pharos.yml:20:14: storage.retention: expected a duration such as 15s, 1h30m or 90d, got "90days"',
      `pharos.yml:21:14: rule_files[0]: expected an existing file, got ${join(directory, 'rules.yml')}`,
      'pharos.yml:22:9: server: expected a map of keys and values, got a number',
    ]);
  });

  const job = (keys: string): string => `scrape_configs:\n  - job_name: j\n    ${keys}\n`;
  const table: [what: string, text: string, wanted: RegExp][] = [
    [
      'a key that is given twice',
      'global: {}\nglobal: {}',
      /2:1: global: the key "global" is given twice, first in line 1/,
    ],
    ['an unknown key without a near one', 'zzz: 1', /1:1: zzz: unknown key "zzz"; known keys: alerting, builtin_rules/],
    ['a swap of letters', job('metrcis_path: /x'), /did you mean "metrics_path"/],
    ['a missing key', 'scrape_configs: [{scheme: http}]', /1:18: scrape_configs\[0\]: the key "job_name" is missing/],
    ['an empty item', 'scrape_configs:\n  -\n', /scrape_configs\[0\]: expected a value, got nothing/],
    ['an empty name', 'scrape_configs: [{job_name: ""}]', /job_name: expected text that is not empty/],
    ['no boolean', job('honor_labels: maybe'), /3:19: .*honor_labels: expected true or false, got "maybe"/],
    ['no number', job('sample_limit: -1'), /sample_limit: expected a whole number of at least 0, got "-1"/],
    ['a wrong word', job('scheme: htps'), /scheme: expected one of http, https, got "htps"; did you mean "https"\?/],
    ['text for a list', job('static_configs: a:1'), /static_configs: expected a list, got text/],
    ['a list for text', job('metrics_path: [x]'), /metrics_path: expected text, got a list/],
    [
      'a timeout above the interval',
      job('scrape_interval: 5s\n    scrape_timeout: 6s'),
      /4:5: .*scrape_timeout: expected a timeout of at most the scrape interval \(5s\), got 6s/,
    ],
    [
      'two ways to log in',
      job('basic_auth: {username: u}\n    authorization: {credentials: x}'),
      /4:5: .*authorization: expected at most one of basic_auth and authorization/,
    ],
    [
      'a certificate without its key',
      job('tls_config: {cert_file: x}'),
      /expected cert and key together; key or key_file/,
    ],
    ['TLS versions in disorder', job('tls_config: {min_version: TLS13, max_version: TLS12}'), /at most max_version/],
    ['a header that is taken', job('http_headers: {Host: {values: [x]}}'), /expected a header that nothing else sets/],
    [
      'no URL',
      job('http_sd_configs: [{url: sd.example}]'),
      /expected a URL such as http:\/\/host:8080\/path, got "sd\.exa/,
    ],
    [
      'a file without a known ending',
      job('file_sd_configs: [{files: [x.txt]}]'),
      /expected a \.json, \.yml or \.yaml file/,
    ],
    ['no files', job('file_sd_configs: [{files: []}]'), /expected at least one file, got none/],
    ['a protocol twice', job('scrape_protocols: [PrometheusProto, PrometheusProto]'), /PrometheusProto twice/],
    ['a step without a target', job('relabel_configs: [{source_labels: [a]}]'), /"target_label" is missing.*replace/],
    ['hashmod without a modulus', job('relabel_configs: [{action: hashmod, target_label: a}]'), /"modulus" is missing/],
    [
      'a key of another action',
      job('relabel_configs: [{action: labeldrop, regex: a, source_labels: [b]}]'),
      /relabel_configs\[0\]\.source_labels: the action labeldrop has no use for the key "source_labels"/,
    ],
    ['a bad label name', job('static_configs: [{targets: [a:1], labels: {"": x}}]'), /a label name must not be empty/],
    [
      'no expression',
      'host_metrics: {disk_devices_exclude: "("}',
      /disk_devices_exclude: expected a regular expression, got "\("/,
    ],
    ['a URL without a host', job('http_sd_configs: [{url: "http:///y"}]'), /expected a URL such as/],
    ['another kind of proxy', job('proxy_url: "ftp://u:p@x"'), /HTTP or SOCKS 5 proxy.*"ftp:\/\/<secret>@x"/],
    [
      'a wild directory',
      'rule_files: [a*/b.yml]',
      /rule_files\[0\]: expected a path with a \* in its last component only/,
    ],
    ['no address', 'server: {listen: 9090x}', /1:18: server\.listen: expected HOST:PORT/],
    [
      'a webhook without a URL',
      'notification: {receivers: [{name: a, webhook_configs: [{timeout: 1s}]}]}',
      /got neither/,
    ],
    ['two receivers of a name', 'notification: {receivers: [{name: a}, {name: a}]}', /no other receiver has, got "a"/],
    ['an interval of 0', 'host_metrics: {interval: 0s}', /host_metrics\.interval: expected a duration longer than 0/],
    ['no anchor', 'global: *nothing', /no anchor is named "nothing"|invalid YAML/],
    ['an endless file', 'global: &a\n  external_labels: *a\n  scrape_interval: *a', /expected|invalid YAML/],
  ];
  it.each(table)('%s', async (_what, text, wanted) => {
    const errors = await errorsOf(text);
    expect(errors.join('\n')).toMatch(wanted);
    for (const error of errors) expect(error).toMatch(/^pharos\.yml:\d+:\d+: /);
  });

  it('of syntax come alone, with their line', async () => {
    const errors = await errorsOf('global:\n  scrape_interval: 5s\n scrape_timeout: "hunter2\n');
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.join('\n')).toMatch(/pharos\.yml:[34]:\d+: invalid YAML: /);
    expect(errors.join('\n')).not.toContain('hunter2');
  });

  it('do not end the process when aliases make the file endless', async () => {
    expect(await errorsOf('scrape_configs: &a\n  - *a\n')).not.toEqual([]);
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++) {
      const [previous, name] = ['abcdefghi'[i - 1], 'abcdefghi'[i]];
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${previous}`).join(', ')}]`);
    }
    expect(await errorsOf(`${bomb.join('\n')}\nrule_files: *i\n`)).not.toEqual([]);
  });

  it('never show a secret', async () => {
    const errors = await errorsOf(`
scrape_configs:
  - job_name: a
    basic_auth: hunter2
    authorization: {credentials: [hunter2]}
    bearer_token: {x: hunter2}
    proxy_url: ftp://u:hunter2@proxy
    http_headers: {X: {secrets: hunter2}}
    tls_config: {key: hunter2}
notification:
  receivers:
    - name: n
      webhook_configs:
        - url: hunter2
        - url: http://x/hunter2
          url_file: x
storage:
  clickhouse: {url: 'clickhouse://u:hunter2@host'}
`);
    expect(errors.length).toBeGreaterThan(7);
    expect(errors.join('\n')).not.toContain('hunter2');
  });

  it('are ConfigErrors whatever the file is', async () => {
    const sample = `
global: {scrape_interval: 15s, external_labels: {a: b}}
scrape_configs:
  - &a
    job_name: x
    params: {a: [b]}
    basic_auth: {username: u, password_file: p}
    http_headers: {X: {values: [1], files: [f]}}
    tls_config: {ca_file: c}
    static_configs: [{targets: [a:1], labels: {c: d}}]
    file_sd_configs: [{files: [x/*.json]}]
    http_sd_configs: [{url: 'http://x'}]
    relabel_configs: [{action: hashmod, modulus: 3, target_label: x}]
  - {<<: *a, job_name: y}
rule_files: [a/*.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [a:1]}]}]}
notification: {receivers: [{name: n, webhook_configs: [{url: 'http://x'}]}]}
storage: {clickhouse: {url: 'http://u:p@x'}}
host_metrics: {enabled: true}
`;
    const pieces = [
      '',
      'x',
      '-',
      '- ',
      ': ',
      '{',
      '}',
      '[',
      ']',
      '*a',
      '&a ',
      '<<: ',
      "'",
      '"',
      '#',
      '\n',
      '  ',
      '0',
      'null',
      '!!map ',
      '|',
      '%',
    ];
    const edits = fc.array(fc.tuple(fc.nat(sample.length), fc.nat(12), fc.constantFrom(...pieces)), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(edits, async (list) => {
        let text = sample;
        for (const [at, length, piece] of list) text = text.slice(0, at) + piece + text.slice(at + length);
        const found = await errorsOf(text);
        for (const error of found) expect(error).not.toMatch(/undefined|\[object/);
      }),
      { numRuns: 300 },
    );
  });

  it('include a file that is not there', async () => {
    const file = join(directory, 'nowhere.yml');
    await expect(loadConfig(file)).rejects.toThrow(`${file}:1:1: cannot read it: no such file or directory`);
  });

  it('are only warnings where a missing file may still appear', async () => {
    const text = 'rule_files: [rules.yml, "more/*.yml"]\n';
    expect(await warningsOf(text)).toEqual([
      `pharos.yml:1:14: warning: rule_files[0]: expected an existing file, got ${join(directory, 'rules.yml')}`,
      `pharos.yml:1:25: warning: rule_files[1]: no file matches ${join(directory, 'more/*.yml')}`,
    ]);
  });

  it('include an environment variable that is not set, as a warning', async () => {
    expect(await warningsOf('global: {external_labels: {a: $NOWHERE}}')).toEqual([
      'pharos.yml:1:28: warning: global.external_labels.a: the environment variable NOWHERE is not set; it counts as empty',
    ]);
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
      query: { timeout: 30_000, maxConcurrency: 20, maxSamples: 1_000, lookbackDelta: 300_000 },
    });
    expect(config.notification).toMatchObject({
      externalUrl: 'https://p.example/',
      receivers: [
        {
          name: 'ops',
          groupBy: ['alertname'],
          groupWait: 1_000,
          groupInterval: 300_000,
          repeatInterval: 14_400_000,
          webhooks: [{ sendResolved: true, maxAlerts: 5, timeout: 10_000 }],
        },
      ],
    });
    expect(config.notification.receivers[0]?.webhooks[0]?.url?.reveal()).toBe('http://hook.example/hunter2');
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
  const ownSections = new Set(['host_metrics', 'storage', 'server', 'notification', 'builtin_rules']);
  for (const [name, row] of Object.entries(keys)) {
    if (row.notServed !== undefined || !(own || ownSections.has(name))) continue;
    yield name;
    const inner = row.shape.kind === 'list' ? row.shape.of : row.shape;
    // The keys of HTTP clients are Prometheus'.
    if (inner.kind === 'map' && name !== 'http_config') yield* ownKeys(inner, true);
  }
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
