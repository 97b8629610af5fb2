import { expect, test } from 'vitest';
import { fingerprint } from './fingerprint.ts';

test('is what the server calls an alert, in whichever order its labels are', () => {
  const labels = { severity: 'warning', job: 'node-exporter', instance: 'worker-05', alertname: 'HostHighCpu' };
  expect(fingerprint(labels)).toBe('54cd51e0e3b376d7');
});

test('tells labels from one another', () => {
  expect(fingerprint({ a: 'bc' })).not.toBe(fingerprint({ ab: 'c' }));
  expect(fingerprint({})).toBe('cbf29ce484222325');
});
