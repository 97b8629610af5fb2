import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Labels } from '../../../storage/labels.ts';
import { SteppedClock } from '../../stepped-clock.case.ts';
import { alertOf, createBed, NOON, parseItem, resolvedOf } from './integration-bed.case.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.case.ts';

let server: RecordingServer;
let directory: string;
beforeAll(async () => {
  server = await startRecordingServer();
  directory = mkdtempSync(path.join(tmpdir(), 'pharos-pagers-'));
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

const KEY = createHash('sha256').update('{}:{alertname="Down"}').digest('hex');

describe('PagerDuty', () => {
  const item = (more = '') => `routing_key: routingkey123\nurl: ${server.url}/v2/enqueue\n${more}`;

  it('is triggered and resolved by the key of the group', async () => {
    server.otherwise = { status: 202, body: { status: 'success' } };
    const bed = createBed(
      'pagerduty',
      item(`client: me
client_url: http://me
description: '{{ .Status }} {{ .GroupLabels.alertname }}'
severity: '{{ .CommonLabels.severity }}'
class: c
component: ''
group: g
details: { firing: 'F {{ len .Alerts.Firing }}', own: o }
images: [{ src: 'http://i', alt: a, href: h }, { src: '{{ .CommonLabels.none }}' }]
links: [{ href: 'http://l', text: t }]`),
    );
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    await bed.notify({ alerts: [resolvedOf()] });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/v2/enqueue' });
    expect(server.requests[0]!.json).toEqual({
      routing_key: 'routingkey123',
      dedup_key: KEY,
      event_action: 'trigger',
      client: 'me',
      client_url: 'http://me',
      payload: {
        summary: 'firing Down',
        source: 'me',
        severity: 'critical',
        class: 'c',
        group: 'g',
        custom_details: { firing: 'F 1', resolved: '', num_firing: '1', num_resolved: '0', own: 'o' },
      },
      images: [{ src: 'http://i', alt: 'a', href: 'h' }],
      links: [{ href: 'http://l', text: 't' }],
    });
    expect(server.requests[1]!.json).toMatchObject({ event_action: 'resolve', dedup_key: KEY });
  });

  it('is told details as they are laid out', async () => {
    const details = "{ count: '{{ len .Alerts }}', deep: { list: ['{{ .Status }}', 5, '{{ len .Alerts }}'] } }";
    await createBed('pagerduty', item(`details: ${details}`)).notify();
    expect(server.requests[0]!.json.payload.custom_details).toMatchObject({
      count: '1',
      deep: { list: ['firing', 5, 1] },
    });
    expect(parseItem('pagerduty', 'routing_key: k\ndetails: [a]').problems).toEqual([
      '5: item.details: expected a mapping',
    ]);
  });

  it('is told less rather than nothing when there is too much', async () => {
    const labels = (i: number) => Labels.from({ alertname: 'Down', n: String(i), pad: 'x'.repeat(20_000) });
    await createBed('pagerduty', item()).notify({
      alerts: Array.from({ length: 30 }, (_, i) => alertOf({ labels: labels(i) })),
    });
    const { payload } = server.requests[0]!.json;
    expect(payload.custom_details).toEqual({
      error: 'the details were left out: the event was larger than 512000 bytes',
    });
    expect([...payload.summary].length).toBeLessThanOrEqual(1024);
  });

  it('is told by the older API where there is a service key, which is a template', async () => {
    const bed = createBed(
      'pagerduty',
      `service_key: 'key-{{ .CommonLabels.severity }}'\nurl: ${server.url}/v1\ndescription: D`,
    );
    await bed.notify();
    await bed.notify({ alerts: [resolvedOf()] });
    expect(server.requests.map(({ json }) => json)).toEqual([
      {
        service_key: 'key-critical',
        incident_key: KEY,
        event_type: 'trigger',
        description: 'D',
        client: 'Pharos',
        client_url: 'http://pharos.example',
        details: expect.objectContaining({ num_firing: '1' }),
      },
      expect.not.objectContaining({ client: expect.anything() }),
    ]);
    server.answers.push({ status: 403, body: 'too many' });
    expect(await bed.notify()).toMatchObject({ kind: 'failed' });
  });

  it.each([
    [{ status: 429 }, 'failed'],
    [{ status: 500 }, 'failed'],
    [{ status: 400, body: { status: 'invalid event', errors: ['routingkey123'] } }, 'refused'],
    [{ status: 403 }, 'refused'],
  ])('understands the answer %j', async (answer, kind) => {
    server.answers.push(answer);
    const outcome = await createBed('pagerduty', item()).notify();
    expect(outcome.kind).toBe(kind);
    expect(JSON.stringify(outcome)).not.toContain('routingkey123');
  });

  it('keeps a key that is a broken template to itself', async () => {
    const bed = createBed('pagerduty', `routing_key: 'routingkey123{{ .Nope }}'\nurl: ${server.url}`);
    const outcome = await bed.notify();
    expect(outcome).toEqual({ kind: 'refused', reason: 'the template of routing_key failed' });
    expect(bed.log.join()).not.toContain('routingkey123');
    expect(parseItem('pagerduty', "routing_key: '{{ routingkey123 }}'").problems).toEqual([
      '4: item.routing_key: invalid template at 1:4',
    ]);
    expect(parseItem('pagerduty', 'client: x').problems.join()).toContain('expected routing_key or service_key');
  });
});

describe('Opsgenie', () => {
  const item = (more = '') => `api_key: 'geniekey123'\napi_url: ${server.url}/og/\n${more}`;

  it('has an alert for the group, and closes it', async () => {
    server.otherwise = { status: 202, body: { result: 'Request will be processed' } };
    const bed = createBed(
      'opsgenie',
      item(`message: '${'m'.repeat(200)}'
description: D
source: S
details: { own: '{{ .Status }}' }
responders:
  - { name: 'a,b', type: teams }
  - { username: u, type: '{{ if true }}user{{ end }}' }
  - { name: '{{ .CommonLabels.none }}', type: '{{ .CommonLabels.none }}' }
tags: 'x,,y'
priority: P1
actions: ''`),
    );
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    await bed.notify({ alerts: [resolvedOf()] });
    const [create, close] = server.requests;
    expect(create).toMatchObject({
      method: 'POST',
      url: '/og/v2/alerts',
      headers: { authorization: 'GenieKey geniekey123' },
    });
    expect(create!.json).toEqual({
      alias: KEY,
      message: `${'m'.repeat(129)}…`,
      description: 'D',
      details: { alertname: 'Down', instance: 'h1:9100', severity: 'critical', own: 'firing' },
      source: 'S',
      responders: [
        { name: 'a', type: 'team' },
        { name: 'b', type: 'team' },
        { username: 'u', type: 'user' },
      ],
      tags: ['x', 'y'],
      priority: 'P1',
    });
    expect(close).toMatchObject({ url: `/og/v2/alerts/${KEY}/close?identifierType=alias`, json: { source: 'S' } });
  });

  it('changes an alert that is there already', async () => {
    await createBed('opsgenie', item('update_alerts: true\nmessage: M\ndescription: D')).notify();
    expect(server.requests.map(({ method, url, json }) => [method, url, json])).toEqual([
      ['POST', '/og/v2/alerts', expect.objectContaining({ message: 'M' })],
      ['PUT', `/og/v2/alerts/${KEY}/message?identifierType=alias`, { message: 'M' }],
      ['PUT', `/og/v2/alerts/${KEY}/description?identifierType=alias`, { description: 'D' }],
    ]);
    server.requests.length = 0;
    server.answers.push({ status: 429, headers: { 'retry-after': '3' }, body: 'geniekey123' });
    const outcome = await createBed('opsgenie', item('update_alerts: true')).notify();
    expect(outcome).toEqual({ kind: 'failed', reason: 'status 429: <secret>', retryAfter: 3000 });
    expect(server.requests).toHaveLength(1);
  });

  it('reads its key from a file at each attempt', async () => {
    const file = path.join(directory, 'key');
    const bed = createBed('opsgenie', 'description: D', {
      global: `opsgenie_api_key_file: ${file}\nopsgenie_api_url: ${server.url}`,
    });
    for (const key of ['one', 'two']) {
      writeFileSync(file, `${key}\n`);
      await bed.notify();
    }
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/v2/alerts', 'GenieKey one'],
      ['/v2/alerts', 'GenieKey two'],
    ]);
  });

  it('refuses responders that nobody is', () => {
    expect(parseItem('opsgenie', 'api_key: k\nresponders: [{ type: team }, { name: n, type: boss }]').problems).toEqual(
      [
        '5: item.responders[0]: expected one of id, name and username',
        '5: item.responders[1].type: expected team, teams, user, escalation or schedule, got "boss"',
      ],
    );
  });
});

