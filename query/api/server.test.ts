import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { StorageError, type StorageErrorKind } from '../../storage/errors.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Storage } from '../../storage/storage.ts';
import { createEngine } from '../engine.ts';
import { QueryError, type QueryErrorType } from '../query-result.ts';
import type { AlertStatus, QueryApiDeps, RuleGroupStatus, TargetsStatus } from './query-api-deps.ts';
import { registerQueryApi } from './server.ts';

const MINUTE = 60_000;
const NOW = 100 * MINUTE;
const AT = '1970-01-01T00:10:00Z';

const ALERT: AlertStatus = {
  labels: { alertname: 'Down' },
  annotations: {},
  state: 'firing',
  activeAt: AT,
  value: '1',
};
const RULE = { query: 'up', labels: {}, health: 'ok', evaluationTime: 0.1, lastEvaluation: AT } as const;
const GROUPS: readonly RuleGroupStatus[] = [
  {
    ...{ name: 'both', file: 'a.yml', interval: 60, limit: 0, evaluationTime: 0.1, lastEvaluation: AT },
    rules: [
      { ...RULE, type: 'recording', name: 'job:up' },
      {
        ...RULE,
        ...{ type: 'alerting', state: 'firing', name: 'Down', duration: 0, keepFiringFor: 0 },
        annotations: {},
        alerts: [ALERT],
      } as const,
    ],
  },
  {
    ...{ name: 'records', file: 'b.yml', interval: 60, limit: 0, evaluationTime: 0.1, lastEvaluation: AT },
    rules: [{ ...RULE, type: 'recording', name: 'job:down' }],
  },
];
const TARGETS: TargetsStatus = {
  activeTargets: ['node', 'api'].map((scrapePool) => ({
    ...{ discoveredLabels: {}, labels: { job: scrapePool }, scrapePool, scrapeUrl: 'http://a/metrics' },
    ...{ globalUrl: 'http://a/metrics', lastError: '', lastScrape: AT, lastScrapeDuration: 0.1, health: 'up' as const },
    ...{ scrapeInterval: '15s', scrapeTimeout: '10s' },
  })),
  droppedTargets: [{ discoveredLabels: { __address__: 'b' }, scrapePool: 'node' }],
  droppedTargetCounts: { node: 1, api: 0 },
};

/** foo{i="0"} … foo{i="2"} with 100 samples, one a minute from 0 on, value = minute + i; and bar{"http.status"="200"}. */
async function filled(): Promise<Storage> {
  const storage = createMemoryStorage();
  const all: Record<string, string>[] = [0, 1, 2].map((i) => ({ __name__: 'foo', i: String(i) }));
  all.push({ __name__: 'bar', 'http.status': '200' });
  for (const [i, labels] of all.entries()) {
    await storage.appender.append({
      length: 100,
      refs: new Uint32Array(100).fill(storage.appender.acquire(Labels.from(labels))),
      timestamps: Float64Array.from({ length: 100 }, (_, k) => k * MINUTE),
      values: Float64Array.from({ length: 100 }, (_, k) => k + i),
      stale: new Uint8Array(100),
    });
  }
  storage.appender.describe([
    { metric: 'foo', type: 'gauge', help: 'Foo.', unit: '' },
    { metric: 'bar', type: 'counter', help: 'Bar.', unit: 'bytes' },
  ]);
  return storage;
}

const open: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

interface Built {
  readonly app: FastifyInstance;
  readonly registry: Registry;
  readonly logged: string[];
  get(url: string): Promise<Answer>;
  post(url: string, form: string): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: http.OutgoingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it expects
  readonly json: any;
}

async function build(change: Partial<QueryApiDeps> = {}): Promise<Built> {
  const { querier } = await filled();
  const registry = new Registry();
  const logged: string[] = [];
  const app = fastify();
  open.push(app);
  registerQueryApi(app, {
    engine: createEngine({ querier }),
    querier,
    now: () => NOW,
    registry,
    logger: pino({}, { write: (line: string) => void logged.push(line) }),
    status: {
      buildInfo: { version: '1.2.3' },
      configYaml: () => 'scrape: []\n',
      flags: () => ({ listen: ':9090' }),
      startTime: 0,
      retention: '90d',
    },
    targets: () => TARGETS,
    rules: async () => GROUPS,
    alerts: () => [ALERT],
    ready: () => true,
    reload: async () => {},
    limits: { queryTimeout: 10_000 },
    ...change,
  });
  const ask = async (request: { method: 'GET' | 'POST'; url: string; payload?: string }): Promise<Answer> => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await app.inject({ ...request, headers: request.payload === undefined ? {} : form });
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    const { statusCode, body, headers } = response;
    return { status: statusCode, body, headers, json: isJson ? JSON.parse(body) : undefined };
  };
  return {
    app,
    registry,
    logged,
    get: (url) => ask({ method: 'GET', url }),
    post: (url, payload) => ask({ method: 'POST', url, payload }),
  };
}

