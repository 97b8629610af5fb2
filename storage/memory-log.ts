import type { LogPosition } from './log-position.ts';

/** Throws when the storage is closed or the signal has fired. */
export type MemoryLogCheck = (signal: AbortSignal) => void;

/** A signal that does not fire, where a method has none. */
export const NEVER = new AbortController().signal;

/** The entries in the range that pass, the newest first, of the same time those appended later first. */
export function findInMemory<Entry extends LogPosition>(
  entries: readonly Entry[],
  range: {
    readonly start: number;
    readonly end: number;
    readonly before?: LogPosition | undefined;
    readonly limit: number;
  },
  pass: (entry: Entry) => boolean,
): readonly Entry[] {
  const { start, end, before, limit } = range;
  return entries
    .filter((entry) => entry.timestamp >= start && entry.timestamp <= end)
    .filter((entry) => before === undefined || newestFirst(before, entry) < 0)
    .filter(pass)
    .sort(newestFirst)
    .slice(0, limit);
}

function newestFirst(a: LogPosition, b: LogPosition): number {
  return b.timestamp - a.timestamp || b.sequence - a.sequence;
}
