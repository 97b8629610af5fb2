import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StorageError } from '../errors.ts';
import { Labels } from '../labels.ts';
import { Matcher } from '../matcher.ts';
import { batchOf, read, sample, write } from '../storage.case.ts';
import { openEmbeddedClient } from './embedded-client.ts';
import { startClickHouseHttpServer } from './http-server.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { type ClickHouseStorage, type ClickHouseStorageOptions, openClickHouseStorage } from './storage.ts';

const DAY = 86_400_000;
const NOW = Date.now();
const METRIC = [new Matcher('__name__', '=', 'm')];
const NEVER = new AbortController().signal;
const M = Labels.from({ __name__: 'm' });

let dataDir: string;
let cleanups: (() => Promise<void>)[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'pharos-storage-'));
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(options: Partial<ClickHouseStorageOptions> = {}): Promise<ClickHouseStorage> {
  const storage = await openClickHouseStorage({
    clickhouse: { embedded: { path: join(dataDir, 'db') } },
    dataDir,
    commitInterval: 10,
    ...options,
  });
  cleanups.push(() => storage.close(10_000));
  return storage;
}

async function valuesIn(storage: ClickHouseStorage, start: number, end: number): Promise<number[]> {
  const found = await read(storage, METRIC, { start, end });
  return [...found.values()].flat().map((one) => one.value);
}

async function count(storage: ClickHouseStorage): Promise<number> {
  const [row] = await storage.client.query<{ rows: string }>('SELECT toString(count()) AS rows FROM samples', NEVER);
  return Number(row!.rows);
}

