const UNITS = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/**
 * Prometheus' durations, `1h30m`, `90d`, `500ms` or `0`, to milliseconds: whole numbers, each with its unit, the larger
 * unit first, no unit twice. Throws an Error that says what was wanted.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  const match = text === '' ? null : DURATION.exec(text);
  if (match === null) {
    throw new Error(`expected a duration such as 15s, 1h30m or 90d, got ${JSON.stringify(text)}`);
  }
  let milliseconds = 0;
  for (const [i, [, size]] of UNITS.entries()) milliseconds += Number(match[i + 1] ?? 0) * size;
  // Prometheus holds durations as 64 bits of nanoseconds.
  if (milliseconds > 9_223_372_036_854) {
    throw new Error(`expected a duration of at most 292 years, got ${JSON.stringify(text)}`);
  }
  return milliseconds;
}

/** The shortest such text; years, weeks and days only where they divide it evenly: `1h30m`, `90d`, `0s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  let rest = Math.abs(Math.round(milliseconds));
  let text = '';
  for (const [unit, size] of UNITS) {
    const wholeOnly = unit === 'y' || unit === 'w' || unit === 'd';
    if (wholeOnly && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return milliseconds < 0 ? `-${text}` : text;
}
