import type { Labels } from '../storage/labels.ts';

/** 64 bits of FNV-1a begin with this, and are multiplied for every byte by 2^40 + 0x1b3. In halves, since numbers are exact to 53 bits. */
const HIGH = 0xcbf29ce4;
const LOW = 0x84222325;
const FACTOR = 0x1b3;

/** Alertmanager's name of a set of labels: 64 bits of FNV-1a over names and values, each ended by 0xff, in hex. */
export function fingerprint(labels: Labels): string {
  let high = HIGH;
  let low = LOW;
  const add = (byte: number): void => {
    low = (low ^ byte) >>> 0;
    const product = low * FACTOR;
    high = (Math.imul(high, FACTOR) + Math.floor(product / 4294967296) + (low << 8)) >>> 0;
    low = product >>> 0;
  };
  for (const text of labels.pairs) {
    if (ASCII.test(text)) for (let i = 0; i < text.length; i++) add(text.charCodeAt(i));
    else for (const byte of Buffer.from(text, 'utf8')) add(byte);
    add(0xff);
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

const ASCII = /^[\0-\x7f]*$/;
