const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A duration in milliseconds as kubectl shows ages: two units while they matter, `4m30s`, `5h12m`, `3d`. */
export function shortDuration(milliseconds: number): string {
  // Clocks differ a little: less than two seconds in the future is now.
  if (milliseconds < 0) return milliseconds <= -2 * SECOND ? '<invalid>' : '0s';
  const floor = (unit: number, modulo = Number.POSITIVE_INFINITY): number => Math.floor((milliseconds % modulo) / unit);
  const two = (unit: number, name: string, small: number, smallName: string): string => {
    const rest = floor(small, unit);
    return rest === 0 ? `${floor(unit)}${name}` : `${floor(unit)}${name}${rest}${smallName}`;
  };
  if (milliseconds < 2 * MINUTE) return `${floor(SECOND)}s`;
  if (milliseconds < 10 * MINUTE) return two(MINUTE, 'm', SECOND, 's');
  if (milliseconds < 3 * HOUR) return `${floor(MINUTE)}m`;
  if (milliseconds < 8 * HOUR) return two(HOUR, 'h', MINUTE, 'm');
  if (milliseconds < 2 * DAY) return `${floor(HOUR)}h`;
  if (milliseconds < 8 * DAY) return two(DAY, 'd', HOUR, 'h');
  if (milliseconds < 2 * YEAR) return `${floor(DAY)}d`;
  if (milliseconds < 8 * YEAR) return two(YEAR, 'y', DAY, 'd');
  return `${floor(YEAR)}y`;
}