describe('the embedded store', () => {
  test('has everything after it was closed and opened', async () => {
    const first = await open();
    await write(first, [{ labels: M, samples: [sample(NOW, 1), sample(NOW + 1, 0.25)] }]);
    const alert = first.alertLog.append([]);
    await alert;
    // Not flushed: the close does it.
    await first.appender.append(batchOf(first, [{ labels: M, samples: [sample(NOW + 2, 3)] }]));
    await first.close(10_000);
    const second = await open();
    expect(await valuesIn(second, NOW, NOW + 10)).toEqual([1, 0.25, 3]);
    const [row] = await second.client.query<{ version: number }>(
      'SELECT max(version) AS version FROM schema_migrations',
      NEVER,
    );
    expect(row!.version).toBe(SCHEMA_VERSION);
  });

  test('knows a series after a part of its day is deleted, also when its rows in the index are merged', async () => {
    const storage = await open({ retention: 0 });
    const noon = Math.floor(NOW / DAY) * DAY - DAY / 2;
    const hour = 3_600_000;
    await write(storage, [{ labels: M, samples: [-10, -6, -2, 0].map((at) => sample(noon + at * hour, at)) }]);
    await storage.client.command('OPTIMIZE TABLE series FINAL');
    await storage.deleteSamples({ matcherSets: [METRIC], start: noon - hour, end: noon + hour }, NEVER);
    expect(await valuesIn(storage, noon - DAY, noon + DAY)).toEqual([-10, -6, -2]);
    await storage.client.command('OPTIMIZE TABLE samples FINAL');
    expect(await count(storage)).toBe(3);
    await storage.deleteSamples({ matcherSets: [METRIC], start: noon - DAY, end: noon }, NEVER);
    const rows = 'SELECT toString(count()) AS rows FROM series';
    expect(await storage.client.query(rows, NEVER)).toEqual([{ rows: '0' }]);
  });

  test('knows a new series when it is flushed, not one that is deleted, and nothing when it is closed', async () => {
    const storage = await open();
    const recent = { matcherSets: [METRIC], start: NOW - 60_000, end: NOW, limit: 0 };
    const series = async () => (await storage.querier.series(recent, NEVER)).map(String);
    expect(await series()).toEqual([]);
    for (const pod of ['b', 'a']) {
      await write(storage, [{ labels: Labels.from({ __name__: 'm', pod }), samples: [sample(NOW, 1)] }]);
      expect(await series()).toContain(`m{pod="${pod}"}`);
    }
    const matcherSets = [[...METRIC, new Matcher('pod', '=', 'a')]];
    await storage.deleteSamples({ matcherSets, start: NOW - DAY, end: NOW + DAY }, NEVER);
    expect(await series()).toEqual(['m{pod="b"}']);
    await write(storage, [{ labels: Labels.from({ __name__: 'm', pod: 'a' }), samples: [sample(NOW, 1)] }]);
    expect(await series()).toEqual(['m{pod="a"}', 'm{pod="b"}']);
    await storage.close(10_000);
    await expect(series()).rejects.toMatchObject({ kind: 'canceled' });
  });

  test('tells of which metrics samples came late, and that some were deleted', async () => {
    const storage = await open();
    const other = Labels.from({ __name__: 'other' });
    const tokens = () => [storage.late.token(['m']), storage.late.token(['other']), storage.late.token(undefined)];
    const start = tokens();
    const now = Date.now();
    await write(storage, [{ labels: M, samples: [sample(now, 1)] }]);
    expect(tokens()).toEqual(start);
    await write(storage, [
      { labels: M, samples: [sample(now - 3_600_000, 1)] },
      { labels: other, samples: [sample(now, 1)] },
    ]);
    const late = tokens();
    expect(late.map((token, i) => token !== start[i])).toEqual([true, false, true]);
    await storage.deleteSamples({ matcherSets: [METRIC], start: 0, end: now }, NEVER);
    expect(tokens().map((token, i) => token !== late[i])).toEqual([true, true, true]);
  });

  test.each([1, 9, 150, 299])(
    'reads %i of 300 series of a metric, however it names them to ClickHouse',
    async (wanted) => {
      const storage = await open();
      const all = Array.from({ length: 300 }, (_, pod) => ({
        labels: Labels.from({ __name__: 'm', pod: String(pod), wanted: pod < wanted ? 'yes' : 'no' }),
        samples: [sample(NOW - 60_000, pod), sample(NOW, -pod)],
      }));
      await write(storage, all);
      for (const start of [NOW - 60_000, NOW - DAY]) {
        const found = await read(storage, [...METRIC, new Matcher('wanted', '=', 'yes')], { start, end: NOW });
        expect(found).toEqual(new Map(all.slice(0, wanted).map(({ labels, samples }) => [String(labels), samples])));
      }
    },
  );

  test('keeps samples for the retention and no longer', async () => {
    const first = await open();
    await write(first, [
      { labels: M, samples: [sample(NOW - 92 * DAY, 92), sample(NOW - 80 * DAY, 80), sample(NOW, 0)] },
    ]);
    await first.client.command('OPTIMIZE TABLE samples FINAL');
    expect(await valuesIn(first, 0, NOW)).toEqual([80, 0]);
    const [table] = await first.client.query<{ statement: string }>('SHOW CREATE TABLE samples', NEVER);
    expect(table!.statement).toContain('TTL toDateTime(ts) + toIntervalSecond(7776000)');
    await first.close(10_000);

    const shorter = await open({ retention: 30 * DAY });
    await eventually(async () => {
      await shorter.client.command('OPTIMIZE TABLE samples FINAL');
      expect(await valuesIn(shorter, 0, NOW)).toEqual([0]);
    });
    await shorter.close(10_000);

    const forever = await open({ retention: 0 });
    await write(forever, [{ labels: M, samples: [sample(0, 1970), sample(12_345, 1971)] }]);
    await forever.client.command('OPTIMIZE TABLE samples FINAL');
    await forever.client.command('OPTIMIZE TABLE series FINAL');
    expect(await valuesIn(forever, 0, NOW)).toEqual([1970, 1971, 0]);
    expect(await valuesIn(forever, -5000, 20_000)).toEqual([1970, 1971]);
    const [without] = await forever.client.query<{ statement: string }>('SHOW CREATE TABLE samples', NEVER);
    expect(without!.statement).not.toContain('TTL');
  });

  test('is readable with plain SQL', async () => {
    const storage = await open();
    await write(storage, [
      {
        labels: Labels.from({ __name__: 'm', pod: 'p' }),
        samples: [sample(NOW, 0.1), sample(NOW + 1, 1 / 3), { timestamp: NOW + 2, value: Number.NaN, stale: true }],
      },
    ]);
    const rows = await storage.client.query('SELECT metric, value, stale FROM samples ORDER BY ts', NEVER);
    expect(rows).toEqual([
      { metric: 'm', value: 0.1, stale: false },
      { metric: 'm', value: 1 / 3, stale: false },
      { metric: 'm', value: null, stale: true },
    ]);
    const labeled = await storage.client.query('SELECT labels, value FROM labeled_samples ORDER BY ts LIMIT 1', NEVER);
    expect(labeled).toEqual([{ labels: { pod: 'p' }, value: 0.1 }]);
  });

  test('refuses a schema that is newer than the program', async () => {
    const storage = await open();
    await storage.client.command(
      `INSERT INTO schema_migrations (version, name) VALUES (${SCHEMA_VERSION + 1}, 'from the future')`,
    );
    await storage.close(10_000);
    await expect(open()).rejects.toThrow(`must be of version ${SCHEMA_VERSION} or older, got ${SCHEMA_VERSION + 1}`);
  });

  test('has an owner', async () => {
    const storage = await open();
    await expect(open()).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining(dataDir) });
    await write(storage, [{ labels: M, samples: [sample(NOW, 1)] }]);
    expect(await valuesIn(storage, NOW, NOW)).toEqual([1]);
  });

  test('stores a segment again whose token ClickHouse knows but whose rows it lost', async () => {
    const first = await open({ commitInterval: 50 });
    const outbox = join(dataDir, 'outbox');
    const appended = first.appender.append(
      batchOf(first, [{ labels: M, samples: [sample(NOW, 1), sample(NOW + 1, 2)] }]),
    );
    const copies: string[] = [];
    // The file lives from the moment it is durable to the end of the insert.
    while (copies.length === 0) {
      for (const name of readdirSync(outbox)) {
        if (!name.includes('samples')) continue;
        copyFileSync(join(outbox, name), join(dataDir, name));
        copies.push(name);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await appended;
    await first.flush(NEVER);
    await first.client.command(
      `ALTER TABLE samples DELETE WHERE ts = fromUnixTimestamp64Milli(toInt64(${NOW}), 'UTC') SETTINGS mutations_sync = 2`,
    );
    expect(await count(first)).toBe(1);
    await first.close(10_000);
    for (const name of copies) copyFileSync(join(dataDir, name), join(outbox, name));
    const second = await open();
    await second.flush(NEVER);
    expect(await count(second)).toBe(2);
    expect(await valuesIn(second, NOW, NOW + 1)).toEqual([1, 2]);
  });

  test('selects more series than can be named one by one', async () => {
    const storage = await open();
    const many = Array.from({ length: 6000 }, (_, i) => ({
      labels: Labels.from({ __name__: 'm', n: String(i), half: i % 2 === 0 ? 'even' : 'odd' }),
      samples: [sample(NOW, i)],
    }));
    await write(storage, [...many, { labels: Labels.from({ __name__: 'm', n: 'x' }), samples: [sample(NOW, -1)] }]);
    const found = await read(storage, [...METRIC, new Matcher('half', '=~', 'ev.*|odd')], { start: NOW, end: NOW });
    expect(found.size).toBe(6000);
    expect([...found].filter(([name, samples]) => !name.includes(`n="${samples[0]?.value}"`))).toEqual([]);
  });

  test('refuses to select more series than it may', async () => {
    const storage = await open({ maxSeries: 2 });
    const series = (n: string) => ({ labels: Labels.from({ __name__: 'm', n }), samples: [sample(NOW, 1)] });
    await write(storage, [series('1'), series('2'), series('3')]);
    const selecting = storage.querier.select({ matchers: METRIC, start: NOW, end: NOW }, NEVER);
    await expect(selecting).rejects.toMatchObject({
      kind: 'limit',
      message: expect.stringContaining('at most 2 series'),
    });
  });

  test('refuses bad batches whole', async () => {
    const storage = await open();
    const bad = [0.5, -1, Date.UTC(2100, 0, 1), Number.NaN, Number.POSITIVE_INFINITY];
    for (const timestamp of bad) {
      const append = storage.appender.append(
        batchOf(storage, [{ labels: M, samples: [sample(NOW, 1), sample(timestamp, 2)] }]),
      );
      await expect(append).rejects.toMatchObject({
        kind: 'bad_data',
        message: expect.stringContaining(String(timestamp)),
      });
    }
    await storage.flush(NEVER);
    expect(await count(storage)).toBe(0);
  });
});

