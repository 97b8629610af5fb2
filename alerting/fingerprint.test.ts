import { expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { fingerprint } from './fingerprint.ts';

// The values that Prometheus' own model tests state.
it.each([
  [{}, 14695981039346656037n],
  [{ name: 'garland, briggs', fear: 'love is not enough' }, 5799056148416392346n],
])('of %j', (labels, sum) => {
  expect(fingerprint(Labels.from(labels))).toBe(sum.toString(16).padStart(16, '0'));
});