describe('Telegram', () => {
  const item = (more = '') => `bot_token: '42:bottoken12'\nchat_id: -1001234\napi_url: ${server.url}\n${more}`;

  it('is sent HTML with escaped values', async () => {
    server.otherwise = { body: { ok: true, result: {} } };
    const bed = createBed(
      'telegram',
      item("message: '<b>{{ .CommonAnnotations.summary }}</b>'\nmessage_thread_id: 7\ndisable_notifications: true"),
    );
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/bot42:bottoken12/sendMessage' });
    expect(server.requests[0]!.json).toEqual({
      chat_id: '-1001234',
      text: '<b>Down &lt;is&gt; &#34;down&#34; &amp; out</b>',
      parse_mode: 'HTML',
      disable_web_page_preview: true,
      disable_notification: true,
      message_thread_id: 7,
    });
  });

  it('is sent plain text when that is asked for, or nothing else can be sent', async () => {
    await createBed('telegram', item("parse_mode: ''\nmessage: 'a<b'")).notify();
    await createBed('telegram', item(`message: '<b>${'x'.repeat(5000)}</b>'`)).notify();
    await createBed('telegram', item("message: '{{ .Nope }}'")).notify();
    const bodies = server.requests.map(({ json }) => json);
    expect(bodies[0]).toEqual({ chat_id: '-1001234', text: 'a<b', disable_web_page_preview: true });
    expect(bodies[1]).not.toHaveProperty('parse_mode');
    expect(bodies[1].text).toMatch(/^x{4095}…$/);
    expect(bodies[2].text).toBe('[FIRING:1] Down {alertname="Down"} (the template of message failed)');
  });

  it.each([
    [{ status: 429, body: { ok: false, parameters: { retry_after: 9 } } }, 'failed', 9000],
    [{ status: 502 }, 'failed', 0],
    [{ status: 400, body: { ok: false, description: 'Bad Request: chat not found' } }, 'refused', undefined],
    [{ status: 401, body: 'bottoken12' }, 'refused', undefined],
  ])('understands the answer %j', async (answer, kind, retryAfter) => {
    server.answers.push(answer);
    const bed = createBed('telegram', item());
    const outcome = await bed.notify();
    expect(outcome).toMatchObject({ kind, ...(retryAfter !== undefined && { retryAfter }) });
    expect(JSON.stringify([outcome, bed.log])).not.toContain('bottoken12');
  });

  it('wants a chat', () => {
    expect(parseItem('telegram', 'bot_token: a').problems).toEqual(['4: item: expected chat_id or chat_id_file']);
    expect(parseItem('telegram', 'bot_token: a\nchat_id: x').problems.join()).toContain('expected a whole number');
    expect(parseItem('telegram', 'chat_id: 1\nparse_mode: html').problems.join()).toContain(
      'expected one of "", "Markdown"',
    );
  });
});

