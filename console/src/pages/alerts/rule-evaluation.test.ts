import { expect, test } from 'vitest';
import { evaluationFault } from './rule-evaluation.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z') / 1000;
const rule = (lastEvaluation: string, health = 'ok', lastError = '') => ({
  name: 'Down',
  health,
  lastError,
  lastEvaluation,
});
const fault = (...rules: ReturnType<typeof rule>[]) => evaluationFault([{ interval: 15, rules }], NOW);

test('nothing is wrong with rules that are evaluated', () => {
  expect(fault()).toBeUndefined();
  expect(fault(rule('2026-01-01T00:09:50Z'), rule('2026-01-01T00:08:31Z'))).toBeUndefined();
});

test('rules that fail say why', () => {
  const failed = rule('2026-01-01T00:09:50Z', 'err', 'ClickHouse does not answer');
  expect(fault(rule('2026-01-01T00:09:50Z'), failed)).toEqual({
    rules: 1,
    of: 2,
    text: 'Down: ClickHouse does not answer',
  });
});

test('rules that were never evaluated, or not lately', () => {
  expect(fault(rule('0001-01-01T00:00:00Z', 'unknown'))).toMatchObject({
    rules: 1,
    text: expect.stringContaining('just started'),
  });
  expect(fault(rule('2026-01-01T00:08:29Z'))).toMatchObject({ rules: 1, text: expect.stringContaining('last round') });
});