function expectError(answer: Answer, status: number, errorType: QueryErrorType, error: string): void {
  expect(answer.json).toEqual({ status: 'error', errorType, error });
  expect(answer.status).toBe(status);
}

describe('query', () => {
  it("answers Grafana's health check", async () => {
    const { post } = await build();
    const { status, body } = await post('/api/v1/query', 'query=1%2B1&time=4');
    expect(status).toBe(200);
    expect(body).toBe('{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}');
  });

  it('answers a vector, at now when no time is given, by GET and POST', async () => {
    const { get, post } = await build();
    const wanted = {
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: { __name__: 'foo', i: '1' }, value: [6000, '100'] }] },
    };
    expect((await get('/api/v1/query?query=foo{i="1"}')).json).toEqual(wanted);
    expect((await post('/api/v1/query', 'query=foo{i="1"}')).json).toEqual(wanted);
    expect((await post('/api/v1/query?query=bar', 'query=foo{i="1"}')).json).toEqual(wanted);
  });

  it('takes times with fractions and in RFC 3339', async () => {
    const { get } = await build();
    const at = async (time: string) =>
      (await get(`/api/v1/query?query=foo{i="0"}&time=${encodeURIComponent(time)}`)).json.data.result[0].value;
    expect(await at('600.25')).toEqual([600.25, '10']);
    expect(await at('1970-01-01T00:10:00Z')).toEqual([600, '10']);
    expect(await at('1970-01-01T01:10:00.5+01:00')).toEqual([600.5, '10']);
  });

  it('answers strings, range vectors and empty results', async () => {
    const { get } = await build();
    const data = async (query: string) =>
      (await get(`/api/v1/query?time=60&query=${encodeURIComponent(query)}`)).json.data;
    expect(await data('"a\\"b"')).toEqual({ resultType: 'string', result: [60, 'a"b'] });
    expect(await data('none')).toEqual({ resultType: 'vector', result: [] });
    expect(await data('none[5m]')).toEqual({ resultType: 'matrix', result: [] });
    expect(await data('foo{i="2"}[2m]')).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'foo', i: '2' },
          values: [
            [0, '2'],
            [60, '3'],
          ],
        },
      ],
    });
  });

  it('writes special values as Prometheus does', async () => {
    const { get } = await build();
    const value = async (query: string) =>
      (await get(`/api/v1/query?time=0&query=${encodeURIComponent(query)}`)).json.data.result[1];
    expect(await value('1/0')).toBe('+Inf');
    expect(await value('-1/0')).toBe('-Inf');
    expect(await value('0/0')).toBe('NaN');
    expect(await value('1e-5')).toBe('0.00001');
    expect(await value('1e21')).toBe('1000000000000000000000');
  });

  it('truncates to the limit with a warning', async () => {
    const { get } = await build();
    const { json } = await get('/api/v1/query?query=foo&limit=2');
    expect(json.data.result).toHaveLength(2);
    expect(json.warnings).toEqual(['results truncated due to limit']);
    expect((await get('/api/v1/query?query=foo&limit=3')).json).not.toHaveProperty('warnings');
  });

  it('hands on lookback_delta, annotations and, when asked, stats', async () => {
    const { get } = await build();
    expect((await get('/api/v1/query?query=foo&time=5990&lookback_delta=10s')).json.data.result).toEqual([]);
    const { json } = await get('/api/v1/query?query=rate(foo[5m])&stats=all');
    expect(json.infos).toHaveLength(1);
    expect(json.data.stats.samples.totalQueryableSamples).toBeGreaterThan(0);
  });

  it.each([
    [
      'query=foo&time=x',
      `invalid parameter "time": invalid time value for 'time': cannot parse "x" to a valid timestamp`,
    ],
    [
      'query=foo&time=NaN',
      `invalid parameter "time": invalid time value for 'time': cannot parse "NaN" to a valid timestamp`,
    ],
    [
      'query=foo&time=2023-02-30T00:00:00Z',
      `invalid parameter "time": invalid time value for 'time': cannot parse "2023-02-30T00:00:00Z" to a valid timestamp`,
    ],
    ['query=foo&timeout=x', 'invalid parameter "timeout": cannot parse "x" to a valid duration'],
    ['query=foo&limit=x', 'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax'],
    ['query=foo&limit=-1', 'invalid parameter "limit": limit must be non-negative'],
    ['query=foo&lookback_delta=1x', 'invalid parameter "lookback_delta": cannot parse "1x" to a valid duration'],
    ['', 'invalid parameter "query": 1:1: parse error: no expression found in input'],
  ])('refuses %s', async (parameters, message) => {
    const { get } = await build();
    expectError(await get(`/api/v1/query?${parameters}`), 400, 'bad_data', message);
  });
});

