/**
 * How a double is stored: as a decimal mantissa and a scale, value = mantissa / 10^scale. What exporters print is short
 * decimals, so neighbouring mantissas of a series differ by small integers with common factors, and integer codecs
 * shrink them several times better than any codec shrinks the bits of the doubles (bench/encoding.ts measures it).
 *
 * It is exact: |mantissa| < 2^53 and 10^scale with scale <= 22 are both doubles without error, so IEEE division rounds
 * their quotient correctly, in JavaScript and in ClickHouse alike, and a mantissa is used only when that quotient is the
 * value. Everything else (NaN, infinities, -0, long fractions, subnormals) is stored as its 64 bits under scale RAW.
 */
export const RAW = -1;
/** The scale code of a stale marker; its mantissa is 0 and its value NaN. */
export const STALE = -2;

/** 10^22 is the greatest power of ten that is a double without error. */
const MAX_SCALE = 22;
const MANTISSA_LIMIT = 2 ** 53;

/** 10^0 … 10^22, exact. Written out: 10 ** 22 is not exact in every engine. */
export const POWERS_OF_TEN: Float64Array = Float64Array.of(
  ...[1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19],
  ...[1e20, 1e21, 1e22],
);

/**
 * The mantissa of a value at exactly this scale (0 … 22), or NaN when the value is not mantissa / 10^scale. The result is
 * a whole number below 2^53.
 */
export function mantissaAt(value: number, scale: number): number {
  const power = POWERS_OF_TEN[scale]!;
  const mantissa = Math.round(value * power);
  // NaN and infinities fail the comparison or the limit. -0 equals 0, so it needs its own test.
  if (mantissa / power !== value || mantissa >= MANTISSA_LIMIT || mantissa <= -MANTISSA_LIMIT) return Number.NaN;
  if (mantissa === 0 && Object.is(value, -0)) return Number.NaN;
  return mantissa;
}

/** The smallest scale not below `from` at which the value has a mantissa, or RAW when there is none. */
export function scaleFor(value: number, from: number): number {
  if (!Number.isFinite(value)) return RAW;
  for (let scale = from; scale <= MAX_SCALE; scale++) {
    if (Math.abs(value) * POWERS_OF_TEN[scale]! >= MANTISSA_LIMIT) return RAW;
    if (!Number.isNaN(mantissaAt(value, scale))) return scale;
  }
  return RAW;
}

const bits = new Float64Array(1);
const halves = new Uint32Array(bits.buffer);

/**
 * Decodes rows `from` … `to` of a block's columns. `mantissas` are the Int64 column seen as pairs of 32-bit halves, low half
 * first; `scales` the Int8 column. Fills `values` and `stale` from place `at` on, and says whether there is a stale marker.
 */
export function decodeValues(
  encoded: { readonly mantissas: Uint32Array; readonly scales: Int8Array; readonly from: number; readonly to: number },
  into: { readonly values: Float64Array; readonly stale: Uint8Array; readonly at: number },
): boolean {
  const { mantissas, scales, from, to } = encoded;
  const { values, stale, at } = into;
  stale.fill(0, at, at + to - from);
  let anyStale = false;
  for (let row = from, out = at; row < to; ) {
    const scale = scales[row]!;
    if (scale >= 0) {
      // A series keeps its scale, so this loop usually goes to the end.
      const power = POWERS_OF_TEN[scale]!;
      do {
        values[out++] = ((mantissas[2 * row + 1]! | 0) * 4294967296 + mantissas[2 * row]!) / power;
        row++;
      } while (row < to && scales[row] === scale);
      continue;
    }
    if (scale === STALE) {
      values[out] = Number.NaN;
      stale[out] = 1;
      anyStale = true;
    } else {
      halves[0] = mantissas[2 * row]!;
      halves[1] = mantissas[2 * row + 1]!;
      values[out] = bits[0]!;
    }
    row++;
    out++;
  }
  return anyStale;
}

/** The value as SQL, computed from the columns mantissa and scale: the same double that `decodeValues` gives. */
export const VALUE_SQL =
  `multiIf(scale >= 0, mantissa / [${[...POWERS_OF_TEN].map((power) => `toFloat64(${power})`).join(', ')}][greatest(scale, 0) + 1], ` +
  `scale = ${STALE}, nan, reinterpretAsFloat64(mantissa))`;
