import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'wouter';
import { advanceClock, useNow } from './clock.ts';

/** The time that pages show. Both ends are Unix seconds. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
  /** `now-1h` and `now`, or numbers: as in the URL. */
  readonly from: string;
  readonly to: string;
  /** Whether its end moves with the clock. */
  readonly isLive: boolean;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

const DEFAULT_FROM = 'now-1h';
const DEFAULT_TO = 'now';
const DEFAULT_LENGTH = 3600;

/** `now`, `now-90m`, Unix seconds or milliseconds; undefined when it is none of these. */
export function parseTime(text: string, now: number): number | undefined {
  const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(text);
  if (relative !== null) return now - Number(relative[1] ?? 0) * (UNITS[relative[2] ?? 's'] ?? 0);
  const absolute = Number(text);
  if (text.trim() === '' || !Number.isFinite(absolute)) return undefined;
  return absolute > 1e11 ? absolute / 1000 : absolute;
}

/** What the URL's `from` and `to` mean at `now`; never empty or backwards, whatever they say. */
export function timeRangeOf(from: string | null, to: string | null, now: number): TimeRange {
  const first = from ?? DEFAULT_FROM;
  const last = to ?? DEFAULT_TO;
  const end = parseTime(last, now) ?? now;
  const start = parseTime(first, now) ?? end - DEFAULT_LENGTH;
  return { start: start < end ? start : end - DEFAULT_LENGTH, end, from: first, to: last, isLive: last === 'now' };
}

/** The range in the URL, by default the last hour, and what writes another there: `now-6h`, `now` or Unix seconds. */
export function useTimeRange(): [TimeRange, (from: string, to: string) => void] {
  const [params, setParams] = useSearchParams();
  const now = useNow();
  const from = params.get('from');
  const to = params.get('to');
  const range = useMemo(() => timeRangeOf(from, to, now), [from, to, now]);
  const set = useCallback(
    (nextFrom: string, nextTo: string): void => {
      advanceClock();
      setParams((before) => {
        const after = new URLSearchParams(before);
        after.set('from', nextFrom);
        after.set('to', nextTo);
        return after;
      });
    },
    [setParams],
  );
  return [range, set];
}
