import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CompiledProgram, compileProgram } from '../compile-program.case.ts';

let program: CompiledProgram;
const dataDir = mkdtempSync(join(tmpdir(), 'pharos-crash-'));

beforeAll(() => {
  program = compileProgram(join(import.meta.dirname, 'crash-writer.case.ts'));
}, 60_000);

afterAll(() => {
  program.dispose();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Writes from a batch on, until killed so long after the first acknowledgement; gives the batches acknowledged. */
async function writeAndKill(from: number, delay: number): Promise<number[]> {
  const child = spawn(process.execPath, [program.path, dataDir, String(from)], {
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
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .trim()
    .split('\n')
    .map(Number);
}

test('what was acknowledged survives SIGKILL, exactly once', async () => {
  const acknowledged = new Set<number>();
  let next = 0;
  for (const delay of [0, 40, 150, 333, 700]) {
    const batches = await writeAndKill(next, delay);
    expect(batches[0]).toBe(next);
    for (const batch of batches) acknowledged.add(batch);
    // The batch after the last may be stored without having been acknowledged; it must not be written again.
    next = batches.at(-1)! + 2;
    // A file that the kill left half written, and one whose content is not what its name says.
    writeFileSync(join(dataDir, 'outbox', 'segment.tmp'), 'torn');
    writeFileSync(
      join(dataDir, 'outbox', `00000000-${String(next).padStart(10, '0')}.3-samples.9.00000000.native`),
      'not these',
    );
  }
  const output = execFileSync(process.execPath, [program.path, dataDir, 'check'], { encoding: 'utf8' });
  const found = JSON.parse(output) as { opened: number; batches: [number, number][]; rows: number };
  const stored = new Map(found.batches);
  expect([...acknowledged].filter((batch) => stored.get(batch) !== 10)).toEqual([]);
  expect([...stored.values()].filter((count) => count !== 10)).toEqual([]);
  // Also in the table itself nothing is twice.
  expect(found.rows).toBe(stored.size * 10);
  expect(found.opened).toBeLessThan(5000);
  expect(readdirSync(join(dataDir, 'outbox', 'quarantine'))).toHaveLength(5);
  expect(
    readdirSync(join(dataDir, 'outbox')).filter((name) => name.endsWith('.native') || name.endsWith('.tmp')),
  ).toEqual([]);
}, 120_000);
