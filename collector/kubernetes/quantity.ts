import type { Quantity } from './objects.ts';

/**
 * Kubernetes' grammar of quantities (`100m`, `1.5Gi`, `2e3`). What is finer than a billionth is rounded up to it, away from
 * zero, and what is larger than 2^63 - 1 is that, as the API server does:
 * https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity.
 */
const GRAMMAR = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:([numkMGTPE]?)|([KMGTPE])i|[eE]([+-]?\d+))$/;

const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_SHIFTS: Readonly<Record<string, number>> = { K: 10, M: 20, G: 30, T: 40, P: 50, E: 60 };

const FINEST = -9;
const LARGEST = 2n ** 63n - 1n;
/** Longer ones are no quantities that anybody wrote. */
const MAX_LENGTH = 64;
/** Beyond these nothing but the limits matters, with MAX_LENGTH digits before or behind. */
const MAX_EXPONENT = 100;

/** (-1 if negative) * digits * 10^exponent * 2^shift. */
interface Parts {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly exponent: number;
  readonly shift: number;
}

/** The double that is nearest to the quantity: `100m` is 0.1, `1Ki` is 1024. Throws an Error when it is none. */
export function parseQuantity(quantity: Quantity): number {
  return toNumber(parse(quantity), FINEST);
}

/**
 * The quantity rounded up (away from zero) to a multiple of 10^-decimals, as the API's clients read what is counted in
 * whole bytes or pieces (0 decimals) and in thousandths of cores (3). Throws an Error when it is none.
 */
export function roundQuantityUp(quantity: Quantity, decimals: 0 | 3): number {
  return toNumber(parse(quantity), -decimals);
}

function parse(quantity: Quantity): Parts {
  const text = String(quantity);
  const match = text.length > MAX_LENGTH ? null : GRAMMAR.exec(text);
  if (match === null) {
    throw new Error(
      'a quantity must be a number, then nothing, one of n u m k M G T P E Ki Mi Gi Ti Pi Ei, or an exponent, ' +
        `got ${JSON.stringify(text.slice(0, MAX_LENGTH))}`,
    );
  }
  const [, sign, whole = '', fraction = match[4] ?? '', , decimal, binary, written] = match;
  const suffix = decimal !== undefined ? DECIMAL_EXPONENTS[decimal]! : Number(written ?? 0);
  return {
    isNegative: sign === '-',
    digits: whole + fraction,
    exponent: Math.min(Math.max(suffix, -MAX_EXPONENT), MAX_EXPONENT) - fraction.length,
    shift: binary === undefined ? 0 : BINARY_SHIFTS[binary]!,
  };
}

/** As a multiple of 10^unit, rounded away from zero. */
function toNumber({ isNegative, digits, exponent, shift }: Parts, unit: number): number {
  let magnitude: number;
  if (exponent >= unit && exponent <= 0 && digits.length < 10) {
    // Nothing to round, and below the limit. Multiplying by a power of two is exact.
    magnitude = exponent === 0 ? Number(digits) : Number(`${digits}e${exponent}`);
    if (shift > 0) magnitude *= 2 ** shift;
    if (magnitude < 2 ** 53) return isNegative && magnitude !== 0 ? -magnitude : magnitude;
  }
  let units = BigInt(digits) << BigInt(shift);
  const steps = exponent - unit;
  if (steps >= 0) units *= 10n ** BigInt(steps);
  else {
    const divisor = 10n ** BigInt(-steps);
    units = (units + divisor - 1n) / divisor;
  }
  const limit = LARGEST * 10n ** BigInt(-unit);
  if (units > limit) units = limit;
  magnitude = Number(`${units}e${unit}`);
  return isNegative && magnitude !== 0 ? -magnitude : magnitude;
}
