import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWriteRequest } from '../collector/receive/encode-write-request.ts';
import { findPrometheus } from './find-prometheus.ts';
import { startPharos } from './replay/pharos.ts';
import { startPrometheus } from './replay/prometheus.ts';

const PROMETHEUS = findPrometheus(process.env);
const STEP = 15_000;
const END = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
const START = END - 400 * STEP;

/** Prometheus has no samples of its own and reads all of them from Pharos. */
describe.skipIf(PROMETHEUS === undefined)('Prometheus reads from Pharos (needs a prometheus in PATH)', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'pharos-remote-read-'));
  const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  let pharos = '';
  let prometheus = '';

  beforeAll(async () => {
    const config = (name: string, more: string): string => {
      mkdirSync(path.join(directory, name));
      const file = path.join(directory, name, 'prometheus.yml');
      writeFileSync(file, `global: { external_labels: { region: eu } }\n${more}`);
      return file;
    };
    const own = await startPharos(config('pharos', 'host_metrics: { enabled: false }\n'));
    closing.unshift(() => own.close());
    pharos = own.url;
    const series = ['web', 'db'].flatMap((job) =>
      ['1', '2', '3'].map((pod) => ({
        labels: [
          ['__name__', 'requests_total'],
          ['job', job],
          ['pod', pod],
        ] as const,
        samples: Array.from({ length: 401 }, (_, i) => ({
          timestamp: START + i * STEP + (i % 3),
          value: i * 0.5 * Number(pod),
        })),
      })),
    );
    const body = compressSync(encodeWriteRequest({ series })) as Buffer;
    const headers = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy' };
    expect((await fetch(`${pharos}/api/v1/write`, { method: 'POST', headers, body })).status).toBe(204);
    const peer = await startPrometheus(PROMETHEUS!, {
      configFile: config('prometheus', `remote_read: [{ url: '${pharos}/api/v1/read', read_recent: true }]\n`),
      directory: path.join(directory, 'prometheus'),
    });
    closing.unshift(() => peer.close());
    prometheus = peer.url;
  }, 60_000);

  afterAll(async () => {
    for (const close of closing) await close();
  });

  it.each([
    'requests_total',
    'requests_total{region="eu",pod=~"1|2"}',
    'sum by (job) (rate(requests_total{pod!="3"}[5m]))',
    'count_over_time({job="web"}[10m])',
  ])('%s', async (query) => {
    const ask = async (url: string) => {
      const body = new URLSearchParams({ query, start: String(START / 1000), end: String(END / 1000), step: '30' });
      const answer = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body });
      const { data, warnings } = (await answer.json()) as {
        data: { result: { metric: unknown }[] };
        warnings: unknown;
      };
      data.result.sort((a, b) => (JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1));
      return { result: data.result, warnings };
    };
    const through = await ask(prometheus);
    expect(through.result.length).toBeGreaterThan(0);
    expect(through.warnings).toBeUndefined();
    // Pharos does not have the label in its store.
    if (!query.includes('region')) expect(through).toEqual(await ask(pharos));
    else expect(through.result).toHaveLength(4);
  });
});