describe('an app of WeCom', () => {
  const item = (more = '') =>
    `api_secret: appsecret123\ncorp_id: corp\napi_url: ${server.url}/cgi-bin/\nagent_id: '1000002'\nto_user: '@all'\n${more}`;

  it('fetches a token, and another one when its time is over or it is not taken', async () => {
    const clock = new SteppedClock(NOON);
    let token = 0;
    server.otherwise = ({ url }) => ({
      body: url.includes('gettoken')
        ? { errcode: 0, errmsg: 'ok', access_token: `token-${++token}`, expires_in: 7200 }
        : { errcode: 0, errmsg: 'ok' },
    });
    const bed = createBed('wechat', item("message: '{{ .Status }}'"), { clock });
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /cgi-bin/gettoken?corpid=corp&corpsecret=appsecret123',
      'POST /cgi-bin/message/send?access_token=token-1',
    ]);
    expect(server.requests[1]!.json).toEqual({
      touser: '@all',
      agentid: '1000002',
      safe: '0',
      msgtype: 'text',
      text: { content: 'firing' },
      markdown: { content: '' },
    });
    await bed.notify();
    expect(token).toBe(1);
    await clock.advance(7200_000);
    await bed.notify();
    expect(token).toBe(2);
    server.answers.push({ body: { errcode: 42001, errmsg: 'access_token expired' } });
    expect(await bed.notify()).toEqual({
      kind: 'failed',
      reason: 'WeCom answered 42001: access_token expired',
      retryAfter: 0,
    });
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(token).toBe(3);
  });

  it('keeps its secret and token to itself', async () => {
    server.answers.push({ body: { errcode: 40001, errmsg: 'invalid credential appsecret123' } });
    const bed = createBed('wechat', item());
    const outcome = await bed.notify();
    expect(outcome).toEqual({ kind: 'refused', reason: 'WeCom answered 40001: invalid credential <secret>' });
    server.answers.push({ body: { errcode: 0, access_token: 'tokentoken' } }, { status: 500, body: 'tokentoken' });
    expect(await bed.notify()).toMatchObject({ reason: 'status 500: <secret>' });
    expect(bed.log.join()).not.toContain('appsecret123');
  });

  it('wants to know who it is', () => {
    expect(parseItem('wechat', 'to_user: x').problems).toEqual([
      '4: item: expected api_secret, here or as wechat_api_secret in global',
      '4: item: expected corp_id, here or as wechat_api_corp_id in global',
    ]);
  });
});
