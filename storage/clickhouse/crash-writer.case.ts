/**
 * The process that durability.test.ts kills. Appends samples to ten series for ever and prints the number of each batch that was
 * acknowledged; with `check`, prints what is in the store instead.
 *
 *     node crash-writer.case.js <data directory> <first batch | check>
 */

import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Labels } from '../labels.ts';
import { Matcher } from '../matcher.ts';
import { readSamples } from '../read-samples.ts';
import { openClickHouseStorage } from './storage.ts';

const [dataDir = '', mode = ''] = process.argv.slice(2);
const SERIES = 10;
const START = Date.UTC(2026, 0, 15);
const signal = new AbortController().signal;

const started = performance.now();
const storage = await openClickHouseStorage({
  clickhouse: { embedded: { path: join(dataDir, 'db') } },
  dataDir,
  retention: 0,
  commitInterval: 5,
});
const opened = performance.now() - started;

if (mode === 'check') {
  await storage.flush(signal);
  const batches = new Map<number, number>();
  const matchers = [new Matcher('__name__', '=', 'crash')];
  const set = await storage.querier.select({ matchers, start: START, end: START + 86_400_000 }, signal);
  for (const { value: batch } of (await readSamples(set)).flat()) batches.set(batch, (batches.get(batch) ?? 0) + 1);
  const [stored] = await storage.client.query<{ rows: string }>(
    'SELECT toString(count()) AS rows FROM samples',
    signal,
  );
  await storage.close(10_000);
  writeSync(1, `${JSON.stringify({ opened, batches: [...batches], rows: Number(stored!.rows) })}\n`);
} else {
  const refs = new Uint32Array(SERIES);
  for (let i = 0; i < SERIES; i++) refs[i] = storage.appender.acquire(Labels.from({ __name__: 'crash', n: String(i) }));
  for (let batch = Number(mode); ; batch++) {
    // Two at a time, so that a kill finds one being written while another is being inserted.
    const append = storage.appender.append({
      length: SERIES,
      refs,
      timestamps: new Float64Array(SERIES).fill(START + batch),
      values: new Float64Array(SERIES).fill(batch),
      stale: new Uint8Array(SERIES),
    });
    await append;
    writeSync(1, `${batch}\n`);
  }
}