describe('format_query and parse_query', () => {
  const long = (letter: string) => `a_rather_long_name_${letter.repeat(40)}`;

  it('formats a query, in lines when it is long', async () => {
    const { get, post } = await build();
    const format = async (query: string) =>
      (await post('/api/v1/format_query', `query=${encodeURIComponent(query)}`)).json.data;
    expect(await format('sum(up{a="d", b!="c"})by(job)')).toBe('sum by (job) (up{a="d",b!="c"})');
    expect((await get('/api/v1/format_query?query=1%2B1')).json.data).toBe('1 + 1');
    expect(
      await format(
        `topk by(x)(3,rate(${long('a')}[5m]))/on(x)group_left max_over_time((-${long('b')})[1h:1m]offset 1d)`,
      ),
    ).toBe(
      [`    topk by (x) (3, rate(${long('a')}[5m]))`, '  / on (x) group_left ()']
        .map((line) => line.slice(2))
        .concat(`  max_over_time((-${long('b')})[1h:1m] offset 1d)`)
        .join('\n'),
    );
    expect(await format(`-label_replace(rate(${long('a'.repeat(3))}[5m]),"a","b","c","d")`)).toBe(
      ['-label_replace(', `  rate(${long('a'.repeat(3))}[5m]),`, '  "a",', '  "b",', '  "c",', '  "d"', ')']
        .join('\n')
        .replace(`rate(${long('a'.repeat(3))}[5m])`, `rate(\n    ${long('a'.repeat(3))}[5m]\n  )`),
    );
  });

  it('gives the tree of a query', async () => {
    const { get } = await build();
    const parse = async (query: string) =>
      (await get(`/api/v1/parse_query?query=${encodeURIComponent(query)}`)).json.data;
    const selector = { offset: 0, timestamp: null, startOrEnd: null, anchored: false, smoothed: false };
    const name = (value: string) => ({ name: '__name__', type: '=', value });
    expect(
      await parse('rate(x{a="b",c=~"d|e"}[5m] offset 1m @ 10.5) > bool on(a) -max_over_time(y[1h:1m] @ end())'),
    ).toEqual({
      type: 'binaryExpr',
      op: '>',
      bool: true,
      matching: { card: 'one-to-one', labels: ['a'], on: true, include: [], fillValues: { lhs: null, rhs: null } },
      lhs: {
        type: 'call',
        func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
        args: [
          {
            type: 'matrixSelector',
            name: 'x',
            matchers: [{ name: 'a', type: '=', value: 'b' }, { name: 'c', type: '=~', value: 'd|e' }, name('x')],
            range: 300_000,
            offset: 60_000,
            timestamp: 10_500,
            startOrEnd: null,
            anchored: false,
            smoothed: false,
          },
        ],
      },
      rhs: {
        type: 'unaryExpr',
        op: '-',
        expr: {
          type: 'call',
          func: { name: 'max_over_time', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
          args: [
            {
              type: 'subquery',
              expr: { type: 'vectorSelector', name: 'y', matchers: [name('y')], ...selector },
              range: 3_600_000,
              step: 60_000,
              offset: 0,
              timestamp: null,
              startOrEnd: 'end',
            },
          ],
        },
      },
    });
    expect(await parse('topk(3, x) + (5m)')).toEqual({
      type: 'binaryExpr',
      op: '+',
      bool: false,
      matching: null,
      lhs: {
        type: 'aggregation',
        op: 'topk',
        param: { type: 'numberLiteral', val: '3' },
        expr: { type: 'vectorSelector', name: 'x', matchers: [name('x')], ...selector },
        grouping: [],
        without: false,
      },
      rhs: { type: 'parenExpr', expr: { type: 'numberLiteral', val: '300' } },
    });
  });

  it.each(['format_query', 'parse_query'])('%s refuses what is no query', async (endpoint) => {
    const { get } = await build();
    const message = 'invalid parameter "query": 1:5: parse error: unexpected end of input';
    expectError(await get(`/api/v1/${endpoint}?query=up%20%2B`), 400, 'bad_data', message);
    expect((await get(`/api/v1/${endpoint}?query=mad_over_time(x[5m])`)).status).toBe(400);
    const { get: flagged } = await build({ features: new Set(['promql-experimental-functions']) });
    expect((await flagged(`/api/v1/${endpoint}?query=mad_over_time(x[5m])`)).status).toBe(200);
  });
});

describe('query_range', () => {
  it('answers a matrix', async () => {
    const { post } = await build();
    const { json } = await post('/api/v1/query_range', 'query=foo{i="0"}&start=0&end=120.0&step=1m');
    expect(json.data).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'foo', i: '0' },
          values: [
            [0, '0'],
            [60, '1'],
            [120, '2'],
          ],
        },
      ],
    });
  });

  it('allows 11,000 points', async () => {
    const { get } = await build();
    const { json } = await get('/api/v1/query_range?query=vector(1)&start=0&end=10999&step=1');
    expect(json.data.result[0].values).toHaveLength(11_000);
  });

  it.each([
    ['end=1&step=1', 'invalid parameter "start": cannot parse "" to a valid timestamp'],
    ['start=1&end=0&step=1', 'invalid parameter "end": end timestamp must not be before start time'],
    ['start=0&end=1', 'invalid parameter "step": cannot parse "" to a valid duration'],
    [
      'start=0&end=1&step=1e300',
      'invalid parameter "step": cannot parse "1e300" to a valid duration. It overflows int64',
    ],
    ...['0', '-5', '0.0001'].map((step) => [
      `start=0&end=1&step=${step}`,
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ]),
    [
      'start=0&end=11001&step=1',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    ],
  ])('refuses %s', async (parameters, message) => {
    const { get } = await build();
    expectError(await get(`/api/v1/query_range?query=foo&${parameters}`), 400, 'bad_data', message!);
  });
});

