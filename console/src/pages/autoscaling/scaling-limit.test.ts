import { expect, test } from 'vitest';
import { scalingLimit } from './scaling-limit.ts';

const limited = (status: string, reason: string) => ({
  conditions: [{ type: 'ScalingLimited', status, reason, message: 'm', since: null }],
});

test('a limit is told in words, and only while it holds', () => {
  expect(scalingLimit(limited('True', 'TooManyReplicas'))).toBe('more is wanted than is allowed');
  expect(scalingLimit(limited('True', 'Other'))).toBe('m');
  expect(scalingLimit(limited('False', 'DesiredWithinRange'))).toBe('');
  expect(scalingLimit({ conditions: [] })).toBe('');
});
