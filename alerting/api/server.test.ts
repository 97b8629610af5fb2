import fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageError } from '../../storage/errors.ts';
import { FaultyDocumentLog } from '../silences/faulty-document-log.case.ts';
import { Silences } from '../silences/silences.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { MemoryBoard } from './memory-board.case.ts';
import { registerAlertingApi } from './server.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const CONFIG = 'route:\n  receiver: ops\nreceivers:\n- name: ops\n- name: dev\n';

let clock: SteppedClock;
let log: FaultyDocumentLog;
let silences: Silences;
let board: MemoryBoard;
let app: FastifyInstance;

beforeEach(async () => {
  clock = new SteppedClock(START);
  log = new FaultyDocumentLog();
  const logger = pino({ level: 'silent' });
  const registry = new Registry();
  silences = new Silences({ log, clock, logger, registry });
  await silences.start();
  board = new MemoryBoard({
    clock,
    silencedBy: (labels) => silences.silencedBy(labels),
    receivers: { ops: ['alertname'], dev: [] },
    config: CONFIG,
  });
  app = fastify();
  registerAlertingApi(app, {
    board,
    silences,
    clock,
    logger,
    registry,
    version: '1.2.3',
    startTime: START,
    maxAlerts: 50,
  });
});

afterEach(async () => {
  await silences.stop();
  await app.close();
});

async function ask(method: 'GET' | 'POST' | 'DELETE' | 'PUT', url: string, more: InjectOptions = {}) {
  const { statusCode, body, headers } = await app.inject({ method, url: `/api/v2${url}`, ...more });
  return { status: statusCode, json: body === '' ? undefined : (JSON.parse(body) as unknown), headers };
}

function post(url: string, payload: unknown, headers: Record<string, string> = {}) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return ask('POST', url, { payload: text, headers: { 'content-type': 'application/json', ...headers } });
}

async function list(url: string): Promise<Record<string, unknown>[]> {
  const { status, json } = await ask('GET', url);
  expect(status).toBe(200);
  return json as Record<string, unknown>[];
}

const SILENCE = {
  matchers: [{ name: 'alertname', value: 'Down', isRegex: false, isEqual: true }],
  startsAt: '2026-01-01T00:00:00.000Z',
  endsAt: '2026-01-01T01:00:00.000Z',
  createdBy: 'ann',
  comment: 'deploy',
};

async function silenceId(changes: object = {}): Promise<string> {
  const { status, json } = await post('/silences', { ...SILENCE, ...changes });
  expect(status).toBe(200);
  return (json as { silenceID: string }).silenceID;
}

const alert = (labels: Record<string, string>, changes: object = {}) => ({ labels, ...changes });

