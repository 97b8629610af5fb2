import type { Labels } from '../storage/labels.ts';

/** The offset basis of FNV-1a in two halves. */
const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
/** The prime is 2^40 + 0x1b3. */
const PRIME_LOW = 0x1b3;
const ASCII = /^[\x00-\x7f]*$/;

/** Alertmanager's name of a set of labels: 64 bits of FNV-1a over names and values, each ended by 0xff, in hex. */
export function fingerprint(labels: Labels): string {
  let high = OFFSET_HIGH;
  let low = OFFSET_LOW;
  const take = (byte: number): void => {
    // In halves of 32 bits, because BigInt takes four times as long. A product of a half and 0x1b3 is exact in a double.
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * PRIME_LOW;
    high = (Math.imul(high, PRIME_LOW) + Math.floor(product / 0x1_0000_0000) + (mixed << 8)) >>> 0;
    low = product >>> 0;
  };
  for (const text of labels.pairs) {
    // Most texts are ASCII, of which the characters are the bytes.
    const bytes = ASCII.test(text) ? undefined : Buffer.from(text, 'utf8');
    const { length } = bytes ?? text;
    for (let i = 0; i < length; i++) take(bytes === undefined ? text.charCodeAt(i) : bytes[i]!);
    take(0xff);
  }
  return hex(high) + hex(low);
}

function hex(half: number): string {
  return half.toString(16).padStart(8, '0');
}