describe('series, labels and metadata', () => {
  it('lists series, by GET and POST', async () => {
    const { get, post } = await build();
    const wanted = [
      { __name__: 'bar', 'http.status': '200' },
      { __name__: 'foo', i: '0' },
    ];
    expect((await get('/api/v1/series?match[]=foo{i="0"}&match[]=bar')).json.data).toEqual(wanted);
    expect((await post('/api/v1/series', 'match[]=foo{i="0"}&match[]=bar')).json.data).toEqual(wanted);
    expect((await get('/api/v1/series?match[]=foo&start=90000&end=90001')).json.data).toEqual([]);
  });

  it('lists label names and values as Grafana asks', async () => {
    const { get, post } = await build();
    expect((await post('/api/v1/labels', 'start=0&end=6000&limit=40000')).json).toEqual({
      status: 'success',
      data: ['__name__', 'http.status', 'i'],
    });
    const values = async (rest: string) => (await get(`/api/v1/label/${rest}`)).json.data;
    expect(await values('__name__/values?start=0&end=6000&limit=40000')).toEqual(['bar', 'foo']);
    expect(await values('i/values?match[]=foo{i!="1"}')).toEqual(['0', '2']);
    expect(await values('U__http_2e_status/values')).toEqual(['200']);
    expect(await values('http.status/values')).toEqual(['200']);
  });

  it.each(['series?match[]=foo', 'label/i/values?', 'labels?'])('truncates %s with a warning', async (url) => {
    const { get } = await build();
    const { json } = await get(`/api/v1/${url}&limit=2`);
    expect(json.data).toHaveLength(2);
    expect(json.warnings).toEqual(['results truncated due to limit']);
    expect((await get(`/api/v1/${url}&limit=3`)).json).not.toHaveProperty('warnings');
  });

  it('tells metadata', async () => {
    const { get } = await build();
    const bar = { bar: [{ type: 'counter', help: 'Bar.', unit: 'bytes' }] };
    const foo = { foo: [{ type: 'gauge', help: 'Foo.', unit: '' }] };
    expect((await get('/api/v1/metadata')).json.data).toEqual({ ...bar, ...foo });
    expect((await get('/api/v1/metadata?limit=1&limit_per_metric=1')).json.data).toEqual(bar);
    expect((await get('/api/v1/metadata?limit=0')).json.data).toEqual({});
    expect((await get('/api/v1/metadata?limit=-1&limit_per_metric=0')).json.data).toEqual({ ...bar, ...foo });
    expect((await get('/api/v1/metadata?metric=foo')).json.data).toEqual(foo);
    expectError(await get('/api/v1/metadata?limit=x'), 400, 'bad_data', 'limit must be a number');
  });

  it('refuses wrong selectors', async () => {
    const { get } = await build();
    expectError(await get('/api/v1/series'), 400, 'bad_data', 'no match[] parameter provided');
    for (const text of ['foo{', 'foo[5m]', 'sum(foo)', 'foo{i=~"("}']) {
      const { status, json } = await get(`/api/v1/series?match[]=${encodeURIComponent(text)}`);
      expect([status, json.errorType]).toEqual([400, 'bad_data']);
      expect(json.error).toMatch(/^invalid parameter "match\[\]": /);
    }
    expect((await get('/api/v1/label//values')).status).toBe(400);
    expectError(await get('/api/v1/label/U__/values'), 400, 'bad_data', 'invalid label name: ""');
    const empty = 'match[] must contain at least one non-empty matcher';
    expectError(await get('/api/v1/labels?match[]={}'), 400, 'bad_data', empty);
    expectError(
      await get('/api/v1/series?match[]={a=~".*"}'),
      400,
      'bad_data',
      `invalid parameter "match[]": ${empty}`,
    );
  });

  it('has no exemplars', async () => {
    const { get } = await build();
    expect((await get('/api/v1/query_exemplars?query=foo&start=0&end=1')).json).toEqual({
      status: 'success',
      data: [],
    });
    expect((await get('/api/v1/query_exemplars?query=foo&start=1&end=0')).status).toBe(400);
  });
});

