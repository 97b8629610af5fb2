import type { Labels } from '../../storage/labels.ts';
import { xxhash64 } from './xxhash64.ts';

/** The bytes of one label set after the other; grows as needed. */
let bytes = new Uint8Array(1024);
const encoder = new TextEncoder();

/**
 * Where in 0..1 the hash of labels lies, in Prometheus' way, so that limit_ratio picks the same series as it does: the
 * xxHash64 of each name and value, sorted by name, each behind its length (one byte, or from 255 on 0xff and three bytes).
 */
export function hashPlace(labels: Labels): number {
  let at = 0;
  for (const text of labels.pairs) {
    // A code unit takes three bytes at most, and the length four.
    if (at + 3 * text.length + 4 > bytes.length) grow(at + 3 * text.length + 4);
    const { written } = encoder.encodeInto(text, bytes.subarray(at + 4));
    const head = written < 255 ? 1 : 4;
    bytes.copyWithin(at + head, at + 4, at + 4 + written);
    if (head === 1) bytes[at] = written;
    else bytes.set([0xff, written & 0xff, (written >> 8) & 0xff, written >> 16], at);
    at += head + written;
  }
  const { high, low } = xxhash64(bytes.subarray(0, at));
  return (high * 2 ** 32 + low) / 2 ** 64;
}

function grow(needed: number): void {
  const larger = new Uint8Array(2 * needed);
  larger.set(bytes);
  bytes = larger;
}
