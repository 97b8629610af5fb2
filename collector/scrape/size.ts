const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

/**
 * A size in bytes such as `512MB`, `1.5GB`, `10MiB` or `1GB512MB`; a unit is 1,024 times the one before it, with or
 * without the `i`. A bare 0 needs no unit. Throws an Error that says what was wanted.
 */
export function parseSize(text: string): number {
  if (text === '0') return 0;
  let bytes = /^(?:\d+(?:\.\d+)?(?:[KMGTPE]i?)?B)+$/.test(text) ? 0 : Number.NaN;
  for (const [, number, prefix] of text.matchAll(/([\d.]+)([KMGTPE]?)i?B/g)) {
    bytes += Number(number) * 1024 ** ' KMGTPE'.indexOf(prefix || ' ');
  }
  bytes = Math.round(bytes);
  if (!Number.isSafeInteger(bytes)) throw new Error(`expected a size such as 10MB or 1GB, got ${JSON.stringify(text)}`);
  return bytes;
}

/** The same size in the largest unit that divides it evenly. */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0';
  let unit = 0;
  let rest = bytes;
  while (rest % 1024 === 0 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${rest}${UNITS[unit]}`;
}
