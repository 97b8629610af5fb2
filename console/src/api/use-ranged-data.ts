import { useEffect, useRef } from 'react';
import type { TimeRange } from '../app/time-range.ts';
import { type Loaded, useData } from './use-data.ts';

/** `useData` of something about a time range: loaded again when the range has moved with the clock, and shown until the next is there. */
export function useRangedData<T>(
  key: string,
  { from, to, end }: TimeRange,
  load: (signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const whole = `${from} ${to} ${key}`;
  const loaded = useData(whole, load);
  const { reload } = loaded;
  const last = useRef({ whole, end });
  useEffect(() => {
    const before = last.current;
    last.current = { whole, end };
    if (before.whole === whole && before.end !== end) reload();
  }, [whole, end, reload]);
  return loaded;
}