describe('targets', () => {
  it('filters by state and pool', async () => {
    const { get } = await build();
    const counts = async (query: string) => {
      const { activeTargets, droppedTargets } = (await get(`/api/v1/targets${query}`)).json.data;
      return [activeTargets.length, droppedTargets.length];
    };
    expect((await get('/api/v1/targets')).json.data).toEqual(TARGETS);
    expect(await counts('?state=any')).toEqual([2, 1]);
    expect(await counts('?state=active')).toEqual([2, 0]);
    expect(await counts('?state=dropped')).toEqual([0, 1]);
    expect(await counts('?scrapePool=api')).toEqual([1, 0]);
    expect((await get('/api/v1/targets?state=active')).json.data.droppedTargetCounts).toBeNull();
    expect((await get('/api/v1/scrape_pools')).json.data).toEqual({ scrapePools: ['api', 'node'] });
  });

  it('tells what targets say of their metrics', async () => {
    const up = { type: 'gauge', help: 'Up.', unit: '' } as const;
    const seconds = { type: 'counter', help: 'Time.', unit: 'seconds' } as const;
    const metadata = [
      { metric: 'up', ...up },
      { metric: 'time_seconds', ...seconds },
    ];
    const { get } = await build({
      targetMetadata: () => ['api', 'node'].map((job) => ({ target: Labels.from({ job }), metadata })),
    });
    const data = async (query: string) => (await get(`/api/v1/targets/metadata?${encodeURI(query)}`)).json.data;
    expect(await data('')).toHaveLength(4);
    expect(await data('limit=3')).toHaveLength(3);
    expect(await data('limit=0')).toEqual([]);
    expect(await data('match_target={job="node"}&limit=1')).toEqual([{ target: { job: 'node' }, metric: 'up', ...up }]);
    expect(await data('metric=time_seconds&match_target={job=~"a.*"}')).toEqual([
      { target: { job: 'api' }, ...seconds },
    ]);
    expect(await data('metric=none')).toEqual([]);
    expectError(await get('/api/v1/targets/metadata?limit=x'), 400, 'bad_data', 'limit must be a number');
    expect((await get('/api/v1/targets/metadata?match_target=x{')).json.error).toMatch(
      /^invalid parameter "match_target": 1:/,
    );
  });
});

describe('rules and alerts', () => {
  it('filters rules', async () => {
    const { get } = await build();
    const names = async (query: string) =>
      (await get(`/api/v1/rules?${query}`)).json.data.groups.map((group: RuleGroupStatus) => [
        group.name,
        ...group.rules.map((rule) => rule.name),
      ]);
    // Recording rules without labels say nothing of them.
    const shown = JSON.parse(JSON.stringify(GROUPS), (_, value) => {
      if (value?.type === 'recording') delete value.labels;
      return value;
    });
    expect((await get('/api/v1/rules')).json.data).toEqual({ groups: shown });
    expect(await names('type=alert')).toEqual([['both', 'Down']]);
    expect(await names('type=record')).toEqual([
      ['both', 'job:up'],
      ['records', 'job:down'],
    ]);
    expect(await names('rule_name[]=Down')).toEqual([['both', 'Down']]);
    expect(await names('rule_group[]=records')).toEqual([['records', 'job:down']]);
    expect(await names('file[]=a.yml')).toEqual([['both', 'job:up', 'Down']]);
    const { groups } = (await get('/api/v1/rules?type=alert&exclude_alerts=true')).json.data;
    expect(groups[0].rules[0].alerts).toBeNull();
    expectError(
      await get('/api/v1/rules?type=x'),
      400,
      'bad_data',
      'invalid parameter "type": not supported value "x"',
    );
    expectError(
      await get('/api/v1/rules?exclude_alerts=x'),
      400,
      'bad_data',
      'invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "x": invalid syntax',
    );
  });

  it('filters rules by the labels that they are written with', async () => {
    const rules = [
      { ...RULE, type: 'recording', name: 'a', labels: { team: 'x' } } as const,
      { ...RULE, type: 'recording', name: 'b', labels: { pod: '{{ $labels.pod }}' } } as const,
    ];
    const { get } = await build({ rules: () => [{ ...GROUPS[0]!, rules }] });
    const names = async (query: string) => {
      const { groups } = (await get(`/api/v1/rules?${encodeURI(query)}`)).json.data;
      return groups.flatMap((group: RuleGroupStatus) => group.rules.map((rule) => rule.name));
    };
    expect(await names('match[]={team="x"}')).toEqual(['a']);
    expect(await names('match[]={pod=~"web.*"}')).toEqual([]);
    expect(await names('match[]={pod=~"..*"}&match[]={team="x"}')).toEqual(['a', 'b']);
    expectError(
      await get('/api/v1/rules?match[]={team!="x"}'),
      400,
      'bad_data',
      'match[] must contain at least one non-empty matcher',
    );
  });

  it('gives rule groups in pages', async () => {
    const { get } = await build();
    const page = async (query: string) => {
      const { groups, groupNextToken } = (await get(`/api/v1/rules?${query}`)).json.data;
      return { names: groups.map((group: RuleGroupStatus) => group.name), token: groupNextToken };
    };
    const first = await page('group_limit=1');
    expect(first).toEqual({ names: ['both'], token: expect.stringMatching(/^[0-9a-f]{40}$/) });
    expect(await page(`group_limit=1&group_next_token=${first.token}`)).toEqual({ names: ['records'] });
    expect(await page('group_limit=2')).toEqual({ names: ['both', 'records'] });
    // Of what the filter leaves.
    expect(await page('group_limit=1&type=alert')).toEqual({ names: ['both'] });
    const refused = async (query: string) => (await get(`/api/v1/rules?${query}`)).json.error;
    expect(await refused('group_limit=x')).toBe(
      'invalid parameter "group_limit": group_limit needs to be a valid number: strconv.ParseInt: parsing "x": invalid syntax',
    );
    expect(await refused('group_limit=0')).toBe(
      'invalid parameter "group_limit": group_limit needs to be greater than 0',
    );
    expect(await refused('group_next_token=x')).toBe(
      'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
    );
    expect(await refused('group_limit=1&group_next_token=x')).toBe(
      `invalid parameter "group_next_token": invalid group_next_token 'x'. were rule groups changed?`,
    );
  });

  it('lists alerts and Alertmanagers', async () => {
    const { get } = await build({ alertmanagers: () => ['http://am/api/v2/alerts'] });
    expect((await get('/api/v1/alerts')).json.data).toEqual({ alerts: [ALERT] });
    expect((await get('/api/v1/alertmanagers')).json.data).toEqual({
      activeAlertmanagers: [{ url: 'http://am/api/v2/alerts' }],
      droppedAlertmanagers: [],
    });
  });
});

