import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadedConfig, type LoadOptions, loadConfig, loadConfigText } from './load-config.ts';
import { ConfigError, formatProblems } from './problem.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pharos-mistakes-'));
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
    [
      'an unknown key without a near one',
      'zzz: 1',
      /1:1: zzz: unknown key "zzz"; known keys: alerting, autoscaling, builtin_rules/,
    ],
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
      'receivers in two places',
      'notification: {config_file: x, receivers: [{name: a}]}',
      /notification\.receivers: expected config_file alone or receivers without it, got both/,
    ],
    [
      'a certificate of the metrics APIs without its key',
      'autoscaling: {cert_file: x}',
      /autoscaling\.cert_file: expected key_file besides cert_file, got cert_file alone/,
    ],
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
