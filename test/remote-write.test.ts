import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { uncompressSync } from 'snappy';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseLabels } from '../collector/receive/label-bytes.ts';
import { WriteRequest } from '../collector/receive/write-request.ts';
import { Labels } from '../storage/labels.ts';
import { createRemoteWriteMetrics } from '../storage/remote/metrics.ts';
import { openRemoteWrite, type RemoteWrite, type RemoteWriteOptions } from '../storage/remote/remote-write.ts';
import type { Metadata, SampleBatch } from '../storage/series.ts';

/** What the sender of remote write sends, read by the receiver's decoder. */
let directory: string;
let remote: RemoteWrite;
let registry: Registry;
let sent: { metadata: Metadata[]; rows: [labels: string, timestamp: number, value: number | 'stale'][] };
let requests: number;
const NEVER = AbortSignal.timeout(60_000);
const LIMITS = { maxLabels: 100, maxNameLength: 1000, maxValueLength: 1000 };

async function open(more: Partial<RemoteWriteOptions> = {}): Promise<void> {
  registry = new Registry();
  remote = await openRemoteWrite({
    name: 'test',
    directory,
    commitInterval: 5,
    metrics: createRemoteWriteMetrics(registry),
    send: async (body) => {
      read(body);
      return { kind: 'delivered' };
    },
    ...more,
  });
}

function read(body: Uint8Array): void {
  const request = new WriteRequest();
  const bytes = uncompressSync(body) as Buffer;
  request.decode(bytes);
  requests++;
  sent.metadata.push(...request.metadata);
  for (let series = 0, row = 0; series < request.series; series++) {
    const labels = parseLabels(bytes.subarray(request.labelsStart[series]!, request.labelsEnd[series]!), LIMITS);
    for (; row < request.samplesEnd[series]!; row++) {
      const value = request.stale[row] === 1 ? 'stale' : request.values[row]!;
      sent.rows.push([labels.toString(), request.timestamps[row]!, value]);
    }
  }
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-remote-write-'));
  sent = { metadata: [], rows: [] };
  requests = 0;
});

afterEach(async () => {
  await remote.close(1000);
  rmSync(directory, { recursive: true, force: true });
});

type Row = readonly [labels: Labels, timestamp: number, value: number | 'stale'];

function batchOf(rows: readonly Row[]): SampleBatch {
  return {
    length: rows.length,
    refs: Uint32Array.from(rows, ([labels]) => remote.appender.acquire(labels)),
    timestamps: Float64Array.from(rows, ([, timestamp]) => timestamp),
    values: Float64Array.from(rows, ([, , value]) => (value === 'stale' ? Number.NaN : value)),
    stale: Uint8Array.from(rows, ([, , value]) => (value === 'stale' ? 1 : 0)),
  };
}

test('every sample arrives as it was appended, in requests of at most so many', async () => {
  await open({ maxSamples: 7 });
  const labels = fc
    .dictionary(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
    )
    .map((pairs) => Labels.from({ ...pairs, __name__: 'm' }));
  const value = fc.oneof(
    fc.double(),
    fc.constantFrom<number | 'stale'>('stale', Number.NaN, -0, Number.POSITIVE_INFINITY),
  );
  const rows = fc.array(fc.tuple(labels, fc.integer({ min: 0, max: Date.UTC(2099, 0) }), value), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(rows, async (given) => {
      sent.rows = [];
      requests = 0;
      const batch = batchOf(given);
      const appended = remote.appender.append(batch);
      remote.appender.release(batch.refs);
      await appended;
      await remote.flush(NEVER);
      const expected = given.map(([of, timestamp, sample]) => [of.toString(), timestamp, sample]);
      expect(sorted(sent.rows)).toEqual(sorted(expected));
      expect(requests).toBe(Math.ceil(given.length / 7));
    }),
    { numRuns: 40 },
  );
});

function sorted(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'number' ? text(value) : value))).sort();
}

