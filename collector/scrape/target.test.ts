import { describe, expect, it } from 'vitest';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { compileRelabel, RELABEL_DEFAULTS, type RelabelConfig } from '../relabel.ts';
import type { DiscoveredTarget, ScrapeConfig } from './scrape-config.ts';
import { buildTargets, displayLabels, displayUrl, globalUrl } from './target.ts';

const CONFIG: ScrapeConfig = {
  jobName: 'j',
  scrapeInterval: 15_000,
  scrapeTimeout: 10_000,
  metricsPath: '/metrics',
  scheme: 'http',
  params: {},
  honorLabels: false,
  honorTimestamps: true,
  trackTimestampsStaleness: false,
  enableCompression: true,
  bodySizeLimit: 0,
  sampleLimit: 0,
  labelLimit: 0,
  labelNameLengthLimit: 0,
  labelValueLengthLimit: 0,
  targetLimit: 0,
  keepDroppedTargets: 0,
  client: PLAIN_HTTP_CLIENT,
  discovery: [],
  relabelConfigs: [],
  metricRelabelConfigs: [],
  scrapeFallbackProtocol: undefined,
};

function build(
  targets: DiscoveredTarget[],
  {
    labels = {},
    relabel = [],
    config = {},
  }: { labels?: Record<string, string>; relabel?: Partial<RelabelConfig>[]; config?: Partial<ScrapeConfig> } = {},
) {
  const relabelConfigs = relabel.map((step) => ({ ...RELABEL_DEFAULTS, ...step }));
  const groups = [{ targets, labels, source: 's' }];
  return buildTargets(groups, { ...CONFIG, ...config, relabelConfigs }, compileRelabel(relabelConfigs));
}

describe('targets', () => {
  it('have the job, their address as the instance, and the URL of the job', () => {
    const { targets } = build(['a:9100', 'b'], { labels: { env: 'x', empty: '' } });
    expect(targets.map(({ labels, url }) => [labels.toString(), url.href])).toEqual([
      ['{env="x", instance="a:9100", job="j"}', 'http://a:9100/metrics'],
      ['{env="x", instance="b", job="j"}', 'http://b/metrics'],
    ]);
    expect(targets[0]).toMatchObject({ scrapeInterval: 15_000, scrapeTimeout: 10_000 });
    expect(targets[0]!.discoveredLabels.toObject()).toEqual({
      __address__: 'a:9100',
      __metrics_path__: '/metrics',
      __scheme__: 'http',
      __scrape_interval__: '15s',
      __scrape_timeout__: '10s',
      env: 'x',
      job: 'j',
    });
  });

  it('may bring labels of their own for all of it', () => {
    const labels = {
      job: 'k',
      instance: 'i',
      __scheme__: 'https',
      __metrics_path__: 'a b?c#d',
      __scrape_interval__: '1m',
      __scrape_timeout__: '500ms',
      __param_x: 'y&z',
      __meta_kubernetes: 'm',
      __tmp: 't',
    };
    const [target] = build(['[::1]:9100'], { labels, config: { params: { x: ['1', '2'], w: ['3'] } } }).targets;
    expect(target!.url.href).toBe('https://[::1]:9100/a%20b%3Fc%23d?w=3&x=y%26z&x=2');
    expect(target!.labels.toString()).toBe('{instance="i", job="k"}');
    expect(target).toMatchObject({ scrapeInterval: 60_000, scrapeTimeout: 500 });
  });

  it('are relabelled as a prober wants it', () => {
    const { targets } = build(['https://example.com/?q=1'], {
      relabel: [
        { sourceLabels: ['__address__'], targetLabel: '__param_target' },
        { sourceLabels: ['__param_target'], targetLabel: 'instance' },
        { targetLabel: '__address__', replacement: 'prober:9115' },
      ],
      config: { params: { module: ['http_2xx'] }, metricsPath: '/probe' },
    });
    expect(targets[0]!.url.href).toBe(
      'http://prober:9115/probe?module=http_2xx&target=https%3A%2F%2Fexample.com%2F%3Fq%3D1',
    );
    expect(targets[0]!.labels.get('instance')).toBe('https://example.com/?q=1');
  });

  it('are one when labels and URL are the same', () => {
    expect(build(['a', 'a', 'b']).targets).toHaveLength(2);
    const drop = { action: 'labeldrop' as const, regex: 'env' };
    expect(build(['a', 'a'], { labels: { env: 'x' }, relabel: [drop] }).targets).toHaveLength(1);
  });

  it('may each have labels, which win over those of the group even where they are empty', () => {
    const labels = { both: 'group', hidden: 'group', job: 'group' };
    const { targets } = build([{ __address__: 'a:1', both: 'own', hidden: '', job: '' }, 'b:1'], { labels });
    expect(targets.map(({ labels }) => labels.toString())).toEqual([
      '{both="own", instance="a:1", job="j"}',
      '{both="group", hidden="group", instance="b:1", job="group"}',
    ]);
  });

  it('that relabelling drops are kept for show', () => {
    const relabel = [{ action: 'drop' as const, sourceLabels: ['__address__'], regex: 'a.*' }];
    const { targets, dropped } = build(['a1', 'a2', 'b', { __address__: 'a3' }], { relabel });
    expect(targets).toHaveLength(1);
    expect(dropped.map((labels) => labels.get('__address__'))).toEqual(['a1', 'a2', 'a3']);
  });

  it.each([
    ['a/b', {}, 'the address must be host or host:port, got "a/b"'],
    ['user:pass@a', {}, 'the address must be host or host:port'],
    ['a:99999', {}, 'the address must be host or host:port'],
    ['a b', {}, 'the address must be host or host:port'],
    ['a', { __scheme__: 'ftp' }, 'the scheme must be http or https, got "ftp"'],
    ['a', { __scrape_interval__: 'soon' }, 'expected a duration such as 15s or 1m30s, got "soon"'],
    ['a', { __scrape_interval__: '0s' }, '__scrape_interval__ must be greater than 0, got 0s'],
    [
      'a',
      { __scrape_timeout__: '20s' },
      'the scrape timeout must not be greater than the scrape interval, got 20s > 15s',
    ],
    ['a', { x: '\ud800' }, 'label "x" must be well-formed Unicode'],
  ])('cannot be %j with %j, and the others go on', (address, labels, message) => {
    const { targets, failures } = build([address, 'good'], { labels });
    expect(failures[0]).toContain(`${JSON.stringify(address)}: ${message}`);
    expect(targets.length + failures.length).toBe(2);
  });

  it('must have an address after relabelling', () => {
    const relabel = [{ targetLabel: '__address__', replacement: '' }];
    expect(build(['a'], { relabel }).failures).toEqual([
      '"a": a target must have an address after relabelling, got none',
    ]);
  });
});

describe('for show', () => {
  it('secrets are hidden', () => {
    const { targets } = build(['localhost:1'], {
      config: { params: { api_key: ['1', '2'], token: ['3'], module: ['4'] } },
    });
    expect(displayUrl(targets[0]!.url)).toBe(
      'http://localhost:1/metrics?api_key=%3Csecret%3E&module=4&token=%3Csecret%3E',
    );
    const labels = displayLabels(targets[0]!.discoveredLabels);
    expect(labels.get('__param_api_key')).toBe('<secret>');
    expect(labels.get('__param_module')).toBe('4');
    const shown = new URL(globalUrl(targets[0]!.url));
    expect(shown.hostname).not.toBe('localhost');
    expect(shown.port).toBe('1');
    expect(shown.href).not.toContain('token=3');
  });
});
