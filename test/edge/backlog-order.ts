import type { Arrival } from './recorder.ts';

/** What the arrivals after a link was mended say of the order. Times are milliseconds. */
export interface BacklogOrder {
  /** Requests whose samples are of the outage, and when the first and the last came. */
  readonly backlog: readonly Arrival[];
  /** Requests whose samples are newer than the mending. */
  readonly live: readonly Arrival[];
  /** The most requests that came after one whose samples are older than theirs. 0: strictly the newest first. */
  readonly displacement: number;
  /** How old the newest sample of a live request was when it came: half of them were at most so old, and the worst. */
  readonly liveAge: { readonly median: number; readonly worst: number };
}

/** `cutAt` and `mendedAt` frame the outage; `until` when the backlog was gone. */
export function backlogOrder(
  arrivals: readonly Arrival[],
  { cutAt, mendedAt, until }: { readonly cutAt: number; readonly mendedAt: number; readonly until: number },
): BacklogOrder {
  const after = arrivals.filter(({ at }) => at >= mendedAt && at <= until);
  const backlog = after.filter(({ newest }) => newest >= cutAt && newest < mendedAt);
  const live = after.filter(({ newest }) => newest >= mendedAt);
  const rank = [...backlog].sort((a, b) => b.newest - a.newest);
  // Requests with the same newest sample are of one moment, and in any order.
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const [i, { newest }] of rank.entries()) {
    if (!first.has(newest)) first.set(newest, i);
    last.set(newest, i);
  }
  let displacement = 0;
  for (const [i, { newest }] of backlog.entries()) {
    displacement = Math.max(displacement, first.get(newest)! - i, i - last.get(newest)!);
  }
  return { backlog, live, displacement, liveAge: ages(live) };
}

/** How old the newest sample of each request was when it came. */
export function ages(arrivals: readonly Arrival[]): { readonly median: number; readonly worst: number } {
  const all = arrivals.map(({ at, newest }) => at - newest).sort((a, b) => a - b);
  return { median: all[Math.floor(all.length / 2)] ?? 0, worst: all.at(-1) ?? 0 };
}
