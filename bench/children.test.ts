import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Children, untilReady } from './children.ts';
import { processUsage } from './process-usage.ts';

let directory: string;
let log: string;
const children = new Children();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-children-'));
  log = join(directory, 'log');
});
afterEach(async () => {
  await children.stopAll();
  rmSync(directory, { recursive: true });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const node = (script: string): [string, ...string[]] => [process.execPath, '-e', script];

test('measures the work of a child, and stopAll leaves none', async () => {
  const busy = children.start(
    'busy',
    node('const end = Date.now() + 300; while (Date.now() < end); setInterval(() => {}, 1000); console.log("done")'),
    { log },
  );
  while (!readFileSync(log, 'utf8').includes('done')) await new Promise((resolve) => setTimeout(resolve, 20));
  const usage = processUsage(busy.pid);
  expect(usage.cpuSeconds).toBeGreaterThan(0.05);
  expect(usage.cpuSeconds).toBeLessThan(30);
  expect(usage.peakBytes).toBeGreaterThan(10e6);
  await children.stopAll();
  expect(alive(busy.pid)).toBe(false);
  expect(() => processUsage(busy.pid)).toThrow(/is gone/);
});

test('a child that does not listen to SIGTERM is killed', async () => {
  const deaf = children.start(
    'deaf',
    node('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'),
    { log },
  );
  while (!readFileSync(log, 'utf8').includes('up')) await new Promise((resolve) => setTimeout(resolve, 20));
  await children.stop(deaf, 100);
  expect(alive(deaf.pid)).toBe(false);
});

test('untilReady says what a child logged that ended', async () => {
  const broken = children.start('broken', node('console.error("no such option"); process.exit(1)'), { log });
  await expect(untilReady(broken, 'http://127.0.0.1:1/', { timeout: 20_000, log })).rejects.toThrow(
    /broken ended at (.|\n)*no such option/,
  );
});

test('a program that does not exist is an error', () => {
  expect(() => children.start('nothing', [join(directory, 'nothing')], { log })).toThrow(/cannot start nothing/);
});
