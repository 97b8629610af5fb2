import type { Lifetime } from './lifetime-log.ts';
import type { Presence } from './presence.ts';

/** A time in which series of some things must not be there, although the things are. */
export interface Outage {
  readonly from: number;
  /** Infinity: they do not come back. */
  readonly until: number;
  readonly of: (life: Lifetime) => boolean;
  /** Milliseconds after its end in which they must be back. Default: those of `allowed.begin`. */
  readonly back?: number;
  /** Milliseconds after its beginning in which they must have ended. Default: those of `allowed.end`. */
  readonly end?: number;
}

/** A time in which nobody can know what begins and ends; what is there all the time must still have its series. */
export interface Blindness {
  readonly from: number;
  readonly until: number;
}

export interface JudgeOptions {
  /** Milliseconds that a series may take to begin and to end after what it is of. */
  readonly allowed: { readonly begin: number; readonly end: number };
  readonly outages?: readonly Outage[];
  readonly blind?: Blindness | undefined;
}

/** How series followed what they are of. Times in milliseconds; those are as exact as the presence's step. */
export interface Verdict {
  /** Things that were there in the time. */
  readonly things: number;
  readonly begun: number;
  readonly ended: number;
  readonly worstBegin: number;
  readonly worstEnd: number;
  /** After outages. */
  readonly worstBack: number;
  /** What is wrong, in words. */
  readonly problems: readonly string[];
}

/** Tolerance for what happens between a query's moments. */
const EDGE = 1_000;

/**
 * Compares moment by moment: a series must be there while its thing is, from soon after its beginning, without a gap; and not
 * before, not for long after, and never without a thing.
 */
export function judge(
  presence: Presence,
  lifetimes: ReadonlyMap<string, readonly Lifetime[]>,
  { allowed, outages = [], blind }: JudgeOptions,
): Verdict {
  const isBlind = (at: number): boolean => blind !== undefined && at >= blind.from && at < blind.until;
  /** When it could be known. */
  const known = (at: number): number => (isBlind(at) ? blind!.until : at);
  const verdict = { things: 0, begun: 0, ended: 0, worstBegin: 0, worstEnd: 0, worstBack: 0, problems: [] as string[] };
  for (const key of presence.seen.keys())
    if (!lifetimes.has(key)) verdict.problems.push(`${key} never was, but has a series`);
  const end = presence.start + presence.step * (presence.count - 1);
  for (const [key, lives] of lifetimes) {
    const seen = presence.seen.get(key) ?? new Uint8Array(presence.count);
    const said = new Set<string>();
    const complain = (what: string, at: number): void => {
      // Once a thing: the first moment tells.
      if (said.has(what)) return;
      said.add(what);
      verdict.problems.push(`${key} ${what} at ${clock(at)}`);
    };
    for (const life of lives) {
      if (life.until > presence.start) verdict.things++;
      if (life.from > presence.start) verdict.begun++;
      if (life.until < end) verdict.ended++;
    }
    const begunAt = new Map<Lifetime, number>();
    for (let i = 0; i < presence.count; i++) {
      const at = presence.start + i * presence.step;
      const isSeen = seen[i] === 1;
      const life = lives.find(({ from, until }) => from <= at && at < until);
      if (life === undefined) {
        if (!isSeen) continue;
        const before = lives.findLast(({ until }) => until <= at);
        const next = lives.find(({ from }) => from > at);
        if (next !== undefined && next.from - at <= EDGE) continue;
        if (before === undefined) complain('has a series before it is there', at);
        else {
          const delay = at - known(before.until);
          verdict.worstEnd = Math.max(verdict.worstEnd, delay);
          if (delay > allowed.end) complain(`still has a series ${delay} ms after its end`, at);
        }
        continue;
      }
      const outage = outageAt(outages, life, at);
      if (outage !== undefined && at < outage.until) {
        if (!isSeen) continue;
        verdict.worstEnd = Math.max(verdict.worstEnd, at - outage.from);
        if (at - outage.from > (outage.end ?? allowed.end)) complain('has a series though nothing tells of it', at);
        continue;
      }
      const since = Math.max(known(life.from), outage?.until ?? Number.NEGATIVE_INFINITY);
      if (at < since) continue;
      if (isSeen) {
        if (!begunAt.has(life) || begunAt.get(life)! < since) {
          begunAt.set(life, at);
          const delay = at - since;
          if (since === outage?.until) verdict.worstBack = Math.max(verdict.worstBack, delay);
          else if (since > presence.start) verdict.worstBegin = Math.max(verdict.worstBegin, delay);
        }
        continue;
      }
      // Close to the end the next scrape has seen it.
      if (at > life.until - EDGE) continue;
      const limit = since === outage?.until ? (outage.back ?? allowed.begin) : allowed.begin;
      if (at - since <= limit) continue;
      const hasBegun = (begunAt.get(life) ?? Number.NEGATIVE_INFINITY) >= since;
      complain(hasBegun ? 'has a gap' : `has no series ${at - since} ms after its beginning`, at);
    }
  }
  return verdict;
}

/** The one that is, else the one that ended last. */
function outageAt(outages: readonly Outage[], life: Lifetime, at: number): Outage | undefined {
  let found: Outage | undefined;
  for (const outage of outages) {
    if (outage.from <= at && (found === undefined || outage.until > found.until) && outage.of(life)) found = outage;
  }
  return found;
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
