const MAX_RETRY_AFTER = 60 * 60_000;

/** Milliseconds that a Retry-After header, seconds or a date, asks for: at most an hour, and 0 of one that is missing or wrong. */
export function retryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), MAX_RETRY_AFTER) : 0;
}

/** The pause with its second half left to chance, so that many senders do not come back at the same moment. */
export function jittered(pause: number, random: () => number = Math.random): number {
  return pause * (0.5 + random() / 2);
}
