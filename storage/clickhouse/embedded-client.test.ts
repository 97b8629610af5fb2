import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StorageError } from '../errors.ts';
import { type EmbeddedClient, openEmbeddedClient } from './embedded-client.ts';

const directory = mkdtempSync(join(tmpdir(), 'pharos-client-'));
const NEVER = new AbortController().signal;
let client: EmbeddedClient;

beforeAll(() => {
  client = openEmbeddedClient({ path: directory, maxStreams: 2, memoryLimit: 200 * 2 ** 20 });
});
afterAll(async () => {
  await client.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A query that would run for minutes without giving a block. */
const ENDLESS = 'SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) % 7 = 0';

test('an aborted query stops at once, in the engine too', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  await expect(client.query(ENDLESS, controller.signal)).rejects.toMatchObject({
    name: 'StorageError',
    kind: 'canceled',
  });
  const running = await client.query(
    "SELECT query FROM system.processes WHERE query LIKE '%cityHash64%' AND query NOT LIKE '%LIKE%'",
    NEVER,
  );
  expect(running).toEqual([]);
});

test('too many streams are refused, not queued', async () => {
  const controllers = [new AbortController(), new AbortController()];
  const running = controllers.map((controller) =>
    client.query(ENDLESS, controller.signal).catch((error) => error.kind),
  );
  await expect(client.query('SELECT 1', NEVER)).rejects.toMatchObject({ kind: 'unavailable' });
  for (const controller of controllers) controller.abort();
  expect(await Promise.all(running)).toEqual(['canceled', 'canceled']);
  expect(await client.query('SELECT 1 AS one', NEVER)).toEqual([{ one: 1 }]);
});

test('a query that needs too much memory is a limit, a wrong one a defect', async () => {
  const hungry = 'SELECT count() FROM (SELECT number FROM numbers(100000000) GROUP BY number)';
  await expect(client.query(hungry, NEVER)).rejects.toMatchObject({ kind: 'limit' });
  await expect(client.query('SELECT * FROM missing', NEVER)).rejects.toMatchObject({
    kind: 'internal',
    cause: { code: 60 },
  });
  const mistake = client.stream('SELECT throwIf(number = 100000) AS x FROM numbers(200000)', NEVER);
  await expect(all(mistake)).rejects.toMatchObject({ kind: 'internal', cause: { code: 395 } });
});

test('statements that cannot be streamed are answered', async () => {
  const rows = await client.query<{ name: string }>('SHOW DATABASES', NEVER);
  expect(rows.map((row) => row.name)).toContain('default');
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test.each(['small', undefined] as const)("what is left of a failed answer is nobody else's (%s)", async (size) => {
  const kinds = async (sql: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const { columns } of client.stream(sql, NEVER, size)) found.push(columns.map(({ kind }) => kind).join());
    return found;
  };
  // Fails when the engine has made some blocks of the answer.
  const failing = 'SELECT number, toInt8(number % 7) FROM numbers(500000) WHERE throwIf(number = 400000) = 0';
  for (let i = 0; i < 3; i++) {
    await expect(kinds(failing)).rejects.toThrow(StorageError);
    expect(await kinds(`SELECT 'x', ${i}`)).toEqual(['string,uint8']);
  }
});
