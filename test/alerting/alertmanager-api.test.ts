import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Children } from '../../bench/children.ts';
import { type AlertingApiServer, startAlertingApi } from './alerting-api-server.case.ts';
import { findAlertmanager, startAlertmanager } from './alertmanager-peer.ts';
import { Masked } from './masked.ts';

const ALERTMANAGER = findAlertmanager(process.env);
const CONFIG = `route: { receiver: ops, group_by: [alertname], group_wait: 1h, routes: [
  { receiver: ops, continue: true, matchers: ['never=""'] },
  { receiver: dev, group_by: [job], matchers: ['never=""'] } ] }
receivers: [{ name: ops }, { name: dev }]
`;
const NONE = '00000000-0000-4000-8000-000000000000';

interface Step {
  readonly method?: string;
  readonly path: string;
  /** Sent as it is when it is text, else as JSON. */
  readonly body?: unknown;
  readonly type?: string;
  /** Both are refused alike, but the reason is told in words of one's own, or has the methods of a path in any order. */
  readonly ownWords?: true;
}

const get = (path: string, more: Partial<Step> = {}): Step => ({ path, ...more });
const filter = (...texts: readonly string[]) => texts.map((text) => `filter=${encodeURIComponent(text)}`).join('&');
const post = (path: string, body: unknown, more: Partial<Step> = {}): Step => ({ method: 'POST', path, body, ...more });
const HOUR = 3_600_000;
const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();
const matcher = (name: string, value: string, more: object = {}) => ({ name, value, isRegex: false, ...more });
let silences = 0;
const silence = (changes: object = {}) => ({
  matchers: [matcher('job', 'web')],
  startsAt: at(-1),
  // Of silences that end at once the order is anybody's.
  endsAt: at(1 + silences++ / 1000),
  createdBy: 'ann',
  comment: 'x',
  ...changes,
});
const alerts = (path: string) => [get(`/alerts${path}`), get(`/alerts/groups${path}`)];

const STEPS: readonly Step[] = [
  get('/receivers'),
  get(`/receivers?receiver_matchers=${encodeURIComponent('team="a"')}`),
  get(`/receivers?receiver_matchers=${encodeURIComponent('team=""')}`),
  get('/receivers?receiver_matchers=nonsense'),
  ...alerts(''),
  get('/silences'),
  post('/alerts', [
    { labels: { alertname: 'Down', job: 'web', empty: '' }, annotations: { a: 'b' }, generatorURL: 'http://x/y?z=1' },
    { labels: { alertname: 'Down', job: 'db', instance: 'b' }, endsAt: at(1) },
    { labels: { alertname: 'Down', job: 'db', instance: 'a' }, startsAt: at(-2) },
    { labels: { alertname: 'Down', instance: 'a' }, startsAt: '0001-01-01T00:00:00.000Z' },
    { labels: { alertname: 'Slow', 'with space': 'é' } },
    { labels: { other: 'label', job: 'web' } },
    { labels: { alertname: 'Over' }, endsAt: at(-1) },
  ]),
  post('/alerts', []),
  post('/alerts', [{ labels: {} }, { labels: { a: '' } }, { labels: { good: 'yes' } }]),
  post('/alerts', [{ labels: { a: 'b' }, startsAt: at(1), endsAt: at(0) }]),
  post('/alerts', [{ labels: { '': 'b' } }]),
  post('/alerts', [{ labels: { a: 'b' }, annotations: { '': 'b' } }]),
  post('/alerts', [{ labels: { a: 'b' }, annotations: { 'any name': 'b' } }]),
  post('/alerts', [{ labels: { c: 'd' }, generatorURL: 'not a url' }]),
  post('/alerts', [{ labels: { c: 'e' }, generatorURL: '/relative' }]),
  post('/alerts', [{}]),
  post('/alerts', [{ labels: null }]),
  post('/alerts', null),
  post('/alerts', ''),
  post('/alerts', {}, { ownWords: true }),
  post('/alerts', '[{"labels":', { ownWords: true }),
  post('/alerts', [{ labels: { a: 1 } }], { ownWords: true }),
  post('/alerts', [{ labels: { a: 'b' }, startsAt: 'soon' }], { ownWords: true }),
  post('/alerts', '[]', { type: 'text/plain' }),
  post('/alerts', '[]', { type: 'application/x-www-form-urlencoded' }),
  post('/alerts', '[]', { type: 'application/json; charset=utf-8' }),
  ...['', '?active=false', '?silenced=false', '?inhibited=false', '?unprocessed=false', '?active=nonsense'].flatMap(
    alerts,
  ),
  ...['?receiver=ops', '?receiver=o.s', '?receiver=o', '?receiver=', '?receiver=('].flatMap(alerts),
  ...[
    ['alertname="Down"'],
    ['alertname=Down', 'job=db'],
    ['alertname=~"D.*|Slow"'],
    ['job!=""'],
    ['job=""'],
    ['job!~"w.*"'],
    ['"with space"="é"'],
    ['with space=é'],
    ['{job=web}'],
    ['job=web,alertname=Down'],
    ['nonsense'],
    [''],
    ['job=~"("'],
    ['job=~"*"'],
    ['job=~"a{2,1}"'],
    ['job="a'],
    ['job=a"b'],
    ['job="\\t"'],
  ].flatMap((texts) => [...alerts(`?${filter(...texts)}`), get(`/silences?${filter(...texts)}`)]),
  post('/silences', silence()),
  post(
    '/silences',
    silence({ matchers: [matcher('alertname', 'D.*', { isRegex: true }), matcher('job', 'db', { isEqual: false })] }),
  ),
  post('/silences', silence({ startsAt: at(5), endsAt: at(6), comment: 'later' })),
  post('/silences', silence({ startsAt: at(4), endsAt: at(7), comment: 'sooner' })),
  post('/silences', silence({ matchers: [matcher('job', 'x', { isEqual: false })], endsAt: at(0.5) })),
  get('/silences'),
  get(`/silences?${filter('job="web"')}`),
  get(`/silences?${filter('job=~"web"')}`),
  get(`/silences?${filter('alertname=~"D.*"', 'job!=db')}`),
  get('/silence/$1'),
  get('/silence/$3'),
  ...['', '?active=false', '?silenced=false', '?silenced=true&active=false'].flatMap(alerts),
  { method: 'DELETE', path: '/silence/$5' },
  { method: 'DELETE', path: '/silence/$5' },
  { method: 'DELETE', path: '/silence/$4' },
  ...alerts(''),
  get('/silences'),
  post('/silences', silence({ id: '$1', comment: 'longer', endsAt: at(3) })),
  post('/silences', silence({ id: '$2', matchers: [matcher('job', 'other')] })),
  post('/silences', silence({ id: '$3', startsAt: at(8), endsAt: at(9) })),
  post('/silences', silence({ id: '$3', matchers: [matcher('job', 'other')], startsAt: at(8), endsAt: at(9) })),
  post('/silences', silence({ id: '$5' })),
  get('/silences'),
  post('/silences', silence({ id: NONE })),
  post('/silences', silence({ id: 'nonsense' })),
  post('/silences', silence({ startsAt: at(2) })),
  post('/silences', silence({ startsAt: at(-3), endsAt: at(-2) })),
  post('/silences', silence({ matchers: [] })),
  post('/silences', silence({ matchers: [matcher('job', '')] })),
  post('/silences', silence({ matchers: [matcher('job', '.*', { isRegex: true }), matcher('a', '')] })),
  post('/silences', silence({ matchers: [matcher('job', '(', { isRegex: true })] })),
  post('/silences', silence({ matchers: [matcher('', 'x')] })),
  post('/silences', silence({ matchers: [matcher('a b', 'x')], startsAt: at(10), endsAt: at(11) })),
  post('/silences', silence({ matchers: [{ name: 'a', value: 'b' }] })),
  post('/silences', silence({ matchers: [{ value: 'b', isRegex: false }] })),
  post('/silences', silence({ matchers: [{ name: 'a', isRegex: false }] })),
  ...['matchers', 'startsAt', 'endsAt', 'createdBy', 'comment'].map((name) =>
    post('/silences', silence({ [name]: undefined })),
  ),
  post('/silences', silence({ comment: '' })),
  post('/silences', silence({ createdBy: '', annotations: { ticket: 'T' }, startsAt: at(20), endsAt: at(21) })),
  post('/silences', {}),
  post('/silences', null),
  post('/silences', ''),
  post('/silences', '{', { ownWords: true }),
  post('/silences', [], { ownWords: true }),
  post('/silences', silence({ endsAt: 'soon' }), { ownWords: true }),
  post('/silences', silence({ matchers: 'x' }), { ownWords: true }),
  post('/silences', '{}', { type: 'text/plain' }),
  get(`/silence/${NONE}`),
  get('/silence/nonsense'),
  get('/silence/$1', { method: 'POST', body: '', ownWords: true }),
  { method: 'DELETE', path: `/silence/${NONE}` },
  { method: 'DELETE', path: '/silence/nonsense' },
  get('/silences'),
  get('/nothing'),
  { method: 'PUT', path: '/alerts', body: [], ownWords: true },
  { method: 'DELETE', path: '/silences', ownWords: true },
];

