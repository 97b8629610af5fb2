import type { TimeRange } from './time-range.ts';

const NAMES: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** A range in words, in the user's zone: `Last 6 hours`, `27 Nov, 03:00 – 04:00`. */
export function rangeLabel({ from, start, end, isLive }: TimeRange): string {
  const relative = /^now-(\d+)([smhdw])$/.exec(from);
  if (isLive && relative !== null) {
    const [, count, unit] = relative;
    return `Last ${count} ${NAMES[unit!]}${count === '1' ? '' : 's'}`;
  }
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  const [first, last] = [new Date(start * 1000), new Date(end * 1000)];
  const isSameDay = first.toDateString() === last.toDateString();
  return `${first.toLocaleString(undefined, { ...day, ...time })} – ${
    isLive ? 'now' : last.toLocaleString(undefined, isSameDay ? time : { ...day, ...time })
  }`;
}

/** The range before this one, as the URL's `from` and `to`; half of it is the same. */
export function earlier({ start, end }: TimeRange): [string, string] {
  const half = (end - start) / 2;
  return between(start - half, end - half);
}

/** The range after this one; up to now, and moving with it, when it would reach there. */
export function later({ start, end }: TimeRange, now: number): [string, string] {
  const half = (end - start) / 2;
  if (end + half >= now) return [`now-${shortest(end - start)}`, 'now'];
  return between(start + half, end + half);
}

/** Twice as much time: up to now where this one is, else around the same moment. */
export function wider({ start, end, isLive }: TimeRange, now: number): [string, string] {
  const length = end - start;
  if (isLive || end + length / 2 >= now) return [`now-${shortest(2 * length)}`, 'now'];
  return between(start - length / 2, end + length / 2);
}

/** A moment as an input of type datetime-local has it, in the user's zone. Takes Unix seconds. */
export function toLocal(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}T${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** Unix seconds of what such an input says; undefined when it says nothing. */
export function fromLocal(text: string): number | undefined {
  const time = new Date(text).getTime();
  return Number.isNaN(time) ? undefined : time / 1000;
}

function between(start: number, end: number): [string, string] {
  return [String(Math.round(start)), String(Math.round(end))];
}

/** A length in the largest unit of which it is a multiple. */
function shortest(seconds: number): string {
  const whole = Math.round(seconds);
  const [size, unit] = (
    [
      [86_400, 'd'],
      [3600, 'h'],
      [60, 'm'],
    ] as const
  ).find(([one]) => whole % one === 0) ?? [1, 's'];
  return `${whole / size}${unit}`;
}
