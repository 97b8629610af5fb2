import fc from 'fast-check';
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

it('is 64 bits of FNV-1a, whatever the labels', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.dictionary(text, text), (source) => {
      const labels = Labels.from(Object.entries(source));
      let sum = 0xcbf29ce484222325n;
      for (const part of labels.pairs) {
        for (const byte of [...Buffer.from(part), 0xff]) {
          sum = ((sum ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
        }
      }
      expect(fingerprint(labels)).toBe(sum.toString(16).padStart(16, '0'));
    }),
  );
});
