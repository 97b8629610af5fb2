import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { Matcher } from '../storage/matcher.ts';
import { readSamples } from '../storage/read-samples.ts';
import type { Storage } from '../storage/storage.ts';
import { loadConfigText } from './config/load-config.ts';
import { type OpenedStorage, openStorage } from './open-storage.ts';
import type { Role } from './server-options.ts';
import { resolveSettings } from './settings.ts';

const NEVER = new AbortController().signal;
const NOW = Date.now();
/** Nobody listens there. */
const REMOTE = `
remote_write:
  - {url: 'http://127.0.0.1:1/api/v1/write', name: central, queue_config: {batch_send_deadline: 1ms}}
  - {url: 'http://127.0.0.1:1/other', name: ../other, outbox_max_size: 1B, queue_config: {batch_send_deadline: 1ms}}
`;

let dataDir: string;
let opened: OpenedStorage | undefined;
let lines: { readonly msg: string; readonly others?: readonly string[]; readonly samples?: number }[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'pharos-open-'));
  lines = [];
});
afterEach(async () => {
  await opened?.storage.close(100);
  opened = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(role: Role, text: string): Promise<OpenedStorage> {
  const { config } = await loadConfigText(text, { name: 'pharos.yml', path: '/etc/pharos.yml' });
  const settings = resolveSettings({ dataDir, logLevel: 'warn' }, config);
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  opened = await openStorage(settings, config, { role, server: undefined, registry: new Registry(), logger });
  return opened;
}

async function append({ appender }: Storage): Promise<void> {
  const ref = appender.acquire(Labels.from({ __name__: 'm' }));
  await appender.append({
    length: 1,
    refs: Uint32Array.of(ref),
    timestamps: Float64Array.of(NOW),
    values: Float64Array.of(7),
    stale: Uint8Array.of(0),
  });
}

const segments = (name: string) =>
  readdirSync(join(dataDir, 'remote-write', name)).filter((file) => file.endsWith('.rw1'));

test('a collector that sends and has no ClickHouse server opens no store', async () => {
  const { storage, clickhouse } = await open('collector', REMOTE);
  expect(clickhouse).toBeUndefined();
  await append(storage);
  expect(readdirSync(dataDir)).toEqual(['remote-write']);
  expect(readdirSync(join(dataDir, 'remote-write')).sort()).toEqual(['%2E%2E%2Fother', 'central']);
  expect(segments('central')).toHaveLength(1);
  const refusal = { kind: 'unavailable', message: expect.stringContaining('keeps no samples') };
  const selection = { matchers: [new Matcher('__name__', '=', 'm')], start: 0, end: NOW };
  await expect(storage.querier.select(selection, NEVER)).rejects.toMatchObject(refusal);
  await expect(storage.flush(AbortSignal.timeout(2000))).rejects.toMatchObject({ kind: 'unavailable' });
  expect(storage.eventLog).toBeUndefined();
});

test('beside a store, an outbox that is full stops nothing, and says what will be missing', async () => {
  const { storage, clickhouse } = await open('all', REMOTE);
  expect(clickhouse).toBeDefined();
  await append(storage);
  await storage.flush(NEVER);
  const selection = { matchers: [new Matcher('__name__', '=', 'm')], start: 0, end: NOW };
  const samples = (await readSamples(await storage.querier.select(selection, NEVER))).flat();
  expect(samples).toEqual([{ timestamp: NOW, value: 7, stale: false }]);
  expect(segments('central')).toHaveLength(1);
  expect(segments('%2E%2E%2Fother')).toHaveLength(0);
  expect(lines.find(({ msg }) => msg === 'samples will not be sent')?.samples).toBe(1);
});

test('the query service sends nothing, and outboxes without a receiver are named', async () => {
  mkdirSync(join(dataDir, 'remote-write', 'old'), { recursive: true });
  await open('query', REMOTE);
  expect(readdirSync(join(dataDir, 'remote-write'))).toEqual(['old']);
  expect(lines).toEqual([]);
  await opened!.storage.close(100);
  await open('collector', REMOTE);
  expect(lines.find(({ others }) => others !== undefined)?.others).toEqual(['old']);
});
