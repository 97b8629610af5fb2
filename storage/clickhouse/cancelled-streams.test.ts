import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openEmbeddedClient } from './embedded-client.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'pharos-cancelled-'));
const client = openEmbeddedClient({ path: directory });
afterAll(async () => {
  await client.close();
  rmSync(directory, { recursive: true });
});
const never = new AbortController().signal;
const SAMPLES =
  'SELECT number AS id, toDateTime64(number, 3) AS ts, toInt64(number) AS mantissa, toInt8(number % 7) AS scale FROM numbers(3000000) WHERE NOT ignore(sipHash64(number))';

it('answers each query with its own blocks, however many others were given up halfway', async () => {
  const wrong: string[] = [];
  const giveUp = async (after: number, abort: boolean): Promise<void> => {
    const controller = new AbortController();
    let blocks = 0;
    try {
      for await (const _ of client.stream(SAMPLES, abort ? controller.signal : never)) {
        if (blocks++ < after) continue;
        if (!abort) break;
        controller.abort();
      }
    } catch {
      // It was cancelled.
    }
  };
  const small = async (mark: number): Promise<void> => {
    for await (const { columns, rows } of client.stream(
      `SELECT ${mark}::Int64 AS mark`,
      never,
      mark % 2 === 0 ? 'small' : undefined,
    )) {
      const [first] = columns;
      const got = first?.kind === 'int64' ? first.data[0] : first?.kind;
      if (columns.length !== 1 || rows !== 1 || got !== mark)
        wrong.push(`${mark}: ${columns.length} columns, ${rows} rows, ${got}`);
    }
  };
  for (let round = 0; round < 20; round++) {
    await Promise.all([giveUp(round % 3, false), giveUp(round % 2, true), small(4 * round), small(4 * round + 1)]);
    await Promise.all([small(4 * round + 2), small(4 * round + 3)]);
  }
  expect(wrong).toEqual([]);
});
