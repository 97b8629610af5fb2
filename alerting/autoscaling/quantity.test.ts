import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuQuantity, memoryQuantity, metricQuantity } from './quantity.ts';

/** A fraction of whole numbers, with a positive denominator. */
interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

const SUFFIXES: Readonly<Record<string, Fraction>> = {
  n: { over: 1n, under: 10n ** 9n },
  u: { over: 1n, under: 10n ** 6n },
  m: { over: 1n, under: 1000n },
  '': { over: 1n, under: 1n },
  k: { over: 1000n, under: 1n },
  M: { over: 10n ** 6n, under: 1n },
  G: { over: 10n ** 9n, under: 1n },
  T: { over: 10n ** 12n, under: 1n },
  P: { over: 10n ** 15n, under: 1n },
  E: { over: 10n ** 18n, under: 1n },
  Ki: { over: 2n ** 10n, under: 1n },
  Mi: { over: 2n ** 20n, under: 1n },
  Gi: { over: 2n ** 30n, under: 1n },
  Ti: { over: 2n ** 40n, under: 1n },
  Pi: { over: 2n ** 50n, under: 1n },
  Ei: { over: 2n ** 60n, under: 1n },
};

/** What Kubernetes reads in a quantity. */
function read(text: string): Fraction {
  const match = /^(-?[0-9]+)([a-zA-Z]*)$/.exec(text);
  if (match === null) throw new Error(`not a quantity: ${text}`);
  const { over, under } = SUFFIXES[match[2]!]!;
  return { over: BigInt(match[1]!) * over, under };
}

/** A double exactly, by its bits. */
function exact(value: number): Fraction {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & (2n ** 52n - 1n);
  const mantissa = (exponent === 0 ? fraction : fraction + 2n ** 52n) * (bits >> 63n === 1n ? -1n : 1n);
  const power = Math.max(exponent, 1) - 1075;
  return power >= 0 ? { over: mantissa << BigInt(power), under: 1n } : { over: mantissa, under: 1n << BigInt(-power) };
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** |a - b| <= c / d */
function near(a: Fraction, b: Fraction, limit: Fraction): boolean {
  return magnitude(a.over * b.under - b.over * a.under) * limit.under <= limit.over * a.under * b.under;
}

describe('metricQuantity', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1.5, '1500m'],
    [1, '1'],
    [80, '80'],
    [0.07, '70m'],
    [0.1 + 0.2, '301m'],
    [1.005, '1005m'],
    [-1.5, '-1500m'],
    [0.0001, '1m'],
    [-0.0001, '-1m'],
    [5e-324, '1m'],
    [2000, '2k'],
    [1234567, '1234567'],
    [1e15, '1P'],
    [123456.789, '123456789m'],
    [1e-7, '1m'],
    [9007199254740991, '9007199254740991'],
    [9.2e15, '9200T'],
  ])('writes %d as %s', (value, text) => expect(metricQuantity(value)).toBe(text));

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e16, 9.3e15, 1e21, 1.7e308])('refuses %d', (value) => {
    expect(() => metricQuantity(value)).toThrow(RangeError);
  });

  it('is the value exactly, or rounded away from zero by less than a thousandth', () => {
    const values = fc.oneof(
      fc.double({ noNaN: true, min: -9.2e15, max: 9.2e15 }),
      fc.double({ noNaN: true, min: -10, max: 10 }),
      fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((whole) => whole / 1000),
    );
    fc.assert(
      fc.property(values, (value) => {
        const written = read(metricQuantity(value));
        // The shortest decimal and the double itself differ by at most half of what is between it and its neighbours.
        const slack = magnitude(exact(value).over) / 2n ** 52n + 1n;
        const under = exact(value).under;
        expect(near(written, exact(value), { over: under + 1000n * slack, under: 1000n * under })).toBe(true);
        const grown = magnitude(written.over) * under - magnitude(exact(value).over) * written.under;
        expect(grown >= -slack * written.under).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps what has at most three places', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), (thousandths) => {
        const { over, under } = read(metricQuantity(thousandths / 1000));
        expect(over * 1000n).toBe(BigInt(thousandths) * under);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('cpuQuantity', () => {
  it.each([
    [0, '0'],
    [0.000012345, '12345n'],
    [0.25, '250m'],
    [2, '2'],
    [0.0015, '1500u'],
    [1e-12, '0'],
    [1 / 3, '333333333n'],
    [64.123456789, '64123456789n'],
  ])('writes %d cores as %s', (value, text) => expect(cpuQuantity(value)).toBe(text));

  it.each([-1, Number.NaN, 1e10])('refuses %d', (value) => expect(() => cpuQuantity(value)).toThrow(RangeError));
});

describe('memoryQuantity', () => {
  it.each([
    [0, '0'],
    [1000, '1k'],
    [1023, '1023'],
    [1024, '1Ki'],
    [4097, '4097'],
    [20 * 2 ** 20, '20Mi'],
    [123 * 1024, '123Ki'],
    [2 ** 40, '1Ti'],
    [1.4, '1'],
    [1536, '1536'],
    [1024 * 1025, '1025Ki'],
  ])('writes %d bytes as %s', (value, text) => expect(memoryQuantity(value)).toBe(text));

  it('is the number of bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        const { over, under } = read(memoryQuantity(bytes));
        expect(over).toBe(BigInt(bytes) * under);
      }),
    );
  });

  it('refuses a negative one', () => expect(() => memoryQuantity(-1)).toThrow(RangeError));
});
