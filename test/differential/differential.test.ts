import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Children } from '../../bench/children.ts';
import { findPrometheus } from '../find-prometheus.ts';
import { runDifferential } from './run-differential.ts';

describe('random queries', () => {
  const program = findPrometheus(process.env);
  if (program === undefined) {
    it.skip('are not compared: there is no prometheus in PATH or in PHAROS_TEST_PROMETHEUS', () => {});
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'pharos-differential-'));
  const children = new Children(directory);
  afterAll(async () => {
    await children.stopAll();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  it('are answered as Prometheus answers them', { timeout: 120_000 }, async () => {
    const report = await runDifferential({ program, children, directory, queries: 500, seed: 20 });
    const told = report.disagreements.map(({ query, shrunk, why }) => `${query.expr} (or ${shrunk}): ${why}`);
    expect(told).toEqual([]);
    let answered = 0;
    for (const { asked, errors, empty } of report.kinds.values()) answered += asked - errors - empty;
    // Most queries must have something to compare.
    expect(answered).toBeGreaterThan(200);
  });
});
