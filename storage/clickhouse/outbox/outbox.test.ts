import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStorageMetrics } from '../metrics.ts';
import { Outbox } from './outbox.ts';
import { parseSegmentFileName, segmentFileName } from './segment.ts';

let directory: string;
let opened: Outbox[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-outbox-'));
  opened = [];
});
afterEach(() => {
  for (const outbox of opened) outbox.close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(maxBytes = 1000): Promise<Outbox> {
  const metrics = createStorageMetrics(new Registry());
  const outbox = await Outbox.open({ directory, maxBytes, metrics, logger: undefined });
  opened.push(outbox);
  return outbox;
}

function section(text: string) {
  return { table: 'samples', buffers: [Buffer.from(text.slice(0, 2)), Buffer.from(text.slice(2))] } as const;
}

test('no token is ever used twice, even when nothing is left of the segments before', async () => {
  const tokens: string[] = [];
  for (let round = 0; round < 3; round++) {
    const outbox = await open();
    for (let i = 0; i < 3; i++) {
      await outbox.write([section('hello')], 1);
      const segment = outbox.head!;
      tokens.push(outbox.tokenOf(segment, segment.files[0]!));
      await outbox.done(segment);
    }
    expect(outbox.bytes).toBe(0);
    outbox.close();
  }
  expect(new Set(tokens).size).toBe(9);
  // All of one store, so that two stores on one server never share a token.
  expect(new Set(tokens.map((token) => token.slice(0, 36))).size).toBe(1);
});

test('segments of an earlier process come first, in their order', async () => {
  const first = await open();
  for (const text of ['one', 'two']) await first.write([section(text)], 1);
  first.close();
  const second = await open();
  await second.write([section('three')], 1);
  expect(second.length).toBe(3);
  const order: string[] = [];
  for (let segment = second.head; segment !== undefined; segment = second.head) {
    order.push(`${segment.epoch}-${segment.sequence}`);
    expect(second.isIntact(segment.files[0]!)).toBe(true);
    await second.done(segment);
  }
  expect(order).toEqual(['1-1', '1-2', '2-1']);
  expect(second.hasRoom(1000)).toBe(true);
});

test('a file that is not what its name says is recognised', async () => {
  const outbox = await open();
  await outbox.write([section('hello')], 1);
  const file = outbox.head!.files[0]!;
  expect(outbox.isIntact(file)).toBe(true);
  writeFileSync(outbox.pathOf(file), 'hellO');
  expect(outbox.isIntact(file)).toBe(false);
  writeFileSync(outbox.pathOf(file), 'hell');
  expect(outbox.isIntact(file)).toBe(false);
  rmSync(outbox.pathOf(file));
  expect(outbox.isIntact(file)).toBe(false);
});

test('a write that fails leaves nothing behind, and the next may succeed', async () => {
  const outbox = await open();
  rmSync(directory, { recursive: true });
  await expect(outbox.write([section('hello')], 1)).rejects.toMatchObject({ kind: 'unavailable' });
  expect(outbox.length).toBe(0);
  mkdirSync(directory);
  await outbox.write([section('hello')], 1);
  expect(outbox.length).toBe(1);
  expect(readdirSync(directory).filter((name) => name.endsWith('.native'))).toHaveLength(1);
});

test('has one owner; a lock left by a dead process is taken over', async () => {
  const outbox = await open();
  await expect(open()).rejects.toThrow(`the outbox in ${directory} is in use by process ${process.pid}`);
  outbox.close();
  // The same number, another process: it began at another time.
  writeFileSync(join(directory, 'lock'), `${process.pid} 1\n`);
  await open();
});

test('names of files say what is in them', () => {
  const file = { table: 'series', bytes: 12, crc: 0xab } as const;
  const name = segmentFileName({ epoch: 3, sequence: 42 }, file);
  expect(name).toBe('00000003-0000000042.0-series.12.000000ab.native');
  expect(parseSegmentFileName(name)).toEqual({ epoch: 3, sequence: 42, file: { ...file, name } });
  expect(parseSegmentFileName('00000003-0000000042.0-other.12.000000ab.native')).toBeUndefined();
  expect(parseSegmentFileName('identity.json')).toBeUndefined();
});