describe('status and receivers', () => {
  it('are as Alertmanager gives them', async () => {
    expect(await ask('GET', '/status')).toMatchObject({
      status: 200,
      json: {
        cluster: { peers: [], status: 'disabled' },
        config: { original: CONFIG },
        uptime: '2026-01-01T00:00:00.000Z',
        versionInfo: { branch: '', buildDate: '', buildUser: '', goVersion: '', revision: '', version: '1.2.3' },
      },
      headers: { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
    });
    const ops = { labels: { name: 'ops' }, name: 'ops' };
    expect(await list('/receivers')).toEqual([ops, { labels: { name: 'dev' }, name: 'dev' }]);
    expect(await list('/receivers?receiver_matchers=name%3D~%22o.*%22')).toEqual([ops]);
    expect(await list('/receivers?receiver_matchers=team%3D%22%22')).toHaveLength(2);
    expect(await list('/receivers?receiver_matchers=team%3Da')).toEqual([]);
  });
});

describe('POST alerts', () => {
  it('gives alerts to the board, without empty labels, and leaves the end to it', async () => {
    const answer = await post('/alerts', [
      alert(
        { alertname: 'Down', job: 'web', empty: '' },
        { annotations: { summary: 'x' }, generatorURL: 'http://a/b' },
      ),
      alert(
        { 'a name with spaces': 'ü' },
        { startsAt: '0001-01-01T00:00:00.000Z', endsAt: '2026-01-01T01:02:03+01:00' },
      ),
      alert({ a: 'b' }, { startsAt: '2025-12-31T00:00:00Z', endsAt: '2026-01-02T00:00:00.123456789Z' }),
    ]);
    expect(answer).toMatchObject({ status: 200, json: undefined });
    const none = { annotations: {}, generatorUrl: '' };
    const end = START + 2 * MINUTE + 3_000;
    expect(board.posted).toEqual([
      {
        labels: { alertname: 'Down', job: 'web' },
        annotations: { summary: 'x' },
        startsAt: START,
        endsAt: undefined,
        generatorUrl: 'http://a/b',
      },
      { ...none, labels: { 'a name with spaces': 'ü' }, startsAt: end, endsAt: end },
      { ...none, labels: { a: 'b' }, startsAt: Date.UTC(2025, 11, 31), endsAt: Date.UTC(2026, 0, 2) + 123 },
    ]);
  });

  it('takes the good ones and says what is wrong with the others', async () => {
    const answer = await post('/alerts', [
      alert({}),
      alert({ a: '' }),
      alert({ good: 'yes' }),
      alert({ a: 'b' }, { startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' }),
      alert({ '': 'b' }),
      alert({ a: 'b' }, { annotations: { c: '\ud800' } }),
    ]);
    expect(answer).toMatchObject({
      status: 400,
      json: [
        'at least one label pair required',
        'at least one label pair required',
        'start time must be before end time',
        'invalid label set: invalid name ""',
        'invalid annotations: invalid value "\\ud800"',
      ].join('\n'),
    });
    expect(board.posted.map(({ labels }) => labels)).toEqual([{ good: 'yes' }]);
  });

  it('takes __proto__ for a label like any other', async () => {
    await post('/alerts', '[{"labels":{"__proto__":"x","a":"b"}}]');
    const [shown] = await list('/alerts');
    expect(JSON.stringify(shown!.labels)).toBe('{"__proto__":"x","a":"b"}');
  });
});

describe('GET alerts', () => {
  beforeEach(async () => {
    await post('/alerts', [
      alert({ alertname: 'Down', job: 'web' }, { annotations: { summary: 'x' }, generatorURL: 'http://a/b' }),
      alert({ alertname: 'Down', job: 'db' }),
      alert({ alertname: 'Slow', job: 'web', inhibited_by: 'f00' }),
      alert({ alertname: 'Over' }, { endsAt: '2025-12-31T23:59:59Z' }),
    ]);
  });
  const names = async (query: string): Promise<string[]> => {
    const alerts = (await list(`/alerts?${query}`)) as unknown as { labels: { alertname: string; job: string } }[];
    return alerts.map(({ labels }) => `${labels.alertname} ${labels.job}`).sort();
  };

  it('shows alerts as Alertmanager does, by fingerprint', async () => {
    const alerts = await list('/alerts');
    expect(alerts.map(({ fingerprint }) => fingerprint)).toEqual(alerts.map(({ fingerprint }) => fingerprint).sort());
    expect(alerts).toHaveLength(3);
    expect(alerts.find(({ annotations }) => JSON.stringify(annotations) !== '{}')).toEqual({
      annotations: { summary: 'x' },
      endsAt: '2026-01-01T00:05:00.000Z',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      receivers: [{ name: 'ops' }, { name: 'dev' }],
      startsAt: '2026-01-01T00:00:00.000Z',
      status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: 'active' },
      updatedAt: '2026-01-01T00:00:00.000Z',
      generatorURL: 'http://a/b',
      labels: { alertname: 'Down', job: 'web' },
    });
  });

  it('shows those that the parameters ask for', async () => {
    await silenceId({ matchers: [{ name: 'job', value: 'd.', isRegex: true }] });
    expect(await names('')).toEqual(['Down db', 'Down web', 'Slow web']);
    expect(await names('active=false')).toEqual(['Down db', 'Slow web']);
    expect(await names('silenced=false')).toEqual(['Down web', 'Slow web']);
    expect(await names('inhibited=no')).toEqual(['Down db', 'Down web']);
    expect(await names('active=true&silenced=false&inhibited=false&unprocessed=false')).toEqual(['Down web']);
    expect(await names('active=')).toHaveLength(3);
    expect(await names('filter=job%3D%22web%22&filter=alertname!~%22S.*%22')).toEqual(['Down web']);
    expect(await names('filter=inhibited_by%3D%22%22')).toEqual(['Down db', 'Down web']);
    expect(await names('filter=inhibited_by!%3D%22%22')).toEqual(['Slow web']);
    expect(await names('receiver=o.s')).toHaveLength(3);
    expect(await names('receiver=op')).toEqual([]);
    expect(await names('receiver_matchers=a%3Db')).toEqual([]);
    await clock.advance(5 * MINUTE + 1);
    expect(await names('')).toEqual([]);
  });

  it('says who silences an alert', async () => {
    const id = await silenceId();
    const shown = await list('/alerts?filter=alertname%3DDown&filter=job%3Dweb');
    expect(shown[0]!.status).toEqual({ inhibitedBy: [], mutedBy: [], silencedBy: [id], state: 'suppressed' });
  });

  it('refuses bad filters, and answers that are too long', async () => {
    const refused = async (url: string) => {
      const { status, json } = await ask('GET', url);
      return [status, json];
    };
    for (const what of ['/alerts', '/alerts/groups', '/silences']) {
      expect(await refused(`${what}?filter=nothing`)).toEqual([400, 'bad matcher format: nothing']);
    }
    expect(await refused('/alerts?receiver=(')).toEqual([
      400,
      'failed to parse receiver param: error parsing regexp: missing closing ): `^(?:()$`',
    ]);
    await post(
      '/alerts',
      Array.from({ length: 50 }, (_, i) => alert({ i: String(i) })),
    );
    const message =
      'an answer may have 50 alerts at most, this one would have 53: ask for some with filter or receiver';
    expect(await refused('/alerts')).toEqual([400, message]);
    expect(await list('/alerts?filter=i!%3D%22%22')).toHaveLength(50);
  });
});

describe('GET alerts/groups', () => {
  it('shows groups as Alertmanager does, in its order', async () => {
    await post('/alerts', [
      alert({ alertname: 'Slow', job: 'web' }),
      alert({ alertname: 'Down', instance: 'a' }),
      alert({ alertname: 'Down', job: 'web', instance: 'b' }),
      alert({ alertname: 'Down', job: 'db' }),
      alert({ alertname: 'Off', muted_by: 'nights' }),
    ]);
    const shown = async (query: string) => {
      const groups = (await list(`/alerts/groups?${query}`)) as unknown as {
        labels: object;
        receiver: { name: string };
        alerts: { labels: object; receivers: object; status: { mutedBy: string[]; state: string } }[];
      }[];
      return groups.map(({ labels, receiver, alerts }) => [
        JSON.stringify(labels),
        receiver.name,
        alerts.map((each) => Object.values(each.labels).join(' ')),
      ]);
    };
    const down = ['{"alertname":"Down"}', 'ops', ['Down db', 'Down b web', 'Down a']];
    const slow = ['{"alertname":"Slow"}', 'ops', ['Slow web']];
    const off = ['{"alertname":"Off"}', 'ops', ['Off nights']];
    expect(await shown('')).toEqual([
      ['{}', 'dev', ['Down db', 'Down b web', 'Slow web', 'Down a', 'Off nights'].sort(() => 0)],
      down,
      off,
      slow,
    ]);
    expect(await shown('receiver=ops&muted=false')).toEqual([down, slow]);
    expect(await shown('filter=job%3Dweb&receiver=ops')).toEqual([
      ['{"alertname":"Down"}', 'ops', ['Down b web']],
      slow,
    ]);
    expect(await list('/alerts/groups?receiver=ops&filter=alertname%3DOff')).toMatchObject([
      {
        alerts: [{ receivers: [{ name: 'ops' }], status: { mutedBy: ['nights'], state: 'suppressed' } }],
        labels: { alertname: 'Off' },
        receiver: { name: 'ops' },
      },
    ]);
    const [off2] = await list('/alerts?filter=alertname%3DOff');
    expect(off2).toMatchObject({
      receivers: [{ name: 'ops' }, { name: 'dev' }],
      status: { mutedBy: [], state: 'active' },
    });
    const [group] = (await list('/alerts/groups?filter=alertname%3DOff')) as unknown as { alerts: object[] }[];
    expect(group!.alerts).toMatchObject([{ receivers: [{ name: 'dev' }, { name: 'ops' }] }]);
  });
});

describe('silences', () => {
  it('are not said to be none until they have been read', async () => {
    const unread = fastify();
    registerAlertingApi(unread, {
      board,
      silences: { list: () => [], get: () => undefined, set: silences.set, expire: silences.expire, isRead: false },
      clock,
      logger: pino({ level: 'silent' }),
      registry: new Registry(),
      version: '1.2.3',
      startTime: START,
    });
    const { statusCode, body } = await unread.inject('/api/v2/silences');
    expect([statusCode, JSON.parse(body)]).toEqual([503, 'the silences cannot be read yet: the store does not answer']);
    await unread.close();
  });

  it('are shown as Alertmanager shows them', async () => {
    const id = await silenceId({ annotations: { ticket: 'T-1' } });
    const expected = {
      id,
      status: { state: 'active' },
      updatedAt: '2026-01-01T00:00:00.000Z',
      annotations: { ticket: 'T-1' },
      comment: 'deploy',
      createdBy: 'ann',
      endsAt: '2026-01-01T01:00:00.000Z',
      matchers: [{ isEqual: true, isRegex: false, name: 'alertname', value: 'Down' }],
      startsAt: '2026-01-01T00:00:00.000Z',
    };
    expect(await ask('GET', `/silence/${id}`)).toMatchObject({ status: 200, json: expected });
    expect(await ask('GET', `/silence/${id.toUpperCase()}`)).toMatchObject({ status: 200, json: expected });
    expect(await list('/silences')).toEqual([expected]);
  });

  it('are listed by state and time', async () => {
    const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString();
    const comments = ['ends 3rd', 'ends 1st', 'ends 2nd'];
    for (const [i, endsAt] of [at(90), at(30), at(60)].entries()) await silenceId({ comment: comments[i], endsAt });
    await silenceId({ comment: 'begins 2nd', startsAt: at(50), endsAt: at(55) });
    await silenceId({ comment: 'begins 1st', startsAt: at(45), endsAt: at(99) });
    const gone = await silenceId({ comment: 'expired first' });
    await ask('DELETE', `/silence/${gone}`);
    await clock.advance(MINUTE);
    await ask('DELETE', `/silence/${await silenceId({ comment: 'expired last' })}`);
    await clock.advance(MINUTE);
    expect((await list('/silences')).map(({ comment }) => comment)).toEqual([
      'ends 1st',
      'ends 2nd',
      'ends 3rd',
      'begins 1st',
      'begins 2nd',
      'expired last',
      'expired first',
    ]);
    expect(await list('/silences?filter=alertname%3DDown')).toHaveLength(7);
    expect(await list('/silences?filter=alertname%3D~Down')).toHaveLength(0);
    expect(await list('/silences?filter=alertname%3DDown&filter=job%3Dweb')).toHaveLength(0);
  });

  it('are changed and ended', async () => {
    const id = await silenceId();
    await clock.advance(MINUTE);
    expect(await silenceId({ id, endsAt: '2026-01-01T02:00:00Z' })).toBe(id);
    const other = await silenceId({ id, matchers: [{ name: 'job', value: 'web', isRegex: false }] });
    expect(other).not.toBe(id);
    expect(await ask('DELETE', `/silence/${other}`)).toMatchObject({ status: 200, json: undefined });
    expect(await ask('DELETE', `/silence/${other}`)).toMatchObject({ status: 200 });
    expect((await list('/silences')).map(({ status }) => (status as { state: string }).state)).toEqual([
      'expired',
      'expired',
    ]);
  });

  const refused: readonly (readonly [changes: object, status: number, json: unknown])[] = [
    [{ endsAt: '2025-01-01T00:00:00Z' }, 400, 'Failed to create silence: start time must be before end time'],
    [
      { startsAt: '2025-01-01T00:00:00Z', endsAt: '2025-01-02T00:00:00Z' },
      400,
      "Failed to create silence: end time can't be in the past",
    ],
    [{ id: '00000000-0000-4000-8000-000000000000' }, 404, 'silence not found'],
    [{ comment: undefined }, 422, { code: 602, message: 'comment in body is required' }],
    [{ matchers: undefined }, 422, { code: 602, message: 'matchers in body is required' }],
    [{ matchers: [] }, 422, { code: 612, message: 'matchers in body should have at least 1 items' }],
    [{ matchers: [{ name: 'a', value: 'b' }] }, 422, { code: 602, message: 'matchers.0.isRegex in body is required' }],
    [
      { comment: 5 },
      400,
      { code: 400, message: 'parsing silence body from "" failed, because comment must be a string, got 5' },
    ],
    [
      { endsAt: 'soon' },
      400,
      {
        code: 400,
        message:
          'parsing silence body from "" failed, because endsAt must be a time such as 2006-01-02T15:04:05Z, got "soon"',
      },
    ],
  ];
  it.each(refused)('are refused with %j', async (changes, status, json) => {
    expect(await post('/silences', { ...SILENCE, ...changes })).toMatchObject({ status, json });
  });

  it('that are not there are not found', async () => {
    const none = '00000000-0000-4000-8000-000000000000';
    expect(await ask('GET', `/silence/${none}`)).toMatchObject({ status: 404 });
    expect(await ask('DELETE', `/silence/${none}`)).toMatchObject({ status: 404 });
    expect(await ask('GET', '/silence/x')).toMatchObject({
      status: 422,
      json: { code: 601, message: 'silenceID in path must be of type uuid: "x"' },
    });
  });

  it('cannot be changed while the store is down, and can be seen', async () => {
    const id = await silenceId();
    log.isDown = true;
    expect(await post('/silences', SILENCE)).toMatchObject({
      status: 503,
      json: 'the silences cannot be reached: the store does not answer',
      headers: { 'retry-after': '1' },
    });
    expect(await ask('DELETE', `/silence/${id}`)).toMatchObject({ status: 503 });
    expect(await list('/silences')).toHaveLength(1);
  });

  it('do not tell what a defect is', async () => {
    log.beforeAppend = async () => {
      throw new StorageError('internal', 'row 17 is broken');
    };
    const message = 'the request failed for a reason that is in the log';
    expect(await post('/silences', SILENCE)).toMatchObject({ status: 500, json: message });
  });
});

describe('requests', () => {
  const refused: readonly (readonly [body: string, type: string, status: number, message: string])[] = [
    ['', 'application/json', 422, 'alerts in body is required'],
    ['{"a":1}', 'application/json', 400, 'parsing alerts body from "" failed, because the alerts must be a list'],
    ['[{"labels":', 'application/json', 400, 'Unexpected end of JSON input'],
    ['[1]', 'application/json', 400, '0 must be an object, got 1'],
    ['[{}]', 'application/json', 422, '0.labels in body is required'],
    ['[{"labels":{"a":1}}]', 'application/json', 400, '0.labels must be an object of strings, got {"a":1}'],
    ['[]', 'application/x-www-form-urlencoded', 415, 'only [application/json] are allowed'],
    ['[]', 'text/plain', 415, 'unsupported media type "text/plain"'],
  ];
  it.each(refused)('with the body %j as %s are refused with %i', async (payload, type, status, message) => {
    const answer = await ask('POST', '/alerts', { payload, headers: { 'content-type': type } });
    expect(answer).toMatchObject({ status, json: { message: expect.stringContaining(message) } });
  });

  it('with too long a body are refused', async () => {
    expect(await post('/silences', { ...SILENCE, comment: 'x'.repeat(2 ** 20) })).toMatchObject({ status: 413 });
    expect(await post('/silences', { ...SILENCE, comment: 'x'.repeat(70_000) })).toMatchObject({
      status: 400,
      json: expect.stringMatching(/^silence exceeded maximum size: 70\d{3} bytes \(limit: 65536 bytes\)$/),
    });
    const many = Array.from({ length: 20_000 }, (_, i) => alert({ i: String(i), long: 'x'.repeat(100) }));
    expect(await post('/alerts', many)).toMatchObject({ status: 200 });
  });

  it('for what is not there say what is', async () => {
    expect(await ask('GET', '/nothing')).toMatchObject({
      status: 404,
      json: { code: 404, message: 'path /api/v2/nothing was not found' },
    });
    const answer = await ask('PUT', '/alerts?x=y', { payload: '[]', headers: { 'content-type': 'application/json' } });
    expect(answer).toMatchObject({
      status: 405,
      json: { code: 405, message: 'method PUT is not allowed, but [GET,POST] are' },
      headers: { allow: 'GET,POST' },
    });
  });

  it('of pages of other origins change nothing', async () => {
    const foreign = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:80.evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      expect(await post('/silences', SILENCE, headers as Record<string, string>)).toMatchObject({ status: 403 });
    }
    expect(silences.list()).toEqual([]);
    const own: Record<string, string>[] = [
      {},
      { origin: 'http://localhost:80', 'sec-fetch-site': 'same-origin' },
      { origin: 'https://pharos.example', 'x-forwarded-host': 'pharos.example' },
    ];
    for (const headers of own) expect(await post('/silences', SILENCE, headers)).toMatchObject({ status: 200 });
    expect(await ask('GET', '/silences', { headers: { origin: 'https://evil.example' } })).toMatchObject({
      status: 200,
    });
    const id = silences.list()[0]!.id;
    const headers = { origin: 'https://evil.example' };
    expect(await ask('DELETE', `/silence/${id}`, { headers })).toMatchObject({ status: 403 });
  });
});
