import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Labels } from '../../labels.ts';
import { createStorageMetrics } from '../metrics.ts';
import { Outbox } from '../outbox/outbox.ts';
import { Writer } from './writer.ts';

let directory: string;
let outbox: Outbox;
let writer: Writer;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-writer-'));
  const metrics = createStorageMetrics(new Registry());
  outbox = await Outbox.open({ directory, maxBytes: 2 ** 30, metrics, logger: undefined });
  writer = new Writer({ outbox, metrics, logger: undefined, commitInterval: 60_000 });
});
afterEach(() => {
  outbox.close();
  rmSync(directory, { recursive: true, force: true });
});

const SERIES = 4000;

/** A batch of new series; the time says which batch it was. */
function batchOf(number: number) {
  const refs = Uint32Array.from({ length: SERIES }, (_, i) =>
    writer.acquire(Labels.from({ __name__: 'm', batch: String(number), i: String(i), pod: `pod-${i % 50}` })),
  );
  const timestamps = new Float64Array(SERIES).fill(number);
  return { length: SERIES, refs, timestamps, values: new Float64Array(SERIES), stale: new Uint8Array(SERIES) };
}

test('segments stay small however long the disk takes, and are written in the order of the appends', async () => {
  const order: number[] = [];
  const appended = Array.from({ length: 60 }, (_, number) =>
    writer.append(batchOf(number)).then(() => void order.push(number)),
  );
  await writer.commit();
  await Promise.all(appended);
  expect(order).toEqual(Array.from({ length: 60 }, (_, number) => number));
  const segments: number[] = [];
  for (let segment = outbox.head; segment !== undefined; segment = outbox.head) {
    segments.push(segment.samples);
    for (const file of segment.files) {
      expect(file.bytes).toBeLessThan(7 * 2 ** 20);
      expect(outbox.isIntact(file)).toBe(true);
    }
    await outbox.done(segment);
  }
  expect(segments.length).toBeGreaterThan(2);
  expect(segments.reduce((sum, samples) => sum + samples)).toBe(60 * SERIES);
});

test('what does not reach the disk is refused, every segment of it', async () => {
  const appended = Array.from({ length: 60 }, (_, number) => writer.append(batchOf(number)));
  rmSync(directory, { recursive: true, force: true });
  await expect(writer.commit()).rejects.toMatchObject({ kind: 'unavailable' });
  const results = await Promise.allSettled(appended);
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  expect(outbox.length).toBe(0);
});
