import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { expect, test, vi } from 'vitest';
import { buildServer, listen } from '../../cli/server.ts';
import { registerRemoteWrite } from '../../collector/receive/server.ts';
import { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { readSamples } from '../../storage/read-samples.ts';
import { createRemoteWriteMetrics } from '../../storage/remote/metrics.ts';
import { createPost } from '../../storage/remote/post-write-request.ts';
import { openRemoteWrite } from '../../storage/remote/remote-write.ts';
import { CutProxy } from '../cut-proxy.ts';
import { backlogOrder } from './backlog-order.ts';
import { Recorder } from './recorder.ts';

const SERIES = 50;

test.each(['refuse', 'hang'] as const)(
  'a link that is cut (%s) and mended: all arrives, the newest first',
  async (how) => {
    const directory = mkdtempSync(join(tmpdir(), 'pharos-edge-'));
    const logger = pino({ level: 'silent' });
    const central = createMemoryStorage();
    const registry = new Registry();
    const app = buildServer({
      logger,
      maxBodySize: 2 ** 24,
      page: [],
      register: (server) =>
        registerRemoteWrite(server, { appender: central.appender, registry, logger, maxBodyBytes: 2 ** 24 }),
    });
    const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
    const recorder = new Recorder({ host: '127.0.0.1', port });
    const link = new CutProxy({ host: '127.0.0.1', port: await recorder.start() });
    await link.open();
    const metrics = createRemoteWriteMetrics(new Registry());
    const edge = await openRemoteWrite({
      name: 'central',
      directory,
      commitInterval: 20,
      liveAge: 300,
      maxShards: 4,
      maxBackoff: 100,
      metrics,
      send: createPost({
        url: `http://127.0.0.1:${link.port}/api/v1/write`,
        headers: async () => ({}),
        timeout: 400,
        userAgent: 'test',
      }),
    });
    const refs = Uint32Array.from({ length: SERIES }, (_, i) =>
      edge.appender.acquire(Labels.from({ __name__: 'm', number: String(i) })),
    );
    let appended = 0;
    const append = async (milliseconds: number) => {
      for (const end = Date.now() + milliseconds; Date.now() < end; appended++) {
        await edge.appender.append({
          length: SERIES,
          refs,
          timestamps: new Float64Array(SERIES).fill(Date.now()),
          values: new Float64Array(SERIES).fill(appended),
          stale: new Uint8Array(SERIES),
        });
      }
    };
    try {
      await append(300);
      const cutAt = Date.now();
      await link.cut(how);
      await append(1500);
      const pending = (await metrics.pendingSegments.get()).values[0]!.value;
      expect(pending).toBeGreaterThan(20);
      await link.open();
      const mendedAt = Date.now();
      await append(800);
      await vi.waitFor(() => edge.flush(AbortSignal.timeout(5000)), { timeout: 5000 });
      const order = backlogOrder(recorder.arrivals, { cutAt, mendedAt, until: Date.now() });
      expect(order.backlog.length).toBeGreaterThan(10);
      // So many may be under way at a time, and pass each other.
      expect(order.displacement).toBeLessThanOrEqual(4);
      expect(order.live.length).toBeGreaterThan(5);
      const range = { start: 0, end: Date.now() };
      const set = await central.querier.select(
        { matchers: [new Matcher('__name__', '=', 'm')], ...range },
        new AbortController().signal,
      );
      const values = (await readSamples(set)).map((samples) => samples.map((sample) => sample.value));
      expect(values).toHaveLength(SERIES);
      const all = Array.from({ length: appended }, (_, i) => i);
      for (const found of values) expect(found).toEqual(all);
    } finally {
      await edge.close(1000);
      await link.close();
      await recorder.close();
      await app.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
