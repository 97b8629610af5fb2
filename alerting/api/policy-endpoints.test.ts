import fastify, { type FastifyInstance } from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SMALL_CATALOGUE } from '../policies/catalogue.case.ts';
import type { AlertPolicy } from '../policies/policy.ts';
import type { PolicyPreview, PreviewOptions } from '../policies/policy-preview.ts';
import { readResource } from '../policies/policy-resource.ts';
import { PolicySet } from '../policies/policy-set.ts';
import type { PolicySnapshot } from '../policies/policy-status.ts';
import { PolicyStore } from '../policies/policy-store.ts';
import { readPolicy } from '../policies/read-policy.ts';
import { FaultyDocumentLog } from '../silences/faulty-document-log.case.ts';
import { Silences } from '../silences/silences.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { MemoryBoard } from './memory-board.case.ts';
import { policySection } from './policy-endpoints.ts';
import { registerAlertingApi } from './server.ts';

const START = Date.UTC(2026, 0, 10);
const DAY = 86_400_000;
const CONDITION = { metric: 'k8s_pod_cpu_core_used', operator: 'gt', threshold: 2 };
const POLICY = { name: 'CpuHigh', level: 'pod', conditions: [CONDITION] };

let clock: SteppedClock;
let log: FaultyDocumentLog;
let set: PolicySet;
let store: PolicyStore;
let snapshots: PolicySnapshot[];
let preview: (policy: AlertPolicy, options: PreviewOptions, signal: AbortSignal) => Promise<PolicyPreview>;
let app: FastifyInstance;
let url: string;
let inForce: readonly AlertPolicy[];

