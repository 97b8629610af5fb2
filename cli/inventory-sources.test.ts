import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { inventorySources, type OwnLists } from './inventory-sources.ts';
import type { PeerRoles } from './peer-roles.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const alert = { labels: { alertname: 'A' }, annotations: {}, state: 'firing', value: '1e+00' } as const;
const OWN: OwnLists = {
  targets: () => [],
  alerts: () => [{ ...alert, activeAt: '2026-01-15T12:00:00Z' }],
  told: () => [],
  silences: () => [],
  statistics: undefined,
};
const NEVER = new AbortController().signal;

/** A role that answers these paths, and 503 to all else. */
async function role(answers: Readonly<Record<string, unknown>>): Promise<string> {
  const server: Server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 503 : 200).end(JSON.stringify(answer ?? { error: 'it is starting' }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sourcesOf(peers: PeerRoles) {
  const { sources, close } = inventorySources(OWN, peers);
  ends.push(close);
  return sources;
}

it('takes what this process knows where no other role is named', async () => {
  const sources = sourcesOf({});
  expect(await sources.alerts!(NEVER)).toMatchObject([{ state: 'firing', labels: { alertname: 'A' } }]);
  expect([await sources.targets!(NEVER), await sources.silences!(NEVER)]).toEqual([[], []]);
  expect(sources.cardinality).toBeUndefined();
});

it('asks the roles that run elsewhere', async () => {
  const collector = await role({ '/api/v1/targets?state=active': { data: { activeTargets: [{ scrapePool: 'p' }] } } });
  const told = {
    labels: { alertname: 'B', replica: 'x' },
    annotations: {},
    fingerprint: 'f',
    startsAt: '2026-01-15T12:00:00Z',
    receivers: [{ name: 'ops' }],
  };
  const alerting = await role({
    '/api/v1/alerts': {
      data: { alerts: [{ ...alert, labels: { alertname: 'B' }, activeAt: '2026-01-15T12:00:00Z' }] },
    },
    '/api/v2/alerts': [{ ...told, status: { silencedBy: ['s1'], inhibitedBy: [] } }],
    '/api/v2/silences': [{ id: 's1' }],
  });
  const sources = sourcesOf({ collector: `${collector}/`, alerting });
  expect(await sources.targets!(NEVER)).toEqual([{ scrapePool: 'p' }]);
  expect(await sources.alerts!(NEVER)).toMatchObject([{ fingerprint: 'f', silencedBy: ['s1'], value: '1e+00' }]);
  expect(await sources.silences!(NEVER)).toEqual([{ id: 's1' }]);
});

it('says which role cannot be had, and why', async () => {
  const sources = sourcesOf({ collector: await role({}), alerting: 'http://127.0.0.1:9' });
  await expect(sources.targets!(NEVER)).rejects.toMatchObject({
    type: 'unavailable',
    message: 'the collector role answered 503: {"error":"it is starting"}',
  });
  await expect(sources.silences!(NEVER)).rejects.toThrow(/^the alerting role cannot be reached: /);
});
