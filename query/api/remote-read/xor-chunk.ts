import { BitWriter } from './bit-writer.ts';

/** The bits of a double, in halves. */
export interface DoubleBits {
  readonly high: number;
  readonly low: number;
}

const NOT_YET = 64;

/**
 * A chunk of samples as Prometheus' XOR encoding has it (after Facebook's Gorilla, with milliseconds): two bytes for how
 * many samples, then the first time and value, the difference to the second time, and from there on the differences of
 * the differences, in 1, 16, 20, 24 or 68 bits. A value is what differs from the one before: nothing, or the bits in the
 * middle, within the borders of the last such middle where they fit.
 */
export class XorChunk {
  readonly #out = new BitWriter();
  #count = 0;
  #time = 0;
  #delta = 0;
  #high = 0;
  #low = 0;
  #leading = NOT_YET;
  #trailing = 0;

  /** Times must rise; at most 65,535 samples. */
  append(timestamp: number, { high, low }: DoubleBits): void {
    if (this.#count === 0) {
      this.#out.uvarint(timestamp < 0 ? -2 * timestamp - 1 : 2 * timestamp);
      this.#out.bits64(high, low, 64);
    } else {
      const delta = timestamp - this.#time;
      if (this.#count === 1) this.#out.uvarint(delta);
      else this.#writeTime(delta - this.#delta);
      this.#delta = delta;
      this.#writeValue((high ^ this.#high) >>> 0, (low ^ this.#low) >>> 0);
    }
    this.#time = timestamp;
    this.#high = high;
    this.#low = low;
    this.#count++;
  }

  finish(): Uint8Array {
    const body = this.#out.finish();
    const bytes = new Uint8Array(body.length + 2);
    bytes[0] = this.#count >>> 8;
    bytes[1] = this.#count & 0xff;
    bytes.set(body, 2);
    return bytes;
  }

  #writeTime(change: number): void {
    const out = this.#out;
    if (change === 0) out.bits(0, 1);
    else if (fits(change, 14)) out.bits((0b10 << 14) | (change & 0x3fff), 16);
    else if (fits(change, 17)) out.bits((0b110 << 17) | (change & 0x1ffff), 20);
    else if (fits(change, 20)) out.bits((0b1110 << 20) | (change & 0xfffff), 24);
    else {
      out.bits(0b1111, 4);
      out.bits64(Math.floor(change / 2 ** 32) >>> 0, change >>> 0, 64);
    }
  }

  #writeValue(high: number, low: number): void {
    const out = this.#out;
    if (high === 0 && low === 0) {
      out.bits(0, 1);
      return;
    }
    out.bits(1, 1);
    // Five bits say how many zeros lead.
    const leading = Math.min(high !== 0 ? Math.clz32(high) : 32 + Math.clz32(low), 31);
    const trailing = low !== 0 ? trailingZeros(low) : 32 + trailingZeros(high);
    if (this.#leading !== NOT_YET && leading >= this.#leading && trailing >= this.#trailing) {
      out.bits(0, 1);
    } else {
      this.#leading = leading;
      this.#trailing = trailing;
      out.bits(1, 1);
      out.bits(leading, 5);
      // 64 does not fit into six bits and is written as 0.
      out.bits((64 - leading - trailing) & 63, 6);
    }
    const shift = this.#trailing;
    const shiftedLow =
      shift === 0 ? low : shift < 32 ? ((low >>> shift) | (high << (32 - shift))) >>> 0 : high >>> (shift - 32);
    const shiftedHigh = shift < 32 ? high >>> shift : 0;
    out.bits64(shiftedHigh, shiftedLow, 64 - this.#leading - shift);
  }
}

/** Whether so many bits hold the number; the highest of them is positive, not negative. */
function fits(value: number, bits: number): boolean {
  const half = 2 ** (bits - 1);
  return value > -half && value <= half;
}

function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value);
}
