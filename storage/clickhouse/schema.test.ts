import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedClient, openEmbeddedClient } from './embedded-client.ts';
import { MIGRATIONS, migrate, SCHEMA_VERSION } from './schema.ts';

const NEVER = new AbortController().signal;
const OF_SERIES = MIGRATIONS.find(({ version }) => version === 2)!.statements(new Set());

let directory: string;
let engine: EmbeddedClient;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-schema-'));
  engine = openEmbeddedClient({ path: directory });
  await migrate(engine, 0, NEVER);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

const insert = (id: number) =>
  engine.command(
    `INSERT INTO series (metric, id, labels, first, last) VALUES ('m', ${id}, map('a', 'b'), now64(3), now64(3))`,
  );

test.each(OF_SERIES.map((_, done) => done).concat(OF_SERIES.length))(
  'old rows of series were written at the beginning of time, new ones now; with %i steps done before a crash',
  async (done) => {
    await engine.command('TRUNCATE TABLE series');
    await engine.command('ALTER TABLE series DROP COLUMN written SETTINGS mutations_sync = 2');
    await engine.command('ALTER TABLE schema_migrations DELETE WHERE version >= 2 SETTINGS mutations_sync = 2');
    await insert(1);
    for (const statement of OF_SERIES.slice(0, done)) await engine.command(statement);
    await migrate(engine, 0, NEVER);
    await insert(2);
    const rows = await engine.query<{ old: boolean; recent: boolean }>(
      `SELECT written = toDateTime64(0, 3, 'UTC') AS old, written > now64(3) - 60 AND written <= now64(3) AS recent
       FROM series FINAL ORDER BY id`,
      NEVER,
    );
    expect(rows.map(({ old, recent }) => [Boolean(old), Boolean(recent)])).toEqual([
      [true, false],
      [false, true],
    ]);
    const [state] = await engine.query<{ version: number }>(
      'SELECT toUInt32(max(version)) AS version FROM schema_migrations',
      NEVER,
    );
    expect(state!.version).toBe(SCHEMA_VERSION);
    // Merging keeps the later time.
    const merged = 'SELECT toString(count()) AS rows FROM series WHERE id = 1 AND written > now64(3) - 60';
    await insert(1);
    await engine.command('OPTIMIZE TABLE series FINAL');
    expect(await engine.query(merged, NEVER)).toEqual([{ rows: '1' }]);
  },
);
