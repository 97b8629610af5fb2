import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRemoteWriteMetrics, type RemoteWriteMetrics } from './metrics.ts';
import type { SendOutcome } from './post-write-request.ts';
import { RemoteOutbox } from './remote-outbox.ts';
import { Sender } from './sender.ts';

const DELIVERED: SendOutcome = { kind: 'delivered' };
const failed = (retryAfter = 0): SendOutcome => ({ kind: 'failed', reason: 'status 503', retryAfter });

let directory: string;
let registry: Registry;
let metrics: RemoteWriteMetrics;
let outbox: RemoteOutbox;
let sender: Sender | undefined;

async function open(maxBytes = 2 ** 20): Promise<void> {
  registry = new Registry();
  metrics = createRemoteWriteMetrics(registry);
  outbox = await RemoteOutbox.open({ directory, name: 'r', maxBytes, metrics, logger: undefined });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-sender-'));
  await open();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await sender?.stop(0);
  sender = undefined;
  outbox.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Writes a segment with a part per text, so many milliseconds ago. */
async function write(texts: readonly string[], age = 0): Promise<void> {
  const at = Date.now() - age;
  const clock = vi.spyOn(Date, 'now').mockReturnValue(at);
  const writing = outbox.write(texts.map((text) => ({ samples: 1, body: Buffer.from(text) })));
  clock.mockRestore();
  await writing;
}

function start(send: (body: string) => Promise<SendOutcome> | SendOutcome, more: { maxShards?: number } = {}): Sender {
  sender = new Sender({
    outbox,
    name: 'r',
    send: async (body) => send(Buffer.from(body).toString()),
    maxShards: more.maxShards ?? 4,
    minBackoff: 10,
    maxBackoff: 40,
    metrics,
    logger: undefined,
  });
  return sender;
}

const files = (place = directory) => readdirSync(place).filter((name) => name.endsWith('.rw1'));
const value = async (name: string) => {
  const metric = await registry.getSingleMetric(`pharos_remote_write_${name}`)!.get();
  return metric.values.reduce((sum, each) => sum + each.value, 0);
};
const never = AbortSignal.timeout(60_000);

test('sends what it finds, the newest segment first, and removes it', async () => {
  for (const [i, age] of [50_000, 40_000, 30_000, 20_000].entries()) await write([`${i}a`, `${i}b`], age);
  await write(['live']);
  const seen: string[] = [];
  start(
    (body) => {
      seen.push(body);
      return DELIVERED;
    },
    { maxShards: 1 },
  );
  await sender!.drained(never);
  expect(seen).toEqual(['live', '3a', '3b', '2a', '2b', '1a', '1b', '0a', '0b']);
  expect(files()).toEqual([]);
  expect(await value('sent_samples_total')).toBe(9);
  expect(await value('pending_bytes')).toBe(0);
});

test('live data passes a backlog that is under way, which never takes more than half of the requests', async () => {
  for (let i = 0; i < 50; i++) await write([`old ${i}`], 60_000 - i);
  let old = 0;
  let most = 0;
  const answers: (() => void)[] = [];
  const seen: string[] = [];
  start(
    async (body) => {
      seen.push(body);
      if (!body.startsWith('old')) return DELIVERED;
      old++;
      most = Math.max(most, old);
      await new Promise<void>((resolve) => answers.push(resolve));
      old--;
      return DELIVERED;
    },
    { maxShards: 6 },
  );
  // The backlog hangs; what is new gets through all the same, and raises what the backlog may have.
  for (let i = 0; i < 10; i++) {
    await write([`new ${i}`]);
    await vi.waitFor(() => expect(seen).toContain(`new ${i}`));
  }
  await vi.waitFor(() => expect(most).toBe(3));
  const draining = sender!.drained(never);
  const timer = setInterval(() => {
    for (const answer of answers.splice(0)) answer();
  }, 1);
  await draining;
  clearInterval(timer);
  expect(most).toBe(3);
  // Begun newest first; three that are begun together may overtake each other on their way from the disk.
  const order = seen.filter((body) => body.startsWith('old')).map((body) => 49 - Number(body.slice(4)));
  expect(order).toHaveLength(50);
  for (const [at, nth] of order.entries()) expect(Math.abs(at - nth)).toBeLessThan(4);
});

test('tries again after a failure, with one request at a time, and then goes on', async () => {
  for (let i = 0; i < 20; i++) await write([`${i}`]);
  let underWay = 0;
  let worst = 0;
  let attempts = 0;
  let isDown = true;
  start(async () => {
    underWay++;
    attempts++;
    if (attempts > 4) worst = Math.max(worst, isDown ? underWay : 0);
    await new Promise((resolve) => setTimeout(resolve, 2));
    underWay--;
    return isDown ? failed() : DELIVERED;
  });
  await vi.waitFor(() => expect(attempts).toBeGreaterThan(8));
  expect(worst).toBe(1);
  expect(outbox.segments).toHaveLength(20);
  await expect(sender!.drained(never)).rejects.toMatchObject({ kind: 'unavailable' });
  isDown = false;
  await vi.waitFor(() => expect(outbox.segments).toHaveLength(0));
  expect(await value('retried_samples_total')).toBeGreaterThan(4);
});

test('waits as long as the receiver asks for', async () => {
  await write(['a']);
  const times: number[] = [];
  start(() => {
    times.push(performance.now());
    return times.length === 1 ? failed(300) : DELIVERED;
  });
  await vi.waitFor(() => expect(times).toHaveLength(2), { timeout: 2000 });
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(295);
});

test('puts aside what is refused for good, and only that', async () => {
  await write(['good', 'bad', 'good too']);
  const seen: string[] = [];
  start((body) => {
    seen.push(body);
    return body === 'bad' ? { kind: 'refused', reason: 'status 400' } : DELIVERED;
  });
  await sender!.drained(never);
  expect(seen.sort()).toEqual(['bad', 'good', 'good too']);
  expect(files()).toEqual([]);
  expect(files(join(directory, 'quarantine'))).toHaveLength(1);
  expect(await value('failed_samples_total')).toBe(1);
  expect(await value('sent_samples_total')).toBe(2);
});

test('what was put aside can be moved back and is sent at the next start', async () => {
  await write(['x']);
  start(() => ({ kind: 'refused', reason: 'status 400' }));
  await sender!.drained(never);
  await sender!.stop(0);
  outbox.close();
  const [name] = files(join(directory, 'quarantine'));
  renameSync(join(directory, 'quarantine', name!), join(directory, name!));
  await open();
  const seen: string[] = [];
  start((body) => {
    seen.push(body);
    return DELIVERED;
  });
  await sender!.drained(never);
  expect(seen).toEqual(['x']);
});

test('the quarantine is bounded, and its oldest files go', async () => {
  outbox.close();
  await open(10_000);
  start(() => ({ kind: 'refused', reason: 'status 400' }));
  for (let i = 0; i < 8; i++) {
    await write(['x'.repeat(300)]);
    await sender!.drained(never);
  }
  expect(files(join(directory, 'quarantine'))).toHaveLength(3);
  expect(await value('quarantine_dropped_samples_total')).toBe(5);
  expect(await value('quarantine_bytes')).toBeLessThanOrEqual(1000);
});

test('a damaged file is put aside and blocks nothing', async () => {
  await write(['one', 'two'], 30_000);
  await write(['three'], 20_000);
  outbox.close();
  const [damaged] = files().sort();
  writeFileSync(join(directory, damaged!), 'torn');
  writeFileSync(join(directory, 'segment.tmp'), 'half');
  await open();
  const seen: string[] = [];
  start((body) => {
    seen.push(body);
    return DELIVERED;
  });
  await sender!.drained(never);
  expect(seen).toEqual(['three']);
  expect(files(join(directory, 'quarantine'))).toEqual([damaged]);
  expect(readdirSync(directory)).not.toContain('segment.tmp');
  expect(await value('failed_samples_total')).toBe(2);
});

test('a segment that keeps failing does not keep others back', async () => {
  await write(['old'], 30_000);
  await write(['poison'], 20_000);
  const seen = new Set<string>();
  start((body) => {
    seen.add(body);
    return body === 'poison' ? failed() : DELIVERED;
  });
  await write(['new']);
  await vi.waitFor(() => expect(outbox.segments).toHaveLength(1), { timeout: 3000 });
  expect([...seen].sort()).toEqual(['new', 'old', 'poison']);
});
