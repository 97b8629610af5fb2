import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { StorageError } from '../errors.ts';
import { ClickHouseError } from './client.ts';
import { columnOf } from './native-block.ts';
import { PortClient, serveClient } from './port-client.ts';

/** A Native block of one row: the column `n` of type UInt8. */
function block(value: number): Uint8Array {
  return Uint8Array.of(1, 1, 1, 'n'.charCodeAt(0), 5, ...Buffer.from('UInt8'), value);
}

function connected(bytes: (sql: string, signal: AbortSignal) => AsyncIterable<Uint8Array>): PortClient {
  const { port1, port2 } = new MessageChannel();
  serveClient(port1, { bytes });
  port1.unref();
  return new PortClient(port2);
}

async function read(client: PortClient, sql: string, signal = new AbortController().signal): Promise<number[]> {
  const values: number[] = [];
  for await (const one of client.stream(sql, signal)) values.push(columnOf(one, 0, 'uint8')[0]!);
  return values;
}

test('gives blocks in order, though far more come than may be on their way', async () => {
  let ahead = 0;
  let most = 0;
  const client = connected(async function* () {
    for (let i = 0; i < 200; i++) {
      most = Math.max(most, ++ahead);
      yield block(i);
    }
  });
  const values: number[] = [];
  for await (const one of client.stream('q', new AbortController().signal)) {
    ahead--;
    values.push(columnOf(one, 0, 'uint8')[0]!);
  }
  expect(values).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(most).toBeLessThan(100);
});

test('passes on errors, with the code that ClickHouse gave', async () => {
  const client = connected(async function* () {
    yield block(1);
    throw new StorageError('limit', 'too much', { cause: new ClickHouseError(241, 'memory') });
  });
  await expect(read(client, 'q')).rejects.toMatchObject({
    kind: 'limit',
    message: 'too much',
    cause: { code: 241, message: 'memory' },
  });
});

test('an abort, and a reader that stops, end the reading on the other side', async () => {
  const ended: string[] = [];
  const client = connected(async function* (sql, signal) {
    try {
      yield block(1);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    } finally {
      ended.push(sql);
    }
  });
  const controller = new AbortController();
  const reading = read(client, 'aborted', controller.signal);
  setTimeout(() => controller.abort(), 5);
  await expect(reading).rejects.toMatchObject({ kind: 'canceled' });
  await expect.poll(() => ended).toEqual(['aborted']);
  for await (const _ of client.stream('stopped', new AbortController().signal)) break;
  await expect.poll(() => ended).toEqual(['aborted', 'stopped']);
});