describe('status', () => {
  it('tells what runs', async () => {
    const { get } = await build();
    const data = async (name: string) => (await get(`/api/v1/status/${name}`)).json.data;
    expect(await data('buildinfo')).toEqual({ version: '1.2.3' });
    expect(await data('config')).toEqual({ yaml: 'scrape: []\n' });
    expect(await data('flags')).toEqual({ listen: ':9090' });
    expect(await data('runtimeinfo')).toMatchObject({
      startTime: '1970-01-01T00:00:00.000Z',
      serverTime: '1970-01-01T01:40:00.000Z',
      reloadConfigSuccess: true,
      storageRetention: '90d',
    });
    expect(await data('walreplay')).toEqual({ min: 0, max: 0, current: 0 });
  });

  it('tells what it can do', async () => {
    const flagged = await build({ features: new Set(['promql-experimental-functions']) });
    const features = async ({ get }: Built) => (await get('/api/v1/features')).json.data;
    const wanted = {
      promql_functions: { rate: true, mad_over_time: false },
      promql_operators: { '@': true, limitk: false },
    };
    expect(await features(await build())).toMatchObject(wanted);
    expect(await features(flagged)).toMatchObject({
      promql_functions: { mad_over_time: true },
      promql_operators: { limitk: true },
    });
  });

  it('counts series', async () => {
    const { get } = await build();
    expect((await get('/api/v1/status/tsdb?limit=1')).json.data).toEqual({
      headStats: { numSeries: 4, numLabelPairs: 6, chunkCount: 0, minTime: NOW - 120 * MINUTE, maxTime: NOW },
      seriesCountByMetricName: [{ name: 'foo', value: 3 }],
      labelValueCountByLabelName: [{ name: 'i', value: 3 }],
      memoryInBytesByLabelName: [{ name: '__name__', value: 4 * '__name__foo'.length }],
      seriesCountByLabelValuePair: [{ name: '__name__=foo', value: 3 }],
    });
  });
});

describe('admin', () => {
  const url = '/api/v1/admin/tsdb/delete_series';

  it('is off unless it is enabled', async () => {
    const { post } = await build();
    for (const path of [url, '/api/v1/admin/tsdb/clean_tombstones', '/api/v1/admin/tsdb/snapshot']) {
      expectError(await post(path, 'match[]=foo'), 500, 'unavailable', 'admin APIs disabled');
    }
  });

  it('deletes samples of series, by POST and PUT', async () => {
    const storage = await filled();
    const { app, get, post } = await build({
      querier: storage.querier,
      engine: createEngine({ querier: storage.querier }),
      deleteSamples: (deletion, signal) => storage.deleteSamples(deletion, signal),
    });
    const counts = async () => {
      const { result } = (await get('/api/v1/query?query=count_over_time({__name__=~"foo|bar"}[1000m])')).json.data;
      return result.map(({ value }: { value: [number, string] }) => value[1]);
    };
    expect(await counts()).toEqual(['100', '100', '100', '100']);
    expect(await post(url, 'match[]=foo{i="0"}&match[]=bar&start=60&end=180.5')).toMatchObject({
      status: 204,
      body: '',
    });
    expect(await counts()).toEqual(['97', '97', '100', '100']);
    const put = await app.inject({ method: 'PUT', url: `${url}?match[]=foo{i="1"}` });
    expect(put.statusCode).toBe(204);
    expect((await get('/api/v1/series?match[]={__name__=~"foo|bar"}')).json.data).toHaveLength(3);
    expectError(await post(url, ''), 400, 'bad_data', 'no match[] parameter provided');
    const message = 'match[] must contain at least one non-empty matcher';
    expectError(await post(url, 'match[]={}'), 400, 'bad_data', `invalid parameter "match[]": ${message}`);
    expect((await post(url, 'match[]=foo&start=x')).json.error).toMatch(
      /^invalid parameter "start": invalid time value/,
    );
    expect((await post(url, 'match[]=foo&start=2&end=1')).status).toBe(400);
    expect((await get(`${url}?match[]=foo`)).status).toBe(405);
    expect(await counts()).toHaveLength(3);
    expectError(
      await post('/api/v1/admin/tsdb/snapshot', ''),
      422,
      'execution',
      'snapshot is not supported: samples are in ClickHouse, which has BACKUP for it',
    );
    expect((await post('/api/v1/admin/tsdb/clean_tombstones', '')).json.error).toMatch(
      /^clean_tombstones is not supported: /,
    );
  });
});

