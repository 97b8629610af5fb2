import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SteppedClock } from '../../stepped-clock.case.ts';
import { alertOf, createBed, NOON, parseItem, resolvedOf } from './integration-bed.case.ts';
import { type Answer, type RecordingServer, startRecordingServer } from './recording-server.case.ts';

let server: RecordingServer;
beforeAll(async () => {
  server = await startRecordingServer();
});
afterEach(() => {
  server.requests.length = 0;
  server.answers.length = 0;
});
afterAll(() => server.close());

const GOOD = { body: { errcode: 0, errmsg: 'ok' } };
const clock = () => new SteppedClock(NOON);

describe('the robot of a group in WeCom', () => {
  const item = (more = '') => `url: ${server.url}/cgi-bin/webhook/send?key=robotkey123\n${more}`;

  it('posts markdown, and mentions people in it', async () => {
    server.answers.push(GOOD);
    const bed = createBed('wecom', item("message: '**{{ .Status }}** {{ len .Alerts }}'\nmentioned_list: [ann, bob]"));
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/cgi-bin/webhook/send?key=robotkey123' });
    expect(server.requests[0]!.json).toEqual({
      msgtype: 'markdown',
      markdown: { content: '**firing** 1\n<@ann><@bob>' },
    });
  });

  it('posts text, cut to what a robot may say', async () => {
    server.answers.push(GOOD);
    const message = `${'告'.repeat(1000)}`;
    const bed = createBed(
      'wecom',
      item(`message_type: text\nmessage: ${message}\nmentioned_list: ['@all']\nmentioned_mobile_list: ['13800001111']`),
    );
    await bed.notify();
    const { text } = server.requests[0]!.json;
    expect(Buffer.byteLength(text.content)).toBeLessThanOrEqual(2048);
    expect(text.content).toMatch(/^告{600,}…$/);
    expect(text).toMatchObject({ mentioned_list: ['@all'], mentioned_mobile_list: ['13800001111'] });
  });

  it('has a text of its own', async () => {
    server.answers.push(GOOD);
    await createBed('wecom', item()).notify({ alerts: [alertOf(), resolvedOf({ name: 'Slow' })] });
    const { content } = server.requests[0]!.json.markdown;
    expect(content).toContain('**[FIRING:1] critical: Down instance=h1:9100**');
    expect(content).toContain('**Down (critical)** Down <is> "down" & out');
    expect(content).toContain('> since 2026-03-02 11:00:00 UTC, over after 59m 0s');
  });

  it.each([
    [
      { errcode: 45009, errmsg: 'api freq out of limit' },
      { kind: 'failed', reason: 'WeCom answered 45009: api freq out of limit', retryAfter: 60_000 },
    ],
    [
      { errcode: -1, errmsg: 'system busy' },
      { kind: 'failed', reason: 'WeCom answered -1: system busy', retryAfter: 60_000 },
    ],
    [
      { errcode: 93000, errmsg: 'invalid webhook url, robotkey123' },
      { kind: 'refused', reason: 'WeCom answered 93000: invalid webhook url, <secret>' },
    ],
    ['nonsense', { kind: 'failed', reason: 'WeCom gave no code in its answer', retryAfter: 0 }],
  ])('understands the answer %j, which comes with status 200', async (body, outcome) => {
    server.answers.push({ body });
    const bed = createBed('wecom', item());
    expect(await bed.notify()).toEqual(outcome);
    expect(bed.log.join()).not.toContain('robotkey123');
  });
});

