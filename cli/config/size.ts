const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

/**
 * A size in bytes such as `512MB`, `1.5GB` or `10MiB`; a unit is 1,024 times the one before it, with or without the
 * `i`. A bare 0 needs no unit. Throws an Error that says what was wanted.
 */
export function parseSize(text: string): number {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)([KMGTPE]?)(i?)B$/.exec(text);
  const bytes = match === null ? Number.NaN : Number(match[1]) * 1024 ** ' KMGTPE'.indexOf(match[2] || ' ');
  if (match === null || (match[3] === 'i' && match[2] === '') || !Number.isSafeInteger(Math.round(bytes))) {
    throw new Error(`expected a size such as 10MB or 1GB, got ${JSON.stringify(text)}`);
  }
  return Math.round(bytes);
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
