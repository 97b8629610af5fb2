import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Labels } from '../../../storage/labels.ts';
import { SteppedClock } from '../../stepped-clock.case.ts';
import { alertOf, createBed, NOON, notificationOf, parseItem, resolvedOf } from './integration-bed.case.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.case.ts';

let server: RecordingServer;
let directory: string;
beforeAll(async () => {
  server = await startRecordingServer();
  directory = mkdtempSync(path.join(tmpdir(), 'pharos-webhook-'));
});
afterEach(() => {
  server.requests.length = 0;
  server.answers.length = 0;
  server.otherwise = {};
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

const url = (more = ''): string => `url: ${server.url}/hook/tokentoken?key=querysecret${more}`;

describe('a webhook', () => {
  it("posts Alertmanager's body", async () => {
    const bed = createBed('webhook', url());
    const outcome = await bed.notify({ alerts: [alertOf(), resolvedOf({ name: 'Slow' })], truncatedAlerts: 3 });
    expect(outcome).toEqual({ kind: 'delivered' });
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/hook/tokentoken?key=querysecret',
      headers: { 'content-type': 'application/json' },
    });
    expect(request!.json).toEqual({
      version: '4',
      groupKey: '{}:{alertname="Down"}',
      truncatedAlerts: 3,
      status: 'firing',
      receiver: 'team',
      groupLabels: { alertname: 'Down' },
      commonLabels: { instance: 'h1:9100', severity: 'critical' },
      commonAnnotations: {},
      externalURL: 'http://pharos.example',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'Down', instance: 'h1:9100', severity: 'critical' },
          annotations: { summary: 'Down <is> "down" & out' },
          startsAt: '2026-03-02T11:00:00Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'http://pharos.example/graph?g0.expr=up',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
        expect.objectContaining({ status: 'resolved', endsAt: '2026-03-02T11:59:00Z' }),
      ],
    });
  });

  it('posts a body of the user in his form, with his headers', async () => {
    const bed = createBed(
      'webhook',
      `${url()}
method: PUT
content_type: text/plain; charset=utf-8
headers:
  X-Level: '{{ .Level }} {{ .CommonAnnotations.summary }}'
body: |
  {{ range .Alerts }}{{ .Labels.alertname }} for {{ .Duration }}
  {{ end }}`,
    );
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    const [{ method, headers, text }] = server.requests as [(typeof server.requests)[0]];
    expect(method).toBe('PUT');
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-level': 'critical Down <is> "down" & out',
    });
    expect(text).toMatch(/^Down for \d+h/);
  });

  it('expands a payload, in which text may become a number, a list or a mapping', async () => {
    const bed = createBed(
      'webhook',
      `${url()}
payload:
  count: '{{ len .Alerts }}'
  fixed: 5
  '{{ .Status }}': true
  names: '[{{ range .Alerts }}{{ .Labels.alertname | toJson }},{{ end }}]'
  deep: [{ text: '{{ .CommonAnnotations.summary }}' }, null]`,
    );
    await bed.notify();
    expect(server.requests[0]!.json).toEqual({
      count: 1,
      fixed: 5,
      firing: true,
      names: ['Down'],
      deep: [{ text: 'Down <is> "down" & out' }, null],
    });
  });

  it("falls back to the body that everybody knows when the user's template fails", async () => {
    const bed = createBed('webhook', `${url()}\nbody: '{{ template "nope" . }}'`);
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(server.requests[0]!.json).toMatchObject({
      version: '4',
      error: '[FIRING:1] Down {alertname="Down"} (the template of body failed)',
    });
    expect(bed.log.join()).toContain('template \\"nope\\" not defined');
    expect(await bed.registry.metrics()).toContain(
      'pharos_notification_template_failures_total{receiver="team",integration="webhook/0"} 1',
    );
  });

  it('reads the URL from its file at each attempt, and expands it', async () => {
    const file = path.join(directory, 'url');
    writeFileSync(file, `${server.url}/{{ .GroupLabels.alertname }}\n`);
    const bed = createBed('webhook', `url_file: ${file}`);
    await bed.notify();
    writeFileSync(file, `${server.url}/second`);
    await bed.notify();
    expect(server.requests.map((request) => request.url)).toEqual(['/Down', '/second']);
    rmSync(file);
    expect(await bed.notify()).toEqual({
      kind: 'failed',
      reason: `cannot read ${file}: no such file or directory`,
      retryAfter: 0,
    });
  });

  it.each([
    [{ status: 204 }, { kind: 'delivered' }],
    [
      { status: 500, body: 'oops' },
      { kind: 'failed', reason: 'status 500: oops', retryAfter: 0 },
    ],
    [
      { status: 503, headers: { 'retry-after': '7' } },
      { kind: 'failed', reason: 'status 503', retryAfter: 7000 },
    ],
    [
      { status: 429, headers: { 'retry-after': 'Mon, 02 Mar 2026 12:01:00 GMT' } },
      { kind: 'failed', reason: 'status 429', retryAfter: 60_000 },
    ],
    [
      { status: 400, body: 'bad\nbody' },
      { kind: 'refused', reason: 'status 400: bad body' },
    ],
    [
      { status: 302, headers: { location: '/x' } },
      { kind: 'refused', reason: 'status 302; redirects are not followed' },
    ],
    [{ status: 404 }, { kind: 'refused', reason: 'status 404' }],
  ])('understands the answer %j', async (answer, outcome) => {
    server.answers.push(answer);
    const clock = new SteppedClock(NOON);
    expect(await createBed('webhook', url(), { clock }).notify()).toEqual(outcome);
    expect(server.requests).toHaveLength(1);
  });

  it('gives up an attempt that is not answered in time', async () => {
    server.otherwise = 'hang';
    const clock = new SteppedClock(NOON);
    const bed = createBed('webhook', url('\ntimeout: 30s'), { clock });
    const outcome = bed.notify();
    await expect.poll(() => server.requests.length).toBe(1);
    await clock.advance(29_999);
    let ended = false;
    void outcome.then(() => {
      ended = true;
    });
    await clock.advance(0);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await outcome).toEqual({ kind: 'failed', reason: 'no answer within 30000 ms', retryAfter: 0 });
  });

  it('ends with the signal', async () => {
    server.otherwise = 'hang';
    const { integration } = createBed('webhook', url());
    const stopping = new AbortController();
    const outcome = integration.notify(notificationOf(), stopping.signal);
    stopping.abort();
    expect(await outcome).toEqual({ kind: 'failed', reason: 'it was interrupted', retryAfter: 0 });
    await integration.close?.();
  });

  it('says that nobody listens, and never where or with what secret', async () => {
    const gone = await startRecordingServer();
    await gone.close();
    const bed = createBed('webhook', `url: ${gone.url}/hook/tokentoken?key=querysecret`);
    expect(await bed.notify()).toEqual({ kind: 'failed', reason: 'the request failed: ECONNREFUSED', retryAfter: 0 });
    server.answers.push({
      status: 500,
      body: `no ${server.url}/hook/tokentoken?key=querysecret: tokentoken querysecret`,
    });
    const other = createBed('webhook', url());
    const outcome = await other.notify();
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'status 500: no <secret>: <secret> <secret>' });
    expect([...bed.log, ...other.log].join()).not.toMatch(/tokentoken|querysecret/);
  });

  it.each([
    ['max_alerts: 2', 'item: expected url or url_file'],
    [`url: 'no url, s3cret'`, 'item.url: expected a URL such as https://host/path'],
    ['url: http://h/x\nurl_file: y', 'item.url_file: expected at most one of url and url_file'],
    ['url: http://h/x\nnope: 1', 'item.nope: unknown key; expected one of'],
    ['url: http://h/x\nbody: tkee', 'item.body: expected alertmanager, tke or a template, got "tkee"'],
    ['url: http://h/x\nbody: "{{ .A"', 'item.body: invalid template: 1:3: unclosed action'],
    ['url: http://h/x?{{ .A', 'item.url: invalid template at 1:'],
    ['url: http://h/x\nbody: tke\npayload: {}', 'item.body: expected at most one of payload and body'],
    ['url: http://h/x\ntime_zone: Nowhere/X', 'item.time_zone: expected a time zone such as Asia/Shanghai'],
    ['url: http://h/x\nmethod: GET', 'item.method: expected one of "POST", "PUT", "PATCH", got "GET"'],
    ['url: http://h/x\ntimeout: soon', 'item.timeout: expected a duration such as 10s, got "soon"'],
    ['url: http://h/x\nmax_alerts: -1', 'item.max_alerts: expected a whole number of at least 0, got "-1"'],
    ['url: http://h/x\nsend_resolved: maybe', 'item.send_resolved: expected true or false'],
    ['url: http://h/x\nhttp_config: s3cret', 'item.http_config: expected a mapping, got text'],
    [
      'url: http://h/x\nhttp_config: { basic_auth: { password: a, password_file: b } }',
      'item.http_config.basic_auth.password_file: expected at most one of',
    ],
    [
      'url: http://h/x\nhttp_config: { bearer_token: s3cret, authorization: { credentials: s3cret } }',
      'expected at most one of authorization and bearer_token',
    ],
    [
      'url: http://h/x\nhttp_config: { tls_config: { cert: x } }',
      'item.http_config.tls_config: expected cert and key together',
    ],
    [
      'url: http://h/x\nhttp_config: { proxy_url: "s3cret" }',
      'item.http_config.proxy_url: expected the URL of an HTTP or SOCKS 5 proxy',
    ],
    [
      'url: http://h/x\nhttp_config: { http_headers: { Authorization: { values: [s3cret] } } }',
      'expected another header than Authorization',
    ],
    [
      'url: http://h/x\nhttp_config: { oauth2: { client_id: a } }',
      'item.http_config.oauth2: expected token_url, where tokens are fetched',
    ],
  ])('refuses %j', (item, message) => {
    const { settings, problems } = parseItem('webhook', item);
    expect(settings).toBeUndefined();
    expect(problems.join('\n')).toContain(message);
    expect(problems.join('\n')).not.toContain('s3cret');
    expect(problems[0]).toMatch(/^[345]: /);
  });
});

