import { expect, test } from 'vitest';
import { decisionText, scalingLimit } from './scaling-limit.ts';

const limited = (status: string, reason: string) => ({
  conditions: [{ type: 'ScalingLimited', status, reason, message: 'm', since: null }],
});

test('a limit is told in words, and only while it holds', () => {
  expect(scalingLimit(limited('True', 'TooManyReplicas'))).toBe('more is wanted than is allowed');
  expect(scalingLimit(limited('True', 'Other'))).toBe('m');
  expect(scalingLimit(limited('False', 'DesiredWithinRange'))).toBe('');
  expect(scalingLimit({ conditions: [] })).toBe('');
});

test('a decision is told with plain numbers', () => {
  const told = decisionText({ limit: 'TooManyReplicas', metrics: ['a_5m 35185m/70', 'cpu 27%/70%'] });
  expect(told.replaceAll('\u00a0', ' ')).toBe('more is wanted than is allowed, a_5m 35.2 / 70, cpu 27 / 70 %');
  expect(decisionText({ limit: '', metrics: [] })).toBe('');
});