describe('lifecycle', () => {
  it('is healthy at once and ready when it is', async () => {
    let ready = false;
    const { get } = await build({ ready: () => ready });
    expect((await get('/-/healthy')).status).toBe(200);
    expect((await get('/-/ready')).status).toBe(503);
    ready = true;
    expect((await get('/-/ready')).status).toBe(200);
  });

  it('reloads, and says why it could not', async () => {
    let broken = false;
    let reloads = 0;
    const { app, get, post } = await build({
      reload: async () => {
        reloads++;
        if (broken) throw new Error('pharos.yml:3: unknown key');
      },
    });
    expect((await post('/-/reload', '')).status).toBe(200);
    expect((await app.inject({ method: 'PUT', url: '/-/reload' })).statusCode).toBe(200);
    broken = true;
    expect(await post('/-/reload', '')).toMatchObject({
      status: 500,
      body: 'failed to reload config: pharos.yml:3: unknown key\n',
    });
    expect((await get('/api/v1/status/runtimeinfo')).json.data.reloadConfigSuccess).toBe(false);
    expect((await get('/-/reload')).status).toBe(405);
    expect(reloads).toBe(3);
  });

  it('serves its own metrics', async () => {
    const { get } = await build();
    await get('/api/v1/query?query=1');
    const { body } = await get('/metrics');
    expect(body).toContain('pharos_api_requests_total{handler="/api/v1/query",code="200"} 1');
    expect(body).toContain('pharos_queries_running 0');
  });
});