describe("a webhook with TKE's body", () => {
  const subject = {
    policyId: 'p-1',
    policyName: 'CPU of nodes',
    objectLevel: 'node',
    object: { cluster: 'cls-1', node: '10.0.0.7' },
    metric: 'k8s_node_rate_cpu_core_used_node',
    operator: 'gt',
    threshold: 90,
    unit: '%',
    value: 99.123456789,
    period: 60_000,
    periods: 3,
  };
  const repeat = { kind: 'exponential', first: 300_000, longest: 3_600_000 } as const;
  const notice = {
    key: 'p-1',
    receivers: [],
    groupBy: undefined,
    groupWait: undefined,
    groupInterval: undefined,
    repeat,
  };

  it('tells each alert with its object and its numbers', async () => {
    const clock = new SteppedClock(NOON);
    const bed = createBed('webhook', url('\nbody: tke\ntime_zone: Asia/Shanghai'), { clock });
    const firing = alertOf({ name: 'CPU', subject, notice });
    expect(await bed.notify({ alerts: [firing] })).toEqual({ kind: 'delivered' });
    const ended = { ...firing, status: 'resolved', endsAt: NOON - 60_000, subject: { ...subject, value: 12 } } as const;
    await bed.notify({ alerts: [ended] });
    const [first, second] = server.requests.map(({ json }) => json);
    expect(first).toEqual({
      sessionId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      alarmStatus: '1',
      alarmType: 'metric',
      alarmObjInfo: {
        region: '',
        namespace: 'k8s_node',
        dimensions: {
          objId: 'cls-1/10.0.0.7',
          objName: '10.0.0.7',
          tke_cluster_instance_id: 'cls-1',
          namespace: '',
          workload_kind: '',
          workload_name: '',
          pod_name: '',
          node: '10.0.0.7',
          node_role: '',
          container_name: '',
        },
      },
      alarmPolicyInfo: {
        policyId: 'p-1',
        policyType: 'k8s_node',
        policyName: 'CPU of nodes',
        policyTypeCName: 'node',
        conditions: {
          metricName: 'k8s_node_rate_cpu_core_used_node',
          metricShowName: 'k8s_node_rate_cpu_core_used_node',
          calcType: '>',
          calcValue: '90',
          calcUnit: '%',
          currentValue: '99.1235',
          unit: '%',
          period: '60',
          periodNum: '3',
          alarmNotifyType: 'exponentialAlarm',
          alarmNotifyPeriod: 300,
        },
      },
      firstOccurTime: '2026-03-02 19:00:00',
      durationTime: 3600,
      recoverTime: '0',
    });
    expect(second).toMatchObject({
      sessionId: first.sessionId,
      alarmStatus: '0',
      durationTime: 3540,
      recoverTime: '2026-03-02 19:59:00',
      alarmPolicyInfo: { conditions: { currentValue: '12' } },
    });
  });

  it('tells an alert of a rule by its name and labels', async () => {
    const labels = Labels.from({ alertname: 'PodDown', cluster: 'c', namespace: 'n', pod: 'p', container: 'x' });
    await createBed('webhook', url('\nbody: tke')).notify({ alerts: [alertOf({ labels })] });
    expect(server.requests[0]!.json).toMatchObject({
      alarmObjInfo: {
        dimensions: { tke_cluster_instance_id: 'c', namespace: 'n', pod_name: 'p', container_name: 'x' },
      },
      alarmPolicyInfo: { policyName: 'PodDown', conditions: { metricName: 'PodDown', alarmNotifyType: 'singleAlarm' } },
    });
  });

  it('repeats in another attempt only what was not delivered', async () => {
    const bed = createBed('webhook', url('\nbody: tke'));
    const alerts = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      alertOf({ name, labels: Labels.from({ alertname: name }) }),
    );
    const nameOf = (json: { alarmPolicyInfo: { policyName: string } }) => json.alarmPolicyInfo.policyName;
    server.otherwise = ({ json }) =>
      nameOf(json) === 'b' ? { status: 500 } : { status: nameOf(json) === 'c' ? 400 : 200 };
    expect(await bed.notify({ alerts })).toMatchObject({ kind: 'failed', reason: 'status 500' });
    const told = server.requests.map(({ json }) => nameOf(json));
    server.requests.length = 0;
    server.otherwise = {};
    expect(await bed.notify({ alerts })).toEqual({ kind: 'delivered' });
    const again = server.requests.map(({ json }) => nameOf(json));
    expect(again).toContain('b');
    expect(again.filter((name) => told.includes(name) && name !== 'b')).toEqual([]);
    expect(new Set([...told, ...again])).toEqual(new Set(['a', 'b', 'c', 'd', 'e', 'f']));
  });
});
