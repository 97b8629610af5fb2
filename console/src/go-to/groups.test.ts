import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SECTIONS } from '../app/sections.ts';
import { groupsOf } from './groups.ts';
import { destinationOf, type Found, SOURCES, type Source } from './sources.ts';

beforeAll(() => {
  vi.stubGlobal('location', { search: '?from=now-6h&cluster=west' });
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const source = (kind: Source['kind']): Source => SOURCES.find((one) => one.kind === kind)!;
const pods = (...names: readonly string[]): Found =>
  names.map((pod) => destinationOf('pod', { cluster: 'east', namespace: 'shop', pod }));

test('the sections are there before anything is typed', () => {
  expect(groupsOf(' ', new Map([[source('pod'), pods('web-1')]]))).toMatchObject([
    { title: 'Sections', destinations: SECTIONS.map(({ title }) => ({ name: title })) },
  ]);
});

test('groups come in the order of the kinds, without those that have nothing', () => {
  const found = new Map([
    [source('pod'), pods('status-page-1')],
    [source('node'), [destinationOf('node', { cluster: 'east', node: 'status-1' })]],
    [source('alert'), pods()],
  ]);
  expect(groupsOf('status', found).map(({ title }) => title)).toEqual(['Sections', 'Nodes', 'Pods']);
});

test('a list has the others of what is too much to show, whatever cluster was chosen', () => {
  const names = ['web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6'];
  const [group] = groupsOf('web', new Map([[source('pod'), pods(...names)]]));
  expect(group!.destinations.map(({ name }) => name)).toEqual([...names.slice(0, 5), 'More in Pods']);
  expect(group!.destinations.at(-1)!.href).toBe('/pods?from=now-6h&filter=web');
  expect(groupsOf('web', new Map([[source('pod'), pods('web-1', 'web-1')]]))[0]!.destinations).toHaveLength(1);
});

test('one word is looked for in names, further ones in places too; a server without such a list has nothing', async () => {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    const found = { data: { items: [{ cluster: 'east', namespace: 'shop', pod: 'web-1' }] } };
    return path.includes('/pods') ? Response.json(found) : Response.json({ error: 'no such list' }, { status: 404 });
  });
  const { signal } = new AbortController();
  expect(await source('pod').find(['web'], signal)).toMatchObject([{ name: 'web-1', detail: 'east / shop' }]);
  await source('pod').find(['web', 'east'], signal);
  expect(await source('policy').find(['web'], signal)).toEqual([]);
  expect(asked.map((path) => new URLSearchParams(path.split('?')[1]).get('in'))).toEqual([
    'pod',
    'pod,namespace,cluster',
    null,
  ]);
});

test('each kind of row leads to its page', () => {
  const place = { cluster: 'east', namespace: 'shop' };
  expect(destinationOf('namespace', place).href).toBe('/workloads?from=now-6h&cluster=east&namespace=shop');
  expect(destinationOf('cluster', { cluster: '' })).toMatchObject({ name: 'Cluster', href: '/clusters/-' });
  expect(destinationOf('workload', { ...place, kind: 'Deployment', name: 'web' })).toMatchObject({
    detail: 'Deployment · east / shop',
    href: '/workloads/east/shop/Deployment/web',
  });
  expect(destinationOf('alert', { name: 'TooHot', status: 'firing', object: 'shop/web', fingerprint: 'f1' })).toEqual({
    kind: 'alert',
    name: 'TooHot',
    detail: 'firing · shop/web',
    alias: 'shop/web',
    href: '/alerts/f1',
  });
  expect(destinationOf('policy', { id: 'a/b', name: 'Hot', level: 'pod' }).href).toBe('/policies/a%2Fb');
});
