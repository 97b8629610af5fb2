import { describe, expect, it } from 'vitest';
import { xxhash64 } from './xxhash64.ts';

function hex(text: string): string {
  const { high, low } = xxhash64(new TextEncoder().encode(text));
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

describe('xxhash64', () => {
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['message digest', '066ed728fceeb3be'],
    ['abcdefghijklmnopqrstuvwxyz', 'cfe1f278fa89835c'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'aaa46907d3047814'],
    ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', 'e04a477f19ee145d'],
  ])('of %j', (text, hash) => {
    expect(hex(text)).toBe(hash);
  });
});
