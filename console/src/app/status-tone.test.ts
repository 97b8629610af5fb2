import { expect, test } from 'vitest';
import { statusTone } from './status-tone.ts';

test.each([
  ['Running', 'good'],
  ['Ready', 'good'],
  ['NotReady', 'bad'],
  ['unhealthy', 'bad'],
  ['CrashLoopBackOff', 'bad'],
  ['ErrImagePull', 'bad'],
  ['up', 'good'],
  ['down', 'bad'],
  ['Pending', 'warning'],
  ['Unavailable', 'warning'],
  ['Terminating', 'busy'],
  ['ContainerCreating', 'busy'],
  ['Succeeded', 'good'],
  ['firing', 'bad'],
  ['Unknown', 'unknown'],
  ['', 'unknown'],
])('%s is %s', (status, tone) => {
  expect(statusTone(status)).toBe(tone);
});
