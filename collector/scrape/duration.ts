const UNITS = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof UNITS;

const DURATION = /^(?=\d)(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/;

/**
 * Prometheus' durations in the labels `__scrape_interval__` and `__scrape_timeout__`, such as `1m30s`, to milliseconds.
 * Throws an Error that names what was given.
 */
export function parseDurationLabel(text: string): number {
  if (text === '0') return 0;
  if (!DURATION.test(text)) throw new Error(`expected a duration such as 15s or 1m30s, got ${JSON.stringify(text)}`);
  let milliseconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g))
    milliseconds += Number(count) * UNITS[unit as Unit];
  return milliseconds;
}

/** As Prometheus writes them, `1m30s`; years, weeks and days only where they are whole. */
export function formatDurationLabel(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  let rest = milliseconds;
  let text = '';
  for (const unit of Object.keys(UNITS) as Unit[]) {
    const isWholeOnly = unit === 'y' || unit === 'w' || unit === 'd';
    if (isWholeOnly && rest % UNITS[unit] !== 0) continue;
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text;
}