describe('the robot of a group in DingTalk', () => {
  const item = (more = '') => `url: ${server.url}/robot/send?access_token=robottoken\n${more}`;

  it('signs the time with its secret', async () => {
    server.answers.push(GOOD);
    const secret = 'SEC0123456789';
    const bed = createBed('dingtalk', item(`secret: ${secret}`), { clock: clock() });
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    const { searchParams, pathname } = new URL(server.requests[0]!.url, server.url);
    expect(pathname).toBe('/robot/send');
    expect(Object.fromEntries(searchParams)).toEqual({
      access_token: 'robottoken',
      timestamp: String(NOON),
      sign: createHmac('sha256', secret).update(`${NOON}\n${secret}`).digest('base64'),
    });
    // The plus and slash of base64 must not come through as a space.
    expect(server.requests[0]!.url).not.toMatch(/sign=[^&]*[ /]/);
  });

  it('posts markdown with a title, and calls people', async () => {
    server.answers.push(GOOD);
    const bed = createBed(
      'dingtalk',
      item(`title: 'T {{ .Status }}'\nmessage: 'M {{ .Level }}'\nat_mobiles: ['138']\nat_all: true`),
    );
    await bed.notify();
    expect(server.requests[0]!.json).toEqual({
      msgtype: 'markdown',
      markdown: { title: 'T firing', text: 'M critical\n\n@138' },
      at: { atMobiles: ['138'], atUserIds: [], isAtAll: true },
    });
  });

  it('posts text', async () => {
    server.answers.push(GOOD);
    await createBed('dingtalk', item('message_type: text\nmessage: hello')).notify();
    expect(server.requests[0]!.json).toMatchObject({ msgtype: 'text', text: { content: 'hello' } });
  });

  it.each([
    [130101, 'failed'],
    [410100, 'failed'],
    [-1, 'failed'],
    [310000, 'refused'],
    [300001, 'refused'],
  ])('understands errcode %i', async (errcode, kind) => {
    server.answers.push({ body: { errcode, errmsg: 'why' } });
    expect(await createBed('dingtalk', item()).notify()).toMatchObject({
      kind,
      reason: `DingTalk answered ${errcode}: why`,
    });
  });
});

describe('the robot of a group in Feishu', () => {
  const item = (more = '') => `url: ${server.url}/open-apis/bot/v2/hook/robothook\n${more}`;
  const good: Answer = { body: { code: 0, msg: 'success', data: {} } };

  it('signs the time with its secret, in the body', async () => {
    server.answers.push(good);
    const bed = createBed('feishu', item('secret: feishusecret'), { clock: clock() });
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    const timestamp = String(NOON / 1000);
    expect(server.requests[0]!.json).toMatchObject({
      timestamp,
      sign: createHmac('sha256', `${timestamp}\nfeishusecret`).update('').digest('base64'),
      msg_type: 'interactive',
    });
  });

  it('posts a card in the color of the level', async () => {
    server.answers.push(good, good);
    const bed = createBed('feishu', item("title: 'T {{ .Status }}'\nmessage: 'M'"));
    await bed.notify();
    await bed.notify({ alerts: [resolvedOf()] });
    expect(server.requests.map(({ json }) => json)).toEqual([
      {
        msg_type: 'interactive',
        card: {
          config: { wide_screen_mode: true },
          header: { title: { tag: 'plain_text', content: 'T firing' }, template: 'red' },
          elements: [{ tag: 'div', text: { tag: 'lark_md', content: 'M' } }],
        },
      },
      expect.objectContaining({
        card: expect.objectContaining({ header: { title: expect.anything(), template: 'green' } }),
      }),
    ]);
  });

  it.each([
    [{ body: { code: 11232, msg: 'frequency limited' } }, 'failed', 30_000],
    [{ status: 400, body: { code: 99991400, msg: 'request trigger frequency limit' } }, 'failed', 30_000],
    [
      { body: { code: 19021, msg: 'sign match fail or timestamp is not within one hour from current time' } },
      'refused',
      undefined,
    ],
    [{ body: { code: 19024, msg: 'Key Words Not Found' } }, 'refused', undefined],
    [{ body: { StatusCode: 0, StatusMessage: 'success' } }, 'delivered', undefined],
    [{ status: 502 }, 'failed', 0],
  ])('understands the answer %j', async (answer, kind, retryAfter) => {
    server.answers.push(answer);
    const outcome = await createBed('feishu', item()).notify();
    expect(outcome.kind).toBe(kind);
    expect('retryAfter' in outcome ? outcome.retryAfter : undefined).toBe(retryAfter);
  });
});

it.each(['wecom', 'dingtalk', 'feishu'])('%s keeps its secrets to itself', async (kind) => {
  const secret = kind === 'wecom' ? '' : 'secret: signsecret123';
  const bed = createBed(kind, `url: ${server.url}/hook/pathsecret1\n${secret}\nmessage: '{{ .Nope }}'`);
  server.answers.push({ status: 500, body: `pathsecret1 ${kind === 'wecom' ? '' : 'signsecret123'}` });
  const outcome = await bed.notify();
  expect(JSON.stringify([outcome, bed.log, server.requests[0]!.text])).not.toMatch(/pathsecret1|signsecret123/);
  expect(server.requests[0]!.text).toContain('the template of message failed');
  expect(parseItem(kind, `url: signsecret123\n${secret}\nnope: 1`).problems.join()).not.toContain('signsecret123');
});