/** Plays the steps; what each was answered, with ids and times masked. */
async function play(url: string): Promise<readonly string[]> {
  const mask = new Masked(url);
  const insert = (text: string) => text.replace(/\$(\d)/, (_, number: string) => mask.id(Number(number)));
  const answers: string[] = [];
  for (const { method = 'GET', path, body, type = 'application/json', ownWords } of STEPS) {
    const response = await fetch(`${url}/api/v2${insert(path)}`, {
      method,
      ...(body !== undefined && {
        body: insert(typeof body === 'string' ? body : JSON.stringify(body)),
        headers: { 'content-type': type },
      }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = (await response.text()).trim();
    const json: unknown = text === '' ? undefined : JSON.parse(mask.text(text));
    const shown = ownWords === true ? Object.keys(json as object) : json;
    const asked = mask.text(`${method} ${path} ${typeof body === 'string' ? body : (JSON.stringify(body) ?? '')}`);
    answers.push(`${asked}\n${response.status} ${JSON.stringify(sorted(shown), null, 1) ?? ''}`);
    // Alerts and silences that are a little apart have an order.
    await new Promise((resolve) => setTimeout(resolve, method === 'GET' ? 0 : 5));
  }
  return answers;
}

/** The order of keys says nothing, nor does that of ids, which are random. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? value.sort() : value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

describe.skipIf(ALERTMANAGER === undefined)('the API (set PHAROS_ALERTMANAGER when it is not in PATH)', () => {
  let directory: string;
  let children: Children;
  let server: AlertingApiServer;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'pharos-alertmanager-'));
    children = new Children(directory);
    server = await startAlertingApi(CONFIG);
  });
  afterAll(async () => {
    await server?.close();
    await children.stopAll();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  it('answers as Alertmanager does', async () => {
    const peer = await startAlertmanager(ALERTMANAGER!, { children, directory, config: CONFIG });
    const [ours, theirs] = [await play(server.url), await play(peer)];
    expect(ours).toEqual(theirs);
  }, 60_000);
});
