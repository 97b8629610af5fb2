import { parseDuration as durationOf } from '../../alerting/duration.ts';

/**
 * Prometheus' durations, `1h30m`, `90d`, `500ms` or `0`, to milliseconds: whole numbers, each with its unit, the larger
 * unit first, no unit twice, 292 years at most. Throws an Error that says what was wanted.
 */
export function parseDuration(text: string): number {
  const milliseconds = durationOf(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new Error(`expected a duration such as 15s, 1h30m or 90d, got ${JSON.stringify(text)}`);
}
