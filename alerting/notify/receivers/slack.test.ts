import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createBed, parseItem, resolvedOf } from './integration-bed.case.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.case.ts';

let server: RecordingServer;
beforeAll(async () => {
  server = await startRecordingServer();
});
afterEach(() => {
  server.requests.length = 0;
  server.answers.length = 0;
});
afterAll(() => server.close());

const OK = { body: 'ok' };
const item = (more = '') => `api_url: ${server.url}/services/T000/B000/slacktoken\n${more}`;

describe('Slack', () => {
  it('gets an attachment', async () => {
    server.answers.push(OK, OK);
    const bed = createBed(
      'slack',
      item(`channel: '#{{ .GroupLabels.alertname | toLower }}'
username: me
title: 'T {{ .Status }}'
title_link: http://x/{{ .GroupLabels.alertname }}
text: 'X & <y>'
fallback: F
fields:
  - { title: Level, value: '{{ .Level }}', short: true }
  - { title: b, value: c }
actions:
  - { type: button, text: Open, url: 'http://x', name: dropped }
  - { type: button, text: Ask, name: n, value: v, confirm: { text: 'Sure?' } }
link_names: true
mrkdwn_in: [text]`),
    );
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/services/T000/B000/slacktoken' });
    expect(server.requests[0]!.json).toEqual({
      channel: '#down',
      username: 'me',
      link_names: true,
      attachments: [
        {
          title: 'T firing',
          title_link: 'http://x/Down',
          text: 'X & <y>',
          fallback: 'F',
          callback_id: '',
          fields: [
            { title: 'Level', value: 'critical', short: true },
            { title: 'b', value: 'c', short: false },
          ],
          actions: [
            { type: 'button', text: 'Open', url: 'http://x' },
            { type: 'button', text: 'Ask', name: 'n', value: 'v', confirm: { text: 'Sure?' } },
          ],
          footer: '',
          color: 'danger',
          mrkdwn_in: ['text'],
        },
      ],
    });
    await bed.notify({ alerts: [resolvedOf()] });
    expect(server.requests[1]!.json.attachments[0].color).toBe('good');
  });

  it('has texts of its own, under names that templates can call and replace', async () => {
    server.answers.push(OK, OK);
    await createBed('slack', item()).notify();
    const [attachment] = server.requests[0]!.json.attachments;
    expect(attachment).toMatchObject({
      title: '[FIRING:1] critical: Down instance=h1:9100',
      title_link: 'http://pharos.example',
      fallback: '[FIRING:1] critical: Down instance=h1:9100 | http://pharos.example',
    });
    expect(attachment.text).toBe(
      `Firing:
Down (critical): Down <is> "down" & out
  since 2026-03-02 11:00:00 UTC
  instance: h1:9100
  http://pharos.example/graph?g0.expr=up
`,
    );
    const templates = '{{ define "slack.default.title" }}mine: {{ template "__subject" . }}{{ end }}';
    await createBed('slack', item(), { templates }).notify();
    expect(server.requests[1]!.json.attachments[0]).toMatchObject({
      title: 'mine: [FIRING:1] critical: Down instance=h1:9100',
      fallback: 'mine: [FIRING:1] critical: Down instance=h1:9100 | http://pharos.example',
    });
  });

  it('cuts a title that is too long', async () => {
    server.answers.push(OK);
    await createBed('slack', item(`title: '${'😀'.repeat(1100)}'`)).notify();
    expect([...server.requests[0]!.json.attachments[0].title]).toHaveLength(1024);
  });

  it('is told by a bot with a token, of the configuration or of global', async () => {
    server.answers.push({ body: { ok: true } }, { body: { ok: true } });
    const own = createBed('slack', `app_token: xoxb-own\napp_url: ${server.url}/api\nchannel: c`);
    expect(await own.notify()).toEqual({ kind: 'delivered' });
    const global = `slack_app_token: xoxb-global\nslack_app_url: ${server.url}/api2`;
    await createBed('slack', 'channel: c', { global }).notify();
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/api', 'Bearer xoxb-own'],
      ['/api2', 'Bearer xoxb-global'],
    ]);
  });

  it.each([
    [{ body: 'no_text' }, { kind: 'refused', reason: 'expected "ok" from Slack, got "no_text"' }],
    [
      { status: 403, body: 'invalid_token' },
      { kind: 'refused', reason: 'status 403: invalid_token' },
    ],
    [{ body: { ok: false, error: 'channel_not_found' } }, { kind: 'refused', reason: 'Slack: channel_not_found' }],
    [
      { body: { ok: false, error: 'ratelimited' }, headers: { 'retry-after': '30' } },
      { kind: 'failed', reason: 'Slack: ratelimited', retryAfter: 30_000 },
    ],
    [
      { status: 429, headers: { 'retry-after': '1' } },
      { kind: 'failed', reason: 'status 429', retryAfter: 1000 },
    ],
    [
      { body: '{', headers: { 'content-type': 'application/json' } },
      { kind: 'failed', reason: 'the answer is no JSON', retryAfter: 0 },
    ],
  ])('understands the answer %j', async (answer, outcome) => {
    server.answers.push(answer);
    expect(await createBed('slack', item()).notify()).toEqual(outcome);
  });

  it('tells although a template fails, and says which', async () => {
    server.answers.push(OK);
    const bed = createBed('slack', item("text: '{{ .Nope }}'\ncolor: '{{ .Nope }}'"));
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    const [attachment] = server.requests[0]!.json.attachments;
    expect(attachment.text).toBe(
      `[FIRING:1] Down {alertname="Down"} (the template of text failed: 1:4: can't evaluate field Nope in type *template.Data)`,
    );
    expect(attachment).not.toHaveProperty('color');
    expect(await bed.registry.metrics()).toMatch(/template_failures_total\{[^}]*\} 2/);
  });

  it('keeps its secrets to itself', async () => {
    server.answers.push({ status: 500, body: 'slacktoken xoxb-own' });
    const bed = createBed('slack', item());
    expect(JSON.stringify([await bed.notify(), bed.log])).not.toContain('slacktoken');
    const { problems } = parseItem(
      'slack',
      'api_url: slacktoken\napp_token: xoxb-own\nfields: slacktoken\nupdate_message: true',
    );
    expect(problems).toEqual([
      '4: item.api_url: expected a URL such as https://host/path',
      '5: item.app_token: expected at most one of api_url and app_token',
      '7: item.update_message: changing messages that were sent is not served; expected false',
      '6: item.fields: expected a list, got text',
    ]);
  });

  it('wants to know where', () => {
    expect(parseItem('slack', 'channel: c').problems.join()).toContain('expected api_url or app_token');
    expect(parseItem('slack', 'channel: c', { global: 'slack_api_url: http://h/x' }).settings).toMatchObject({
      sendResolved: false,
      maxAlerts: 0,
    });
  });
});
