import { expect, test } from 'vitest';
import { parseLabels } from '../../collector/receive/label-bytes.ts';
import { WriteRequest } from '../../collector/receive/write-request.ts';
import { labelsOf } from './data-set.ts';
import { WriteRequestEncoder } from './write-request-encoder.ts';

const LIMITS = { maxLabels: 128, maxNameLength: 1024, maxValueLength: 8192 };

test('what is encoded is what a receiver decodes', () => {
  const labels = [0, 1, 2, 3].map(labelsOf);
  const timestamps = Float64Array.of(1_764_000_000_000, 1_764_000_015_000, 1_764_000_030_001);
  const values = Float64Array.of(0, 0.1, -1e300, Number.NaN, 5, 6);
  const bytes = new WriteRequestEncoder(labels).encode(1, 2, { timestamps, values });
  const request = new WriteRequest();
  request.decode(bytes);
  expect(request.series).toBe(2);
  expect([...request.samplesEnd.subarray(0, 2)]).toEqual([3, 6]);
  expect([...request.timestamps.subarray(0, 6)]).toEqual([...timestamps, ...timestamps]);
  expect([...request.values.subarray(0, 6)]).toEqual([...values]);
  for (const [index, expected] of labels.slice(1, 3).entries()) {
    const read = parseLabels(bytes.subarray(request.labelsStart[index], request.labelsEnd[index]), LIMITS);
    expect([...read].map((label) => [...label])).toEqual(expected);
  }
});

test('a timestamp that does not take six bytes is refused', () => {
  const encoder = new WriteRequestEncoder([[['__name__', 'up']]]);
  const encode = (timestamp: number) =>
    encoder.encode(0, 1, { timestamps: Float64Array.of(timestamp), values: Float64Array.of(1) });
  expect(() => encode(4000)).toThrow(/a timestamp must lie between/);
  expect(() => encode(2 ** 42)).toThrow(/a timestamp must lie between/);
});