describe('with a ClickHouse server', () => {
  async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  /** A server that can be started and stopped, on an engine of its own. */
  async function startableServer(port: number) {
    const engine = openEmbeddedClient({ path: join(dataDir, 'server') });
    let running: { close(): Promise<void> } | undefined;
    const stop = async () => {
      await running?.close();
      running = undefined;
    };
    cleanups.push(async () => {
      await stop();
      await engine.close();
    });
    return {
      engine,
      stop,
      start: async () => {
        running = await startClickHouseHttpServer({
          session: engine.session,
          openSession: () => engine.openSession(),
          listen: { host: '127.0.0.1', port },
          readOnly: false,
        });
      },
    };
  }

  test('that does not answer, appends are kept, reads say so, and all is made good later', async () => {
    const port = await freePort();
    const server = await startableServer(port);
    const lines: { level: number; msg: string }[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const url = `http://someone:secret@127.0.0.1:${port}`;
    const storage = await open({ clickhouse: { server: { url } }, logger });
    await storage.appender.append(batchOf(storage, [{ labels: M, samples: [sample(NOW, 1)] }]));
    await eventually(() => expect(lines.length).toBeGreaterThan(0));
    const unavailable = { name: 'StorageError', kind: 'unavailable' };
    await expect(storage.querier.select({ matchers: METRIC, start: NOW, end: NOW }, NEVER)).rejects.toMatchObject(
      unavailable,
    );
    await expect(storage.flush(NEVER)).rejects.toMatchObject(unavailable);
    await expect(storage.alertLog.latest(0, NEVER)).rejects.toMatchObject(unavailable);
    await sleep(1500);

    await server.start();
    await eventually(async () => expect(await valuesIn(storage, NOW, NOW)).toEqual([1]));
    await storage.flush(NEVER);
    // One line when it began and one when it ended, however many attempts there were.
    expect(lines.map((line) => line.level)).toEqual([50, 30]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  }, 30_000);

  test('that stops answering, the outbox fills, refuses, drains, and takes again', async () => {
    const port = await freePort();
    const server = await startableServer(port);
    await server.start();
    const registry = new Registry();
    const storage = await open({
      clickhouse: { server: { url: `http://127.0.0.1:${port}` } },
      outboxBytes: 20_000,
      registry,
    });
    await write(storage, [{ labels: M, samples: [sample(NOW - 1, -1)] }]);
    await server.stop();

    let acknowledged = 0;
    let refusal: unknown;
    for (let batch = 0; batch < 100 && refusal === undefined; batch++) {
      const samples = Array.from({ length: 50 }, (_, i) => sample(NOW + batch * 50 + i, batch * 50 + i));
      try {
        await storage.appender.append(batchOf(storage, [{ labels: M, samples }]));
        acknowledged += 50;
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({ kind: 'full' });
    expect(refusal).toBeInstanceOf(StorageError);
    expect(acknowledged).toBeGreaterThan(200);
    const text = await registry.metrics();
    expect(text).toMatch(/pharos_storage_samples_refused_total 50\n/);
    expect(Number(/pharos_outbox_bytes (\d+)/.exec(text)![1])).toBeLessThanOrEqual(20_000);

    await server.start();
    await eventually(() => storage.flush(NEVER));
    expect(await valuesIn(storage, NOW, NOW + 10_000)).toEqual(Array.from({ length: acknowledged }, (_, i) => i));
    await write(storage, [{ labels: M, samples: [sample(NOW + 9000, 9000)] }]);
    expect((await valuesIn(storage, NOW, NOW + 10_000)).at(-1)).toBe(9000);
  }, 30_000);

  test('that refuses a segment for itself, the segment is put aside and the rest goes on', async () => {
    const port = await freePort();
    const server = await startableServer(port);
    await server.start();
    const registry = new Registry();
    const storage = await open({ clickhouse: { server: { url: `http://127.0.0.1:${port}` } }, registry });
    await write(storage, [{ labels: M, samples: [sample(NOW, 1)] }]);
    // A table that does not fit any more.
    await server.engine.command('RENAME TABLE alert_events TO kept');
    await server.engine.command('CREATE TABLE alert_events (ts UInt8) ENGINE = MergeTree ORDER BY ts');
    const event = {
      timestamp: NOW,
      rule: 'r',
      labels: M,
      annotations: Labels.EMPTY,
      state: 'firing',
      activeAt: NOW,
    } as const;
    const rest = {
      firedAt: 0,
      resolvedAt: 0,
      keepFiringSince: 0,
      value: 1,
      lastSentAt: 0,
      lastSentStatus: '',
    } as const;
    await storage.alertLog.append([{ ...event, ...rest }]);
    await eventually(() => expect(readdirSync(join(dataDir, 'outbox', 'quarantine'))).toHaveLength(1));
    await write(storage, [{ labels: M, samples: [sample(NOW + 1, 2)] }]);
    expect(await valuesIn(storage, NOW, NOW + 1)).toEqual([1, 2]);
    expect(await registry.metrics()).toMatch(/pharos_outbox_quarantined_segments_total 1\n/);
  }, 30_000);

  test('the database is made when it is missing', async () => {
    const port = await freePort();
    const server = await startableServer(port);
    await server.start();
    const storage = await open({ clickhouse: { server: { url: `http://127.0.0.1:${port}/metrics_db` } } });
    await eventually(() => write(storage, [{ labels: M, samples: [sample(NOW, 1)] }]));
    expect(await valuesIn(storage, NOW, NOW)).toEqual([1]);
    expect(await server.engine.query('SELECT metric, value FROM metrics_db.samples', NEVER)).toEqual([
      { metric: 'm', value: 1 },
    ]);
  });

  test('the address is checked without repeating a password', async () => {
    await expect(open({ clickhouse: { server: { url: 'user:secret@host' } } })).rejects.toThrow(
      /must begin with|must be a URL/,
    );
    await expect(open({ clickhouse: { server: { url: 'user:secret@host' } } })).rejects.not.toThrow(/secret/);
  });
});

/** Repeats until it passes, for 15 s at most. */
async function eventually(check: () => unknown): Promise<void> {
  const end = Date.now() + 15_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}
