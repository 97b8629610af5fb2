import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from './size.ts';

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['12B', 12],
    ['1KB', 1024],
    ['1KiB', 1024],
    ['1.5GB', 1.5 * 1024 ** 3],
    ['2TB', 2 * 1024 ** 4],
    ['1MB512KB', 1.5 * 1024 ** 2],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '10', '10mb', '10 MB', '-1MB', '1iB', 'MB', '1e3B', '99999EB'])('not %j', (text) => {
    expect(() => parseSize(text)).toThrow(JSON.stringify(text));
  });

  it('are read again as they are printed', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        const bytes = Math.abs(number);
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
    );
  });
});
