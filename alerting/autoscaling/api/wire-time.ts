/** What was scraped together has one time. */
let last = { second: Number.NaN, text: '' };

/** RFC 3339 in UTC, in whole seconds as Kubernetes writes times, never later than the time. */
export function wireTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== last.second) last = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  return last.text;
}

/** A duration of milliseconds as Go writes it: `15s`, `1m0s`, `1h0m0.5s`, `250ms`. */
export function wireDuration(milliseconds: number): string {
  const whole = Math.round(milliseconds);
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = (whole % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${whole >= 60_000 ? `${minutes}m` : ''}${seconds}s`;
}
