import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeValues, mantissaAt, POWERS_OF_TEN, RAW, STALE, scaleFor } from './value-encoding.ts';

/** Every double, by its bits: subnormals, infinities and NaN as often as chance has it. */
const anyDouble = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((pattern) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, pattern);
  return view.getFloat64(0);
});
const decimal = fc
  .tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 22 }))
  .map(([whole, scale]) => whole / POWERS_OF_TEN[scale]!);
const scale = fc.integer({ min: 0, max: 22 });

function decoded(mantissa: bigint, code: number): { value: number; stale: boolean } {
  const values = new Float64Array(1);
  const stale = new Uint8Array(1);
  const mantissas = new Uint32Array(BigInt64Array.of(mantissa).buffer);
  decodeValues({ mantissas, scales: Int8Array.of(code), from: 0, to: 1 }, { values, stale, at: 0 });
  return { value: values[0]!, stale: stale[0] === 1 };
}

test('a mantissa gives back exactly the value it was made of, or there is none', () => {
  fc.assert(
    fc.property(fc.oneof(anyDouble, decimal, fc.double()), scale, (value, at) => {
      const mantissa = mantissaAt(value, at);
      if (Number.isNaN(mantissa)) return;
      expect(Number.isSafeInteger(mantissa)).toBe(true);
      expect(decoded(BigInt(mantissa), at)).toEqual({ value, stale: false });
      expect(Object.is(decoded(BigInt(mantissa), at).value, value)).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

test('a decimal of few digits has the scale of its last digit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: 0, max: 12 }), (whole, digits) => {
      fc.pre(whole % 10 !== 0);
      expect(scaleFor(whole / POWERS_OF_TEN[digits]!, 0)).toBe(digits);
      expect(scaleFor(-whole / POWERS_OF_TEN[digits]!, 0)).toBe(digits);
    }),
  );
});

test('what has no mantissa is RAW', () => {
  const none = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
    5e-324,
    0.1 + 0.2,
    1 + Number.EPSILON,
    2 ** 53,
    1e300,
  ];
  for (const value of none) expect([value, scaleFor(value, 0)]).toEqual([value, RAW]);
  expect(scaleFor(2 ** 53 - 1, 0)).toBe(0);
  expect(scaleFor(-(2 ** 53) + 1, 0)).toBe(0);
  expect(scaleFor(1e-22, 0)).toBe(22);
  expect(scaleFor(1e-23, 0)).toBe(RAW);
});

test('bits and stale markers are told apart', () => {
  fc.assert(
    fc.property(anyDouble, (value) => {
      const bits = new BigInt64Array(Float64Array.of(value).buffer)[0]!;
      expect(Object.is(decoded(bits, RAW).value, value)).toBe(true);
      expect(decoded(bits, RAW).stale).toBe(false);
    }),
  );
  expect(decoded(0n, STALE)).toEqual({ value: Number.NaN, stale: true });
});