function text(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

test('labels are changed on the way, and what relabelling drops is not sent', async () => {
  await open({ prepare: (labels) => (labels.metric === 'dropped' ? undefined : labels.with('site', 'x')) });
  await remote.appender.append(batchOf([[Labels.from({ __name__: 'dropped' }), 1, 1]]));
  await remote.appender.append(
    batchOf([
      [Labels.from({ __name__: 'dropped' }), 2, 2],
      [Labels.from({ __name__: 'kept' }), 2, 3],
    ]),
  );
  await remote.flush(NEVER);
  expect(sent.rows).toEqual([['kept{site="x"}', 2, 3]]);
  const dropped = await registry.getSingleMetric('pharos_remote_write_dropped_samples_total')!.get();
  expect(dropped.values.map(({ labels, value }) => [labels.reason, value])).toEqual([['relabelled', 2]]);
});

test('metadata is sent once, and again when it changes', async () => {
  await open();
  const up: Metadata = { metric: 'up', type: 'gauge', help: 'Is it "up"?', unit: '' };
  const size: Metadata = { metric: 'size_bytes', type: 'counter', help: 'é', unit: 'bytes' };
  remote.appender.describe([up, size]);
  remote.appender.describe([up]);
  await remote.flush(NEVER);
  remote.appender.describe([up, { ...size, type: 'stateset' }]);
  await remote.flush(NEVER);
  expect(sent.metadata).toEqual([up, size, { ...size, type: 'stateset' }]);
});

test('a full outbox refuses at once, and its files stay within the bound', async () => {
  const limit = 60_000;
  await open({ outboxBytes: limit, send: async () => ({ kind: 'failed', reason: 'down', retryAfter: 0 }) });
  // Text that does not compress.
  const noise = (i: number) => Array.from({ length: 40 }, (_, j) => Math.sin(i * 41 + j).toString(36)).join('');
  let refused: unknown;
  for (let i = 0; i < 500 && refused === undefined; i++) {
    const batch = batchOf([[Labels.from({ __name__: 'm', noise: noise(i) }), i, i]]);
    refused = await remote.appender.append(batch).then(
      () => undefined,
      (error: unknown) => error,
    );
  }
  expect(refused).toMatchObject({ name: 'StorageError', kind: 'full' });
  const bytes = readdirSync(directory)
    .filter((name) => name.endsWith('.rw1'))
    .reduce((sum, name) => sum + Number(name.split('.')[4]), 0);
  expect(bytes).toBeGreaterThan(limit / 2);
  expect(bytes).toBeLessThanOrEqual(limit);
});

test('wrong refs and times are refused, and nothing of their batch is taken', async () => {
  await open();
  const good: Row = [Labels.from({ __name__: 'm' }), 5, 5];
  const bad = { kind: 'bad_data' };
  await expect(remote.appender.append(batchOf([good, [good[0], 1.5, 1]]))).rejects.toMatchObject(bad);
  await expect(remote.appender.append({ ...batchOf([good]), refs: Uint32Array.of(99) })).rejects.toMatchObject(bad);
  expect(() => remote.appender.acquire(Labels.from({ a: 'b' }))).toThrow('metric name');
  await remote.flush(NEVER);
  expect(sent.rows).toEqual([]);
  await remote.close(1000);
  await expect(remote.appender.append(batchOf([good]))).rejects.toMatchObject({ kind: 'canceled' });
});

test('what could not be sent is sent by the next start', async () => {
  await open({ send: async () => ({ kind: 'failed', reason: 'down', retryAfter: 0 }) });
  await remote.appender.append(batchOf([[Labels.from({ __name__: 'm' }), 7, 7]]));
  await remote.close(100);
  expect(sent.rows).toEqual([]);
  await open();
  await remote.flush(NEVER);
  expect(sent.rows).toEqual([['m', 7, 7]]);
});

test('what the disk does not take is refused, and nothing of it is sent', async () => {
  await open();
  const moved = `${directory}-moved`;
  renameSync(directory, moved);
  const lost = remote.appender.append(batchOf([[Labels.from({ __name__: 'lost' }), 1, 1]]));
  await expect(lost).rejects.toMatchObject({ name: 'StorageError', kind: 'unavailable' });
  renameSync(moved, directory);
  await remote.appender.append(batchOf([[Labels.from({ __name__: 'm' }), 2, 2]]));
  await remote.flush(NEVER);
  expect(sent.rows).toEqual([['m', 2, 2]]);
  const dropped = await registry.getSingleMetric('pharos_remote_write_dropped_samples_total')!.get();
  expect(dropped.values.map(({ labels, value }) => [labels.reason, value])).toEqual([['failed', 1]]);
});
