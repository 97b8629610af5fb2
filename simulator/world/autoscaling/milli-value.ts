import type { Quantity } from '../quantity.ts';

const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const MOST_DIGITS = 400;

/**
 * A quantity in thousandths, rounded away from zero, as the autoscaler of Kubernetes computes with: 64 bits with a sign. What
 * does not fit is 0, as there. Throws on what is no quantity.
 */
export function milliValue(quantity: Quantity): bigint {
  const text = String(quantity);
  const [, sign = '', whole = '', fraction = '', exponent = '0', suffix = ''] =
    /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?([numk]|[KMGTPE]i?)?$/.exec(text) ?? [];
  const power = Number(exponent) + (DECIMAL[suffix] ?? 0);
  if (whole + fraction === '' || text.length > MOST_DIGITS || Math.abs(power) > MOST_DIGITS)
    throw new RangeError(`a quantity must look like 500m, 2 or 1Gi, got ${text.slice(0, MOST_DIGITS)}`);
  const digits = BigInt(whole + fraction) << BigInt(BINARY[suffix] ?? 0);
  const shift = power - fraction.length + 3;
  const milli = shift >= 0 ? digits * 10n ** BigInt(shift) : ceilDivide(digits, 10n ** BigInt(-shift));
  const signed = sign === '-' ? -milli : milli;
  return BigInt.asIntN(64, signed) === signed ? signed : 0n;
}

/** A number in thousandths, rounded up but for what is no more than an error of arithmetic. */
export function milliOf(value: number): bigint {
  return BigInt(Math.ceil(value * 1000 - 1e-6));
}

/** Thousandths as Kubernetes writes them: `1500m` or `2`. */
export function milliText(milli: bigint): string {
  return milli % 1000n === 0n ? String(milli / 1000n) : `${milli}m`;
}

function ceilDivide(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}
