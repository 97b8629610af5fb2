// xxHash64 (Yann Collet's specification, seed 0) on pairs of 32-bit halves: BigInt would make an object of every step. A
// result of the arithmetic below is in `high` and `low` until the next call.
let high = 0;
let low = 0;

function add(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const sum = (aLow >>> 0) + (bLow >>> 0);
  high = (aHigh + bHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
  low = sum | 0;
}

function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const [a0, a1, b0, b1] = [aLow & 0xffff, aLow >>> 16, bLow & 0xffff, bLow >>> 16];
  const [p00, p01, p10] = [Math.imul(a0, b0), Math.imul(a0, b1), Math.imul(a1, b0)];
  const middle = (p00 >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
  const carried = Math.imul(a1, b1) + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16);
  high = (carried + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
  low = (middle << 16) | (p00 & 0xffff);
}

/** `by` is from 1 to 31. */
function rotate(aHigh: number, aLow: number, by: number): void {
  high = (aHigh << by) | (aLow >>> (32 - by));
  low = (aLow << by) | (aHigh >>> (32 - by));
}

/** a ^= a >>> by, `by` from 1 to 32. */
function fold(by: number): void {
  if (by === 32) {
    low ^= high;
    return;
  }
  low ^= (low >>> by) | (high << (32 - by));
  high ^= high >>> by;
}

const [P1H, P1L] = [0x9e3779b1, 0x85ebca87];
const [P2H, P2L] = [0xc2b2ae3d, 0x27d4eb4f];
const [P3H, P3L] = [0x165667b1, 0x9e3779f9];
const [P4H, P4L] = [0x85ebca77, 0xc2b2ae63];
const [P5H, P5L] = [0x27d4eb2f, 0x165667c5];

function round(accHigh: number, accLow: number, inHigh: number, inLow: number): void {
  multiply(inHigh, inLow, P2H, P2L);
  add(accHigh, accLow, high, low);
  rotate(high, low, 31);
  multiply(high, low, P1H, P1L);
}

/** The four lanes over all whole stripes of 32 bytes, folded into one accumulator. */
function stripes(view: DataView, end: number): void {
  add(P1H, P1L, P2H, P2L);
  // Seed 0: P1 + P2, P2, 0, -P1.
  const lanes = [high, low, P2H, P2L, 0, 0, 0, 0];
  add(~P1H, ~P1L, 0, 1);
  lanes[6] = high;
  lanes[7] = low;
  for (let at = 0; at < end; at += 32) {
    for (let lane = 0; lane < 8; lane += 2) {
      const from = at + lane * 4;
      round(lanes[lane]!, lanes[lane + 1]!, view.getInt32(from + 4, true), view.getInt32(from, true));
      lanes[lane] = high;
      lanes[lane + 1] = low;
    }
  }
  let [accHigh, accLow] = [0, 0];
  for (const [lane, by] of [1, 7, 12, 18].entries()) {
    rotate(lanes[2 * lane]!, lanes[2 * lane + 1]!, by);
    add(accHigh, accLow, high, low);
    [accHigh, accLow] = [high, low];
  }
  for (let lane = 0; lane < 8; lane += 2) {
    round(0, 0, lanes[lane]!, lanes[lane + 1]!);
    multiply(accHigh ^ high, accLow ^ low, P1H, P1L);
    add(high, low, P4H, P4L);
    [accHigh, accLow] = [high, low];
  }
}

/** The 64-bit hash of the bytes, in two unsigned halves. */
export function xxhash64(bytes: Uint8Array): { readonly high: number; readonly low: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let at = length - (length % 32);
  if (at > 0) stripes(view, at);
  else [high, low] = [P5H, P5L];
  add(high, low, 0, length);
  for (; at + 8 <= length; at += 8) {
    const [accHigh, accLow] = [high, low];
    round(0, 0, view.getInt32(at + 4, true), view.getInt32(at, true));
    rotate(accHigh ^ high, accLow ^ low, 27);
    multiply(high, low, P1H, P1L);
    add(high, low, P4H, P4L);
  }
  if (at + 4 <= length) {
    const [accHigh, accLow] = [high, low];
    multiply(0, view.getInt32(at, true), P1H, P1L);
    rotate(accHigh ^ high, accLow ^ low, 23);
    multiply(high, low, P2H, P2L);
    add(high, low, P3H, P3L);
    at += 4;
  }
  for (; at < length; at++) {
    const [accHigh, accLow] = [high, low];
    multiply(0, bytes[at]!, P5H, P5L);
    rotate(accHigh ^ high, accLow ^ low, 11);
    multiply(high, low, P1H, P1L);
  }
  // high >>> 1 of a shift by 33: one past the half.
  low ^= high >>> 1;
  multiply(high, low, P2H, P2L);
  fold(29);
  multiply(high, low, P3H, P3L);
  fold(32);
  return { high: high >>> 0, low: low >>> 0 };
}
