import type { Labels } from '../storage/labels.ts';

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** Alertmanager's name of a set of labels: 64 bits of FNV-1a over names and values, each ended by 0xff, in hex. */
export function fingerprint(labels: Labels): string {
  let sum = OFFSET;
  for (const text of labels.pairs) {
    for (const byte of Buffer.from(text, 'utf8')) sum = ((sum ^ BigInt(byte)) * PRIME) & 0xffffffffffffffffn;
    sum = ((sum ^ 0xffn) * PRIME) & 0xffffffffffffffffn;
  }
  return sum.toString(16).padStart(16, '0');
}