describe('errors', () => {
  it('answers an unknown route with an envelope', async () => {
    const { get } = await build();
    expectError(await get('/api/v1/nope?x=1'), 404, 'not_found', 'there is no GET /api/v1/nope');
    expect((await get('/api/v1/label/a/b/values')).status).toBe(404);
  });

  it('tells which methods a path takes', async () => {
    const { app, post } = await build();
    const answer = await post('/api/v1/targets?state=any', 'x=1');
    expectError(answer, 405, 'bad_data', '/api/v1/targets takes GET, HEAD, got POST');
    expect(answer.headers.allow).toBe('GET, HEAD');
    expect((await post('/api/v1/label/job/values', '')).status).toBe(405);
    const put = await app.inject({ method: 'PUT', url: '/api/v1/query' });
    expect([put.statusCode, put.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
  });

  it.each([
    ['full', 503, 'unavailable'],
    ['unavailable', 503, 'unavailable'],
    ['canceled', 503, 'canceled'],
    ['limit', 422, 'execution'],
    ['bad_data', 400, 'bad_data'],
  ] as const satisfies readonly (readonly [StorageErrorKind, number, QueryErrorType])[])(
    'maps the storage error %s to %d %s',
    async (kind, status, type) => {
      const { querier } = await filled();
      const fail = () => Promise.reject(new StorageError(kind, 'the reason'));
      const broken = { ...querier, labelNames: fail };
      const { get } = await build({ querier: broken });
      expectError(await get('/api/v1/labels'), status, type, 'the reason');
    },
  );

  it.each([
    ['execution', 422],
    ['timeout', 503],
    ['canceled', 503],
    ['not_found', 404],
    ['unavailable', 503],
  ] as const)('maps the query error %s to %d', async (type, status) => {
    const fail = () => Promise.reject(new QueryError(type, 'the reason'));
    const { get } = await build({ engine: { instant: fail, range: fail } });
    expectError(await get('/api/v1/query?query=1'), status, type, 'the reason');
  });

  it('tells a defect to the log only', async () => {
    for (const error of [new TypeError('secret'), new QueryError('internal', 'secret')]) {
      const fail = () => Promise.reject(error);
      const { get, logged } = await build({ engine: { instant: fail, range: fail } });
      const answer = await get('/api/v1/query?query=1');
      expectError(answer, 500, 'internal', 'the request failed for a reason that is in the log');
      expect(logged.join()).toContain('secret');
    }
  });

  it('bounds and names the body that it takes', async () => {
    const { app, post } = await build({ limits: { queryTimeout: 1000, maxBodyBytes: 100 } });
    const large = await post('/api/v1/query', `query=${'1'.repeat(200)}`);
    expect([large.status, large.json.errorType]).toEqual([413, 'bad_data']);
    const response = await app.inject({ method: 'POST', url: '/api/v1/query', payload: { query: '1' } });
    expect([response.statusCode, response.json().errorType]).toEqual([415, 'bad_data']);
  });
});

/** An engine whose queries last until they are aborted or let go. */
class Stuck {
  running = 0;
  readonly aborted: unknown[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly engine = {
    instant: (_: unknown, signal: AbortSignal) =>
      new Promise<never>((resolve, reject) => {
        this.running++;
        this.#waiting.push(() =>
          resolve({
            value: { type: 'scalar', timestamp: 0, value: 1 },
            warnings: [],
            infos: [],
            stats: { samplesRead: 0, seriesRead: 0 },
          } as never),
        );
        signal.addEventListener('abort', () => {
          this.aborted.push(signal.reason);
          reject(new QueryError('canceled', 'whatever the engine says'));
        });
      }),
    range: () => Promise.reject(new Error('not asked for')),
  };

  letGo(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

describe('limits', () => {
  it('ends a query at its timeout or the limit, whichever is sooner', async () => {
    const message = 'query timed out in query execution';
    const short = await build({ engine: new Stuck().engine, limits: { queryTimeout: 20 } });
    expectError(await short.get('/api/v1/query?query=1&timeout=1h'), 503, 'timeout', message);
    const long = await build({ engine: new Stuck().engine, limits: { queryTimeout: 600_000 } });
    expectError(await long.get('/api/v1/query?query=1&timeout=20ms'), 503, 'timeout', message);
    expectError(await long.get('/api/v1/query?query=1&timeout=0'), 503, 'timeout', message);
  });

  it('runs some, lets some wait, refuses the rest', async () => {
    const stuck = new Stuck();
    const { get, registry } = await build({
      engine: stuck.engine,
      limits: { queryTimeout: 60_000, maxConcurrent: 1, maxWaiting: 1 },
    });
    const first = get('/api/v1/query?query=1');
    await expect.poll(() => stuck.running).toBe(1);
    const second = get('/api/v1/query?query=1');
    await expect.poll(() => registry.metrics()).toContain('pharos_queries_waiting 1');
    const third = await get('/api/v1/query?query=1');
    expectError(third, 503, 'unavailable', 'at most 1 queries run and 1 wait at a time, try again later');
    expect(third.headers['retry-after']).toBe('1');
    stuck.letGo();
    expect((await first).status).toBe(200);
    await expect.poll(() => stuck.running).toBe(2);
    stuck.letGo();
    expect((await second).status).toBe(200);
    expect(await registry.metrics()).toContain('pharos_queries_running 0');
  });
});

describe('over a socket', () => {
  const listen = async (app: FastifyInstance): Promise<string> => {
    await app.listen({ host: '127.0.0.1', port: 0 });
    return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  };

  it('aborts the query, running or waiting, of a client that goes away', async () => {
    const stuck = new Stuck();
    const { app, registry } = await build({
      engine: stuck.engine,
      limits: { queryTimeout: 60_000, maxConcurrent: 1 },
    });
    const url = await listen(app);
    const running = http.get(`${url}/api/v1/query?query=1`).on('error', () => {});
    await expect.poll(() => stuck.running).toBe(1);
    const waiting = http.get(`${url}/api/v1/query?query=1`).on('error', () => {});
    await expect.poll(() => registry.metrics()).toContain('pharos_queries_waiting 1');
    waiting.destroy();
    await expect.poll(() => registry.metrics()).toContain('pharos_queries_waiting 0');
    running.destroy();
    await expect.poll(() => stuck.aborted).toMatchObject([{ type: 'canceled' }]);
    await expect.poll(() => registry.metrics()).toContain('pharos_queries_running 0');
    expect(stuck.running).toBe(1);
  });

  it('streams a large answer, gzipped for those who take it', async () => {
    const { app } = await build();
    const url = `${await listen(app)}/api/v1/query_range?query=vector(time())&start=0&end=10999&step=1`;
    const read = async (encoding: string) => {
      const request = http.get(url, { headers: { 'accept-encoding': encoding } });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const body = Buffer.concat(await response.toArray());
      return { encoding: response.headers['content-encoding'], body };
    };
    const plain = await read('gzip;q=0, br');
    const zipped = await read('deflate, gzip;q=0.8');
    expect(plain.encoding).toBeUndefined();
    expect(JSON.parse(plain.body.toString()).data.result[0].values).toHaveLength(11_000);
    expect(zipped.encoding).toBe('gzip');
    expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  });

  it('survives a client that leaves in the middle of an answer', async () => {
    const { app, logged, get } = await build();
    const query = 'query=vector(time())&start=0&end=10999&step=1';
    const url = `${await listen(app)}/api/v1/query_range?${query}`;
    for (const encoding of ['gzip', 'identity']) {
      const request = http.get(url, { headers: { 'accept-encoding': encoding } });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.destroy();
      await once(request, 'close');
    }
    expect((await get('/api/v1/query?query=1')).status).toBe(200);
    expect(logged).toEqual([]);
  });
});