beforeEach(async () => {
  clock = new SteppedClock(START);
  log = new FaultyDocumentLog();
  snapshots = [];
  inForce = [];
  const context = () => ({ catalogue: SMALL_CATALOGUE, receivers: ['ops'] });
  set = new PolicySet({ onChange: (policies) => (inForce = policies) });
  store = new PolicyStore({
    log,
    context,
    clock,
    logger: pino({ level: 'silent' }),
    onChange: (policies) =>
      set.set(
        'api',
        policies.flatMap(({ policy }) => policy ?? []),
      ),
  });
  await store.load(new AbortController().signal);
  const logger = pino({ level: 'silent' });
  const registry = new Registry();
  const silences = new Silences({ log, clock, logger, registry });
  const board = new MemoryBoard({ clock, silencedBy: () => [], receivers: { ops: [] }, config: '' });
  app = fastify({ forceCloseConnections: true });
  registerAlertingApi(app, {
    board,
    silences,
    clock,
    logger,
    registry,
    version: '1',
    startTime: START,
    sections: [
      policySection({
        policies: set,
        store,
        engine: {
          snapshots: () => snapshots,
          snapshot: (id) => snapshots.find((snapshot) => snapshot.id === id),
          preview: (...of) => preview(...of),
        },
        context,
        clock,
        logger,
      }),
    ],
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(() => app.close());

/** Rejects after five seconds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 5_000; performance.now() < deadline; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited for 5 s in vain: ${String(holds)}`);
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers
  readonly json: any;
}

async function ask(
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1/policies${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}

const create = (more: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  ask('POST', '', { body: { ...POLICY, ...more }, headers });

describe('a policy over the API', () => {
  it('is created, read, changed and deleted, each by the version that was seen', async () => {
    const created = await create({}, { 'x-forwarded-user': 'ann' });
    expect([created.status, created.headers.get('etag'), created.headers.get('location')]).toEqual([
      201,
      '"1"',
      '/api/v1/policies/cpu-high',
    ]);
    expect(created.json).toMatchObject({
      status: 'success',
      data: {
        id: 'cpu-high',
        origin: 'api',
        source: 'api',
        isWritable: true,
        isInForce: true,
        version: 1,
        author: 'ann',
        updatedAt: '2026-01-10T00:00:00.000Z',
        metrics: ['k8s_pod_cpu_core_used'],
        problems: [],
        policy: { id: 'cpu-high', name: 'CpuHigh', noData: { mode: 'keep', after: '10m', severity: 'warn' } },
      },
    });
    expect(inForce.map(({ id }) => id)).toEqual(['cpu-high']);

    const { policy } = created.json.data;
    const changed = await ask('PUT', '/cpu-high', {
      body: { ...policy, name: 'CpuVeryHigh' },
      headers: { 'if-match': '"1"', 'x-pharos-author': 'bob' },
    });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect(inForce[0]!.name).toBe('CpuVeryHigh');

    const read = await ask('GET', '/cpu-high');
    expect([read.status, read.headers.get('etag'), read.json.data.author]).toEqual([200, '"2"', 'bob']);
    expect(read.json.data.policy).toEqual({ ...policy, name: 'CpuVeryHigh' });

    const versions = await ask('GET', '/cpu-high/versions');
    expect(versions.json.data).toMatchObject({
      total: 2,
      versions: [
        { version: 2, author: 'bob', policy: { name: 'CpuVeryHigh' } },
        {
          version: 1,
          author: 'ann',
          timestamp: '2026-01-10T00:00:00.000Z',
          isDeleted: false,
          policy: { name: 'CpuHigh' },
        },
      ],
    });

    expect((await ask('DELETE', '/cpu-high')).status).toBe(428);
    const late = await ask('DELETE', '/cpu-high', { headers: { 'if-match': '"1"' } });
    expect([late.status, late.json]).toEqual([
      412,
      {
        status: 'error',
        errorType: 'precondition',
        error: 'expected the newest version in If-Match, "2", got "1": it was changed meanwhile',
      },
    ]);
    expect((await ask('DELETE', '/cpu-high', { headers: { 'if-match': '"2"' } })).status).toBe(200);
    expect(inForce).toEqual([]);
    expect((await ask('GET', '/cpu-high')).status).toBe(404);
    expect((await ask('GET', '/cpu-high/versions')).json.data.versions[0]).toMatchObject({
      version: 3,
      isDeleted: true,
    });
    expect((await create()).headers.get('etag')).toBe('"4"');
    expect((await ask('PUT', '/cpu-high', { body: policy, headers: { 'if-match': '*' } })).headers.get('etag')).toBe(
      '"5"',
    );
  });

  it('is changed by one of two clients who do it at once', async () => {
    await create();
    const put = (name: string) =>
      ask('PUT', '/cpu-high', { body: { ...POLICY, name }, headers: { 'if-match': '"1"', 'x-pharos-author': name } });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => put(`n${i}`)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array(7).fill(412)]);
    const winner = answers.find(({ status }) => status === 200)!.json.data.author;
    expect((await ask('GET', '/cpu-high')).json.data).toMatchObject({ version: 2, author: winner });

    const created = await Promise.all(Array.from({ length: 4 }, () => create({ id: 'other' })));
    expect(created.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('is changed by one of two instances', async () => {
    await create();
    log.beforeAppend = async () => {
      const version = {
        kind: 'policy',
        id: 'cpu-high',
        version: 2,
        timestamp: START,
        author: 'other',
        isDeleted: false,
      };
      await log.append({ ...version, body: JSON.stringify({ ...POLICY, id: 'cpu-high', name: 'Other' }) });
    };
    const headers = { 'if-match': '"1"' };
    expect((await ask('PUT', '/cpu-high', { body: POLICY, headers })).status).toBe(412);
    expect((await ask('GET', '/cpu-high')).json.data).toMatchObject({ version: 2, author: 'other', name: 'Other' });

    // A client may have seen a version that this instance has not.
    const version = { kind: 'policy', id: 'cpu-high', version: 3, timestamp: START, author: 'other', isDeleted: false };
    await log.append({ ...version, body: JSON.stringify({ ...POLICY, id: 'cpu-high' }) });
    expect((await ask('PUT', '/cpu-high', { body: POLICY, headers: { 'if-match': '"3"' } })).headers.get('etag')).toBe(
      '"4"',
    );
  });

  it('is refused with every field that is wrong', async () => {
    const answer = await create({ level: 'pods', notice: { receivers: ['nobody'] }, foo: 1 });
    expect([answer.status, answer.json]).toEqual([
      400,
      {
        status: 'error',
        errorType: 'bad_data',
        error: expect.stringMatching(/^foo: unknown key "foo".* \(and 1 more\)$/),
        errors: [
          { field: 'foo', message: expect.stringContaining('unknown key') },
          { field: 'level', message: expect.stringContaining('expected one of') },
        ],
      },
    ]);
    const receivers = await create({ notice: { receivers: ['op'] } });
    expect(receivers.json.errors).toEqual([
      { field: 'notice.receivers[0]', message: 'expected the name of a receiver, got "op"; did you mean "ops"?' },
    ]);
    await create();
    const renamed = await ask('PUT', '/cpu-high', { body: { ...POLICY, id: 'x' }, headers: { 'if-match': '"1"' } });
    expect([renamed.status, renamed.json.errors[0].field]).toEqual([400, 'id']);
  });

  it('can be read where it is written elsewhere, and changed only there', async () => {
    await create({ id: 'mine' });
    const reading = readPolicy(
      { ...POLICY, id: 'mine' },
      { form: 'snake', source: 'p.yml:3', catalogue: SMALL_CATALOGUE },
    );
    const { policy: second } = readPolicy(
      { ...POLICY, id: 'b' },
      { form: 'snake', source: 'p.yml:9', catalogue: SMALL_CATALOGUE },
    );
    set.set('files', [reading.policy!, second!]);
    const { json, headers } = await ask('GET', '/b');
    expect(headers.get('etag')).toBeNull();
    expect(json.data).toMatchObject({ origin: 'files', source: 'p.yml:9', isWritable: false, policy: { id: 'b' } });
    const refused = await ask('PUT', '/b', { body: POLICY, headers: { 'if-match': '*' } });
    expect([refused.status, refused.json.error]).toEqual([
      403,
      'the policy "b" is written in p.yml:9, and can only be changed there',
    ]);
    expect((await create({ id: 'b' })).json).toMatchObject({
      errorType: 'conflict',
      errors: [{ field: 'id', message: 'expected an id that no other policy has, got "b", which is that of p.yml:9' }],
    });
    // The one of the API is still there, with the reason why it is not in force.
    const { json: list } = await ask('GET', '?origin=api');
    expect(list.data.policies).toMatchObject([
      { id: 'mine', isInForce: false, problems: [{ field: 'id', message: expect.stringContaining('p.yml:3') }] },
    ]);
    expect((await ask('DELETE', '/mine', { headers: { 'if-match': '"1"' } })).status).toBe(200);
  });
});

describe('the list of policies', () => {
  const snapshot = (id: string, firing: number, severity: 'warn' | 'serious' = 'warn'): PolicySnapshot => ({
    id,
    name: id,
    health: 'ok',
    error: '',
    lastEvaluation: START,
    objects: 9,
    pending: 0,
    firing,
    noData: 1,
    notFine: [
      {
        object: { pod: 'web-1' },
        state: 'firing',
        firing: firing > 0,
        severity,
        condition: 0,
        value: 3,
        threshold: 2,
        breachedPeriods: 1,
        periods: 1,
        outOf: 1,
        since: START,
        noDataSince: 0,
        lastEvaluation: START,
      },
      {
        object: { pod: 'web-2' },
        state: 'noData',
        firing: false,
        severity: 'warn',
        condition: 0,
        value: Number.NaN,
        threshold: 2,
        breachedPeriods: 0,
        periods: 1,
        outOf: 1,
        since: START,
        noDataSince: START,
        lastEvaluation: START,
      },
    ],
  });

  beforeEach(async () => {
    await create({ id: 'a', name: 'Zeta', description: 'the first' });
    await create({ id: 'b', name: 'Alpha', enabled: false });
    const conditions = [{ ...CONDITION, metric: 'k8s_node_cpu_usage' }];
    await create({ id: 'c', name: 'Mid', level: 'node', conditions });
    snapshots = [snapshot('a', 2), snapshot('c', 1, 'serious')];
  });

  it.each([
    ['', 'a b c'],
    ['?sort=name', 'b c a'],
    ['?sort=-name', 'a c b'],
    ['?sort=-firing', 'a c b'],
    ['?sort=-severity', 'c a b'],
    ['?sort=level', 'c a b'],
    ['?sort=updatedAt', 'a b c'],
    ['?level=node', 'c'],
    ['?level=node&level=pod', 'a b c'],
    ['?enabled=false', 'b'],
    ['?firing=true', 'a c'],
    ['?firing=false', 'b'],
    ['?severity=serious', 'c'],
    ['?metric=k8s_node_cpu_usage', 'c'],
    ['?search=FIRST', 'a'],
    ['?search=alph', 'b'],
    ['?origin=files', ''],
    ['?limit=2', 'a b', 3],
    ['?limit=2&offset=2', 'c', 3],
    ['?limit=0', '', 3],
  ])('is filtered, sorted and cut: %s', async (query, ids, total = ids === '' ? 0 : ids.split(' ').length) => {
    const { status, json } = await ask('GET', query);
    expect(status).toBe(200);
    expect(json.data.policies.map(({ id }: { id: string }) => id).join(' ')).toBe(ids);
    expect(json.data.total).toBe(total);
  });

  it.each([
    ['?sort=size', 'sort'],
    ['?limit=1001', 'limit'],
    ['?offset=-1', 'offset'],
    ['?enabled=yes', 'enabled'],
    ['?lvl=pod', 'lvl'],
  ])('says what it does not know: %s', async (query, name) => {
    const { status, json } = await ask('GET', query);
    expect([status, json.errorType]).toEqual([400, 'bad_data']);
    expect(json.error).toMatch(new RegExp(`^invalid parameter "${name}": expected `));
  });

  it('has the state of each, and each has those of its objects', async () => {
    const { json } = await ask('GET', '?search=zeta');
    expect(json.data.policies[0]).toMatchObject({
      severity: 'warn',
      state: { health: 'ok', firing: 2, noData: 1, objects: 9, lastEvaluation: '2026-01-10T00:00:00.000Z' },
    });
    expect(json.data.policies[0].state.notFine).toBeUndefined();
    const state = await ask('GET', '/a/state');
    expect(state.json.data).toMatchObject({
      isEvaluated: true,
      firing: 2,
      total: 2,
      notFine: [
        {
          object: { pod: 'web-1' },
          state: 'firing',
          value: 3,
          threshold: 2,
          metric: 'k8s_pod_cpu_core_used',
          noDataSince: null,
        },
        { object: { pod: 'web-2' }, state: 'noData', value: null, since: '2026-01-10T00:00:00.000Z' },
      ],
    });
    expect((await ask('GET', '/a/state?state=noData&limit=5')).json.data.notFine).toHaveLength(1);
    expect((await ask('GET', '/b/state')).json.data).toEqual({ isEvaluated: false, notFine: [], total: 0 });
    expect((await ask('GET', '/x/state')).status).toBe(404);
    expect((await ask('GET', '/x/versions')).status).toBe(404);
  });
});

describe('a dry run', () => {
  const result: PolicyPreview = {
    objects: 3,
    periods: 1_440,
    now: [{ object: { pod: 'a' }, state: 'firing', severity: 'warn', value: 3, breachedPeriods: 2, since: START }],
    episodes: [
      {
        object: { pod: 'a' },
        startsAt: START - 1_000,
        endsAt: 0,
        severity: 'warn',
        value: 3,
        endValue: Number.NaN,
        condition: 0,
        isNoData: false,
      },
    ],
    isTruncated: false,
  };

  it('says what would fire and would have fired', async () => {
    const asked: unknown[] = [];
    preview = async (policy, { from, to }) => {
      asked.push([policy.id, from, to]);
      return result;
    };
    const { status, json } = await ask('POST', '/preview?days=3', { body: POLICY });
    expect([status, asked]).toEqual([200, [['cpu-high', START - 3 * DAY, START]]]);
    expect(json.data).toMatchObject({
      from: '2026-01-07T00:00:00.000Z',
      to: '2026-01-10T00:00:00.000Z',
      objects: 3,
      firing: 1,
      fired: 1,
      episodes: [{ startsAt: '2026-01-09T23:59:59.000Z', endsAt: null, endValue: null }],
    });
    expect(inForce).toEqual([]);
    expect((await ask('POST', '/preview?days=32', { body: POLICY })).status).toBe(400);
    expect((await ask('POST', '/preview', { body: { ...POLICY, level: 'x' } })).json.errors[0].field).toBe('level');
  });

  it('tells how far it is', async () => {
    let finish: (() => void) | undefined;
    preview = (_, { from, to, progress }) => {
      progress?.(from + (to - from) / 4);
      return new Promise((resolve) => (finish = () => resolve(result)));
    };
    const response = await fetch(`${url}/api/v1/policies/preview`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
      body: JSON.stringify(POLICY),
    });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('{"status":"running","progress":0.25}\n');
    finish!();
    const { value } = await reader.read();
    expect(JSON.parse(value!)).toMatchObject({ status: 'success', data: { fired: 1 } });
    expect((await reader.read()).done).toBe(true);
  });

  it('ends when the client goes away, when it takes too long, and is one of two', async () => {
    const signals: AbortSignal[] = [];
    preview = (_, __, signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    };
    const leaving = new AbortController();
    const body = JSON.stringify(POLICY);
    const post = (headers: Record<string, string>, signal: AbortSignal | null) =>
      fetch(`${url}/api/v1/policies/preview`, {
        method: 'POST',
        body,
        signal,
        headers: { 'content-type': 'application/json', ...headers },
      });
    const first = post({ accept: 'application/x-ndjson' }, leaving.signal);
    await first;
    const second = post({}, null);
    await until(() => signals.length === 2);
    const third = await ask('POST', '/preview', { body: POLICY });
    expect([third.status, third.json.error, third.headers.get('retry-after')]).toEqual([
      503,
      'expected at most 2 dry runs at a time; try again soon',
      '1',
    ]);
    leaving.abort();
    await until(async () => {
      await clock.advance(500);
      return signals[0]!.aborted;
    });
    await clock.advance(60_000);
    const answer = await second;
    expect([answer.status, ((await answer.json()) as { errorType: string }).errorType]).toEqual([503, 'timeout']);
    preview = async () => result;
    expect((await ask('POST', '/preview', { body: POLICY })).status).toBe(200);
  });

  it('says why it cannot be done', async () => {
    preview = async () => {
      throw new Error('a dry run must be over at most 50000 periods, got 60000');
    };
    expect((await ask('POST', '/preview', { body: POLICY })).json).toEqual({
      status: 'error',
      errorType: 'execution',
      error: 'a dry run must be over at most 50000 periods, got 60000',
    });
  });
});

describe('changes over the API', () => {
  const body = JSON.stringify(POLICY);
  const json = { 'content-type': 'application/json' };

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a form of text', { 'content-type': 'text/plain' }, 415],
    ['a page of another site', { ...json, origin: 'https://evil.example' }, 403],
    ['a page of another port', { ...json, origin: 'http://127.0.0.1:1' }, 403],
    ['a page without an origin', { ...json, origin: 'null' }, 403],
    ['a browser that names the site only', { ...json, 'sec-fetch-site': 'cross-site' }, 403],
  ])('are not made by %s', async (_, headers, status) => {
    for (const [method, path] of [
      ['POST', ''],
      ['POST', '/preview'],
      ['PUT', '/cpu-high'],
      ['DELETE', '/cpu-high'],
    ] as const) {
      if (status === 415 && method !== 'POST') continue;
      const answer = await ask(method, path, { body, headers: { ...headers, 'if-match': '*' } });
      expect([method, answer.status, answer.json.status]).toEqual([method, status, 'error']);
    }
    expect(store.all()).toEqual([]);
  });

  it('are made by its own pages', async () => {
    expect((await ask('POST', '', { body, headers: { ...json, origin: url } })).status).toBe(201);
    expect(
      (await fetch(`${url}/api/v1/policies`, { method: 'OPTIONS' })).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });

  it('have a limit', async () => {
    const answer = await create({ description: 'x'.repeat(300_000) });
    expect([answer.status, answer.json.status]).toEqual([413, 'error']);
    for (const text of ['', '[]', '{', 'null', '5']) {
      expect((await ask('POST', '', { body: text === '' ? ' ' : text })).status).toBe(400);
    }
  });

  it('convert a policy to YAML documents, and one of them back', async () => {
    const { json } = await ask('POST', '/convert', { body: POLICY });
    expect(json.data.file).toMatch(/^policies:\n {2}- id: cpu-high\n {4}name: CpuHigh\n/);
    const back = await ask('POST', '/convert', { body: { yaml: json.data.file } });
    expect(back.json.data.policy).toMatchObject({ id: 'cpu-high', name: 'CpuHigh', noData: { mode: 'keep' } });
    const resource = (await ask('POST', '/convert', { body: { yaml: json.data.resource } })).json.data.policy;
    expect(resource).toMatchObject({ name: 'CpuHigh' });
    expect(resource).not.toHaveProperty('id');
    const wrong = await ask('POST', '/convert', { body: { yaml: 'policies: [{id: a}]' } });
    expect([wrong.status, wrong.json.errors[0].field]).toEqual([400, 'name']);
    expect(store.all()).toEqual([]);
  });

  it('try and write down the policy of a resource, under the id that only that can have', async () => {
    const metadata = { name: 'cpu', namespace: 'shop' };
    const spec = { level: 'pod', conditions: [CONDITION] };
    const resource = { apiVersion: 'alerting.pharos.dev/v1', kind: 'AlertPolicy', metadata, spec };
    const { policy } = readResource(resource, { catalogue: SMALL_CATALOGUE, cluster: 'simulated' });
    const { id } = policy!;
    set.set('kubernetes/simulated', [policy!]);
    const shown = (await ask('GET', `/${id}`)).json.data.policy;
    const { json } = await ask('POST', '/convert', { body: shown });
    expect(json.data.resource).toContain('kind: AlertPolicy\nmetadata:\n  name: cpu\n  namespace: shop\n');
    let tried = '';
    preview = async (one) => {
      tried = one.id;
      throw new Error('that is enough');
    };
    await ask('POST', '/preview', { body: shown });
    expect(tried).toBe(id);
    expect((await ask('POST', '', { body: shown })).status).toBe(400);
    set.set('kubernetes/simulated', []);
    expect((await ask('POST', '/convert', { body: shown })).status).toBe(400);
  });

  it('say that nobody knows which there are until they have been read', async () => {
    const unread = new PolicyStore({
      log,
      context: () => ({ catalogue: SMALL_CATALOGUE }),
      clock,
      logger: pino({ level: 'silent' }),
      onChange: () => {},
    });
    const section = policySection({
      policies: set,
      store: unread,
      engine: { snapshots: () => [], snapshot: () => undefined, preview: (...of) => preview(...of) },
      context: () => ({ catalogue: SMALL_CATALOGUE }),
      clock,
      logger: pino({ level: 'silent' }),
    });
    const list = section.endpoints.find(({ method, path }) => method === 'GET' && path === '/policies')!;
    const request = { query: new URLSearchParams() } as unknown as Parameters<typeof list.handle>[0];
    expect(() => list.handle(request)).toThrow('the policies of the API cannot be read yet');
    await unread.load(new AbortController().signal);
    expect(list.handle(request)).toMatchObject({ status: 200 });
  });

  it('say when the store does not answer', async () => {
    log.isDown = true;
    const answer = await create();
    expect([answer.status, answer.json.errorType, answer.headers.get('retry-after')]).toEqual([
      503,
      'unavailable',
      '1',
    ]);
    log.isDown = false;
    expect((await create()).status).toBe(201);
  });
});
