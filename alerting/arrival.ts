/**
 * Resolves as soon as everything that was due to be collected up to `time` (Unix milliseconds) has arrived and can be queried:
 * with `arrived`, or with `late` when a deadline of its own was over before that. Never rejects but with the signal's reason.
 * What evaluates at `time` waits for it, so neither a fixed delay is needed nor does a late scrape make a false alarm.
 */
export type ArrivalFunc = (time: number, signal: AbortSignal) => Promise<'arrived' | 'late'>;
