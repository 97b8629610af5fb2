import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DocumentVersion } from '../document-log.ts';
import { Labels } from '../labels.ts';
import { bounded } from './bounded.ts';
import { ClickHouseDocumentLog } from './document-log.ts';
import { type EmbeddedClient, openEmbeddedClient } from './embedded-client.ts';
import { startClickHouseHttpServer } from './http-server.ts';
import { ClickHouseLeaseLog } from './lease-log.ts';
import { migrate } from './schema.ts';
import { createServerClient } from './server-client.ts';
import { openClickHouseStorage } from './storage.ts';

const DAY = 86_400_000;
const NEVER = new AbortController().signal;

let directory: string;
let engine: EmbeddedClient;
let cleanups: (() => Promise<unknown>)[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-documents-'));
  engine = openEmbeddedClient({ path: join(directory, 'db') });
  cleanups = [];
  await migrate(engine, 0, NEVER);
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(port = 0) {
  const server = await startClickHouseHttpServer({
    session: engine.session,
    openSession: () => engine.openSession(),
    listen: { host: '127.0.0.1', port },
    readOnly: false,
  });
  cleanups.push(() => server.close());
  return server;
}

const document = (part: Partial<DocumentVersion> = {}): DocumentVersion => ({
  kind: 'policy',
  id: 'a',
  version: 1,
  timestamp: Date.now(),
  author: '',
  body: '{}',
  isDeleted: false,
  ...part,
});
const log = (retention = 0) => new ClickHouseDocumentLog({ client: engine, ready: () => {}, retention });
const bodies = async (id = 'a') => (await log().versions('policy', id, NEVER)).map(({ body }) => body);

describe('writers through different connections to one server', () => {
  test('at once: exactly one is told that it wrote, and everybody reads what it wrote', async () => {
    const { url } = await serve();
    const logs = ['a', 'b', 'c'].map(() => {
      const client = createServerClient({ url });
      cleanups.push(() => client.close());
      return new ClickHouseDocumentLog({ client, ready: () => {}, retention: 0 });
    });
    for (let version = 1; version <= 8; version++) {
      const told = await Promise.all(
        logs.map((one, i) => one.append(document({ version, body: String(i) })).then((added) => ({ added, i }))),
      );
      const winners = told.filter(({ added }) => added).map(({ i }) => String(i));
      expect(winners).toHaveLength(1);
      for (const one of logs)
        expect((await one.latest('policy', NEVER))[0]).toMatchObject({ version, body: winners[0] });
    }
  });

  test('a row that another one put beside it: the lowest writer counts for all', async () => {
    await log().append(document({ body: 'mine' }));
    const insert = (writer: string) =>
      engine.command(
        `INSERT INTO documents (kind, id, version, writer, ts, author, body, deleted) SETTINGS insert_deduplicate = 0
         VALUES ('policy', 'a', 1, '${writer}', now64(3), '', '${writer}', 0)`,
      );
    await insert('zzz');
    expect(await bodies()).toEqual(['mine']);
    await insert('!');
    expect(await bodies()).toEqual(['!']);
    expect((await log().latest('policy', NEVER)).map(({ body }) => body)).toEqual(['!']);
    await engine.command('OPTIMIZE TABLE documents FINAL');
    expect(await bodies()).toEqual(['!']);
    expect(await log().append(document({ body: 'again' }))).toBe(false);
    expect(await log().append(document({ version: 2, body: 'next' }))).toBe(true);
    expect(await bodies()).toEqual(['next', '!']);
  });

  test('a version whose row ClickHouse lost can be written, although it takes it for a duplicate', async () => {
    expect(await log().append(document({ body: 'lost' }))).toBe(true);
    await engine.command('ALTER TABLE documents DELETE WHERE 1 SETTINGS mutations_sync = 2');
    expect(await bodies()).toEqual([]);
    expect(await log().append(document({ body: 'found' }))).toBe(true);
    expect(await bodies()).toEqual(['found']);
  });
});

describe('old versions', () => {
  const old = Date.now() - 200 * DAY;
  const recent = Date.now() - 10 * DAY;

  test('go when they were replaced too long ago; the newest stays however old it is', async () => {
    const keeping = log();
    for (const [version, timestamp] of [old, old + DAY, recent].entries()) {
      await keeping.append(document({ version: version + 1, timestamp, body: String(version + 1) }));
    }
    await keeping.append(document({ id: 'untouched', timestamp: old }));
    expect(await bodies()).toEqual(['3', '2', '1']);
    await log(90 * DAY).append(document({ id: 'b' }));
    await vi.waitFor(async () => expect(await bodies()).toEqual(['3', '2']), 10_000);
    expect((await keeping.latest('policy', NEVER)).map(({ id }) => id)).toEqual(['a', 'b', 'untouched']);
  });

  test('of a document that was deleted long ago go too, the end last, and it can be made anew', async () => {
    const keeping = log();
    await keeping.append(document({ timestamp: old }));
    await keeping.append(document({ version: 2, timestamp: old, isDeleted: true, body: '' }));
    await keeping.append(document({ id: 'lately', timestamp: old }));
    await keeping.append(document({ id: 'lately', version: 2, timestamp: recent, isDeleted: true, body: '' }));
    await keeping.append(document({ id: 'again', timestamp: old }));
    await keeping.append(document({ id: 'again', version: 2, timestamp: old, isDeleted: true, body: '' }));
    await keeping.append(document({ id: 'again', version: 3, timestamp: old, body: 'back' }));
    await log(90 * DAY).append(document({ id: 'b' }));
    await vi.waitFor(async () => expect(await bodies()).toEqual([]), 10_000);
    expect((await keeping.latest('policy', NEVER)).map(({ id }) => id)).toEqual(['again', 'b']);
    expect(await bodies('lately')).toEqual(['', '{}']);
    expect(await bodies('again')).toEqual(['back']);
    expect(await keeping.append(document({ body: 'anew' }))).toBe(true);
    expect(await bodies()).toEqual(['anew']);
  });
});

test('notifications and leases age by whole parts, documents do not', async () => {
  await migrate(engine, 90 * DAY, NEVER);
  const ttl = async (table: string) => {
    const [row] = await engine.query<{ statement: string }>(`SHOW CREATE TABLE ${table}`, NEVER);
    return /\bTTL (.*?)\s+SETTINGS.*ttl_only_drop_parts = 1/s.exec(row!.statement)?.[1];
  };
  expect(await ttl('notifications')).toBe('toDateTime(ts) + toIntervalSecond(7776000)');
  expect(await ttl('leases')).toBe('toDateTime(renewed) + toIntervalSecond(7776000)');
  expect(await ttl('documents')).toBeUndefined();
});

describe('while ClickHouse is away', () => {
  const notification = (repeats: number) => ({
    timestamp: Date.now(),
    receiver: 'team',
    integration: 'webhook/0',
    groupKey: '{}',
    groupLabels: Labels.EMPTY,
    status: 'firing' as const,
    outcome: 'delivered' as const,
    reason: '',
    attempts: 1,
    duration: 1,
    repeats,
    firing: ['aa'],
    resolved: [],
  });

  test('notifications are durable, and there when it is back; documents and leases say so at once', async () => {
    const first = await serve();
    const { port } = new URL(first.url);
    const open = () =>
      openClickHouseStorage({ clickhouse: { server: { url: first.url } }, dataDir: directory, commitInterval: 10 });
    const storage = await open();
    await storage.flush(AbortSignal.timeout(10_000));
    expect(await storage.documentLog.append(document())).toBe(true);
    await first.close();
    await storage.notificationLog.append([notification(1)]);
    await storage.notificationLog.append([notification(2)]);
    const unavailable = { name: 'StorageError', kind: 'unavailable' };
    await expect(storage.documentLog.append(document({ version: 2 }))).rejects.toMatchObject(unavailable);
    await expect(storage.documentLog.latest('policy', NEVER)).rejects.toMatchObject(unavailable);
    await expect(storage.leaseLog!.read('x', NEVER)).rejects.toMatchObject(unavailable);
    const claim = { name: 'x', holder: 'a', term: 1, sequence: 1, released: false };
    await expect(storage.leaseLog!.claim(claim, NEVER)).rejects.toMatchObject(unavailable);
    await expect(storage.notificationLog.latest(0, NEVER)).rejects.toMatchObject(unavailable);
    // Also when the process ends meanwhile.
    await storage.close(100);
    const again = await open();
    cleanups.push(() => again.close(1_000));
    await serve(Number(port));
    await vi.waitFor(async () => {
      const latest = await again.notificationLog.latest(0, NEVER);
      expect(latest.map(({ repeats }) => repeats)).toEqual([2]);
    }, 10_000);
    expect(await again.documentLog.append(document({ version: 2 }))).toBe(true);
  }, 30_000);

  test('an answer that does not come is not waited for', async () => {
    const sockets: { destroy(): void }[] = [];
    const silent: Server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const client = createServerClient({ url: `http://127.0.0.1:${port}` });
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    cleanups.push(() => client.close());
    const documents = new ClickHouseDocumentLog({ client, ready: () => {}, retention: 0, timeout: 100 });
    const late = { name: 'StorageError', kind: 'unavailable', message: 'ClickHouse gave no answer within 100 ms' };
    await expect(documents.append(document())).rejects.toMatchObject(late);
    await expect(documents.latest('policy', NEVER)).rejects.toMatchObject(late);
    await expect(bounded(() => new Promise(() => {}), { timeout: 100 })).rejects.toMatchObject(late);
    const leases = new ClickHouseLeaseLog({ client, ready: () => {} });
    const reading = leases.read('x', AbortSignal.timeout(100));
    await expect(reading).rejects.toMatchObject({ name: 'StorageError', kind: 'canceled' });
  });
});
