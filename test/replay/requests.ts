/** One request as Grafana sends it. */
export interface ReplayRequest {
  readonly what: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** The status of the answer. Default 200. */
  readonly status?: number;
  /** The answers of two servers with the same samples must be the same, not only of one shape. */
  readonly same?: true;
  /** Paths of the answer that are maps from any names: their keys are no part of the shape. */
  readonly maps?: readonly string[];
  /** Lines of the shape that Pharos and Prometheus do not share, each with its reason. */
  readonly differences?: Readonly<Record<string, string>>;
}

/** The headers that Grafana's data source puts on everything. */
export const GRAFANA_HEADERS = {
  'Accept-Encoding': 'gzip',
  'User-Agent': 'Grafana/12.3.0',
  'X-Dashboard-UID': 'k8s-pods',
  'X-Panel-Id': '7',
  'X-Grafana-Org-Id': '1',
  'X-Datasource-Uid': 'prometheus-main',
} as const;

const COUNTED_HERE = 'only Pharos counts what came from the store';

/**
 * What Grafana's Prometheus data source sends, when it is saved, when a dashboard opens, in its query editor and in
 * Explore; then what its other pages and other clients ask. `start` and `end` are milliseconds of the samples.
 */
export function grafanaRequests(start: number, end: number): readonly ReplayRequest[] {
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const range = [
    ['start', seconds(start)],
    ['end', seconds(end)],
  ] as const;
  const limit = ['limit', '40000'] as const;
  const query = (expr: string) => ['query', expr] as const;
  const at = ['time', seconds(end + 123)] as const;
  return [
    { what: 'the health check', method: 'POST', path: 'query', parameters: [query('1+1'), ['time', '4']], same: true },
    {
      what: 'which server it is',
      method: 'GET',
      path: 'status/buildinfo',
      parameters: [],
      differences: { 'data.pharosVersion': 'the version of Pharos itself, beside that of the API' },
    },
    { what: 'metric names', method: 'GET', path: 'label/__name__/values', parameters: [...range, limit] },
    {
      what: 'metric names of a selector',
      method: 'GET',
      path: 'label/__name__/values',
      parameters: [...range, limit, ['match[]', '{job="replay"}']],
      same: true,
    },
    {
      what: 'label names',
      method: 'POST',
      path: 'labels',
      parameters: [...range, limit, ['match[]', '{job="replay"}']],
      same: true,
    },
    {
      what: 'label names by GET',
      method: 'GET',
      path: 'labels',
      parameters: [...range, limit, ['match[]', 'replay_seconds_total']],
      same: true,
    },
    {
      what: 'values of a label',
      method: 'GET',
      path: 'label/pod/values',
      parameters: [...range, limit, ['match[]', 'replay_seconds_total{namespace="a"}']],
      same: true,
    },
    {
      what: 'values of an escaped label',
      method: 'GET',
      path: 'label/U__http_2e_status/values',
      parameters: [...range, limit],
      same: true,
    },
    {
      what: 'a few values',
      method: 'GET',
      path: 'label/pod/values',
      parameters: [...range, ['limit', '2'], ['match[]', '{job="replay"}']],
    },
    {
      what: 'series',
      method: 'POST',
      path: 'series',
      parameters: [...range, limit, ['match[]', 'replay_seconds_total']],
      same: true,
    },
    {
      what: 'series by GET, of two selectors, truncated',
      method: 'GET',
      path: 'series',
      parameters: [
        ...range,
        ['limit', '1'],
        ['match[]', 'replay_seconds_total'],
        ['match[]', '{"replay.temperature"}'],
      ],
    },
    { what: 'metadata', method: 'GET', path: 'metadata', parameters: [limit], maps: ['data'] },
    {
      what: 'metadata of a few',
      method: 'GET',
      path: 'metadata',
      parameters: [
        ['limit', '2'],
        ['limit_per_metric', '1'],
      ],
      maps: ['data'],
    },
    {
      what: 'metadata of one',
      method: 'GET',
      path: 'metadata',
      parameters: [['metric', 'page_requests_total']],
      same: true,
    },
    { what: 'rules', method: 'GET', path: 'rules', parameters: [] },
    {
      what: 'alerting rules',
      method: 'GET',
      path: 'rules',
      parameters: [
        ['type', 'alert'],
        ['exclude_alerts', 'true'],
      ],
    },
    {
      what: 'exemplars',
      method: 'POST',
      path: 'query_exemplars',
      parameters: [...range, query('replay_seconds_total')],
      same: true,
    },
    {
      what: 'an instant query',
      method: 'POST',
      path: 'query',
      parameters: [query('replay_seconds_total{namespace="a"}'), at],
      same: true,
    },
    {
      what: 'an instant query by GET, with a timeout',
      method: 'GET',
      path: 'query',
      parameters: [query('topk(2, rate(replay_seconds_total[1m]))'), at, ['timeout', '30s']],
      same: true,
    },
    {
      what: 'a query of a name with dots',
      method: 'POST',
      path: 'query',
      parameters: [query('{"replay.temperature"}'), at],
      same: true,
    },
    {
      what: 'a scalar',
      method: 'POST',
      path: 'query',
      parameters: [query('scalar(count(replay_seconds_total))'), at],
      same: true,
    },
    { what: 'a string', method: 'POST', path: 'query', parameters: [query('"text"'), at], same: true },
    {
      what: 'a range vector',
      method: 'POST',
      path: 'query',
      parameters: [query('{"replay.temperature"}[1m]'), at],
      same: true,
    },
    { what: 'nothing', method: 'POST', path: 'query', parameters: [query('no_such_metric'), at], same: true },
    { what: 'an info', method: 'POST', path: 'query', parameters: [query('rate({"replay.temperature"}[1m])'), at] },
    {
      what: 'a panel, steps of 15 s',
      method: 'POST',
      path: 'query_range',
      parameters: [query('sum by (namespace) (rate(replay_seconds_total[1m]))'), ...range, ['step', '15']],
      same: true,
    },
    {
      what: 'a panel, steps of half a second',
      method: 'POST',
      path: 'query_range',
      parameters: [
        query('replay_seconds_total'),
        ['start', seconds(end - 20_000)],
        ['end', seconds(end)],
        ['step', '0.5'],
      ],
      same: true,
    },
    {
      what: 'a panel by GET, special values',
      method: 'GET',
      path: 'query_range',
      parameters: [query('replay_special'), ...range, ['step', '15'], ['timeout', '60s']],
      same: true,
    },
    {
      what: 'annotations',
      method: 'POST',
      path: 'query_range',
      parameters: [query('changes(replay_special[1m]) > 0'), ...range, ['step', '60']],
      same: true,
    },
    {
      what: 'the inspector, with statistics',
      method: 'POST',
      path: 'query_range',
      parameters: [query('sum(replay_seconds_total)'), ...range, ['step', '15'], ['stats', 'all']],
      differences: {
        'data.stats.samples.samplesRead': COUNTED_HERE,
        'data.stats.samples.seriesRead': COUNTED_HERE,
        'data.stats.samples.totalQueryableSamplesPerStep':
          'Prometheus needs --enable-feature=promql-per-step-stats for it',
      },
    },
    {
      what: 'a formatted query',
      method: 'GET',
      path: 'format_query',
      parameters: [query('sum(rate(x[5m]))by(job)')],
      same: true,
    },
    {
      what: 'the tree of a query',
      method: 'POST',
      path: 'parse_query',
      parameters: [query('sum(rate(x{a="b"}[5m]))by(job)')],
      differences: {
        'data.expr.args[].anchored': 'newer than Prometheus 3.5',
        'data.expr.args[].smoothed': 'newer than Prometheus 3.5',
      },
    },
    { what: 'a wrong query', method: 'POST', path: 'query', parameters: [query('sum(rate(x[5m])'), at], status: 400 },
    {
      what: 'too many points',
      method: 'POST',
      path: 'query_range',
      parameters: [query('x'), ['start', '0'], ['end', '1e6'], ['step', '1']],
      status: 400,
      same: true,
    },
    {
      what: 'a wrong step',
      method: 'POST',
      path: 'query_range',
      parameters: [query('x'), ...range, ['step', '0']],
      status: 400,
      same: true,
    },
    {
      what: 'a wrong selector',
      method: 'POST',
      path: 'series',
      parameters: [['match[]', '{a=""}']],
      status: 400,
      same: true,
    },
    { what: 'no selector', method: 'POST', path: 'series', parameters: range, status: 400, same: true },
    { what: 'a wrong time', method: 'GET', path: 'labels', parameters: [['start', 'x']], status: 400, same: true },
    {
      what: 'a wrong limit',
      method: 'GET',
      path: 'label/a/values',
      parameters: [['limit', '-1']],
      status: 400,
      same: true,
    },
    // Not by Grafana.
    { what: 'alerts', method: 'GET', path: 'alerts', parameters: [] },
    { what: 'Alertmanagers', method: 'GET', path: 'alertmanagers', parameters: [], same: true },
    { what: 'targets', method: 'GET', path: 'targets', parameters: [] },
    { what: 'active targets', method: 'GET', path: 'targets', parameters: [['state', 'active']] },
    {
      what: 'metadata of targets',
      method: 'GET',
      path: 'targets/metadata',
      parameters: [['match_target', '{job="page"}']],
    },
    {
      what: 'metadata of a metric',
      method: 'GET',
      path: 'targets/metadata',
      parameters: [['metric', 'page_requests_total']],
      same: true,
    },
    { what: 'scrape pools', method: 'GET', path: 'scrape_pools', parameters: [], same: true },
    { what: 'the configuration', method: 'GET', path: 'status/config', parameters: [] },
    { what: 'the flags', method: 'GET', path: 'status/flags', parameters: [], maps: ['data'] },
    {
      what: 'the process',
      method: 'GET',
      path: 'status/runtimeinfo',
      parameters: [],
      differences: {
        'data.corruptionCount': 'there is no write-ahead log to be damaged',
        'data.nodeVersion': 'not a Go program',
      },
    },
    { what: 'cardinality', method: 'GET', path: 'status/tsdb', parameters: [['limit', '3']] },
    { what: 'the replay', method: 'GET', path: 'status/walreplay', parameters: [], same: true },
    { what: 'a page of rules', method: 'GET', path: 'rules', parameters: [['group_limit', '1']] },
  ];
}
