import { expect, test } from 'vitest';
import { type Registration, registrationFault } from './registration-notice.tsx';

const good: Registration = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  state: 'registered',
  detail: '',
  available: { status: 'True', reason: 'Passed', message: '' },
};

test('what is registered and available, or not looked at yet, is no fault', () => {
  expect(registrationFault(good)).toBeUndefined();
  expect(registrationFault({ ...good, available: null })).toBeUndefined();
  expect(registrationFault({ ...good, state: 'unknown', available: null })).toBeUndefined();
});

test('a fault says what is wrong and what to do', () => {
  expect(registrationFault({ ...good, state: 'foreign', detail: 'delete it' })).toBe(
    'leads to another service: delete it',
  );
  const available = { status: 'False', reason: 'FailedDiscoveryCheck', message: 'no route' };
  expect(registrationFault({ ...good, available })).toMatch(/cannot use it: FailedDiscoveryCheck, no route$/);
});
