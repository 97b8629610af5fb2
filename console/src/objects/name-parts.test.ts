import { expect, test } from 'vitest';
import { nameParts } from './name-parts.ts';

const parts = (name: string) => {
  const { head, tail } = nameParts(name);
  return [head, tail];
};

test('a long name is cut before its last part, a short one never', () => {
  expect(parts('web-5d9c7b6f4-x2x9k')).toEqual(['web-5d9c7b6f4-x2x9k', '']);
  expect(parts('events-admin-ntsprdvkpl-wrxx6')).toEqual(['events-admin-ntsprdvkpl', '-wrxx6']);
  expect(parts('kafka-broker-in-the-east-0')).toEqual(['kafka-broker-in-the', '-east-0']);
  expect(parts('ip-10-0-134-27.eu-central-1.compute.internal')).toEqual([
    'ip-10-0-134-27.eu-central-1.compute',
    '.internal',
  ]);
  expect(parts('alongnamewithoutanypartsatall')).toEqual(['alongnamewithoutanypar', 'tsatall']);
});

test('the width of the tail is in proportion to its characters', () => {
  const width = (tail: string) => nameParts(`a-name-that-is-long-enough${tail}`).tailWidth;
  expect(width('-00000')).toBe(5.7);
  expect(width('-mmmmm')).toBeGreaterThan(width('-00000'));
  expect(width('-lllll')).toBeLessThan(width('-00000'));
});
