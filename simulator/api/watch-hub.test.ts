import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type CollectedWatch, pod, startServer, TOKEN } from './api-client.case.ts';

const shown = (events: CollectedWatch['events']) =>
  events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());

describe('watching objects', () => {
  it('sends what changes after a version, and from now on', async () => {
    const { store, watch } = await startServer();
    store.create('pods', pod('web', 'a'));
    const version = store.version;
    store.create('pods', pod('web', 'b'));
    store.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    const all = watch(`/api/v1/pods?watch=true&resourceVersion=${version}`);
    await all.until(1);
    store.update('pods', { ...pod('web', 'a'), status: { phase: 'Failed' } });
    store.create('pods', pod('db', 'c'));
    store.delete('pods', 'web', 'b');
    await all.until(4);
    expect(shown(all.events)).toEqual(['ADDED b', 'MODIFIED a', 'ADDED c', 'DELETED b']);
    expect(all.events[3]!.object.metadata.resourceVersion).toBe(String(store.version));

    const one = watch('/api/v1/namespaces/web/pods?watch=1');
    await one.until(1);
    store.create('pods', pod('db', 'd'));
    store.create('pods', pod('web', 'e'));
    await one.until(2);
    expect(shown(one.events)).toEqual(['ADDED a', 'ADDED e']);
  });

  it('tells an object that begins or ceases to match as added or deleted', async () => {
    const { store, watch } = await startServer();
    store.create('pods', pod('web', 'a', { labels: { app: 'x' } }));
    const selected = watch(`/api/v1/pods?watch=true&labelSelector=app%3Dx&resourceVersion=${store.version}`);
    const named = watch(`/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dzz&resourceVersion=${store.version}`);
    await sleep(30);
    store.update('pods', pod('web', 'a', { labels: { app: 'y' } }));
    store.update('pods', pod('web', 'a', { labels: { app: 'x' } }));
    store.update('pods', pod('web', 'a', { labels: { app: 'x', b: 'c' } }));
    store.create('pods', pod('web', 'zz'));
    await selected.until(3);
    await named.until(1);
    expect(shown(selected.events)).toEqual(['DELETED a', 'ADDED a', 'MODIFIED a']);
    expect(selected.events[0]!.object.metadata.labels).toEqual({ app: 'x' });
    expect(shown(named.events)).toEqual(['ADDED zz']);
  });

  it('begins with the objects there are and a bookmark that says so', async () => {
    const { store, watch, ask } = await startServer();
    for (const name of ['a', 'b']) store.create('pods', pod('web', name));
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const { events, until } = watch(`/api/v1/pods?${query}`);
    await until(3);
    store.create('pods', pod('web', 'c'));
    await until(4);
    expect(shown(events)).toEqual(['ADDED a', 'ADDED b', 'BOOKMARK', 'ADDED c']);
    expect(events[2]!.object).toMatchObject({
      kind: 'Pod',
      metadata: { resourceVersion: '3', annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
    expect((await ask('/api/v1/pods?watch=true&sendInitialEvents=true')).status).toBe(422);
  });

  it('sends bookmarks to those who want them, unless they are dropped', async () => {
    const { store, server, watch } = await startServer({ limits: { bookmarkInterval: 30 } });
    const wanted = watch('/api/v1/pods?watch=true&allowWatchBookmarks=true');
    const unwanted = watch('/api/v1/pods?watch=true');
    store.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    await wanted.until(2);
    expect(wanted.events[1]).toMatchObject({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '2' } } });
    server.dropBookmarks();
    await sleep(40);
    const { length } = wanted.events;
    await sleep(80);
    expect(wanted.events.length).toBe(length);
    expect(unwanted.events).toEqual([]);
  });

  it('answers 410 in the stream when the version is too old, ends on time, and can be broken', async () => {
    const { store, server, watch } = await startServer();
    store.create('pods', pod('web', 'a'));
    server.compact();
    const old = watch('/api/v1/pods?watch=true&resourceVersion=1');
    await old.ended;
    expect(old.events[0]).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    const short = watch(`/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion=${store.version}`);
    const broken = watch(`/api/v1/pods?watch=true&resourceVersion=${store.version}`);
    await sleep(50);
    server.breakWatches();
    await expect(broken.ended).rejects.toThrow();
    await expect(short.ended).rejects.toThrow();
    const ending = watch(`/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion=${store.version}`);
    await ending.ended;
    expect(server.watchFigures.running).toBe(0);
  });

  it('limits watches, and cuts one that does not read', async () => {
    const { store, server, ask, watch } = await startServer({ limits: { watches: 2, watchBuffer: 1_000_000 } });
    const { hostname, port } = new URL(server.url);
    const slow = connect(Number(port), hostname);
    slow.write(`GET /api/v1/pods?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    const fast = watch('/api/v1/pods?watch=true');
    await sleep(50);
    expect((await ask('/api/v1/pods?watch=true')).status).toBe(429);
    slow.pause();
    const big = 'x'.repeat(50_000);
    let sent = 0;
    for (; server.watchFigures.slow === 0 && sent < 400; sent++) {
      store.create('pods', pod('web', `p${sent}`, { big }));
      if (sent % 10 === 9) await sleep(15);
    }
    expect(server.watchFigures.slow).toBe(1);
    await fast.until(sent);
    await expect.poll(() => server.watchFigures.running).toBe(1);
    slow.destroy();
  });

  it('loses nothing while a watch catches up in a busy store', async () => {
    const { store, watch } = await startServer();
    for (let i = 0; i < 500; i++) store.create('pods', pod('web', `p${i}`, { filler: 'x'.repeat(2000) }));
    const watches = Array.from({ length: 4 }, () => watch('/api/v1/pods?watch=true&resourceVersion=0'));
    let made = 500;
    const timer = setInterval(() => {
      for (let i = 0; i < 5; i++) store.create('pods', pod('web', `p${made++}`));
    }, 1);
    await sleep(150);
    clearInterval(timer);
    for (const { events, until } of watches) {
      await until(made);
      expect(new Set(events.map(({ object }) => object.metadata.name)).size).toBe(made);
      expect(events.length).toBe(made);
    }
  });
});
