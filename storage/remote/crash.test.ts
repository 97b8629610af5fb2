import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { uncompressSync } from 'snappy';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CompiledProgram, compileProgram } from '../compile-program.case.ts';
import { createRemoteWriteMetrics } from './metrics.ts';
import { openRemoteWrite } from './remote-write.ts';

let program: CompiledProgram;
const directory = mkdtempSync(join(tmpdir(), 'pharos-remote-crash-'));

beforeAll(() => {
  program = compileProgram(join(import.meta.dirname, 'crash-writer.case.ts'));
}, 60_000);

afterAll(() => {
  program.dispose();
  rmSync(directory, { recursive: true, force: true });
});

/** Writes from a batch on, until killed so long after the first acknowledgement; gives the batches acknowledged. */
async function writeAndKill(from: number, delay: number): Promise<number[]> {
  const child = spawn(process.execPath, [program.path, directory, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await sleep(delay);
  child.kill('SIGKILL');
  await closed;
  // A last line without its end was not printed whole.
  const lines = output.slice(0, output.lastIndexOf('\n') + 1);
  return lines.trim().split('\n').map(Number);
}

test('what was acknowledged while the link was broken survives SIGKILL, and is sent', async () => {
  const acknowledged = new Set<number>();
  let next = 0;
  for (const delay of [0, 40, 150, 333]) {
    const batches = await writeAndKill(next, delay);
    expect(batches[0]).toBe(next);
    for (const batch of batches) acknowledged.add(batch);
    // The batch after the last may be durable without having been acknowledged.
    next = batches.at(-1)! + 2;
  }
  const arrived = new Map<number, number>();
  const remote = await openRemoteWrite({
    name: 'crash',
    directory,
    metrics: createRemoteWriteMetrics(new Registry()),
    send: async (body) => {
      const text = (uncompressSync(body) as Buffer).toString('latin1');
      for (const [, batch] of text.matchAll(/batch-(\d+)-\d+;/g)) {
        arrived.set(Number(batch), (arrived.get(Number(batch)) ?? 0) + 1);
      }
      return { kind: 'delivered' };
    },
  });
  await remote.flush(AbortSignal.timeout(10_000));
  await remote.close(1000);
  expect(acknowledged.size).toBeGreaterThan(20);
  for (const batch of acknowledged) expect(arrived.get(batch), `batch ${batch}`).toBe(20);
  // At most the batch that was under way at each kill, whole.
  expect(arrived.size - acknowledged.size).toBeLessThanOrEqual(4);
  for (const samples of arrived.values()) expect(samples).toBe(20);
  expect(readdirSync(directory).filter((name) => name.endsWith('.rw1'))).toEqual([]);
}, 30_000);
