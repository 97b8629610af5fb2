/**
 * The process that crash.test.ts kills. Appends batches for ever while the receiver cannot be reached, and prints the number of
 * each batch that was acknowledged:
 *
 *     node crash-writer.case.js <directory> <first batch>
 */

import { writeSync } from 'node:fs';
import { Registry } from 'prom-client';
import { Labels } from '../labels.ts';
import { createRemoteWriteMetrics } from './metrics.ts';
import { openRemoteWrite } from './remote-write.ts';

const [directory = '', first = '0'] = process.argv.slice(2);
const remote = await openRemoteWrite({
  name: 'crash',
  directory,
  commitInterval: 5,
  metrics: createRemoteWriteMetrics(new Registry()),
  send: async () => ({ kind: 'failed', reason: 'the link is broken', retryAfter: 0 }),
});

for (let batch = Number(first); ; batch++) {
  const length = 20;
  const refs = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    refs[i] = remote.appender.acquire(Labels.from({ __name__: 'crash', sample: `batch-${batch}-${i};` }));
  }
  const timestamps = new Float64Array(length).fill(Date.now());
  const appended = remote.appender.append({
    length,
    refs,
    timestamps,
    values: new Float64Array(length),
    stale: new Uint8Array(length),
  });
  remote.appender.release(refs);
  await appended;
  writeSync(1, `${batch}\n`);
}
