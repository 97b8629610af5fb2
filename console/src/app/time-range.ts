import { useMemo } from 'react';
import { useSearchParams } from 'wouter';

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

/** `now`, `now-90m`, Unix seconds or milliseconds; undefined when it is none of these. */
export function parseTime(text: string, now: number): number | undefined {
  const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(text);
  if (relative !== null) return now - Number(relative[1] ?? 0) * (UNITS[relative[2] ?? 's'] ?? 0);
  const absolute = Number(text);
  if (text === '' || !Number.isFinite(absolute)) return undefined;
  return absolute > 1e11 ? absolute / 1000 : absolute;
}

/** The range in the URL, by default the last hour. `tick` makes it look at the clock again. */
export function useTimeRange(tick = 0): [TimeRange, (from: string, to: string) => void] {
  const [params, setParams] = useSearchParams();
  const from = params.get('from') ?? 'now-1h';
  const to = params.get('to') ?? 'now';
  const range = useMemo(() => {
    void tick;
    const now = Math.floor(Date.now() / 1000);
    const end = parseTime(to, now) ?? now;
    const start = Math.min(parseTime(from, now) ?? end - 3600, end - 1);
    return { start, end, from, to, isLive: to === 'now' };
  }, [from, to, tick]);
  const set = (nextFrom: string, nextTo: string): void =>
    setParams((before) => {
      const after = new URLSearchParams(before);
      after.set('from', nextFrom);
      after.set('to', nextTo);
      return after;
    });
  return [range, set];
}
