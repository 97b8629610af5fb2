import pino from 'pino';
import { expect, it } from 'vitest';
import { ManualClock } from '../kubernetes/operator/manual-clock.case.ts';
import { HealthLog } from './health-log.ts';

it('tells of few targets each, and of many in one line for each job', async () => {
  const logged: object[] = [];
  const logger = pino(
    { base: null, timestamp: false },
    { write: (line: string) => void logged.push(JSON.parse(line)) },
  );
  const clock = new ManualClock();
  const closing = new AbortController();
  const log = new HealthLog({ logger, clock, closing: closing.signal });
  for (let i = 0; i < 1_000; i++) log.down({ job: 'kubelet', instance: `n${i}` }, i < 900 ? 'refused' : 'timed out');
  log.down({ job: 'other', instance: 'o' }, 'refused');
  expect(logged).toHaveLength(6);
  expect(logged[0]).toEqual({ level: 40, job: 'kubelet', instance: 'n0', reason: 'refused', msg: 'target is down' });
  await clock.advance(30_000);
  expect(logged.slice(6)).toEqual([
    {
      level: 40,
      job: 'kubelet',
      targets: 995,
      reasons: { refused: 895, 'timed out': 100 },
      msg: 'more targets are down',
    },
  ]);
  for (let i = 0; i < 7; i++) log.up({ job: 'kubelet', instance: `n${i}` });
  closing.abort();
  expect(logged.at(-1)).toEqual({ level: 30, job: 'kubelet', targets: 2, msg: 'more targets are up again' });
  expect(clock.pending).toBe(0);
});
