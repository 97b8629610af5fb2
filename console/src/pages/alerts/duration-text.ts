const STEPS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const;

/** A length of time for people, in its two largest units: `1h 5m`, `42s`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const first = STEPS.findIndex(([length]) => seconds >= length);
  if (first === -1) return '0s';
  const [length, unit] = STEPS[first]!;
  const next = STEPS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((seconds % length) / next[0]);
  return `${Math.floor(seconds / length)}${unit}${next !== undefined && rest > 0 ? ` ${rest}${next[1]}` : ''}`;
}

/** How long ago a time was; Unix milliseconds. */
export function ageText(time: number, now = Date.now()): string {
  return durationText(now - time);
}
