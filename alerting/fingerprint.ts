import type { Labels } from '../storage/labels.ts';

/** Alertmanager's name of a set of labels: 64 bits of FNV-1a over names and values, each ended by 0xff, in hex. */
export function fingerprint(labels: Labels): string {
  // The 64 bits in four parts of 16, because products of those are exact.
  let a = 0xcbf2;
  let b = 0x9ce4;
  let c = 0x8422;
  let d = 0x2325;
  const add = (byte: number): void => {
    d ^= byte;
    // The prime is 2^40 + 0x1b3.
    const low = d * 0x1b3;
    const second = c * 0x1b3 + (low >>> 16);
    const third = b * 0x1b3 + ((d & 0xff) << 8) + (second >>> 16);
    const fourth = a * 0x1b3 + ((c & 0xff) << 8) + (d >>> 8) + (third >>> 16);
    d = low & 0xffff;
    c = second & 0xffff;
    b = third & 0xffff;
    a = fourth & 0xffff;
  };
  for (const text of labels.pairs) {
    for (const byte of Buffer.from(text, 'utf8')) add(byte);
    add(0xff);
  }
  return [a, b, c, d].map((part) => part.toString(16).padStart(4, '0')).join('');
}
